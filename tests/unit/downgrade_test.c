/*
 * Messages that a server without 8BITMIME gets: what they become, and that
 * whoever decodes that has what was sent.
 */

#include "smtp/downgrade.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "mail/mime.h"
#include "util/ascii.h"

static void
convert(struct slice text, size_t step, struct buf *out)
{
	struct downgrade	*d = downgrade_new();

	for (size_t at = 0; at < text.len; at += step)
		downgrade_put(d, slice_first(slice_after(text, at), step),
		    out);
	downgrade_end(d, out);
	downgrade_free(&d);
	CU_ASSERT_PTR_NULL(d);
}

static void
check_slice(struct slice text, struct slice want)
{
	for (size_t step = 1; step <= text.len + 1;
	    step += step < 8 ? 1 : text.len) {
		struct buf	out = BUF_INIT;

		convert(text, step, &out);
		CU_ASSERT(slice_equal(buf_slice(&out), want));
		if (!slice_equal(buf_slice(&out), want) && want.len < 2000)
			printf("\nof   %.*s\nwant %.*s\ngot  %s\n",
			    SLICE_ARG(text), SLICE_ARG(want), buf_cstr(&out));
		buf_clear(&out);
	}
}

#define CHECK(text, want)	check_slice(SLICE_LIT(text), SLICE_LIT(want))
#define SAME(text)		CHECK(text, text)

#define CTE		"Content-Transfer-Encoding: "
#define QP		CTE "quoted-printable\r\n"
#define VERSION		"MIME-Version: 1.0\r\n"
#define TEXT		"Content-Type: text/plain; charset=utf-8\r\n"
#define MULTI(b)	"Content-Type: multipart/mixed; boundary=" b "\r\n"
#define MESSAGE		"Content-Type: message/rfc822\r\n"

/* ---- the table ----------------------------------------------------------- */

static void
one_body(void)
{
	CHECK(VERSION TEXT CTE "8bit\r\nX: y\r\n\r\n\303\251 \r\n.\r\n",
	    VERSION TEXT "X: y\r\n" QP "\r\n=C3=A9=20\r\n.\r\n");
	CHECK("content-transfer-encoding : 8BIT (c)\r\n" VERSION "\r\na=b",
	    VERSION QP "\r\na=3Db");
	CHECK(VERSION CTE "\r\n\t8bit\r\nX: y\r\n\r\nx",
	    VERSION "X: y\r\n" QP "\r\nx");
	CHECK(VERSION CTE "binary\r\n\r\n\0\r\n\377\n",
	    VERSION CTE "base64\r\n\r\nAA0K/wo=");
	/* A message of no MIME, and of nothing but a body. */
	CHECK("Subject: \303\251\r\n\r\n\303\251\r\n",
	    "Subject: \303\251\r\n" VERSION QP "\r\n=C3=A9\r\n");
	CHECK("\r\n\351", VERSION QP "\r\n=E9");
	CHECK("\351\r\nA: b\r\n", VERSION QP "\r\n=E9\r\nA: b\r\n");
	/* The empty line is missing. */
	CHECK("A: b\r\n\351c: d\r\n",
	    "A: b\r\n" VERSION QP "\r\n=E9c: d\r\n");
	CHECK(CTE "8bit\r\nhello\r\n", VERSION QP "\r\nhello\r\n");
	CHECK(CTE "8bit\r\nA: b", "A: b\r\n" VERSION QP "\r\n");
	CHECK(CTE "8bit", VERSION QP "\r\n");
}

static void
what_is_7bit_stays(void)
{
	SAME("");
	SAME("\r\n");
	SAME("hello");
	SAME("Subject: x\r\n\r\na=b \r\n--\r\n");
	SAME("Subject: \303\251\r\n\r\nx\r\n");
	SAME(CTE "7bit\r\nSubject: x\r\n\r\na=b \r\n");
	SAME(CTE "x-unheard-of\r\nSubject: x\r\n\r\na=b \r\n");
	SAME(QP "Subject: \303\251\r\n\r\na=20=\r\n b \r\n");
	SAME(CTE "base64\r\n\r\nAAEC\r\n");
	SAME(MULTI("b") "\r\npre\r\n--b\r\n" QP "\r\n=20\r\n--b\r\n"
	    "\r\n--b\r\n--b--\r\nepi");
	SAME(MESSAGE CTE "7bit\r\n\r\n" MULTI("b") "\r\n--b\r\n\r\nx");
}

