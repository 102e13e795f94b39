#include "lookup/rate.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "net/addr.h"

static const struct conf	conf = {
	.anvil_rate_time_unit = 60000,
	.smtpd_client_ipv4_prefix_length = 32,
	.smtpd_client_ipv6_prefix_length = 84,
};

static struct addr
ip(const char *text)
{
	struct addr	addr;

	CU_ASSERT_EQUAL(addr_parse_ip(slice_str(text), 0, &addr), 0);
	return addr;
}

static struct rate_numbers
count(struct rate *rate, uint32_t stage, const char *client,
    const char *login, const char *sender, int64_t now_ms)
{
	struct rate_numbers	numbers;
	struct addr		addr = ip(client);
	struct msg_judge	m = {
		.stage = stage,
		.sasl_username = slice_str(login),
		.sender = slice_str(sender),
	};

	rate_count(rate, &m, &addr, now_ms, &numbers);
	return numbers;
}

static void
numbers(void)
{
	struct rate		*rate = rate_new(&conf);
	struct rate_numbers	 n;
	struct addr		 addr;

	for (int i = 1; i <= 3; i++) {
		n = count(rate, JUDGE_CONNECT, "192.0.2.1", "", "", 1000);
		CU_ASSERT_EQUAL(n.connection_rate, i);
		CU_ASSERT_EQUAL(n.messages, 0);
	}
	n = count(rate, JUDGE_CONNECT, "192.0.2.2", "", "", 1000);
	CU_ASSERT_EQUAL(n.connection_rate, 1);
	n = count(rate, JUDGE_MAIL, "192.0.2.1", "Joe", "A@b", 1000);
	CU_ASSERT_EQUAL(n.messages, 1);
	CU_ASSERT_EQUAL(n.sasl_messages, 1);
	CU_ASSERT_EQUAL(n.sender_messages, 1);
	n = count(rate, JUDGE_MAIL, "192.0.2.9", "joe", "a@B", 1000);
	CU_ASSERT_EQUAL(n.messages, 1);
	CU_ASSERT_EQUAL(n.sasl_messages, 2);
	CU_ASSERT_EQUAL(n.sender_messages, 2);
	n = count(rate, JUDGE_RCPT, "192.0.2.9", "joe", "a@b", 1000);
	CU_ASSERT_EQUAL(n.recipients, 1);
	CU_ASSERT_EQUAL(n.sasl_recipients, 1);
	CU_ASSERT_EQUAL(n.sender_recipients, 1);
	/* A null sender is nobody's; other stages are not counted. */
	n = count(rate, JUDGE_RCPT, "192.0.2.9", "", "", 1000);
	CU_ASSERT_EQUAL(n.recipients, 2);
	CU_ASSERT_EQUAL(n.sender_recipients, 0);
	n = count(rate, JUDGE_TLS, "192.0.2.9", "", "", 1000);
	CU_ASSERT_EQUAL(n.tls_sessions, 1);
	n = count(rate, JUDGE_STARTTLS, "192.0.2.9", "", "", 1000);
	CU_ASSERT_EQUAL(n.tls_sessions, 1);
	addr = ip("192.0.2.9");
	rate_count_handshake(rate, &addr, 1000);
	n = count(rate, JUDGE_STARTTLS, "192.0.2.9", "", "", 1000);
	CU_ASSERT_EQUAL(n.tls_sessions, 2);
	n = count(rate, JUDGE_STARTTLS, "192.0.2.10", "", "", 1000);
	CU_ASSERT_EQUAL(n.tls_sessions, 0);
	n = count(rate, JUDGE_DATA, "192.0.2.9", "joe", "a@b", 1000);
	CU_ASSERT_EQUAL(n.sasl_messages, 0);
	CU_ASSERT_EQUAL(n.sasl_recipients, 0);
	rate_free(&rate);
	CU_ASSERT_PTR_NULL(rate);
}

