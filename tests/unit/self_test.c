#include "mail/self.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <unistd.h>

#include "conf/conf.h"
#include "net/addr.h"
#include "util/log.h"

static struct conf	*conf;
static struct self	*self;

static void
begin(const char *lines)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
	    slice_str(lines), &why), 0);
	conf = conf_new(source, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
	self = self_new(conf);
}

static void
end(void)
{
	self_free(&self);
	CU_ASSERT_PTR_NULL(self);
	self_free(&self);
	conf_free(&conf);
}

static bool
has(const char *ip)
{
	struct addr	addr;

	CU_ASSERT_EQUAL(addr_parse_ip(slice_str(ip), 4711, &addr), 0);
	return self_has_addr(self, &addr);
}

static void
lists(void)
{
	begin("inet_interfaces = 192.0.2.1, [2001:db8::1]\t127.0.0.9\n"
	    "proxy_interfaces = 198.51.100.7\n");
	CU_ASSERT(has("192.0.2.1"));
	CU_ASSERT(has("2001:db8::1"));
	CU_ASSERT(has("2001:db8:0::1"));
	CU_ASSERT(has("127.0.0.9"));
	CU_ASSERT(has("198.51.100.7"));
	CU_ASSERT_FALSE(has("192.0.2.2"));
	CU_ASSERT_FALSE(has("127.0.0.1"));
	CU_ASSERT_FALSE(has("2001:db8::2"));
	end();
}

static void
machine(void)
{
	begin("inet_interfaces = all\n");
	CU_ASSERT(has("127.0.0.1"));
	CU_ASSERT_FALSE(has("192.0.2.1"));
	end();
	begin("inet_interfaces = Loopback-Only\n"
	    "proxy_interfaces = 192.0.2.1\n");
	CU_ASSERT(has("127.0.0.1"));
	CU_ASSERT(has("192.0.2.1"));
	CU_ASSERT_FALSE(has("192.0.2.2"));
	end();
}

/* A name that nobody knows is no reason not to deliver. */
static void
names(void)
{
	begin("inet_interfaces = localhost, nosuch.invalid, 192.0.2.1\n");
	CU_ASSERT(has("127.0.0.1") || has("::1"));
	CU_ASSERT(has("192.0.2.1"));
	end();
}

static void
own_name(void)
{
	begin("myhostname = Mail.b.example\n");
	CU_ASSERT(self_has_name(self, "mail.B.example"));
	CU_ASSERT_FALSE(self_has_name(self, "mail.b.example.com"));
	CU_ASSERT_FALSE(self_has_name(self, "b.example"));
	CU_ASSERT_FALSE(self_has_name(self, ""));
	end();
}

/* The warning of a name that nobody knows is no news. */
static int
quiet(void)
{
	log_open_fd("test", open("/dev/null", O_WRONLY | O_CLOEXEC));
	return 0;
}

static int
loud(void)
{
	log_open_fd("unit", STDERR_FILENO);
	return 0;
}

void	self_test(void);

void
self_test(void)
{
	CU_pSuite	suite = CU_add_suite("self", quiet, loud);

	CU_add_test(suite, "lists", lists);
	CU_add_test(suite, "machine", machine);
	CU_add_test(suite, "names", names);
	CU_add_test(suite, "own name", own_name);
}