/* What says to be 7bit, or nothing that is known, and is not. */
static void
lies(void)
{
	CHECK("A: b\r\n" CTE "7bit\r\n" VERSION "\r\nx\r\n\351\r\n",
	    "A: b\r\n" VERSION QP "\r\nx\r\n=E9\r\n");
	CHECK(CTE "utf-8\r\n" VERSION "\r\nx\r\n\351\r\n",
	    "X-Original-" CTE "utf-8\r\n" VERSION QP "\r\nx\r\n=E9\r\n");
	/* RFC 2045 section 2.7 */
	CHECK(VERSION "\r\na\0", VERSION QP "\r\na=00");
	CHECK(VERSION "\r\na\rb", VERSION QP "\r\na=0Db");
	CHECK(VERSION "\r\na\nb", VERSION QP "\r\na=0Ab");
	CHECK(VERSION "\r\na\r", VERSION QP "\r\na=0D");
	CHECK(VERSION MULTI("b") "\r\n--b\r\n\r\nx \r\r\n--b--\r\n",
	    VERSION MULTI("b") "\r\n--b\r\n" QP "\r\nx =0D\r\n--b--\r\n");
	/* What is encoded cannot be encoded again. */
	CHECK(QP "\r\n=20\351\200\0\r\n", QP "\r\n=20=E9=80=00\r\n");
	CHECK(CTE "base64\r\n\r\nAA\351EC\0\r\n",
	    CTE "base64\r\n\r\nAA?EC?\r\n");
	/* Of two fields the first counts. */
	CHECK(VERSION CTE "8bit\r\n" CTE "base64\r\n\r\n\351",
	    VERSION QP "\r\n=E9");
	CHECK(VERSION CTE "7bit\r\n" CTE "base64\r\n\r\n\351",
	    VERSION QP "\r\n=E9");
	CHECK(QP CTE "base64\r\n\r\n=20", QP "\r\n=20");
}

static void
parts(void)
{
	CHECK(VERSION MULTI("b") CTE "8bit\r\n\r\npr\351\r\n--b\r\n"
	    TEXT CTE "8bit\r\n\r\n\351 \r\n--b\r\n"
	    CTE "base64\r\n\r\nAAEC\r\n--b\r\n\r\nplain\r\n\r\n--b\r\n"
	    CTE "binary\r\n\r\n\1\2\3\r\n--b--\r\n\351pi\r\n",
	    VERSION MULTI("b") CTE "7bit\r\n\r\npr=E9\r\n--b\r\n"
	    TEXT QP "\r\n=E9=20\r\n--b\r\n"
	    CTE "base64\r\n\r\nAAEC\r\n--b\r\n\r\nplain\r\n\r\n--b\r\n"
	    CTE "base64\r\n\r\nAQID\r\n--b--\r\n=E9pi\r\n");
	/* Nothing of one part is left to the next. */
	CHECK(MULTI("b") "\r\n--b\r\n\r\n\rx\r\n--b\r\n\r\ny\r\n--b--",
	    MULTI("b") "\r\n--b\r\n" QP "\r\n=0Dx\r\n--b\r\n\r\ny\r\n"
	    "--b--");
	/* In each other; the inner one has no end. */
	CHECK(VERSION CTE "binary\r\n" MULTI("o") "\r\n--o\r\n" MULTI("i")
	    CTE "8bit\r\nX: y\r\n\r\n--i\r\n\r\n\351\r\n--o\r\n\r\n\352",
	    VERSION MULTI("o") CTE "7bit\r\n\r\n--o\r\n" MULTI("i")
	    "X: y\r\n" CTE "7bit\r\n\r\n--i\r\n" QP "\r\n=E9\r\n--o\r\n"
	    QP "\r\n=EA");
	/* Parts without a body, or with no empty line before it. */
	CHECK(MULTI("b") "\r\n--b\r\n" CTE "8bit\r\n--b\r\n" CTE "8bit\r\n"
	    "x\r\n--b--",
	    MULTI("b") "\r\n--b\r\n" QP "\r\n--b\r\n" QP "\r\nx\r\n--b--");
	/* The 8-bit line before the first boundary is no field. */
	CHECK(MULTI("b") "\351: x\r\n--b\r\n\r\ny",
	    MULTI("b") "\r\n=E9: x\r\n--b\r\n\r\ny");
	/* What looks like a boundary, once it is broken, is none. */
	CHECK(MULTI("b--") "\r\n--b--\r\n\r\n\351\r\n--b-\r\n--b----",
	    MULTI("b--") "\r\n--b--\r\n" QP "\r\n=E9\r\n-=2Db-\r\n--b----");
}

