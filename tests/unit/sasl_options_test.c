#include "net/sasl_options.h"

#include <CUnit/CUnit.h>

static void
options(void)
{
	struct slice	word;
	unsigned	got;

	CU_ASSERT_EQUAL(sasl_options_parse(slice_str(
	    "noplaintext, NoAnonymous\tmutual_auth,"), &got, &word), 0);
	CU_ASSERT_EQUAL(got, SASL_OPTIONS_NO_PLAINTEXT |
	    SASL_OPTIONS_NO_ANONYMOUS | SASL_OPTIONS_MUTUAL);
	CU_ASSERT_EQUAL(sasl_options_parse(slice_str(""), &got, &word), 0);
	CU_ASSERT_EQUAL(got, 0);
	CU_ASSERT_EQUAL(sasl_options_parse(slice_str("noactive no"), &got,
	    &word), -1);
	CU_ASSERT(slice_is(word, "no"));
	/* What nobody understands allows nothing more. */
	got = sasl_options_read("p", "noanonymus");
	CU_ASSERT_EQUAL(got, SASL_OPTIONS_NO_PLAINTEXT |
	    SASL_OPTIONS_NO_ANONYMOUS);
}

static void
names(void)
{
	static const char *const	good[] = { "PLAIN", "scram-sha-256",
		"A", "X_Y-1", "12345678901234567890" };
	static const char *const	bad[] = { "", "A B", "A/B", "A.B",
		"\xc3\xa9", "123456789012345678901", "A\n", "*" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		CU_ASSERT(sasl_options_is_name(slice_str(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_FALSE(sasl_options_is_name(slice_str(bad[i])));
	CU_ASSERT_FALSE(sasl_options_is_name(slice_from("A\0B", 3)));
}

void	sasl_options_test(void);

void
sasl_options_test(void)
{
	CU_pSuite	suite = CU_add_suite("sasl_options", NULL, NULL);

	CU_add_test(suite, "options", options);
	CU_add_test(suite, "names", names);
}
