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

/*
 * Chunks: the same content however it is cut, and as the reference has it
 * when the dots are stuffed and the end is put behind it.
 */
static void
decode_chunks(struct slice in, unsigned *seed, struct buf *out)
{
	struct body	body = BODY_INIT;

	while (in.len > 0) {
		struct slice	piece, chunk;
		size_t		used, len = *seed == 0 ? in.len :
				    1 + (size_t)rand_r(seed) % in.len;

		chunk = slice_first(in, len);
		while (body_next_chunk(&body, chunk, &piece, &used) ==
		    BODY_PIECE) {
			buf_put_slice(out, piece);
			chunk = slice_after(chunk, used);
		}
		CU_ASSERT_EQUAL(chunk.len, 0);
		in = slice_after(in, len);
	}
	buf_put_slice(out, body_rest(&body));
}

/* Line by line, in the plainest way. */
static void
plain_lines(struct slice in, struct buf *out)
{
	while (in.len > 0) {
		ptrdiff_t	nl = slice_find(in, '\n');
		struct slice	line = nl < 0 ? in :
				    slice_first(in, (size_t)nl);

		in = slice_after(in, line.len + (nl >= 0));
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		buf_put_slice(out, line);
		buf_put(out, "\r\n", 2);
	}
}

static void
chunks_are_cut_anywhere(void)
{
	static const char	letters[] = "\r\n.x";
	unsigned		seed = 99, whole = 0;
	unsigned char		text[16];

	for (int round = 0; round < 100000; round++) {
		size_t		len = (size_t)rand_r(&seed) % sizeof(text);
		struct buf	want = BUF_INIT, one = BUF_INIT,
				cut = BUF_INIT;

		for (size_t i = 0; i < len; i++)
			text[i] = (unsigned char)letters[rand_r(&seed) % 4];
		plain_lines(slice_from(text, len), &want);
		decode_chunks(slice_from(text, len), &whole, &one);
		decode_chunks(slice_from(text, len), &seed, &cut);
		CU_ASSERT(slice_equal(buf_slice(&one), buf_slice(&want)));
		CU_ASSERT(slice_equal(buf_slice(&cut), buf_slice(&want)));
		buf_clear(&want);
		buf_clear(&one);
		buf_clear(&cut);
	}
}

static void
binary_is_not_touched(void)
{
	static const char	text[] = "\0\n\r.\r\n.\r\n\n\r";
	struct slice		in = slice_from(text, sizeof(text) - 1), piece;
	struct body		body = BODY_INIT;
	size_t			used;

	body.is_binary = true;
	CU_ASSERT_EQUAL(body_next_chunk(&body, in, &piece, &used),
	    BODY_PIECE);
	CU_ASSERT_EQUAL(used, in.len);
	CU_ASSERT(slice_equal(piece, in));
	CU_ASSERT_EQUAL(body_rest(&body).len, 0);
	CU_ASSERT_FALSE(body.has_bare_lf);
}

void	body_test(void);

void
body_test(void)
{
	CU_pSuite	suite = CU_add_suite("body", NULL, NULL);

	CU_add_test(suite, "cases", cases);
	CU_add_test(suite, "random texts", random_texts);
	CU_add_test(suite, "chunks are cut anywhere", chunks_are_cut_anywhere);
	CU_add_test(suite, "binary is not touched", binary_is_not_touched);
}
