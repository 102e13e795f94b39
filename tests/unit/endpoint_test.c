#include "net/endpoint.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Names of hosts, too; but not all that looks like one is one. */
static void
looks_up_names(void)
{
	struct addr	 addr;
	const char	*why = NULL;

	CU_ASSERT_EQUAL(endpoint_resolve("localhost:2525", NULL, &addr, &why),
	    0);
	CU_ASSERT_EQUAL(addr_port(&addr), 2525);
	CU_ASSERT_EQUAL(endpoint_resolve("nosuch.invalid:25", NULL, &addr,
	    &why), -1);
	CU_ASSERT_PTR_NOT_NULL(why);
}

/* A socket that was left behind makes room; another file does not. */
static void
listens_on_a_path(void)
{
	char		 folder[] = "/tmp/tern-endpoint-XXXXXX";
	char		 text[64], path[200];
	struct addr	 addr;
	const char	*why = NULL;
	int		 fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(text, sizeof(text), "unix:%s/s", folder);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(endpoint_resolve(text, NULL, &addr, &why), 0);
		fd = endpoint_listen(&addr);
		CU_ASSERT(fd >= 0);
		close(fd);
	}
	CU_ASSERT_EQUAL(unlink(text + 5), 0);
	fd = open(text + 5, O_WRONLY | O_CREAT, 0600);
	close(fd);
	CU_ASSERT_EQUAL(endpoint_listen(&addr), -1);
	CU_ASSERT_EQUAL(errno, EADDRINUSE);
	CU_ASSERT_EQUAL(unlink(text + 5), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	snprintf(path, sizeof(path), "unix:/%0150d", 0);
	CU_ASSERT_EQUAL(endpoint_resolve(path, NULL, &addr, &why), -1);
	CU_ASSERT_PTR_NOT_NULL(why);
}

void	endpoint_test(void);

void
endpoint_test(void)
{
	CU_pSuite	suite = CU_add_suite("endpoint", NULL, NULL);

	CU_add_test(suite, "resolves", resolves);
	CU_add_test(suite, "listens on a port of its choice",
	    listens_on_a_port_of_its_choice);
	CU_add_test(suite, "looks up names", looks_up_names);
	CU_add_test(suite, "listens on a path", listens_on_a_path);
}
