#include "util/slice.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

static const struct slice	nothing = { NULL, 0 };

static void
makes(void)
{
	CU_ASSERT_EQUAL(slice_str(NULL).len, 0);
	CU_ASSERT_EQUAL(slice_str("").len, 0);
	CU_ASSERT_EQUAL(slice_str("abc").len, 3);
	CU_ASSERT_EQUAL(SLICE_LIT("a\0b").len, 3);
	CU_ASSERT_EQUAL(slice_from("abc", 2).len, 2);
}

/* From every offset, to every length, and beyond. */
static void
parts(void)
{
	const char	*text = "01234567";
	struct slice	 s = slice_str(text);

	for (size_t i = 0; i < 12; i++) {
		struct slice	after = slice_after(s, i);
		struct slice	first = slice_first(s, i);
		size_t		at = i < 8 ? i : 8;

		CU_ASSERT_EQUAL(after.len, 8 - at);
		CU_ASSERT_PTR_EQUAL(after.data, s.data + at);
		CU_ASSERT_EQUAL(first.len, at);
		CU_ASSERT_PTR_EQUAL(first.data, s.data);
	}
	CU_ASSERT_EQUAL(slice_after(s, SIZE_MAX).len, 0);
	CU_ASSERT_EQUAL(slice_first(s, SIZE_MAX).len, 8);
	CU_ASSERT_EQUAL(slice_after(nothing, 0).len, 0);
	CU_ASSERT_EQUAL(slice_after(nothing, 1).len, 0);
	CU_ASSERT_EQUAL(slice_first(nothing, 1).len, 0);
}

static void
compares(void)
{
	CU_ASSERT(slice_equal(nothing, nothing));
	CU_ASSERT(slice_equal(nothing, SLICE_LIT("")));
	CU_ASSERT(slice_equal(SLICE_LIT("a\0b"), SLICE_LIT("a\0b")));
	CU_ASSERT_FALSE(slice_equal(SLICE_LIT("a\0b"), SLICE_LIT("a\0c")));
	CU_ASSERT_FALSE(slice_equal(SLICE_LIT("ab"), SLICE_LIT("abc")));
	CU_ASSERT_FALSE(slice_equal(SLICE_LIT("ab"), SLICE_LIT("aB")));
	CU_ASSERT(slice_equal_nocase(SLICE_LIT("aB\0Z"), SLICE_LIT("Ab\0z")));
	CU_ASSERT_FALSE(slice_equal_nocase(SLICE_LIT("a["), SLICE_LIT("a{")));
	CU_ASSERT_FALSE(slice_equal_nocase(SLICE_LIT("a"), SLICE_LIT("ab")));
	CU_ASSERT_FALSE(slice_equal_nocase(SLICE_LIT("\xe4"),
	    SLICE_LIT("\xc4")));

	CU_ASSERT(slice_is(SLICE_LIT("abc"), "abc"));
	CU_ASSERT_FALSE(slice_is(SLICE_LIT("abc"), "ab"));
	CU_ASSERT_FALSE(slice_is(SLICE_LIT("abc\0"), "abc"));
	CU_ASSERT(slice_is(nothing, ""));
	CU_ASSERT(slice_is_nocase(SLICE_LIT("ABC"), "abc"));
	CU_ASSERT_FALSE(slice_is_nocase(SLICE_LIT("ABC"), "abd"));
}

static void
prefixes(void)
{
	struct slice	s = SLICE_LIT("Mail From");

	CU_ASSERT(slice_has_prefix(s, ""));
	CU_ASSERT(slice_has_prefix(s, "Mail"));
	CU_ASSERT(slice_has_prefix(s, "Mail From"));
	CU_ASSERT_FALSE(slice_has_prefix(s, "Mail From "));
	CU_ASSERT_FALSE(slice_has_prefix(s, "mail"));
	CU_ASSERT(slice_has_prefix_nocase(s, "mAIL f"));
	CU_ASSERT_FALSE(slice_has_prefix_nocase(s, "mailx"));
	CU_ASSERT(slice_has_prefix(nothing, ""));
	CU_ASSERT_FALSE(slice_has_prefix(nothing, "M"));
}

