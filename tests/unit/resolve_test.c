#include "lookup/resolve.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lookup/verdict.h"

static const struct {
	const char	*default_transport, *relayhost, *address;
	const char	*transport, *nexthop;
} cases[] = {
	{ "smtp", "", "a@b.example", "smtp", "b.example" },
	{ "smtp", "", "a@B.Example", "smtp", "b.example" },
	/* The last @ counts: the local part may have one. */
	{ "smtp", "", "\"a@x\"@b.example", "smtp", "b.example" },
	{ "smtp", "", "a@[192.0.2.1]", "smtp", "[192.0.2.1]" },
	{ "smtp", "", "a@[IPv6:2001:DB8::1]", "smtp", "[ipv6:2001:db8::1]" },
	/* Without a domain it is one of ours. */
	{ "smtp", "", "a", "smtp", "origin.example" },
	{ "smtp", "", "", "smtp", "origin.example" },
	{ "smtp", "", "a@", "smtp", "origin.example" },
	{ "smtp", "[Relay.example]:587", "a@b", "smtp",
	    "[relay.example]:587" },
	{ "lmtp:next.example", "", "a@b", "lmtp", "next.example" },
	{ "smtp:[192.0.2.1]:2525", "", "a@b", "smtp", "[192.0.2.1]:2525" },
	{ "smtp:", "", "a@b", "smtp", "b" },
	{ "slow:x", "relay", "a@b", "slow", "relay" },
};

static void
routes(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf		conf = {
			.default_transport = cases[i].default_transport,
			.relayhost = cases[i].relayhost,
			.myorigin = "origin.example",
		};
		struct verdict		 verdict = { .code = 0 };

		resolve_recipient(&conf, slice_str(cases[i].address),
		    &verdict);
		CU_ASSERT_PTR_NOT_NULL_FATAL(verdict.rcpts);
		CU_ASSERT_STRING_EQUAL(verdict.rcpts->transport,
		    cases[i].transport);
		CU_ASSERT_STRING_EQUAL(verdict.rcpts->nexthop,
		    cases[i].nexthop);
		verdict_clear(&verdict);
	}
}

/* Any address has a route, and no upper case is in it. */
static void
random_bytes(void)
{
	struct conf	conf = { .default_transport = "smtp",
			    .relayhost = "", .myorigin = "origin" };
	char		address[100];

	srandom(8);
	for (int i = 0; i < 5000; i++) {
		struct verdict		verdict = { .code = 0 };
		size_t			len = (size_t)random() % 100;
		const char		*p;

		for (size_t k = 0; k < len; k++)
			address[k] = "@@.[]:\"\\ABab\0\377"[random() % 14];
		resolve_recipient(&conf, slice_from(address, len), &verdict);
		CU_ASSERT_STRING_EQUAL(verdict.rcpts->transport, "smtp");
		for (p = verdict.rcpts->nexthop; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				CU_FAIL("upper case");
		verdict_clear(&verdict);
	}
}

void	resolve_test(void);

void
resolve_test(void)
{
	CU_pSuite	suite = CU_add_suite("resolve", NULL, NULL);

	CU_add_test(suite, "routes", routes);
	CU_add_test(suite, "random bytes", random_bytes);
}
