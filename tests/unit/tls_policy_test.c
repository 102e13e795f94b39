#include "smtp/tls_policy.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "conf/conf.h"
#include "util/mem.h"

static struct conf *
read_conf(const char *text)
{
	struct conf_source	*source = conf_source_new();
	struct conf		*conf;
	char			*why = NULL;

	conf_source_set(source, "myhostname", "us.example", "test");
	if (conf_source_load(source, "main.cf", slice_str(text), &why) < 0 ||
	    (conf = conf_new(source, &why)) == NULL)
		CU_FAIL_FATAL(why);
	return conf;
}

/* "encrypt" or "bad", by main.cf and a value of the table (NULL: none). */
static const struct {
	const char	*config, *text, *level;
} levels[] = {
	{ "", NULL, "may" },
	{ "smtp_use_tls = no\n", NULL, "none" },
	{ "smtp_enforce_tls = yes\n", NULL, "verify" },
	{ "smtp_enforce_tls = yes\nsmtp_use_tls = no\n"
	    "smtp_tls_enforce_peername = no\n", NULL, "encrypt" },
	{ "smtp_enforce_tls = yes\nsmtp_tls_security_level = may\n", NULL,
	    "may" },
	{ "smtp_tls_security_level = dane-only\n", NULL, "dane-only" },
	{ "smtp_tls_security_level = secure\n", "none", "none" },
	{ "", "Encrypt", "encrypt" },
	{ "", "encrypt ciphers=high, protocols=TLSv1.3 exclude=RC4:3DES "
	    "servername=a.example connection_reuse=no enable_rpk=yes",
	    "encrypt" },
	{ "", "secure match=a.example:.b.example match=c.example",
	    "secure" },
	{ "", "fingerprint match=AB:CD|EF:01", "fingerprint" },
	{ "smtp_tls_fingerprint_cert_match = AB:CD\n", "fingerprint",
	    "fingerprint" },
	{ "", "verify tafile=/x", "verify" },
	/* what would be weaker than it was meant */
	{ "", "", "bad" },
	{ "", "half-dane", "bad" },
	{ "", "encrypted", "bad" },
	{ "", "encrypt high", "bad" },
	{ "", "encrypt ciphers=", "bad" },
	{ "", "encrypt ciphers=best", "bad" },
	{ "", "encrypt ciphers=high ciphers=low", "bad" },
	{ "", "encrypt protocols=TLSv1.3 protocols=TLSv1.2", "bad" },
	{ "", "encrypt exclude=RC4 exclude=3DES", "bad" },
	{ "", "encrypt servername=a..b", "bad" },
	{ "", "encrypt connection_reuse=maybe", "bad" },
	{ "", "encrypt enable_rpk=perhaps", "bad" },
	{ "", "encrypt match=a.example", "bad" },
	{ "", "dane match=a.example", "bad" },
	{ "", "may tafile=/x", "bad" },
	{ "", "secure cafile=/x", "bad" },
	{ "", "fingerprint", "bad" },
	{ "smtp_tls_security_level = fingerprint\n", NULL, "bad" },
	{ "smtp_tls_wrappermode = yes\n", NULL, "bad" },
	{ "smtp_tls_wrappermode = yes\n", "encrypt", "encrypt" },
	/* nothing follows none */
	{ "", "none match=x", "none" },
};

static void
reads_levels(void)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		struct conf		*conf = read_conf(levels[i].config);
		struct tls_policy	 policy;
		const char		*got;

		tls_policy_init(&policy, conf, "next.example",
		    levels[i].text, slice_str("pem"));
		got = policy.is_bad ? "bad" : tls_policy_name(policy.level);
		CU_ASSERT_STRING_EQUAL(got, levels[i].level);
		if (strcmp(got, levels[i].level) != 0)
			printf("\n  %s/ %s: %s\n", levels[i].config,
			    levels[i].text, got);
		tls_policy_clear(&policy);
		conf_free(&conf);
	}
}

/* A file that lookup could not read has no content. */
static void
misses_anchors(void)
{
	struct conf		*conf = read_conf("");
	struct tls_policy	 policy;

	tls_policy_init(&policy, conf, "x", "verify tafile=/x",
	    slice_str(""));
	CU_ASSERT_TRUE(policy.is_bad);
	tls_policy_clear(&policy);
	conf_free(&conf);
}

