#include "auth/dovecot_wire.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "net/sasl_options.h"

static struct dovecot_wire
parsed(const char *line, int wanted)
{
	struct dovecot_wire	wire;

	CU_ASSERT_EQUAL(dovecot_wire_parse(slice_str(line), &wire), wanted);
	return wire;
}

static void
parses(void)
{
	struct dovecot_wire	wire;

	wire = parsed("VERSION\t1\t2", 0);
	CU_ASSERT_EQUAL(wire.kind, DOVECOT_WIRE_VERSION);
	CU_ASSERT_EQUAL(wire.number, 1);
	wire = parsed("MECH\tPLAIN\tplaintext\tnew", 0);
	CU_ASSERT(slice_is(wire.name, "PLAIN"));
	CU_ASSERT_EQUAL(wire.bad, SASL_OPTIONS_NO_PLAINTEXT);
	wire = parsed("CONT\t7\tYQ==", 0);
	CU_ASSERT_EQUAL(wire.number, 7);
	CU_ASSERT(slice_is(wire.data, "YQ=="));
	wire = parsed("CONT\t7", 0);
	CU_ASSERT_EQUAL(wire.data.len, 0);
	wire = parsed("OK\t7\tx\tuser=joe\ty=z", 0);
	CU_ASSERT_EQUAL(wire.kind, DOVECOT_WIRE_OK);
	CU_ASSERT(slice_is(wire.user, "joe"));
	wire = parsed("FAIL\t7\tuser=joe\ttemp\treason=a b", 0);
	CU_ASSERT_EQUAL(wire.kind, DOVECOT_WIRE_FAIL);
	CU_ASSERT(wire.is_temporary);
	CU_ASSERT(slice_is(wire.reason, "a b"));
	CU_ASSERT_EQUAL(parsed("DONE", 0).kind, DOVECOT_WIRE_DONE);
	CU_ASSERT_EQUAL(parsed("SPID\t1", 0).kind, DOVECOT_WIRE_OTHER);
	CU_ASSERT_EQUAL(parsed("OKAY\t1", 0).kind, DOVECOT_WIRE_OTHER);
	CU_ASSERT_EQUAL(parsed("", 0).kind, DOVECOT_WIRE_OTHER);
}

static void
refuses(void)
{
	static const char *const	bad[] = { "VERSION", "VERSION\t",
		"VERSION\tone", "MECH", "MECH\t", "MECH\tA B", "CONT",
		"CONT\tx", "OK", "OK\t-1", "OK\t\tuser=joe", "FAIL\t",
		"OK\t99999999999999999999999" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		parsed(bad[i], -1);
}

static void
allows(void)
{
	struct dovecot_wire	plain = parsed("MECH\tPLAIN\tplaintext", 0);
	struct dovecot_wire	scram = parsed(
	    "MECH\tSCRAM-SHA-1\tmutual-auth", 0);

	CU_ASSERT(dovecot_wire_allows(&plain, SASL_OPTIONS_NO_ANONYMOUS));
	CU_ASSERT_FALSE(dovecot_wire_allows(&plain,
	    SASL_OPTIONS_NO_PLAINTEXT));
	CU_ASSERT_FALSE(dovecot_wire_allows(&plain, SASL_OPTIONS_MUTUAL));
	CU_ASSERT(dovecot_wire_allows(&scram, SASL_OPTIONS_MUTUAL |
	    SASL_OPTIONS_NO_PLAINTEXT));
	CU_ASSERT_FALSE(dovecot_wire_allows(&scram,
	    SASL_OPTIONS_FORWARD_SECRECY));
}

static void
says(void)
{
	struct backend_attempt	attempt = {
		.mechanism = "PLAIN", .client = "192.0.2.1",
		.server = "192.0.2.2", .client_port = 1, .server_port = 25,
		.external = "", .binding_name = "",
	};
	struct buf		out = BUF_INIT, big = BUF_INIT;

	CU_ASSERT_EQUAL(dovecot_wire_put_begin(&out, 1, "smtp\tnologin",
	    &attempt, slice_str("")), 0);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "AUTH\t1\tPLAIN\t"
	    "service=smtp?nologin\tnologin\tlip=192.0.2.2\trip=192.0.2.1\t"
	    "lport=25\trport=1\n");
	buf_empty(&out);
	attempt.has_tls = attempt.has_initial = true;
	attempt.external = "a\nb";
	CU_ASSERT_EQUAL(dovecot_wire_put_begin(&out, 1, "smtp", &attempt,
	    slice_from("\0a\0b", 4)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out), "\tsecured\t"
	    "valid-client-cert\tcert_username=a?b\tresp=AGEAYg==\n"));
	buf_empty(&out);
	CU_ASSERT_EQUAL(dovecot_wire_put_answer(&out, 1, slice_str("")), 0);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "CONT\t1\t\n");
	/* No line is longer than Dovecot takes. */
	for (int i = 0; i < 7000; i++)
		buf_put_u8(&big, 'x');
	CU_ASSERT_EQUAL(dovecot_wire_put_answer(&out, 1, buf_slice(&big)),
	    -1);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "CONT\t1\t\n");
	buf_clear(&big);
	buf_clear(&out);
}

void	dovecot_wire_test(void);

void
dovecot_wire_test(void)
{
	CU_pSuite	suite = CU_add_suite("dovecot_wire", NULL, NULL);

	CU_add_test(suite, "parses", parses);
	CU_add_test(suite, "refuses", refuses);
	CU_add_test(suite, "allows", allows);
	CU_add_test(suite, "says", says);
}
