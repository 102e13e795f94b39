#include "util/base64.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* RFC 4648 section 10, and bytes of every kind. */
static const struct {
	const char	*bytes, *text;
} pairs[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\377\376\375", "//79" },
	{ "\373\360", "+/A=" },
};

static void
both_ways(void)
{
	struct buf	got = BUF_INIT;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		buf_empty(&got);
		base64_put(&got, slice_str(pairs[i].bytes));
		CU_ASSERT_STRING_EQUAL(buf_cstr(&got), pairs[i].text);
		buf_empty(&got);
		CU_ASSERT_EQUAL(base64_get(&got, slice_str(pairs[i].text)),
		    0);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&got), pairs[i].bytes);
	}
	buf_clear(&got);
}

static void
no_base64(void)
{
	static const char *const	bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=",
		"Zg==Zg==", "Zm9v ", "Zm-v", "Zm_v", "Zm9v=", "=m9v",
		"Zm9\377",
	};
	struct buf			got = BUF_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CU_ASSERT_EQUAL(base64_get(&got, slice_str(bad[i])), -1);
		CU_ASSERT_EQUAL(got.len, 0);
	}
	buf_clear(&got);
}

void	base64_test(void);

void
base64_test(void)
{
	CU_pSuite	suite = CU_add_suite("base64", NULL, NULL);

	CU_add_test(suite, "both ways", both_ways);
	CU_add_test(suite, "what is no base64", no_base64);
}
