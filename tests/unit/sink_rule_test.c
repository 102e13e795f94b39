#include "load/sink_rule.h"

#include <CUnit/CUnit.h>

static void
reads_rules(void)
{
	static const struct {
		const char	*text;
		int		 result;
	} cases[] = {
		{ "RCPT=550 5.1.1 no such user", 0 },
		{ "RCPT<bad@=550 no", 0 },
		{ "DATA=451 busy/10", 0 },
		{ "DOT=CLOSE/2", 0 },
		{ "MAIL=hang", 0 },
		{ "MAIL=550", 0 },
		{ "MAIL", -1 },
		{ "=550 no", -1 },
		{ "MAIL=", -1 },
		{ "MAIL=no", -1 },
		{ "MAIL=99", -1 },
		{ "MAIL=5500 no", -1 },
	};
	struct sink_rules	*rules = sink_rule_new();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CU_ASSERT_EQUAL(sink_rule_add(rules, cases[i].text),
		    cases[i].result);
	sink_rule_free(&rules);
}

static void
speaks_in_turn(void)
{
	struct sink_rules	*rules = sink_rule_new();
	const char		*reply = NULL;

	sink_rule_add(rules, "RCPT<bad@=550 no");
	sink_rule_add(rules, "RCPT=451 and/or later/3");
	sink_rule_add(rules, "QUIT=CLOSE");
	CU_ASSERT_EQUAL(sink_rule_find(rules, "MAIL", SLICE_LIT("x"), &reply),
	    SINK_NOTHING);
	CU_ASSERT_EQUAL(sink_rule_find(rules, "RCPT",
	    SLICE_LIT("TO:<Bad@x>"), &reply), SINK_REPLY);
	CU_ASSERT_STRING_EQUAL(reply, "550 no");
	for (int i = 1; i <= 6; i++) {
		enum sink_deed	deed = sink_rule_find(rules, "RCPT",
				    SLICE_LIT("TO:<notbad@x>"), &reply);

		CU_ASSERT_EQUAL(deed, i % 3 == 0 ? SINK_REPLY : SINK_NOTHING);
	}
	CU_ASSERT_STRING_EQUAL(reply, "451 and/or later");
	CU_ASSERT_EQUAL(sink_rule_find(rules, "QUIT", SLICE_LIT(""), &reply),
	    SINK_CLOSE);
	sink_rule_free(&rules);
}

void	sink_rule_test(void);

void
sink_rule_test(void)
{
	CU_pSuite	suite = CU_add_suite("sink_rule", NULL, NULL);

	CU_add_test(suite, "reads rules", reads_rules);
	CU_add_test(suite, "speaks in turn", speaks_in_turn);
}