static void
messages(void)
{
	CHECK(VERSION MESSAGE CTE "8bit\r\n\r\nSubject: \303\251\r\n"
	    CTE "8bit\r\n\r\n\303\251\r\n",
	    VERSION MESSAGE CTE "7bit\r\n\r\nSubject: \303\251\r\n" VERSION
	    QP "\r\n=C3=A9\r\n");
	CHECK(VERSION MULTI("b") "\r\n--b\r\n" MESSAGE CTE "binary\r\n\r\n"
	    VERSION MULTI("c") CTE "binary\r\n\r\n--c\r\n" TEXT CTE
	    "8bit\r\n\r\n\351\r\n--c--\r\n--b\r\n" MESSAGE "\r\n\r\n\351",
	    VERSION MULTI("b") "\r\n--b\r\n" MESSAGE CTE "7bit\r\n\r\n"
	    VERSION MULTI("c") CTE "7bit\r\n\r\n--c\r\n" TEXT
	    QP "\r\n=E9\r\n--c--\r\n--b\r\n" MESSAGE "\r\n" VERSION
	    QP "\r\n=E9");
	CHECK(VERSION "Content-Type: multipart/digest; boundary=b\r\n\r\n"
	    "--b\r\n\r\nA: b\r\n\r\n\351\r\n--b--\r\n",
	    VERSION "Content-Type: multipart/digest; boundary=b\r\n\r\n"
	    "--b\r\n\r\nA: b\r\n" VERSION QP "\r\n=E9\r\n--b--\r\n");
	/* Encoded, which is forbidden: it is a body. */
	CHECK(VERSION MESSAGE QP "\r\nA: b\r\n\r\n\351",
	    VERSION MESSAGE QP "\r\nA: b\r\n\r\n=E9");
}

/* What may not be encoded is, where it has 8 bits: they are not lost. */
static void
structures_not_read(void)
{
	CHECK(VERSION "Content-Type: multipart/mixed\r\n" CTE "8bit\r\n\r\n"
	    "--b\r\n\r\n\351\r\n--b--\r\n",
	    VERSION "Content-Type: multipart/mixed\r\n" QP "\r\n"
	    "-=2Db\r\n\r\n=E9\r\n-=2Db--\r\n");
	CHECK(VERSION "Content-Type: message/partial\r\n" CTE "binary\r\n"
	    "\r\nA: b\r\n",
	    VERSION "Content-Type: message/partial\r\n" QP "\r\nA: b\r\n");
	SAME(VERSION "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n");
	CHECK(VERSION "Content-Type: message/partial\r\n\r\nA: b\r\n\r\n\351",
	    VERSION "Content-Type: message/partial\r\n" QP "\r\nA: b\r\n\r\n"
	    "=E9");
}

static void
over_deep_nesting(void)
{
	struct buf	in = BUF_INIT, want = BUF_INIT;

	buf_put_str(&in, VERSION);
	for (int i = 0; i < 100; i++)
		buf_printf(&in, MULTI("%03d") "\r\n--%03d\r\n", i, i);
	buf_put_slice(&want, buf_slice(&in));
	buf_put_str(&in, MULTI("last") "\r\n--last\r\n\r\n\351\r\n--099--");
	buf_put_str(&want, MULTI("last") QP "\r\n-=2Dlast\r\n\r\n=E9\r\n"
	    "--099--");
	check_slice(buf_slice(&in), buf_slice(&want));
	buf_clear(&in);
	buf_clear(&want);
}

/* ---- long ones ----------------------------------------------------------- */

#define LONG	40000

/* header, LONG bytes of lines, and tail. */
static void
put_long(struct buf *into, const char *header, const char *tail)
{
	buf_put_str(into, header);
	for (size_t i = 0; i < LONG; i += 50)
		buf_put_str(into, "========================"
		    "========================\r\n");
	buf_put_str(into, tail);
}

static void
check_long(const char *header, const char *tail, const char *want_header,
    const char *want_tail)
{
	struct buf	in = BUF_INIT, want = BUF_INIT;

	put_long(&in, header, tail);
	put_long(&want, want_header, want_tail);
	check_slice(buf_slice(&in), buf_slice(&want));
	buf_clear(&in);
	buf_clear(&want);
}

