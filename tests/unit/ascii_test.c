#include "util/ascii.h"

#include <CUnit/CUnit.h>
#include <stdint.h>
#include <string.h>

/* The classes are those of the C locale, for every byte and for EOF. */
static void
classes(void)
{
	const char	digits[] = "0123456789";
	const char	lower[] = "abcdefghijklmnopqrstuvwxyz";
	const char	upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char	space[] = " \t\n\v\f\r";

	for (int c = -1; c <= 255; c++) {
		bool	is_byte = c > 0;
		bool	is_digit = is_byte && strchr(digits, c) != NULL;
		bool	is_lower = is_byte && strchr(lower, c) != NULL;
		bool	is_upper = is_byte && strchr(upper, c) != NULL;

		CU_ASSERT_EQUAL(ascii_is_digit(c), is_digit);
		CU_ASSERT_EQUAL(ascii_is_alpha(c), is_lower || is_upper);
		CU_ASSERT_EQUAL(ascii_is_alnum(c),
		    is_digit || is_lower || is_upper);
		CU_ASSERT_EQUAL(ascii_is_print(c), c >= 32 && c <= 126);
		CU_ASSERT_EQUAL(ascii_is_space(c),
		    is_byte && strchr(space, c) != NULL);
		CU_ASSERT_EQUAL(ascii_lower(c),
		    is_upper ? lower[strchr(upper, c) - upper] : c);
		CU_ASSERT_EQUAL(ascii_upper(c),
		    is_lower ? upper[strchr(lower, c) - lower] : c);
	}
}

static void
hexadecimal(void)
{
	const char	lower[] = "0123456789abcdef";
	const char	upper[] = "0123456789ABCDEF";

	for (int c = -1; c <= 255; c++) {
		int	 want = -1;

		for (int i = 0; i < 16; i++)
			if (c == lower[i] || c == upper[i])
				want = i;
		CU_ASSERT_EQUAL(ascii_hex(c), want);
	}
}

static void
compares(void)
{
	CU_ASSERT_EQUAL(ascii_compare("", ""), 0);
	CU_ASSERT_EQUAL(ascii_compare("MiXeD.09", "mIxEd.09"), 0);
	CU_ASSERT(ascii_compare("a", "B") < 0);
	CU_ASSERT(ascii_compare("B", "a") > 0);
	CU_ASSERT(ascii_compare("ab", "abc") < 0);
	CU_ASSERT(ascii_compare("abc", "ab") > 0);
	/* Not letters: [ and { differ by the bit that letters differ by. */
	CU_ASSERT(ascii_compare("[", "{") != 0);
	CU_ASSERT(ascii_compare("@", "`") != 0);
	/* Bytes are unsigned, and none above 127 is a letter. */
	CU_ASSERT(ascii_compare("\xe4", "a") > 0);
	CU_ASSERT(ascii_compare("\xe4", "\xc4") != 0);

	CU_ASSERT_EQUAL(ascii_compare_n("abX", "ABy", 2), 0);
	CU_ASSERT(ascii_compare_n("abX", "ABy", 3) < 0);
	CU_ASSERT_EQUAL(ascii_compare_n("x", "y", 0), 0);
	/* The end of both ends it. */
	CU_ASSERT_EQUAL(ascii_compare_n("ab\0x", "AB\0y", 4), 0);
	CU_ASSERT(ascii_compare_n("ab", "abc", 3) < 0);
}

/* RFC 3629 section 3, written the other way round. */
static size_t
encode(uint32_t point, unsigned char *to)
{
	if (point < 0x80) {
		to[0] = (unsigned char)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (unsigned char)(0xc0 | point >> 6);
		to[1] = (unsigned char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		to[0] = (unsigned char)(0xe0 | point >> 12);
		to[1] = (unsigned char)(0x80 | (point >> 6 & 0x3f));
		to[2] = (unsigned char)(0x80 | (point & 0x3f));
		return 3;
	}
	to[0] = (unsigned char)(0xf0 | point >> 18);
	to[1] = (unsigned char)(0x80 | (point >> 12 & 0x3f));
	to[2] = (unsigned char)(0x80 | (point >> 6 & 0x3f));
	to[3] = (unsigned char)(0x80 | (point & 0x3f));
	return 4;
}

/* Every character, whole, with something behind, and cut at every byte. */
static void
utf8_every_character(void)
{
	unsigned	wrong = 0;

	for (uint32_t point = 0; point <= 0x10ffff; point++) {
		unsigned char	 bytes[8];
		bool		 is_surrogate = point >= 0xd800 &&
				    point <= 0xdfff;
		size_t		 len = encode(point, bytes);
		size_t		 want = is_surrogate ? 0 : len;

		bytes[len] = 0xff;
		wrong += ascii_utf8_len(bytes, len) != want;
		wrong += ascii_utf8_len(bytes, len + 1) != want;
		for (size_t cut = 0; cut < len; cut++)
			wrong += ascii_utf8_len(bytes, cut) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

/* There are no other sequences of two and three bytes than those. */
static void
utf8_nothing_else(void)
{
	unsigned	two = 0, three = 0, four = 0;

	for (uint32_t v = 0; v < 0x1000000; v++) {
		unsigned char	bytes[3] = { (unsigned char)(v >> 16),
				    (unsigned char)(v >> 8),
				    (unsigned char)v };
		size_t		len = ascii_utf8_len(bytes, 3);

		three += len == 3;
		two += len == 2 && bytes[2] == 0;
		four += len > 3;
	}
	CU_ASSERT_EQUAL(two, 0x800 - 0x80);
	CU_ASSERT_EQUAL(three, 0x10000 - 0x800 - 0x800);
	CU_ASSERT_EQUAL(four, 0);
	/* Of four bytes, the edges of the last two. */
	for (uint32_t v = 0; v < 0x10000; v++)
		for (unsigned k = 0; k < 16; k++) {
			const unsigned char	 edge[] = { 0x7f, 0x80, 0xbf,
						    0xc0 };
			unsigned char		 bytes[4] = {
			    (unsigned char)(v >> 8), (unsigned char)v,
			    edge[k / 4], edge[k % 4] };

			four += ascii_utf8_len(bytes, 4) == 4;
		}
	/* 0x10000 to 0x10ffff are 256 blocks of 64 times 64. */
	CU_ASSERT_EQUAL(four, 256 * 4);
}

void	ascii_test(void);

void
ascii_test(void)
{
	CU_pSuite	suite = CU_add_suite("ascii", NULL, NULL);

	CU_add_test(suite, "classes", classes);
	CU_add_test(suite, "hexadecimal", hexadecimal);
	CU_add_test(suite, "compares", compares);
	CU_add_test(suite, "utf-8: every character", utf8_every_character);
	CU_add_test(suite, "utf-8: nothing else", utf8_nothing_else);
}