static void
finds(void)
{
	struct slice	s = SLICE_LIT("a.b.c\0\xff");

	CU_ASSERT_EQUAL(slice_find(s, '.'), 1);
	CU_ASSERT_EQUAL(slice_find_last(s, '.'), 3);
	CU_ASSERT_EQUAL(slice_find(s, 'a'), 0);
	CU_ASSERT_EQUAL(slice_find_last(s, 'a'), 0);
	CU_ASSERT_EQUAL(slice_find(s, '\0'), 5);
	CU_ASSERT_EQUAL(slice_find_last(s, '\0'), 5);
	CU_ASSERT_EQUAL(slice_find(s, 0xff), 6);
	CU_ASSERT_EQUAL(slice_find_last(s, 0xff), 6);
	CU_ASSERT_EQUAL(slice_find(s, 'x'), -1);
	CU_ASSERT_EQUAL(slice_find_last(s, 'x'), -1);
	CU_ASSERT_EQUAL(slice_find(nothing, 'x'), -1);
	CU_ASSERT_EQUAL(slice_find_last(nothing, 'x'), -1);
}

static void
trims(void)
{
	CU_ASSERT(slice_is(slice_trim(SLICE_LIT(" \t\r\n\v\fx y\n")), "x y"));
	CU_ASSERT(slice_is(slice_trim(SLICE_LIT("x")), "x"));
	CU_ASSERT_EQUAL(slice_trim(SLICE_LIT(" \t\r\n ")).len, 0);
	CU_ASSERT_EQUAL(slice_trim(nothing).len, 0);
	/* Only ASCII: a no-break space and NUL stay. */
	CU_ASSERT(slice_equal(slice_trim(SLICE_LIT("\xc2\xa0x\0 ")),
	    SLICE_LIT("\xc2\xa0x\0")));
}

static void
copies(void)
{
	struct slice	 s = SLICE_LIT("ab\0c");
	char		*copy = slice_dup(s);

	CU_ASSERT_EQUAL(memcmp(copy, "ab\0c", 5), 0);
	mem_free(copy);
	copy = slice_dup(nothing);
	CU_ASSERT_STRING_EQUAL(copy, "");
	mem_free(copy);
}

/* Each getter with every length from nothing to one too many. */
static void
integers_cut_at_every_byte(void)
{
	unsigned char	bytes[9] = { 0x81, 0x02, 0x83, 0x04, 0x85, 0x06,
			    0x87, 0x08, 0x89 };

	for (size_t len = 0; len <= sizeof(bytes); len++) {
		const struct slice	all = { bytes, len };
		struct slice		s8 = all, s16 = all, s32 = all;
		struct slice		s64 = all;
		uint8_t			v8 = 0;
		uint16_t		v16 = 0;
		uint32_t		v32 = 0;
		uint64_t		v64 = 0;

		CU_ASSERT_EQUAL(slice_get_u8(&s8, &v8), len < 1 ? -1 : 0);
		CU_ASSERT_EQUAL(v8, len < 1 ? 0 : 0x81);
		CU_ASSERT_EQUAL(s8.len, len < 1 ? len : len - 1);
		CU_ASSERT_EQUAL(slice_get_u16(&s16, &v16), len < 2 ? -1 : 0);
		CU_ASSERT_EQUAL(v16, len < 2 ? 0 : 0x8102);
		CU_ASSERT_EQUAL(s16.len, len < 2 ? len : len - 2);
		CU_ASSERT_EQUAL(slice_get_u32(&s32, &v32), len < 4 ? -1 : 0);
		CU_ASSERT_EQUAL(v32, len < 4 ? 0 : 0x81028304u);
		CU_ASSERT_EQUAL(s32.len, len < 4 ? len : len - 4);
		CU_ASSERT_EQUAL(slice_get_u64(&s64, &v64), len < 8 ? -1 : 0);
		CU_ASSERT_EQUAL(v64, len < 8 ? 0 : 0x8102830485068708u);
		CU_ASSERT_EQUAL(s64.len, len < 8 ? len : len - 8);
		CU_ASSERT_PTR_EQUAL(s64.data, bytes + (len < 8 ? 0 : 8));
	}
}

