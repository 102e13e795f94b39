#include "mail/relay_guard.h"

#include <CUnit/CUnit.h>

#include "conf/conf.h"
#include "util/mem.h"

static const struct {
	const char	*text;
	bool		 is_good;
} cases[] = {
	{ "", true },
	{ "smtpd_relay_restrictions =\n", false },
	{ "smtpd_relay_restrictions =\n"
	    "smtpd_recipient_restrictions = permit_mynetworks, "
	    "reject_unauth_destination\n", true },
	{ "smtpd_relay_restrictions = permit_mynetworks\n", false },
	{ "smtpd_relay_restrictions = permit_mynetworks, reject\n", true },
	{ "smtpd_relay_restrictions = permit_mynetworks DEFER\n", true },
	{ "smtpd_relay_restrictions = defer_if_permit\n", true },
	{ "smtpd_relay_restrictions = permit, reject\n", false },
	{ "smtpd_relay_restrictions = warn_if_reject reject\n", false },
	{ "smtpd_relay_restrictions = warn_if_reject reject defer\n", true },
	{ "smtpd_relay_restrictions = warn_if_reject "
	    "reject_unauth_destination\n", false },
	{ "smtpd_relay_restrictions = permit_auth_destination\n", false },
	{ "smtpd_relay_restrictions = reject_unauth_pipelining\n", false },
	{ "smtpd_relay_restrictions = check_policy_service { inet:a:1, "
	    "default_action = reject }\n", false },
	{ "smtpd_restriction_classes = a b\na = b\nb = reject\n"
	    "smtpd_relay_restrictions = a\n", true },
	{ "smtpd_restriction_classes = a\na = sleep 1\n"
	    "smtpd_relay_restrictions = a\n", false },
	{ "smtpd_restriction_classes = a\na = a\n"
	    "smtpd_relay_restrictions = a\n", false },
	{ "a = reject\nsmtpd_relay_restrictions = a\n", false },
	{ "smtpd_restriction_classes = a\n"
	    "smtpd_relay_restrictions = a\n", false },
};

static void
guards(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_source	*source = conf_source_new();
		struct conf		*conf;
		char			*why = NULL;

		CU_ASSERT_EQUAL(conf_source_load(source, "main.cf",
		    slice_str(cases[i].text), &why), 0);
		conf = conf_new(source, &why);
		CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
		CU_ASSERT_EQUAL(relay_guard_check(conf, &why),
		    cases[i].is_good ? 0 : -1);
		CU_ASSERT_EQUAL(why == NULL, cases[i].is_good);
		mem_free(why);
		conf_free(&conf);
	}
}

void	relay_guard_test(void);

void
relay_guard_test(void)
{
	CU_pSuite	suite = CU_add_suite("relay_guard", NULL, NULL);

	CU_add_test(suite, "what keeps strangers out", guards);
}
