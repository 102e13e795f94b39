#include "smtp/order.h"

#include <CUnit/CUnit.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/route.h"

#define HOST_LIMIT	16

/*
 * Hosts as "a10 b20 ...": a letter, small for IPv4, large for IPv6, and the
 * preference.
 */
static size_t
parse(const char *text, struct route_host *hosts)
{
	size_t	count = 0;

	memset(hosts, 0, HOST_LIMIT * sizeof(*hosts));
	for (; *text != '\0' && count < HOST_LIMIT; count++) {
		hosts[count].name = (char *)(uintptr_t)text;
		hosts[count].addr.storage.ss_family = *text >= 'a' ?
		    AF_INET : AF_INET6;
		hosts[count].preference = (uint16_t)strtoul(text + 1, NULL,
		    10);
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return count;
}

/* The letters of those that are kept, and after a slash the others. */
static const char *
order(const char *text, struct order_rules rules)
{
	static char		result[HOST_LIMIT + 2];
	struct route_host	hosts[HOST_LIMIT];
	size_t			count = parse(text, hosts);
	size_t			kept = order_hosts(hosts, count, &rules);
	char			*p = result;

	for (size_t i = 0; i < count; i++) {
		if (i == kept)
			*p++ = '/';
		*p++ = hosts[i].name[0];
	}
	*p = '\0';
	return result;
}

static void
preference(void)
{
	struct order_rules	plain = { .limit = 0 };

	CU_ASSERT_STRING_EQUAL(order("", plain), "");
	CU_ASSERT_STRING_EQUAL(order("a10", plain), "a");
	CU_ASSERT_STRING_EQUAL(order("a20 b10 c65535 d0", plain), "dbac");
	CU_ASSERT_STRING_EQUAL(order("a10 b10 A10 B10", plain), "abAB");
	plain.limit = 2;
	CU_ASSERT_STRING_EQUAL(order("a20 b10 c5", plain), "cb/a");
	plain.limit = 9;
	CU_ASSERT_STRING_EQUAL(order("a20 b10 c5", plain), "cba");
}

static void
families(void)
{
	struct order_rules	six = { .first_family = AF_INET6 };
	struct order_rules	four = { .first_family = AF_INET };

	CU_ASSERT_STRING_EQUAL(order("a10 A10 b10 B10", six), "ABab");
	CU_ASSERT_STRING_EQUAL(order("A10 a10 B10 b10", four), "abAB");
	/* What the domain prefers comes first. */
	CU_ASSERT_STRING_EQUAL(order("a10 A20 b20", six), "aAb");
	CU_ASSERT_STRING_EQUAL(order("A10 B20 a20", four), "AaB");
}

static void
balance(void)
{
	struct order_rules	rules = { .is_balanced = true, .limit = 4 };

	CU_ASSERT_STRING_EQUAL(order("a1 b1 c1 d1 e1 A1 B1 C1", rules),
	    "abAB/cdeC");
	CU_ASSERT_STRING_EQUAL(order("a1 b1 c1 d1 e1 A1", rules), "abcA/de");
	CU_ASSERT_STRING_EQUAL(order("A1 a2 b3 c4 d5 e6", rules), "Aabc/de");
	CU_ASSERT_STRING_EQUAL(order("a1 b1 c1 d1 e1", rules), "abcd/e");
	CU_ASSERT_STRING_EQUAL(order("a1 b1 c1 A1", rules), "abcA");
	rules.limit = 5;
	CU_ASSERT_STRING_EQUAL(order("a1 b1 c1 d1 A1 B1 C1 D1", rules),
	    "abcAB/dCD");
	rules.limit = 1;
	CU_ASSERT_STRING_EQUAL(order("a1 A1 B1", rules), "a/AB");
	rules = (struct order_rules){ .limit = 4 };
	CU_ASSERT_STRING_EQUAL(order("a1 b1 c1 d1 e1 A1", rules), "abcd/eA");
}

/* Each of four equals is first about as often as the others. */
static void
chance(void)
{
	struct order_rules	rules = { .is_random = true };
	int			first[4] = { 0 }, last[4] = { 0 };

	for (int i = 0; i < 4000; i++) {
		const char	*got = order("z1 a5 b5 c5 d5 y9", rules);

		CU_ASSERT_EQUAL_FATAL(got[0], 'z');
		CU_ASSERT_EQUAL_FATAL(got[5], 'y');
		first[got[1] - 'a']++;
		last[got[4] - 'a']++;
	}
	/* Standard deviation 27: this fails once in 10^12 runs. */
	for (int i = 0; i < 4; i++) {
		CU_ASSERT(first[i] > 800 && first[i] < 1200);
		CU_ASSERT(last[i] > 800 && last[i] < 1200);
	}
}

void	order_test(void);

void
order_test(void)
{
	CU_pSuite	suite = CU_add_suite("order", NULL, NULL);

	CU_add_test(suite, "preference, then as they came", preference);
	CU_add_test(suite, "smtp_address_preference", families);
	CU_add_test(suite, "smtp_balance_inet_protocols", balance);
	CU_add_test(suite, "equals by chance", chance);
}
