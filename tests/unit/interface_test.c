#include "master/interface.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/mem.h"

/* All addresses of a name as one text; "!" in front of what is wrong. */
static void
resolve(const char *name, const char *interfaces, const char *protocols,
    const char *expected)
{
	struct conf		conf = { .inet_interfaces = interfaces,
				    .inet_protocols = protocols };
	struct interface_list	list;
	struct buf		found = BUF_INIT;
	char			text[ADDR_TEXT_SIZE];
	char			*why = NULL;

	if (interface_resolve(name, &conf, &list, &why) < 0)
		buf_printf(&found, "!%s", why);
	for (size_t i = 0; i < list.count; i++)
		buf_printf(&found, "%s%s|%d", i == 0 ? "" : " ",
		    addr_format_ip(&list.addrs[i], text),
		    addr_port(&list.addrs[i]));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&found), expected);
	if (strcmp(buf_cstr(&found), expected) != 0)
		printf("\n%s: %s, not %s\n", name, buf_cstr(&found),
		    expected);
	mem_free(why);
	interface_clear(&list);
	buf_clear(&found);
}

static void
finds_addresses(void)
{
	resolve("25", "all", "ipv4", "0.0.0.0|25");
	resolve("smtp", "all", "ipv4", "0.0.0.0|25");
	resolve(":2525", "loopback-only", "ipv4", "127.0.0.1|2525");
	resolve("25", "192.0.2.1, [2001:db8::1] 192.0.2.1", "all",
	    "192.0.2.1|25 2001:db8::1|25");
	resolve("25", "192.0.2.1 all", "ipv4", "0.0.0.0|25");
	resolve("192.0.2.1:587", "loopback-only", "all", "192.0.2.1|587");
	resolve("[::1]:2525", "all", "ipv4", "::1|2525");
	resolve("localhost:25", "all", "ipv4", "127.0.0.1|25");
}

static void
refuses_what_is_none(void)
{
	resolve("::1:25", "all", "all", "!\"::1:25\" is not of the form "
	    "port, host:port or [address]:port");
	resolve("[::1]", "all", "all", "!\"[::1]\" is not of the form "
	    "port, host:port or [address]:port");
	resolve("host:", "all", "all", "!\"host:\" is not of the form "
	    "port, host:port or [address]:port");
	resolve("no-such-port", "all", "all",
	    "!no TCP port \"no-such-port\"");
	resolve("70000", "all", "all", "!no TCP port \"70000\"");
	resolve("25", "all", "ipv5", "!inet_protocols: \"ipv5\" is none of "
	    "all, ipv4, ipv6");
	resolve("25", "", "ipv4", "!no address for \"25\" with "
	    "inet_interfaces = , inet_protocols = ipv4");
}

void	interface_test(void);

void
interface_test(void)
{
	CU_pSuite	suite = CU_add_suite("interface", NULL, NULL);

	CU_ADD_TEST(suite, finds_addresses);
	CU_ADD_TEST(suite, refuses_what_is_none);
}
