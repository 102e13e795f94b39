#include "util/buf.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void
grows_and_drops(void)
{
	struct buf	buf = BUF_INIT;

	for (int i = 0; i < 10000; i++) {
		buf_put_u32(&buf, (uint32_t)i);
		if (i % 3 == 2)
			buf_drop(&buf, 4);
	}
	CU_ASSERT_EQUAL(buf.len, (10000 - 3333) * 4);
	for (uint32_t i = 3333; i < 10000; i++) {
		struct slice	s = buf_slice(&buf);
		uint32_t	value;

		CU_ASSERT_EQUAL(slice_get_u32(&s, &value), 0);
		CU_ASSERT_EQUAL(value, i);
		buf_drop(&buf, 4);
	}
	CU_ASSERT_EQUAL(buf.len, 0);
	buf_clear(&buf);
}

static void
prints(void)
{
	struct buf	buf = BUF_INIT;

	buf_printf(&buf, "%0300d", 7);
	buf_put_str(&buf, "x");
	CU_ASSERT_EQUAL(strlen(buf_cstr(&buf)), 301);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&buf) + 299, "7x");
	buf_truncate(&buf, 2);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&buf), "00");
	buf_clear(&buf);
}

static void
getters_do_not_move_on_failure(void)
{
	unsigned char	 bytes[] = { 1, 2, 3 };
	struct slice	 s = slice_from(bytes, sizeof(bytes));
	uint64_t	 u64;
	uint32_t	 u32;
	uint16_t	 u16;
	uint8_t		 u8;

	CU_ASSERT_EQUAL(slice_get_u64(&s, &u64), -1);
	CU_ASSERT_EQUAL(slice_get_u32(&s, &u32), -1);
	CU_ASSERT_EQUAL(s.len, 3);
	CU_ASSERT_EQUAL(slice_get_u16(&s, &u16), 0);
	CU_ASSERT_EQUAL(u16, 0x0102);
	CU_ASSERT_EQUAL(slice_get_u16(&s, &u16), -1);
	CU_ASSERT_EQUAL(slice_get_u8(&s, &u8), 0);
	CU_ASSERT_EQUAL(u8, 3);
	CU_ASSERT_EQUAL(slice_get_u8(&s, &u8), -1);
}

static void
numbers(void)
{
	uint64_t	value;

	CU_ASSERT_EQUAL(slice_parse_u64(slice_str("18446744073709551615"),
	    &value), 0);
	CU_ASSERT_EQUAL(value, UINT64_MAX);
	CU_ASSERT_EQUAL(slice_parse_u64(slice_str("18446744073709551616"),
	    &value), -1);
	CU_ASSERT_EQUAL(slice_parse_u64(slice_str(""), &value), -1);
	CU_ASSERT_EQUAL(slice_parse_u64(slice_str("1x"), &value), -1);
	CU_ASSERT_EQUAL(slice_parse_u64(slice_str("-1"), &value), -1);
}

static void
words(void)
{
	struct slice	s = slice_str(" a, bc,,d "), word;

	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), 0);
	CU_ASSERT(slice_is(word, "a"));
	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), 0);
	CU_ASSERT(slice_is(word, "bc"));
	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), 0);
	CU_ASSERT(slice_is(word, "d"));
	CU_ASSERT_EQUAL(slice_get_word(&s, ", ", &word), -1);
	CU_ASSERT(slice_is(slice_trim(slice_str("\t x y \r\n")), "x y"));
}

static void
escapes(void)
{
	struct buf	buf = BUF_INIT;

	buf_put_escaped(&buf, slice_from("a\r\n\t\\\0\033\377\"", 9));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&buf),
	    "a\\r\\n\\t\\\\\\000\\033\\377\"");
	buf_clear(&buf);
}

static void
shrinks(void)
{
	struct buf	buf = BUF_INIT;

	buf_shrink(&buf);
	CU_ASSERT_PTR_NULL(buf.data);
	for (int i = 0; i < 10000; i++)
		buf_printf(&buf, "%d ", i);
	buf_drop(&buf, buf.len - 10);
	CU_ASSERT(buf.cap > 10000);
	buf_shrink(&buf);
	CU_ASSERT(buf.cap < 100);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&buf), "9998 9999 ");
	buf_drop(&buf, 10);
	buf_shrink(&buf);
	CU_ASSERT_EQUAL(buf.cap, 0);
}

/* Nothing of what was put is in memory that the buf still has. */
static bool
has_trace(const struct buf *buf, const char *text)
{
	return buf->data != NULL && memmem(buf->data, buf->cap, text,
	    strlen(text)) != NULL;
}

static void
keeps_secrets(void)
{
	struct buf	buf = BUF_SECRET;

	buf_put_str(&buf, "one: tanstaaf");
	CU_ASSERT(has_trace(&buf, "tanstaaf"));
	buf_drop(&buf, 13);
	CU_ASSERT_FALSE(has_trace(&buf, "tanstaaf"));
	buf_put_str(&buf, "two: tanstaaf");
	buf_truncate(&buf, 5);
	CU_ASSERT_FALSE(has_trace(&buf, "tanstaaf"));
	buf_put_str(&buf, "tanstaaf");
	buf_drop(&buf, 8);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&buf), "staaf");
	CU_ASSERT_FALSE(has_trace(&buf, "tanst"));
	buf_empty(&buf);
	CU_ASSERT_FALSE(has_trace(&buf, "staaf"));
	/* It grows, and what it had is still there. */
	for (int i = 0; i < 1000; i++)
		buf_printf(&buf, "%d,", i);
	CU_ASSERT_NSTRING_EQUAL(buf_cstr(&buf), "0,1,2,", 6);
	buf_clear(&buf);
	CU_ASSERT(buf.keeps_secrets);
}

void	buf_test(void);

void
buf_test(void)
{
	CU_pSuite	suite = CU_add_suite("buf", NULL, NULL);

	CU_add_test(suite, "grows and drops", grows_and_drops);
	CU_add_test(suite, "prints", prints);
	CU_add_test(suite, "escapes", escapes);
	CU_add_test(suite, "shrinks", shrinks);
	CU_add_test(suite, "keeps secrets", keeps_secrets);
	CU_add_test(suite, "getters do not move on failure",
	    getters_do_not_move_on_failure);
	CU_add_test(suite, "numbers", numbers);
	CU_add_test(suite, "words", words);
}