static void
looks_at_so_much(void)
{
	struct buf	out = BUF_INIT, in = BUF_INIT;

	/* It says 7bit, and is believed. */
	check_long(CTE "7bit\r\n\r\n", "", CTE "7bit\r\n\r\n", "");
	check_long(CTE "7bit\r\n\r\n", "\351\r\n", CTE "7bit\r\n\r\n",
	    "=E9\r\n");
	check_long(CTE "x-y\r\n\r\n", "", CTE "x-y\r\n\r\n", "");
	check_long("Content-Type: message/partial\r\n\r\n", "",
	    "Content-Type: message/partial\r\n\r\n", "");
	/* It says nothing: to encode it is never wrong. */
	put_long(&in, "\r\n", "\351\r\n");
	convert(buf_slice(&in), 1000, &out);
	CU_ASSERT(slice_has_prefix(buf_slice(&out),
	    VERSION QP "\r\n=3D=3D"));
	CU_ASSERT(out.len > 2 * LONG);
	buf_clear(&in);
	buf_clear(&out);
	/* A line of 998 is 7bit, one of 999 is not. */
	buf_put_str(&in, "\r\n");
	for (int i = 0; i < 998; i++)
		buf_put_u8(&in, 'x');
	buf_put_str(&in, "\r\n");
	check_slice(buf_slice(&in), buf_slice(&in));
	buf_truncate(&in, in.len - 2);
	buf_put_str(&in, "x\r\n");
	convert(buf_slice(&in), 100, &out);
	CU_ASSERT(slice_has_prefix(buf_slice(&out), VERSION QP));
	buf_clear(&in);
	buf_clear(&out);
}

/* A field, and a header after it, that are longer than what is held. */
static void
long_headers(void)
{
	struct buf	in = BUF_INIT, want = BUF_INIT;

	buf_put_str(&in, CTE "7bit\r\nX:");
	for (int i = 0; i < LONG; i += 4)
		buf_put_str(&in, "\r\n x");
	buf_put_str(&in, "\r\n\r\n");
	buf_put_slice(&want, buf_slice(&in));
	buf_put_str(&in, "\351");
	buf_put_str(&want, "=E9");
	check_slice(buf_slice(&in), buf_slice(&want));
	buf_empty(&in);
	buf_empty(&want);
	buf_put_str(&want, "X-Original-");
	buf_put_str(&in, CTE "x");
	for (int i = 0; i < 1000; i++)
		buf_put_str(&in, "\r\n x");
	buf_put_slice(&want, buf_slice(&in));
	buf_put_str(&in, "\r\n\r\n\351");
	buf_put_str(&want, "\r\n" VERSION QP "\r\n=E9");
	check_slice(buf_slice(&in), buf_slice(&want));
	buf_clear(&in);
	buf_clear(&want);
	/* Over the reader's limit: the field goes with its rest. */
	buf_put_str(&in, CTE "8bit");
	for (int i = 0; i < 200; i++)
		for (int k = 0; k < 200; k++)
			buf_put_str(&in, "\r\n x");
	buf_put_str(&in, "\r\n\r\n\351");
	check_slice(buf_slice(&in), SLICE_LIT(VERSION QP "\r\n=E9"));
	buf_clear(&in);
}

/* ---- the property -------------------------------------------------------- */

