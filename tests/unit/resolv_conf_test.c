#include "net/resolv_conf.h"

#include <CUnit/CUnit.h>
#include <errno.h>

static void
check(const char *text, size_t count, const char *first, int64_t deadline_ms)
{
	struct resolv_conf	conf;

	resolv_conf_parse(slice_str(text), &conf);
	CU_ASSERT_EQUAL(conf.count, count);
	CU_ASSERT_STRING_EQUAL(conf.servers[0], first);
	CU_ASSERT_EQUAL(resolv_conf_deadline_ms(&conf), deadline_ms);
	resolv_conf_clear(&conf);
}

static void
files(void)
{
	check("nameserver 192.0.2.1\n", 1, "192.0.2.1", 10000);
	check("; no\n# no\nsearch a b\n\tnameserver\t2001:db8::1 x\r\n"
	    "nameserver 192.0.2.1@5300\noptions ndots:2 timeout:1 "
	    "attempts:3", 2, "2001:db8::1", 6000);
	check("nameserver fe80::1%lo\noptions timeout:999 attempts:999", 1,
	    "fe80::1%lo", 150000);
	check("options timeout:0 attempts:x timeout:", 1, "127.0.0.1", 10000);
	check("", 1, "127.0.0.1", 10000);
	check("nameserver ns.example\nnameserver 1.2.3.4@0\n"
	    "nameserver 1.2.3.4@65536\nnameserver\nnameservers 1.2.3.4\n"
	    "nameserver 192.0.2.9@\nnameserver @53", 1, "127.0.0.1", 10000);
	check("nameserver ::1\nnameserver ::2\nnameserver ::3\n"
	    "nameserver ::4\nnameserver ::5\nnameserver ::6\n"
	    "nameserver ::7\nnameserver ::8\nnameserver ::9\n",
	    RESOLV_CONF_SERVER_LIMIT, "::1", 80000);
}

static void
no_file(void)
{
	struct resolv_conf	conf;

	CU_ASSERT_EQUAL(resolv_conf_read("/no/such/file", &conf), -1);
	CU_ASSERT_EQUAL(errno, ENOENT);
	CU_ASSERT_STRING_EQUAL(conf.servers[0], "127.0.0.1");
	resolv_conf_clear(&conf);
}

void	resolv_conf_test(void);

void
resolv_conf_test(void)
{
	CU_pSuite	suite = CU_add_suite("resolv_conf", NULL, NULL);

	CU_add_test(suite, "files", files);
	CU_add_test(suite, "no file", no_file);
}
