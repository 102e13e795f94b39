#include "load/load_text.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* Lines of at most 76 bytes, each ended by CRLF, no other CR, LF or NUL. */
static bool
is_lines(struct slice s)
{
	size_t	len = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '\0' || s.data[i] == '\n' || len > 76)
			return false;
		if (s.data[i] != '\r') {
			len++;
			continue;
		}
		if (++i == s.len || s.data[i] != '\n')
			return false;
		len = 0;
	}
	return len == 0;
}

static void
has_the_length_wanted(void)
{
	struct buf	body = BUF_INIT;

	for (int is_8bit = 0; is_8bit < 2; is_8bit++)
		for (size_t len = 0; len < 400; len++) {
			buf_empty(&body);
			load_text_body(len, is_8bit, &body);
			CU_ASSERT_EQUAL(body.len, len == 1 ? 3 : len);
			CU_ASSERT(is_lines(buf_slice(&body)));
		}
	buf_clear(&body);
}

static void
fills_in_addresses(void)
{
	struct load_text_numbers	 numbers = { 1, 2, 3, 4 };
	struct buf			 buf = BUF_INIT;

	CU_ASSERT_EQUAL(load_text_address("a%m-%r-%n@d%d.x", &numbers, &buf),
	    0);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&buf), "a1-2-3@d4.x");
	CU_ASSERT_EQUAL(load_text_address("a%x", &numbers, &buf), -1);
	CU_ASSERT_EQUAL(load_text_address("a%", &numbers, &buf), -1);
	buf_clear(&buf);
}

void	load_text_test(void);

void
load_text_test(void)
{
	CU_pSuite	suite = CU_add_suite("load_text", NULL, NULL);

	CU_add_test(suite, "has the length wanted", has_the_length_wanted);
	CU_add_test(suite, "fills in addresses", fills_in_addresses);
}
