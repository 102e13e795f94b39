#include "mail/sasl_filter.h"

#include <CUnit/CUnit.h>

#define ALL	"PLAIN LOGIN CRAM-MD5 NTLM SCRAM-SHA-256 EXTERNAL ../x OTP"

static void
filters(void)
{
	static const struct {
		const char	*value;
		bool		 with_cram;
		const char	*passed;
	} cases[] = {
		{ "", false, "PLAIN LOGIN SCRAM-SHA-256" },
		{ "", true, "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256" },
		{ "!external, static:rest", false,
		    "PLAIN LOGIN SCRAM-SHA-256" },
		{ "cram-md5 static:rest", false,
		    "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256" },
		{ "ntlm, OTP, external", false, "NTLM EXTERNAL OTP" },
		{ "!plain !login static:all", true,
		    "CRAM-MD5 SCRAM-SHA-256" },
		/* No list, or one that cannot be asked: nothing. */
		{ "nosuchtype:x", true, "" },
		{ "/no/such/file", true, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sasl_filter	*filter = sasl_filter_new("p",
					    cases[i].value,
					    cases[i].with_cram);
		struct buf		 passed = BUF_INIT;

		sasl_filter_apply(filter, slice_str(ALL), &passed);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&passed), cases[i].passed);
		buf_clear(&passed);
		sasl_filter_free(&filter);
		CU_ASSERT_PTR_NULL(filter);
	}
}

void	sasl_filter_test(void);

void
sasl_filter_test(void)
{
	CU_pSuite	suite = CU_add_suite("sasl_filter", NULL, NULL);

	CU_add_test(suite, "filters", filters);
}