static void
runs_of_bytes(void)
{
	struct slice	s = SLICE_LIT("abcdef"), got = { NULL, 0 };

	CU_ASSERT_EQUAL(slice_get_bytes(&s, 7, &got), -1);
	CU_ASSERT_EQUAL(slice_get_bytes(&s, SIZE_MAX, &got), -1);
	CU_ASSERT_EQUAL(s.len, 6);
	CU_ASSERT_EQUAL(slice_get_bytes(&s, 0, &got), 0);
	CU_ASSERT_EQUAL(got.len, 0);
	CU_ASSERT_EQUAL(slice_get_bytes(&s, 4, &got), 0);
	CU_ASSERT(slice_is(got, "abcd"));
	CU_ASSERT_EQUAL(slice_get_bytes(&s, 3, &got), -1);
	CU_ASSERT(slice_is(got, "abcd"));
	CU_ASSERT_EQUAL(slice_get_bytes(&s, 2, &got), 0);
	CU_ASSERT(slice_is(got, "ef"));
	CU_ASSERT_EQUAL(s.len, 0);
	CU_ASSERT_EQUAL(slice_get_bytes(&s, 1, &got), -1);
}

static void
words(void)
{
	struct slice	s = SLICE_LIT(",, \0x\xff ,y"), word;

	/* NUL is no separator, although it ends the list of them. */
	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), 0);
	CU_ASSERT(slice_equal(word, SLICE_LIT("\0x\xff")));
	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), 0);
	CU_ASSERT(slice_is(word, "y"));
	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), -1);

	s = SLICE_LIT(" ,");
	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), -1);
	CU_ASSERT_EQUAL(s.len, 2);
	s = nothing;
	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), -1);
	s = SLICE_LIT("a b");
	CU_ASSERT_EQUAL(slice_get_word(&s, "", &word), 0);
	CU_ASSERT(slice_is(word, "a b"));
}

static void
numbers(void)
{
	static const char	*none[] = { "", " 1", "1 ", "+1", "-0", "0x1",
				    "1.0", "18446744073709551616",
				    "18446744073709551620",
				    "99999999999999999999",
				    "184467440737095516150", "\xb2" };
	uint64_t		 value = 77;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		CU_ASSERT_EQUAL(slice_parse_u64(slice_str(none[i]), &value),
		    -1);
	CU_ASSERT_EQUAL(slice_parse_u64(SLICE_LIT("1\0"), &value), -1);
	CU_ASSERT_EQUAL(value, 77);
	CU_ASSERT_EQUAL(slice_parse_u64(SLICE_LIT("0"), &value), 0);
	CU_ASSERT_EQUAL(value, 0);
	CU_ASSERT_EQUAL(slice_parse_u64(SLICE_LIT("000018446744073709551614"),
	    &value), 0);
	CU_ASSERT_EQUAL(value, UINT64_MAX - 1);
	CU_ASSERT_EQUAL(slice_parse_u64(SLICE_LIT("18446744073709551615"),
	    &value), 0);
	CU_ASSERT_EQUAL(value, UINT64_MAX);
}

static void
bytes_of_eight_bits(void)
{
	unsigned char	text[40];

	for (size_t len = 0; len <= sizeof(text); len++) {
		memset(text, 0x7f, sizeof(text));
		CU_ASSERT(slice_is_ascii(slice_from(text, len)));
		for (size_t at = 0; at < len; at++) {
			text[at] = 0x80;
			CU_ASSERT(!slice_is_ascii(slice_from(text, len)));
			CU_ASSERT(slice_is_ascii(slice_from(text, at)));
			text[at] = 0x7f;
		}
	}
}

void	slice_test(void);

void
slice_test(void)
{
	CU_pSuite	suite = CU_add_suite("slice", NULL, NULL);

	CU_add_test(suite, "makes", makes);
	CU_add_test(suite, "parts", parts);
	CU_add_test(suite, "compares", compares);
	CU_add_test(suite, "prefixes", prefixes);
	CU_add_test(suite, "finds", finds);
	CU_add_test(suite, "trims", trims);
	CU_add_test(suite, "copies", copies);
	CU_add_test(suite, "integers cut at every byte",
	    integers_cut_at_every_byte);
	CU_add_test(suite, "runs of bytes", runs_of_bytes);
	CU_add_test(suite, "words", words);
	CU_add_test(suite, "numbers", numbers);
	CU_add_test(suite, "bytes of eight bits", bytes_of_eight_bits);
}
