#include "mail/dns_filter.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "mail/table.h"
#include "util/buf.h"
#include "util/mem.h"

static void
add(struct dns_answer *answer, const char *ip)
{
	struct addr	addr;

	CU_ASSERT_EQUAL_FATAL(addr_parse_ip(slice_str(ip), 0, &addr), 0);
	dns_answer_add(answer, &addr);
}

/* Two addresses; which of them are left, and the status. */
static const struct {
	const char	*tables;
	enum dns_type	 type;
	const char	*want;
} cases[] = {
	{ "pcre:{{/ IN AAAA /i IGNORE}}", DNS_A, "192.0.2.1 192.0.2.2 0" },
	{ "pcre:{{/ IN A /i IGNORE}}", DNS_A, "3" },
	{ "pcre:{{/^host\\.example\\. 60 IN A 192\\.0\\.2\\.1$/ ignore}}",
	    DNS_A, "192.0.2.2 0" },
	{ "pcre:{{/2$/ IGNORE }}", DNS_A, "192.0.2.1 0" },
	{ "pcre:{{/2$/ DROP}}", DNS_A, "192.0.2.1 192.0.2.2 0" },
	{ "pcre:{{/2$/ x}} pcre:{{/./ IGNORE}}", DNS_A, "192.0.2.2 0" },
	{ "static:IGNORE", DNS_A, "3" },
	{ "fail:x", DNS_A, "3" },
};

static void
addresses(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dns_answer	 answer = DNS_ANSWER_INIT;
		struct dns_filter	*filter;
		struct buf		 got = BUF_INIT;
		char			*why, ip[ADDR_TEXT_SIZE];

		add(&answer, "192.0.2.1");
		add(&answer, "192.0.2.2");
		dns_answer_finish(&answer);
		answer.ttl_s = 60;
		filter = dns_filter_new(cases[i].tables, 0, &why);
		CU_ASSERT_PTR_NOT_NULL_FATAL(filter);
		dns_filter_apply(filter, "host.example", cases[i].type,
		    DNS_TROUBLE, &answer);
		for (size_t k = 0; k < answer.count; k++)
			buf_printf(&got, "%s ", addr_format_ip(
			    &answer.records[k].addr, ip));
		buf_printf(&got, "%d", (int)answer.status);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&got), cases[i].want);
		if (strcmp(buf_cstr(&got), cases[i].want) != 0)
			printf("\n%s: %s\n", cases[i].tables, buf_cstr(&got));
		buf_clear(&got);
		dns_answer_clear(&answer);
		dns_filter_free(&filter);
	}
}

static void
servers(void)
{
	struct dns_answer	 answer = DNS_ANSWER_INIT;
	struct dns_filter	*filter;
	char			*why;

	filter = dns_filter_new("pcre:{{/^example\\. 0 IN MX 0 "
	    "a\\.example\\.$/ IGNORE}}", 0, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(filter);
	dns_answer_add_name(&answer, "a.example");
	dns_answer_add_name(&answer, "b.example");
	dns_answer_finish(&answer);
	dns_filter_fix(filter);
	dns_filter_apply(filter, "example", DNS_MX, DNS_NO_DATA, &answer);
	CU_ASSERT_EQUAL_FATAL(answer.count, 1);
	CU_ASSERT_STRING_EQUAL(answer.records[0].name, "b.example");
	dns_answer_clear(&answer);
	/* An answer without records has its own reason. */
	dns_answer_fail(&answer, 3);
	dns_filter_apply(filter, "example", DNS_MX, DNS_TROUBLE, &answer);
	CU_ASSERT_EQUAL(answer.status, DNS_NO_NAME);
	dns_answer_clear(&answer);
	dns_filter_free(&filter);
}

static void
none(void)
{
	char	*why;

	CU_ASSERT_PTR_NULL(dns_filter_new("", 0, &why));
	CU_ASSERT_PTR_NULL(why);
	CU_ASSERT_PTR_NULL(dns_filter_new("no:such", 0, &why));
	CU_ASSERT_PTR_NOT_NULL(why);
	mem_free(why);
	CU_ASSERT_PTR_NULL(dns_filter_new("tcp:127.0.0.1:1", TABLE_QUICK,
	    &why));
	CU_ASSERT_PTR_NOT_NULL(why);
	mem_free(why);
}

void	dns_filter_test(void);

void
dns_filter_test(void)
{
	CU_pSuite	suite = CU_add_suite("dns_filter", NULL, NULL);

	CU_add_test(suite, "addresses", addresses);
	CU_add_test(suite, "servers", servers);
	CU_add_test(suite, "no tables, bad tables", none);
}