static void
check_ciphers(const char *text, enum tls_policy_level level,
    const char *protocols, const char *grade, const char *exclusions)
{
	struct conf		*conf = read_conf(
				    "smtp_tls_protocols = TLSv1.1\n"
				    "smtp_tls_mandatory_protocols = TLSv1.2\n"
				    "smtp_tls_ciphers = low\n"
				    "smtp_tls_mandatory_ciphers = high\n"
				    "smtp_tls_exclude_ciphers = A\n"
				    "smtp_tls_mandatory_exclude_ciphers = B\n");
	struct tls_policy	 policy;
	struct buf		 got = BUF_INIT;

	tls_policy_init(&policy, conf, "x", text, slice_str(""));
	CU_ASSERT_STRING_EQUAL(tls_policy_protocols(&policy, conf, level),
	    protocols);
	CU_ASSERT_STRING_EQUAL(tls_policy_grade(&policy, conf, level), grade);
	tls_policy_put_exclusions(&policy, conf, level, &got);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), exclusions);
	buf_clear(&got);
	tls_policy_clear(&policy);
	conf_free(&conf);
}

static void
chooses_ciphers(void)
{
	check_ciphers("may", TLS_POLICY_MAY, "TLSv1.1", "low", "A ");
	check_ciphers("encrypt", TLS_POLICY_ENCRYPT, "TLSv1.2", "high",
	    "A B eNULL");
	check_ciphers("secure", TLS_POLICY_SECURE, "TLSv1.2", "high",
	    "A B aNULL");
	/* What dane has come to counts. */
	check_ciphers("dane", TLS_POLICY_MAY, "TLSv1.1", "low", "A ");
	check_ciphers("secure protocols=TLSv1.3 ciphers=medium exclude=C",
	    TLS_POLICY_SECURE, "TLSv1.3", "medium", "C aNULL");
}

static void
check_matches(const char *config, const char *text, const char *want)
{
	struct conf		*conf = read_conf(config);
	struct tls_policy	 policy;
	struct buf		 got = BUF_INIT;

	tls_policy_init(&policy, conf, "x", text, slice_str(""));
	tls_policy_put_matches(&policy, conf, policy.level, "mx.example",
	    "next.example", &got);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), want);
	if (strcmp(buf_cstr(&got), want) != 0)
		printf("\n  %s: %s\n", text, buf_cstr(&got));
	buf_clear(&got);
	tls_policy_clear(&policy);
	conf_free(&conf);
}

static void
names_the_server(void)
{
	check_matches("", "verify", "mx.example\n");
	check_matches("", "secure", "next.example\n.next.example\n");
	check_matches("smtp_tls_verify_cert_match = nexthop a.example:"
	    ".b.example\n", "verify",
	    "next.example\na.example\n.b.example\n");
	check_matches("", "secure match=hostname:dot-nexthop match=c.example",
	    "mx.example\n.next.example\nc.example\n");
	check_matches("", "fingerprint match=AB:CD|EF:01 match=23:45",
	    "AB:CD\nEF:01\n23:45\n");
	check_matches("smtp_tls_fingerprint_cert_match = AB:CD, EF:01\n",
	    "fingerprint", "AB:CD\nEF:01\n");
}

static void
check_servername(const char *config, const char *text, const char *want)
{
	struct conf		*conf = read_conf(config);
	struct tls_policy	 policy;
	struct buf		 got = BUF_INIT;

	tls_policy_init(&policy, conf, "x", text, slice_str(""));
	tls_policy_put_servername(&policy, conf, "mx.example",
	    "next.example", &got);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), want);
	buf_clear(&got);
	tls_policy_clear(&policy);
	conf_free(&conf);
}

static void
asks_for_a_name(void)
{
	check_servername("", "may", "");
	check_servername("smtp_tls_servername = hostname\n", "may",
	    "mx.example");
	check_servername("smtp_tls_servername = nexthop\n", "may",
	    "next.example");
	check_servername("smtp_tls_servername = nexthop\n",
	    "may servername=a.example", "a.example");
	check_servername("smtp_tls_servername = 192.0.2.1\n", "may", "");
}

static void
ranks_levels(void)
{
	CU_ASSERT_FALSE(tls_policy_is_mandatory(TLS_POLICY_MAY));
	CU_ASSERT_TRUE(tls_policy_is_mandatory(TLS_POLICY_ENCRYPT));
	CU_ASSERT_FALSE(tls_policy_is_strict(TLS_POLICY_ENCRYPT));
	CU_ASSERT_TRUE(tls_policy_is_strict(TLS_POLICY_HALF_DANE));
	CU_ASSERT_TRUE(tls_policy_is_strict(TLS_POLICY_FINGERPRINT));
}

void	tls_policy_test(void);

void
tls_policy_test(void)
{
	CU_pSuite	suite = CU_add_suite("tls_policy", NULL, NULL);

	CU_add_test(suite, "levels", reads_levels);
	CU_add_test(suite, "anchors", misses_anchors);
	CU_add_test(suite, "ciphers", chooses_ciphers);
	CU_add_test(suite, "names", names_the_server);
	CU_add_test(suite, "servername", asks_for_a_name);
	CU_add_test(suite, "ranks", ranks_levels);
}
