#include "lookup/dnsbl.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "lookup/rule.h"
#include "net/dns_answer.h"
#include "util/mem.h"

static bool
matches(const char *spec, const char *answers)
{
	struct dnsbl		*list = NULL, *dnsbl;
	struct dns_answer	 answer = DNS_ANSWER_INIT;
	struct slice		 rest = slice_str(answers), word;
	struct addr		 addr;
	char			*why = NULL;
	bool			 result;

	dnsbl = dnsbl_add(&list, slice_str(spec), DNSBL_ADDRESS, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dnsbl);
	while (slice_get_word(&rest, " ", &word) == 0) {
		CU_ASSERT_EQUAL(addr_parse_ip(word, 0, &addr), 0);
		dns_answer_add(&answer, &addr);
	}
	result = dnsbl_matches(dnsbl, &answer);
	dns_answer_clear(&answer);
	dnsbl_free_all(&list);
	return result;
}

static void
filters(void)
{
	CU_ASSERT(matches("l.example", "127.0.0.2"));
	CU_ASSERT(!matches("l.example", ""));
	CU_ASSERT(matches("l.example=127.0.0.2", "127.0.0.2"));
	CU_ASSERT(!matches("l.example=127.0.0.2", "127.0.0.3"));
	CU_ASSERT(!matches("l.example=127.0.0.2", "127.0.1.2"));
	CU_ASSERT(matches("l.example=127.0.0.2", "127.0.0.3 127.0.0.2"));
	CU_ASSERT(matches("l.example=127.0.0.[2..11;20]", "127.0.0.2"));
	CU_ASSERT(matches("l.example=127.0.0.[2..11;20]", "127.0.0.11"));
	CU_ASSERT(matches("l.example=127.0.0.[2..11;20]", "127.0.0.20"));
	CU_ASSERT(!matches("l.example=127.0.0.[2..11;20]", "127.0.0.12"));
	CU_ASSERT(!matches("l.example=127.0.0.[2..11;20]", "127.0.0.1"));
	CU_ASSERT(matches("l.example=127.[0..255].[1;2].3", "127.9.2.3"));
	CU_ASSERT(!matches("l.example=127.[0..255].[1;2].3", "127.9.3.3"));
	CU_ASSERT(!matches("l.example", "::1"));
}

static void
bad_specs(void)
{
	static const char *const	bad[] = {
		"", "=", ".", "a b", "l.example=", "l.example=127.0.0",
		"l.example=127.0.0.256", "l.example=127.0.0.1.1",
		"l.example=127.0.0.[]", "l.example=127.0.0.[1",
		"l.example=127.0.0.[1..]", "l.example=127.0.0.[5..2]",
		"l.example=127.0.0.[1;]", "l.example=127.0.0.1x",
		"l.example=127..0.1", "l.example=1270.0.0.1",
		"l.example=127.0.0.[1.2]", "l.example=a.b.c.d",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct dnsbl	*list = NULL;
		char		*why = NULL;

		CU_ASSERT_PTR_NULL(dnsbl_add(&list, slice_str(bad[i]), 0,
		    &why));
		CU_ASSERT_PTR_NOT_NULL(why);
		CU_ASSERT_PTR_NULL(list);
		mem_free(why);
	}
}

/* One question for each list and each whom. */
static void
once(void)
{
	struct dnsbl	*list = NULL, *one;
	char		*why = NULL;

	one = dnsbl_add(&list, SLICE_LIT("l.example"), DNSBL_ADDRESS, &why);
	CU_ASSERT_PTR_EQUAL(dnsbl_add(&list, SLICE_LIT("l.example"),
	    DNSBL_ADDRESS, &why), one);
	CU_ASSERT_PTR_NOT_EQUAL(dnsbl_add(&list, SLICE_LIT("l.example"),
	    RULE_SENDER, &why), one);
	CU_ASSERT_STRING_EQUAL(dnsbl_domain(one), "l.example");
	CU_ASSERT_EQUAL(dnsbl_whom(one), DNSBL_ADDRESS);
	dnsbl_free_all(&list);
	CU_ASSERT_PTR_NULL(list);
}

void	dnsbl_test(void);

void
dnsbl_test(void)
{
	CU_pSuite	suite = CU_add_suite("dnsbl", NULL, NULL);

	CU_add_test(suite, "filters", filters);
	CU_add_test(suite, "what is no list", bad_specs);
	CU_add_test(suite, "one of each", once);
}