static int
base64_value(int c)
{
	static const char	digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char		*at = c == 0 ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

static void
decode_base64(struct slice text, struct buf *out)
{
	unsigned	bits = 0, count = 0;

	for (size_t i = 0; i < text.len; i++) {
		int	value = base64_value(text.data[i]);

		if (value < 0)
			continue;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		buf_put_u8(out, (uint8_t)(bits >> count));
	}
}

static void
decode_quoted(struct slice text, struct buf *out)
{
	while (text.len > 0) {
		bool	is_escape = text.len >= 3 && text.data[0] == '=';
		bool	is_byte = is_escape && ascii_hex(text.data[1]) >= 0 &&
			    ascii_hex(text.data[2]) >= 0;

		if (is_byte)
			buf_put_u8(out, (uint8_t)(ascii_hex(text.data[1]) *
			    16 + ascii_hex(text.data[2])));
		else if (!is_escape || text.data[1] != '\r' ||
		    text.data[2] != '\n') {
			buf_put_u8(out, text.data[0]);
			is_escape = false;
		}
		text = slice_after(text, is_escape ? 3 : 1);
	}
}

/* What a reader of mail has of it: each body, decoded. */
struct view {
	struct buf		body;
	enum mime_encoding	encoding;
	struct buf		all;
	bool			has_8bit;
};

static void
end_view(struct view *view)
{
	struct slice	body = buf_slice(&view->body);

	if (view->encoding == MIME_ENCODING_BASE64)
		decode_base64(body, &view->all);
	else if (view->encoding == MIME_ENCODING_QUOTED_PRINTABLE)
		decode_quoted(body, &view->all);
	else
		buf_put_slice(&view->all, body);
	buf_empty(&view->body);
}

static void
on_event(void *arg, const struct mime_event *event)
{
	struct view	*view = arg;

	if (event->kind == MIME_BODY || event->kind == MIME_OUTSIDE)
		view->has_8bit = view->has_8bit ||
		    !slice_is_ascii(event->text);
	if (event->kind == MIME_BODY) {
		view->encoding = event->encoding;
		buf_put_slice(&view->body, event->text);
	} else if (event->kind == MIME_BOUNDARY) {
		end_view(view);
		buf_put_str(&view->all, event->is_last ? "<end>" : "<part>");
	} else if (event->kind == MIME_HEADER_END) {
		buf_printf(&view->all, "<%d>", (int)event->content);
	}
}

static void
read_view(struct slice text, struct view *view)
{
	static const struct mime_limits	 limits = MIME_LIMITS_DEFAULT;
	struct mime			*mime = mime_new(&limits, on_event,
					    view);

	mime_put(mime, text);
	mime_end(mime);
	end_view(view);
	mime_free(&mime);
}

static void
view_clear(struct view *view)
{
	buf_clear(&view->body);
	buf_clear(&view->all);
}

static void
check_view(struct slice text, size_t step)
{
	struct buf	out = BUF_INIT, whole = BUF_INIT;
	struct view	before = { .has_8bit = false };
	struct view	after = { .has_8bit = false };

	convert(text, step, &out);
	convert(text, text.len + 1, &whole);
	CU_ASSERT(slice_equal(buf_slice(&out), buf_slice(&whole)));
	read_view(text, &before);
	read_view(buf_slice(&out), &after);
	CU_ASSERT(!after.has_8bit);
	CU_ASSERT(slice_equal(buf_slice(&before.all), buf_slice(&after.all)));
	if (!slice_equal(buf_slice(&before.all), buf_slice(&after.all)))
		printf("\nof  %.*s\ngot %s\n", SLICE_ARG(text),
		    buf_cstr(&out));
	view_clear(&before);
	view_clear(&after);
	buf_clear(&out);
	buf_clear(&whole);
}

/* Any order of what messages are made of, well-formed or not. */
static void
what_is_decoded_is_the_same(void)
{
	static const char *const	pieces[] = {
		CTE "8bit\r\n", CTE "binary\r\n", CTE "7bit\r\n", QP,
		CTE "base64\r\n", CTE "odd\r\n", TEXT, VERSION, MESSAGE,
		MULTI("b"), MULTI("cc"), "Content-Type: message/partial\r\n",
		"Subject: \303\251\r\n", "\r\n", "\r\n", "\r\n\r\n",
		"\r\n--b\r\n", "\r\n--cc\r\n", "\r\n--b--\r\n",
		"\r\n--cc--\r\n", "\303\251", " \r\n", "=E9=\r\n", "a \tb",
		"--", "\r", "\n", "QUJD\r\n", ": ",
		"0123456789012345678901234567890123456789",
	};
	unsigned	seed = 3;

	for (int i = 0; i < 20000; i++) {
		struct buf	text = BUF_INIT;

		buf_put_str(&text, i % 2 > 0 ? MULTI("b") : "");
		for (int k = i % 40; k >= 0; k--) {
			seed = seed * 1103515245 + 12345;
			buf_put_str(&text, pieces[(seed >> 16) %
			    (sizeof(pieces) / sizeof(*pieces))]);
		}
		check_view(buf_slice(&text), 1 + (size_t)i % 9);
		buf_clear(&text);
	}
}

void	downgrade_test(void);

void
downgrade_test(void)
{
	CU_pSuite	suite = CU_add_suite("smtp/downgrade", NULL, NULL);

	CU_ADD_TEST(suite, one_body);
	CU_ADD_TEST(suite, what_is_7bit_stays);
	CU_ADD_TEST(suite, lies);
	CU_ADD_TEST(suite, parts);
	CU_ADD_TEST(suite, messages);
	CU_ADD_TEST(suite, structures_not_read);
	CU_ADD_TEST(suite, over_deep_nesting);
	CU_ADD_TEST(suite, looks_at_so_much);
	CU_ADD_TEST(suite, long_headers);
	CU_ADD_TEST(suite, what_is_decoded_is_the_same);
}