/* The time of a counter begins with its first event. */
static void
time_units(void)
{
	struct rate	*rate = rate_new(&conf);

	count(rate, JUDGE_CONNECT, "192.0.2.1", "", "", 0);
	count(rate, JUDGE_CONNECT, "192.0.2.2", "", "", 30000);
	CU_ASSERT_EQUAL(rate_size(rate), 2);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT, "192.0.2.1", "", "",
	    59999).connection_rate, 2);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT, "192.0.2.1", "", "",
	    60000).connection_rate, 1);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT, "192.0.2.2", "", "",
	    60000).connection_rate, 2);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT, "192.0.2.3", "", "",
	    1000000).connection_rate, 1);
	CU_ASSERT_EQUAL(rate_size(rate), 1);
	rate_free(&rate);
}

static void
blocks(void)
{
	struct conf	 wide = conf;
	struct rate	*rate = rate_new(&conf);

	/* RFC 4291 section 2.5.4: one site has far more than one address. */
	count(rate, JUDGE_CONNECT, "2001:db8::1", "", "", 0);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT,
	    "2001:db8::fff:ffff:ffff", "", "", 0).connection_rate, 2);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT,
	    "2001:db8::1000:0:0:0", "", "", 0).connection_rate, 1);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT, "::ffff:192.0.2.1", "",
	    "", 0).connection_rate, 1);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT, "192.0.2.1", "", "",
	    0).connection_rate, 2);
	rate_free(&rate);
	wide.smtpd_client_ipv4_prefix_length = 24;
	rate = rate_new(&wide);
	count(rate, JUDGE_CONNECT, "192.0.2.1", "", "", 0);
	CU_ASSERT_EQUAL(count(rate, JUDGE_CONNECT, "192.0.2.200", "", "",
	    0).connection_rate, 2);
	rate_free(&rate);
}

static void
connections(void)
{
	struct rate		*rate = rate_new(&conf);
	struct rate_holder	*one = NULL, *other = NULL, *nobody = NULL;
	struct addr		 a = ip("192.0.2.1"), b = ip("192.0.2.2");

	CU_ASSERT_EQUAL(rate_enter(rate, &one, &a), 1);
	CU_ASSERT_EQUAL(rate_enter(rate, &other, &a), 2);
	CU_ASSERT_EQUAL(rate_enter(rate, &one, &b), 1);
	CU_ASSERT_EQUAL(rate_enter(rate, &one, &a), 3);
	rate_leave(rate, one, &a);
	CU_ASSERT_EQUAL(rate_enter(rate, &one, &a), 3);
	/* Who did not come cannot leave. */
	rate_leave(rate, other, &b);
	rate_leave(rate, nobody, &b);
	CU_ASSERT_EQUAL(rate_enter(rate, &one, &b), 2);
	rate_drop(rate, &one);
	CU_ASSERT_PTR_NULL(one);
	CU_ASSERT_EQUAL(rate_enter(rate, &other, &a), 2);
	CU_ASSERT_EQUAL(rate_enter(rate, &other, &b), 1);
	rate_drop(rate, &nobody);
	rate_drop(rate, &other);
	rate_free(&rate);
}

/* However many they are. */
static void
bounded(void)
{
	struct rate	*rate = rate_new(&conf);
	char		 sender[64];

	for (int i = 0; i < RATE_LIMIT + 1000; i++) {
		snprintf(sender, sizeof(sender), "s%d@example", i);
		count(rate, JUDGE_MAIL, "192.0.2.1", "", sender, i / 100);
	}
	CU_ASSERT(rate_size(rate) <= RATE_LIMIT + 2);
	rate_free(&rate);
}

void	rate_test(void);

void
rate_test(void)
{
	CU_pSuite	suite = CU_add_suite("rate", NULL, NULL);

	CU_add_test(suite, "numbers", numbers);
	CU_add_test(suite, "time units", time_units);
	CU_add_test(suite, "blocks of addresses", blocks);
	CU_add_test(suite, "connections", connections);
	CU_add_test(suite, "bounded memory", bounded);
}
