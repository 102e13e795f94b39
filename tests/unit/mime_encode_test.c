#include "mail/mime_encode.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "util/ascii.h"

static void
encode(struct slice text, bool is_base64, size_t step, struct buf *out)
{
	struct mime_encode	e;

	mime_encode_init(&e, is_base64);
	for (size_t at = 0; at < text.len; at += step)
		mime_encode_put(&e, slice_first(slice_after(text, at), step),
		    out);
	mime_encode_end(&e, out);
}

static void
check(struct slice text, bool is_base64, const char *want)
{
	for (size_t step = 1; step <= text.len + 1; step++) {
		struct buf	out = BUF_INIT;

		encode(text, is_base64, step, &out);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out), want);
		if (strcmp(buf_cstr(&out), want) != 0)
			printf("\nwant %s\ngot  %s\n", want, buf_cstr(&out));
		buf_clear(&out);
	}
}

#define TEN	"abcdefghij"
#define SEVENTY	TEN TEN TEN TEN TEN TEN TEN
#define CHECK(text, base64, want) check(SLICE_LIT(text), base64, want)

static void
quoted_printable(void)
{
	CHECK("", false, "");
	CHECK("a\r\n", false, "a\r\n");
	CHECK("\r\n\r\n", false, "\r\n\r\n");
	CHECK("na\303\257ve = 1~\177\0", false, "na=C3=AFve =3D 1~=7F=00");
	/* Blanks, in a line and at its end. */
	CHECK("a b\tc \r\n", false, "a b\tc=20\r\n");
	CHECK("a \t\r\n \r\n\t", false, "a =09\r\n=20\r\n=09");
	CHECK("a \rb\r", false, "a =0Db=0D");
	/* A CR or LF alone, and both in every order. */
	CHECK("a\nb\rc\n\r\r\n\r", false, "a=0Ab=0Dc=0A=0D\r\n=0D");
	/* The longest lines, and the first that are too long. */
	CHECK(SEVENTY "12345\r\n", false, SEVENTY "12345\r\n");
	CHECK(SEVENTY "123456\r\n", false, SEVENTY "12345=\r\n6\r\n");
	CHECK(SEVENTY "12\377\r\n", false, SEVENTY "12=FF\r\n");
	CHECK(SEVENTY "123\377\r\n", false, SEVENTY "123=\r\n=FF\r\n");
	CHECK(SEVENTY "1234 \r\n", false, SEVENTY "1234=\r\n=20\r\n");
	/* No line is like a boundary, not even one that was begun here. */
	CHECK("--b\r\n-- \r\n-\r\n-x--\r\n--", false,
	    "-=2Db\r\n-=2D=20\r\n-\r\n-x--\r\n-=2D");
	CHECK(SEVENTY "12345--b", false, SEVENTY "12345=\r\n-=2Db");
	CHECK(SEVENTY "1234--b", false, SEVENTY "1234-=\r\n-b");
	CHECK(" --b", false, " --b");
}

static void
base64(void)
{
	/* RFC 4648 section 10 */
	CHECK("", true, "");
	CHECK("f", true, "Zg==");
	CHECK("fo", true, "Zm8=");
	CHECK("foo", true, "Zm9v");
	CHECK("foob", true, "Zm9vYg==");
	CHECK("fooba", true, "Zm9vYmE=");
	CHECK("foobar", true, "Zm9vYmFy");
	CHECK("\373\377\277\0\r\n", true, "+/+/AA0K");
	/* 57 bytes are a line; the next one begins with what is in it. */
	CHECK(TEN TEN TEN TEN TEN "1234567", true,
	    "YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWJjZGVmZ2hpamFiY2RlZmdo"
	    "aWoxMjM0NTY3");
	CHECK(TEN TEN TEN TEN TEN "12345678", true,
	    "YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWJjZGVmZ2hpamFiY2RlZmdo"
	    "aWoxMjM0NTY3\r\nOA==");
}

static void
check_mark(const char *text, bool is_quoted, const char *want)
{
	for (size_t first = 0; first <= strlen(text); first++) {
		struct buf	out = BUF_INIT;
		size_t		column = 0;

		mime_encode_mark(is_quoted ? &column : NULL,
		    slice_first(slice_str(text), first), &out);
		mime_encode_mark(is_quoted ? &column : NULL,
		    slice_after(slice_str(text), first), &out);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out), want);
		buf_clear(&out);
	}
}

static void
marks(void)
{
	check_mark("a=20=\r\n b \r\n\r\n", true, "a=20=\r\n b \r\n\r\n");
	check_mark("\303\251=3D", true, "=C3=A9=3D");
	check_mark(SEVENTY "123\351\r\n\351", true,
	    SEVENTY "123=\r\n=E9\r\n=E9");
	check_mark(SEVENTY "12345678", true, SEVENTY "12345678");
	check_mark(SEVENTY "123\351\r\n", false, SEVENTY "123=E9\r\n");
}

/* ---- a decoder ----------------------------------------------------------- */

static void
decode(struct slice text, struct buf *out)
{
	while (text.len > 0) {
		bool	is_escape = text.len >= 3 && text.data[0] == '=';

		/* "=" CR LF is nothing. */
		if (is_escape && text.data[1] != '\r')
			buf_put_u8(out, (uint8_t)(ascii_hex(text.data[1]) *
			    16 + ascii_hex(text.data[2])));
		if (!is_escape)
			buf_put_u8(out, text.data[0]);
		text = slice_after(text, is_escape ? 3 : 1);
	}
}

/* RFC 2045 section 6.7: nothing but what a line of it may have. */
static void
check_lines(struct slice text)
{
	size_t	column = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char	c = text.data[i];

		if (c == '\n') {
			column = 0;
			continue;
		}
		if (c != '\r')
			CU_ASSERT(++column <= 76);
		CU_ASSERT(c == '\r' || c == '\t' || ascii_is_print(c));
		if (c == '\r') {
			CU_ASSERT_EQUAL(text.data[i + 1], '\n');
			CU_ASSERT(i == 0 || (text.data[i - 1] != ' ' &&
			    text.data[i - 1] != '\t'));
		}
	}
}

static void
decodes_to_what_it_was(void)
{
	/* The last four, without the others, make long lines. */
	static const char	alphabet[] = "\r\n\r\n  \t=\0\351-.ab";
	unsigned		seed = 11;

	for (int i = 0; i < 5000; i++) {
		struct buf	out = BUF_INIT, back = BUF_INIT;
		unsigned char	text[200];
		struct slice	all = slice_from(text, (size_t)i % 200);

		for (size_t k = 0; k < sizeof(text); k++) {
			seed = seed * 1103515245 + 12345;
			text[k] = (unsigned char)alphabet[i % 3 > 0 ?
			    (seed >> 16) % 14 : 10 + (seed >> 16) % 4];
		}
		encode(all, false, 1 + (size_t)i % 7, &out);
		check_lines(buf_slice(&out));
		decode(buf_slice(&out), &back);
		CU_ASSERT(slice_equal(buf_slice(&back), all));
		buf_clear(&out);
		buf_clear(&back);
	}
}

void	mime_encode_test(void);

void
mime_encode_test(void)
{
	CU_pSuite	suite = CU_add_suite("mime_encode", NULL, NULL);

	CU_ADD_TEST(suite, quoted_printable);
	CU_ADD_TEST(suite, base64);
	CU_ADD_TEST(suite, marks);
	CU_ADD_TEST(suite, decodes_to_what_it_was);
}
