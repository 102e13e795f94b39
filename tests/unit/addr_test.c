#include "net/addr.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

static void
splits(void)
{
	static const struct {
		const char	*text, *host, *port;
		bool		 in_brackets;
	} cases[] = {
		{ "a", "a", "", false }, { "a:25", "a", "25", false },
		{ "[a]", "a", "", true }, { "[a]:25", "a", "25", true },
		{ "[::1]:25", "::1", "25", true }, { ":25", "", "25", false },
		{ "a:", NULL, NULL, false }, { "", NULL, NULL, false },
		{ "[]", NULL, NULL, false }, { "[a", NULL, NULL, false },
		{ "[a]25", NULL, NULL, false }, { "::1", NULL, NULL, false },
		{ "[a]:", NULL, NULL, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct slice	host, port;
		bool		in_brackets;
		int		got = addr_split(slice_str(cases[i].text),
				    &host, &port, &in_brackets);

		CU_ASSERT_EQUAL(got, cases[i].host == NULL ? -1 : 0);
		if (got < 0)
			continue;
		CU_ASSERT(slice_is(host, cases[i].host));
		CU_ASSERT(slice_is(port, cases[i].port));
		CU_ASSERT_EQUAL(in_brackets, cases[i].in_brackets);
	}
}

static bool
is_in(const char *ip, const char *net_text)
{
	struct addr_net	 net;
	struct addr	 addr;
	const char	*why;

	CU_ASSERT_EQUAL_FATAL(addr_parse_net(slice_str(net_text), &net, &why),
	    0);
	CU_ASSERT_EQUAL_FATAL(addr_parse_ip(slice_str(ip), 1, &addr), 0);
	return addr_is_in_net(&addr, &net);
}

static void
networks(void)
{
	static const char *const	bad[] = {
		"", "x", "1.2.3", "1.2.3.4/33", "1.2.3.4/24", "::1/129",
		"2001:db8::1/32", "1.2.3.0/x", "1.2.3.0/", "[1.2.3.4",
		"1.2.3.4/-1", "!",
	};
	struct addr_net	 net;
	const char	*why;

	CU_ASSERT(is_in("127.0.0.1", "127.0.0.0/8"));
	CU_ASSERT(!is_in("128.0.0.1", "127.0.0.0/8"));
	CU_ASSERT(is_in("10.1.2.255", "10.1.2.128/25"));
	CU_ASSERT(!is_in("10.1.2.127", "10.1.2.128/25"));
	CU_ASSERT(is_in("1.2.3.4", "0.0.0.0/0"));
	CU_ASSERT(!is_in("::1", "0.0.0.0/0"));
	CU_ASSERT(is_in("::ffff:127.0.0.1", "127.0.0.0/8"));
	CU_ASSERT(is_in("2001:db8:1::5", "[2001:db8::]/32"));
	CU_ASSERT(!is_in("2001:db9::5", "2001:db8::/32"));
	CU_ASSERT(is_in("1.2.3.4", "1.2.3.4"));
	CU_ASSERT_EQUAL(addr_parse_net(slice_str("!1.2.3.4"), &net, &why), 0);
	CU_ASSERT(net.negated);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_EQUAL(addr_parse_net(slice_str(bad[i]), &net, &why),
		    -1);
}

static void
literals(void)
{
	struct addr	addr;
	char		text[ADDR_TEXT_SIZE];

	CU_ASSERT_EQUAL(addr_parse_ip(slice_str("::ffff:192.0.2.1"), 25,
	    &addr), 0);
	CU_ASSERT_STRING_EQUAL(addr_format_ip(&addr, text), "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(addr_format_literal(&addr, text), "192.0.2.1");
	CU_ASSERT_EQUAL(addr_port(&addr), 25);
	CU_ASSERT_EQUAL(addr_parse_ip(slice_str("2001:db8::1"), 0, &addr), 0);
	CU_ASSERT_STRING_EQUAL(addr_format_literal(&addr, text),
	    "IPv6:2001:db8::1");
	CU_ASSERT_EQUAL(addr_parse_port(slice_str("0")), 0);
	CU_ASSERT_EQUAL(addr_parse_port(slice_str("65536")), 0);
	CU_ASSERT_EQUAL(addr_parse_port(slice_str("25")), 25);
	CU_ASSERT_EQUAL(addr_parse_mail_port(slice_str("25")), 25);
	CU_ASSERT_EQUAL(addr_parse_mail_port(slice_str("Submissions")), 465);
	CU_ASSERT_EQUAL(addr_parse_mail_port(slice_str("65536")), 0);
	CU_ASSERT_EQUAL(addr_parse_mail_port(slice_str("domain")), 0);
}

static void
check_reverse(const char *ip, const char *reverse, const char *arpa)
{
	struct addr	addr;
	char		text[ADDR_NAME_SIZE];

	CU_ASSERT_EQUAL(addr_parse_ip(slice_str(ip), 25, &addr), 0);
	CU_ASSERT_STRING_EQUAL(addr_format_reverse(&addr, text), reverse);
	CU_ASSERT_STRING_EQUAL(addr_format_arpa(&addr, text), arpa);
}

static void
reverses(void)
{
	struct addr	addr;
	char		text[ADDR_NAME_SIZE];

	check_reverse("192.0.2.1", "1.2.0.192", "1.2.0.192.in-addr.arpa");
	check_reverse("::ffff:192.0.2.1", "1.2.0.192",
	    "1.2.0.192.in-addr.arpa");
	check_reverse("2001:db8::1f",
	    "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
	    "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	    ".ip6.arpa");
	CU_ASSERT_EQUAL(addr_parse_unix("/s", &addr), 0);
	CU_ASSERT_STRING_EQUAL(addr_format_arpa(&addr, text), "");
}

static void
masks(void)
{
	static const struct {
		const char	*ip;
		unsigned	 bits4, bits6;
		const char	*want;
	} cases[] = {
		{ "192.0.2.255", 32, 84, "192.0.2.255" },
		{ "192.0.2.255", 25, 84, "192.0.2.128" },
		{ "::ffff:192.0.2.255", 24, 84, "192.0.2.0" },
		{ "192.0.2.255", 0, 84, "0.0.0.0" },
		{ "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 32, 84,
		    "2001:db8:ffff:ffff:ffff:f000::" },
		{ "2001:db8::1", 32, 128, "2001:db8::1" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct addr	addr;
		char		text[ADDR_TEXT_SIZE];

		addr_parse_ip(slice_str(cases[i].ip), 0, &addr);
		addr_mask(&addr, cases[i].bits4, cases[i].bits6);
		CU_ASSERT_STRING_EQUAL(addr_format_ip(&addr, text),
		    cases[i].want);
	}
}

static void
rubbish(void)
{
	char	bytes[40];

	srandom(1);
	for (int i = 0; i < 50000; i++) {
		size_t		 len = (size_t)random() % sizeof(bytes);
		struct slice	 s = slice_from(bytes, len), host, port;
		struct addr_net	 net;
		struct addr	 addr;
		const char	*why;
		bool		 in_brackets;

		for (size_t k = 0; k < len; k++)
			bytes[k] = "[]:./!0189af%x\0 "[random() % 16];
		addr_split(s, &host, &port, &in_brackets);
		addr_parse_net(s, &net, &why);
		addr_parse_ip(s, 0, &addr);
	}
	CU_PASS("no crash");
}

void	addr_test(void);

void
addr_test(void)
{
	CU_pSuite	suite = CU_add_suite("addr", NULL, NULL);

	CU_add_test(suite, "splits", splits);
	CU_add_test(suite, "networks", networks);
	CU_add_test(suite, "literals", literals);
	CU_add_test(suite, "reverses", reverses);
	CU_add_test(suite, "masks", masks);
	CU_add_test(suite, "rubbish", rubbish);
}
