#include "net/endpoint.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <unistd.h>

static void
resolves(void)
{
	static const struct {
		const char	*text, *host, *ip;	/* ip NULL: refused */
		uint16_t	 port;
	} cases[] = {
		{ "192.0.2.1:25", NULL, "192.0.2.1", 25 },
		{ "[2001:db8::1]:25", NULL, "2001:db8::1", 25 },
		{ "2525", "127.0.0.1", "127.0.0.1", 2525 },
		{ "0", "127.0.0.1", "127.0.0.1", 0 },
		{ ":2525", NULL, "127.0.0.1", 2525 },
		{ "2525", NULL, NULL, 0 },
		{ "192.0.2.1", NULL, NULL, 0 },
		{ "192.0.2.1:70000", NULL, NULL, 0 },
		{ "", "127.0.0.1", NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct addr	 addr;
		const char	*why = NULL;
		char		 text[ADDR_TEXT_SIZE];
		int		 result = endpoint_resolve(cases[i].text,
				    cases[i].host, &addr, &why);

		CU_ASSERT_EQUAL(result, cases[i].ip == NULL ? -1 : 0);
		CU_ASSERT_EQUAL(why == NULL, result == 0);
		if (result < 0 || cases[i].ip == NULL)
			continue;
		CU_ASSERT_STRING_EQUAL(addr_format_ip(&addr, text),
		    cases[i].ip);
		CU_ASSERT_EQUAL(addr_port(&addr), cases[i].port);
	}
}

static void
listens_on_a_port_of_its_choice(void)
{
	struct addr	 addr, again;
	const char	*why;
	int		 fd;

	CU_ASSERT_EQUAL(endpoint_resolve("0", "127.0.0.1", &addr, &why), 0);
	fd = endpoint_listen(&addr);
	CU_ASSERT(fd >= 0);
	CU_ASSERT_NOT_EQUAL(addr_port(&addr), 0);
	again = addr;
	CU_ASSERT_EQUAL(endpoint_listen(&again), -1);
	close(fd);
}

void	endpoint_test(void);

void
endpoint_test(void)
{
	CU_pSuite	suite = CU_add_suite("endpoint", NULL, NULL);

	CU_add_test(suite, "resolves", resolves);
	CU_add_test(suite, "listens on a port of its choice",
	    listens_on_a_port_of_its_choice);
}
