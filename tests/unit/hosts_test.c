#include "net/hosts.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void
check(const struct hosts *hosts, const char *name, const char *all)
{
	const struct addr	*addrs;
	char			 text[ADDR_TEXT_SIZE], got[256] = "";
	size_t			 count;

	addrs = hosts_find(hosts, name, &count);
	CU_ASSERT((addrs == NULL) == (count == 0));
	for (size_t i = 0; i < count; i++) {
		strncat(got, addr_format_ip(&addrs[i], text),
		    sizeof(got) - strlen(got) - 1);
		strncat(got, " ", sizeof(got) - strlen(got) - 1);
	}
	CU_ASSERT_STRING_EQUAL(got, all);
}

static void
names(void)
{
	struct hosts	*hosts = hosts_new();

	hosts_parse(hosts, slice_str("127.0.0.1 localhost\n::1\tlocalhost\n"
	    "# 192.0.2.1 no\n192.0.2.2 Mail.Example mail # 192 not\n"
	    "192.0.2.300 bad\nnonsense\n192.0.2.4\n192.0.2.5 last."));
	check(hosts, "localhost", "127.0.0.1 ::1 ");
	check(hosts, "LocalHost.", "127.0.0.1 ::1 ");
	check(hosts, "mail.example", "192.0.2.2 ");
	check(hosts, "mail", "192.0.2.2 ");
	check(hosts, "last", "192.0.2.5 ");
	check(hosts, "no", "");
	check(hosts, "not", "");
	check(hosts, "bad", "");
	check(hosts, "example", "");
	check(hosts, "", "");
	CU_ASSERT_STRING_EQUAL(hosts_find_reverse(hosts,
	    "1.0.0.127.in-addr.arpa"), "localhost");
	CU_ASSERT_STRING_EQUAL(hosts_find_reverse(hosts,
	    "2.2.0.192.IN-ADDR.arpa"), "Mail.Example");
	CU_ASSERT_STRING_EQUAL(hosts_find_reverse(hosts, "1.0.0.0.0.0.0.0."
	    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"),
	    "localhost");
	CU_ASSERT_PTR_NULL(hosts_find_reverse(hosts,
	    "4.2.0.192.in-addr.arpa"));
	CU_ASSERT_EQUAL(hosts_read(hosts, "/no/such/file"), -1);
	hosts_free(&hosts);
	CU_ASSERT_PTR_NULL(hosts);
}

void	hosts_test(void);

void
hosts_test(void)
{
	CU_pSuite	suite = CU_add_suite("hosts", NULL, NULL);

	CU_add_test(suite, "names and their addresses", names);
}
