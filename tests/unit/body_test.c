/*
 * The end of data and dot-stuffing, against a slow reference, cut anywhere.
 */

#include "smtpd/body.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

/*
 * What the content is, said in the plainest way: lines end in LF, only CR LF
 * . CR LF ends it all.  -1: no end.
 */
static ptrdiff_t
reference(struct slice in, struct buf *out)
{
	size_t	at = 0;
	bool	after_crlf = true;

	while (at < in.len) {
		struct slice	rest = slice_after(in, at), line;
		ptrdiff_t	nl = slice_find(rest, '\n');
		bool		crlf;

		if (nl < 0)
			return -1;
		line = slice_first(rest, (size_t)nl);
		crlf = nl > 0 && rest.data[nl - 1] == '\r';
		if (crlf)
			line.len--;
		at += (size_t)nl + 1;
		if (after_crlf && crlf && slice_is(line, "."))
			return (ptrdiff_t)at;
		if (line.len > 0 && line.data[0] == '.')
			line = slice_after(line, 1);
		buf_put_slice(out, line);
		buf_put(out, "\r\n", 2);
		after_crlf = crlf;
	}
	return -1;
}

/* Fed in pieces of step bytes; returns how far it took, -1: no end. */
static ptrdiff_t
decode(struct slice in, size_t step, struct buf *out)
{
	struct body	body = BODY_INIT;
	size_t		taken = 0, given = 0;

	for (;;) {
		struct slice	piece;
		size_t		used;
		enum body_next	next;

		next = body_next(&body, slice_first(slice_after(in, taken),
		    given - taken), &piece, &used);
		taken += used;
		if (next == BODY_END)
			return (ptrdiff_t)taken;
		if (next == BODY_PIECE)
			buf_put_slice(out, piece);
		else if (given == in.len)
			return -1;
		else
			given = given + step > in.len ? in.len : given + step;
	}
}

static void
same(struct slice in)
{
	struct buf	want = BUF_INIT, got = BUF_INIT;
	ptrdiff_t	end = reference(in, &want);

	for (size_t step = 1; step <= in.len + 1; step += step < 8 ? 1 : 61) {
		buf_empty(&got);
		CU_ASSERT_EQUAL(decode(in, step, &got), end);
		if (end >= 0)
			CU_ASSERT(slice_equal(buf_slice(&got),
			    buf_slice(&want)));
	}
	buf_clear(&want);
	buf_clear(&got);
}

static void
cases(void)
{
	static const char *const	texts[] = {
		".\r\n", "\r\n.\r\n", "a\r\n.\r\n", "..\r\n.\r\n", "\n.\n",
		"a\r\n.\n", "a\n.\r\n", "a\n.\r\n.\r\n", "\r.\r\n.\r\n",
		"a\r\n.\r", "a\r\n.\rb\r\n.\r\n", "a\r\r\n.\r\n", ".a\r\n.\r\n",
		".\n.\r\n", "\n\n\n.\r\n\r\n.\r\n", "a\r\n.\r\nQUIT\r\n",
		"..\n..\r\n.\r\n", "\r\n..\r\n.\r\n.\r\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		same(slice_str(texts[i]));
	same(SLICE_LIT("a\r\n\0.\r\nb\r\n.\r\n"));
}

static void
random_texts(void)
{
	static const char	letters[] = "\r\n.a\r\n.\0";
	unsigned char		bytes[40];

	srandom(4);
	for (int i = 0; i < 50000; i++) {
		size_t	len = (size_t)random() % (sizeof(bytes) - 5);

		for (size_t k = 0; k < len; k++)
			bytes[k] = (unsigned char)letters[random() %
			    (long)sizeof(letters)];
		if (i % 2 == 0) {
			memcpy(bytes + len, "\r\n.\r\n", 5);
			len += 5;
		}
		same(slice_from(bytes, len));
	}
}

void	body_test(void);

void
body_test(void)
{
	CU_pSuite	suite = CU_add_suite("body", NULL, NULL);

	CU_add_test(suite, "cases", cases);
	CU_add_test(suite, "random texts", random_texts);
}
