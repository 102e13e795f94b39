/*
 * Which servers are left when some have put a message off.
 */

#include "smtp/tried.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "smtp/route.h"
#include "util/buf.h"

/* Two next hops, 192.0.2.1 to 3 and 4 to 5, and one to fall back on. */
static struct route_host	hosts[6];
static struct route		route = { .hosts = hosts, .count = 6,
				    .own = 2 };
static struct conf		conf;
static struct tried		tried;

static struct addr
make(int last, uint16_t port)
{
	struct addr	addr;
	char		text[32];

	snprintf(text, sizeof(text), "192.0.2.%d", last);
	CU_ASSERT_EQUAL_FATAL(addr_parse_ip(slice_str(text), port, &addr), 0);
	return addr;
}

static void
begin(int64_t session_limit, int64_t address_limit)
{
	static const unsigned	turns[6] = { 0, 0, 0, 1, 1, 2 };

	for (int i = 0; i < 6; i++) {
		memset(&hosts[i], 0, sizeof(hosts[i]));
		hosts[i].turn = turns[i];
		hosts[i].addr = make(i + 1, 25);
	}
	conf.smtp_mx_session_limit = session_limit;
	conf.smtp_mx_address_limit = address_limit;
	tried_clear(&tried);
}

static void
try(int last)
{
	struct addr	addr = make(last, 25);

	tried_add(&tried, &addr);
}

/* "123 456": what is left, then what is set aside. */
static void
check_left(const char *want, int64_t sessions)
{
	struct route_host	picked[6];
	struct buf		got = BUF_INIT;
	int64_t			count;
	size_t			left;

	memcpy(picked, hosts, sizeof(picked));
	left = tried_set_aside(&tried, &conf, &route, picked, 6, &count);
	for (size_t i = 0; i < 6; i++) {
		char	ip[ADDR_TEXT_SIZE];

		if (i == left)
			buf_put_str(&got, " ");
		buf_put_str(&got, addr_format_ip(&picked[i].addr, ip) + 8);
	}
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), want);
	CU_ASSERT_EQUAL(count, sessions);
	CU_ASSERT_EQUAL(left > 0, tried_leaves_some(&tried, NULL, &conf,
	    &route, true));
	buf_clear(&got);
}

static void
those_left(void)
{
	begin(0, 0);
	check_left("123456", 0);
	try(2);
	check_left("13456 2", 1);
	try(1);
	check_left("3456 12", 2);
	try(3);
	check_left("456 123", 0);
	try(4);
	try(6);
	check_left("5 12346", 1);
	try(5);
	check_left(" 123456", 0);
	tried_clear(&tried);
}

/* Of each next hop so many. */
static void
limits(void)
{
	begin(2, 5);
	try(1);
	check_left("23456 1", 1);
	try(3);
	check_left("456 123", 0);
	begin(0, 1);
	try(1);
	check_left("456 123", 0);
	try(4);
	check_left("6 12345", 0);
	tried_clear(&tried);
}

static void
another_one(void)
{
	struct addr	now = make(1, 25), other = make(1, 26);

	begin(2, 5);
	CU_ASSERT(tried_leaves_some(&tried, &now, &conf, &route, false));
	try(2);
	/* Two of the first; then those of the second. */
	CU_ASSERT(tried_leaves_some(&tried, &now, &conf, &route, false));
	try(4);
	CU_ASSERT(tried_leaves_some(&tried, &now, &conf, &route, false));
	try(5);
	CU_ASSERT(!tried_leaves_some(&tried, &now, &conf, &route, false));
	CU_ASSERT(tried_leaves_some(&tried, &now, &conf, &route, true));
	/* Another port is another server. */
	CU_ASSERT(tried_leaves_some(&tried, &other, &conf, &route, false));
	try(6);
	CU_ASSERT(!tried_leaves_some(&tried, &now, &conf, &route, true));
	tried_clear(&tried);
}

/* Sockets have their paths. */
static void
sockets(void)
{
	struct addr		a, b;
	struct route_host	one = { .turn = 0 };
	struct route		way = { .hosts = &one, .count = 1, .own = 1 };
	struct buf		key = BUF_INIT;

	begin(2, 5);
	CU_ASSERT_EQUAL_FATAL(addr_parse_unix("private/a", &a), 0);
	CU_ASSERT_EQUAL_FATAL(addr_parse_unix("private/b", &b), 0);
	one.addr = a;
	CU_ASSERT(!tried_leaves_some(&tried, &a, &conf, &way, true));
	CU_ASSERT(tried_leaves_some(&tried, &b, &conf, &way, true));
	tried_add(&tried, &a);
	try(7);
	tried_put_key(&tried, &key);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&key), "\nprivate/a\n192.0.2.7 25");
	buf_clear(&key);
	tried_clear(&tried);
}

void	tried_test(void);

void
tried_test(void)
{
	CU_pSuite	suite = CU_add_suite("tried", NULL, NULL);

	CU_add_test(suite, "those left", those_left);
	CU_add_test(suite, "limits", limits);
	CU_add_test(suite, "another one", another_one);
	CU_add_test(suite, "sockets", sockets);
}
