#include "mail/table_lead.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char	*pattern, *lead;
} cases[] = {
	{ "^Subject: (a|b)", "subject: " },
	{ "^Subject:.*x", "subject:" },
	{ "Subject", "" },
	{ "", "" },
	{ "^", "" },
	{ "^ab*", "a" },
	{ "^ab?c", "a" },
	{ "^ab{0}c", "a" },
	{ "^ab+c", "a" },
	{ "^ab+*c", "a" },
	{ "^a|b", "" },
	{ "^a(b|c)", "a" },
	{ "^a(b|c)|d", "" },
	{ "^(a|b)", "" },
	{ "^a[(]b|c", "" },
	{ "^a[b]c", "a" },
	{ "^a[b](c|d)", "" },
	{ "^a\\(b|c", "" },
	{ "^a\\|b", "a" },
	{ "^a\\Q(\\E|b", "" },
	{ "^ab\\E*", "" },
	{ "^a(?#()|b", "" },
	{ "^a(?x)|b", "" },
	{ "^a(?:b|c)d", "a" },
	{ "^a)|b", "" },
	{ "^a\\", "a" },
	{ "^abcdefghijklmnopqrstuvwxyz0123", "abcdefghijklmnopqrstuvwx" },
};

static void
leads(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct table_lead	lead = table_lead_make(
		    slice_str(cases[i].pattern), true);
		bool			ok;

		ok = slice_is(slice_from(lead.text, lead.len),
		    cases[i].lead);
		CU_ASSERT(ok);
		if (!ok)
			printf("%s: %.*s\n", cases[i].pattern, (int)lead.len,
			    (const char *)lead.text);
	}
}

static void
keys(void)
{
	struct table_lead	lead = table_lead_make(SLICE_LIT("^Ab:"),
				    true);

	CU_ASSERT(table_lead_has(&lead, "aB: x", 5));
	CU_ASSERT(table_lead_has(&lead, "AB:", 3));
	CU_ASSERT_FALSE(table_lead_has(&lead, "ab", 2));
	CU_ASSERT_FALSE(table_lead_has(&lead, "xab:", 4));
	lead = table_lead_make(SLICE_LIT("^Ab:"), false);
	CU_ASSERT(table_lead_has(&lead, "Ab: x", 5));
	CU_ASSERT_FALSE(table_lead_has(&lead, "ab: x", 5));
	lead = table_lead_make(SLICE_LIT("Ab:"), false);
	CU_ASSERT(table_lead_has(&lead, "", 0));
}

void	table_lead_test(void);

void
table_lead_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_lead", NULL, NULL);

	CU_add_test(suite, "leads", leads);
	CU_add_test(suite, "keys", keys);
}
