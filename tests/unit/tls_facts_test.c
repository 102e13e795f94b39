#include "net/tls_facts.h"

#include "tests/unit/tls_fixture.h"

/* ---- who it is ----------------------------------------------------------- */

static enum tls_trust
trust(void)
{
	struct tls_facts	f;

	shake();
	facts(&t.a, &f);
	if (f.trust == TLS_ANONYMOUS || f.trust == TLS_UNTRUSTED)
		CU_ASSERT_STRING_NOT_EQUAL(f.reason, "");
	drop_both();
	return f.trust;
}

static enum tls_trust
trust_name(const char *name)
{
	t.wish.verify = TLS_VERIFY_NAMES;
	t.wish.names = &name;
	t.wish.name_count = 1;
	return trust();
}

static void
verifies_names(void)
{
	begin();
	contexts();
	CU_ASSERT_EQUAL(trust(), TLS_TRUSTED);
	CU_ASSERT_EQUAL(trust_name("mx.example"), TLS_VERIFIED);
	CU_ASSERT_EQUAL(trust_name("MX.Example"), TLS_VERIFIED);
	CU_ASSERT_EQUAL(trust_name("a.wild.example"), TLS_VERIFIED);
	CU_ASSERT_EQUAL(trust_name("a.b.wild.example"), TLS_TRUSTED);
	t.wish.has_wide_stars = true;
	CU_ASSERT_EQUAL(trust_name("a.b.wild.example"), TLS_VERIFIED);
	CU_ASSERT_EQUAL(trust_name("wild.example"), TLS_TRUSTED);
	t.wish.has_wide_stars = false;
	CU_ASSERT_EQUAL(trust_name(".example"), TLS_VERIFIED);
	CU_ASSERT_EQUAL(trust_name("example"), TLS_TRUSTED);
	CU_ASSERT_EQUAL(trust_name("other.example"), TLS_TRUSTED);
	end();
	/* Another CA, and none: the name alone is worth nothing. */
	begin();
	t.client_config.ca_file = t.other.file;
	contexts();
	CU_ASSERT_EQUAL(trust(), TLS_UNTRUSTED);
	CU_ASSERT_EQUAL(trust_name("mx.example"), TLS_UNTRUSTED);
	end();
	begin();
	t.client_config.ca_file = NULL;
	contexts();
	CU_ASSERT_EQUAL(trust_name("mx.example"), TLS_UNTRUSTED);
	end();
}

static void
verifies_fingerprints(void)
{
	struct buf	prints[2] = { BUF_INIT, BUF_INIT };
	const char	*list[2] = { "00:11", NULL };

	begin();
	contexts();
	shake();
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(tls_facts_put_print(io_tls(t.a.io),
		    (enum tls_print)i, "sha256", &prints[i]), 0);
	CU_ASSERT_EQUAL(prints[0].len, 95);
	CU_ASSERT(!slice_equal(buf_slice(&prints[0]), buf_slice(&prints[1])));
	CU_ASSERT_EQUAL(tls_facts_put_print(io_tls(t.a.io),
	    TLS_PRINT_KEY, "nonsense", &prints[0]), -1);
	CU_ASSERT_EQUAL(tls_facts_put_print(io_tls(t.b.io),
	    TLS_PRINT_KEY, "sha256", &prints[0]), -1);
	drop_both();
	t.wish.verify = TLS_VERIFY_FINGERPRINT;
	t.wish.digest = "sha256";
	t.wish.names = list;
	t.wish.name_count = 2;
	for (int i = 0; i < 2; i++) {
		list[1] = buf_cstr(&prints[i]);
		CU_ASSERT_EQUAL(trust(), TLS_VERIFIED);
	}
	t.wish.name_count = 1;
	CU_ASSERT_EQUAL(trust(), TLS_UNTRUSTED);
	buf_clear(&prints[0]);
	buf_clear(&prints[1]);
	end();
}

/* Whose key it is, as in "3 1 1" and "2 1 1". */
static void
digest_key(const struct fixture_id *id, unsigned char *digest)
{
	unsigned char	*der = NULL;
	int		 len = i2d_PUBKEY(id->key, &der);

	EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);
	OPENSSL_free(der);
}

static void
verifies_dane(void)
{
	static const char	*names[] = { "mx.example" };
	unsigned char		 digest[32];
	struct tls_tlsa		 tlsa = { 3, 1, 1, { digest, 32 } };

	begin();
	t.client_config.ca_file = NULL;
	contexts();
	t.wish.verify = TLS_VERIFY_DANE;
	t.wish.names = names;
	t.wish.name_count = 1;
	t.wish.tlsas = &tlsa;
	t.wish.tlsa_count = 1;
	digest_key(&t.server, digest);
	CU_ASSERT_EQUAL(trust(), TLS_VERIFIED);
	/* With DANE-EE the name does not count (RFC 7672 section 3.1.1). */
	names[0] = "quite.another";
	CU_ASSERT_EQUAL(trust(), TLS_VERIFIED);
	digest[5] ^= 1;
	CU_ASSERT_EQUAL(trust(), TLS_UNTRUSTED);
	/* A trust anchor: the name does count. */
	digest_key(&t.ca, digest);
	tlsa.usage = 2;
	CU_ASSERT_EQUAL(trust(), TLS_TRUSTED);
	names[0] = "mx.example";
	CU_ASSERT_EQUAL(trust(), TLS_VERIFIED);
	/* No record that is understood verifies nobody. */
	tlsa.matching = 77;
	CU_ASSERT_EQUAL(trust(), TLS_UNTRUSTED);
	end();
}

static void
client_certificates(void)
{
	struct tls_facts	f;

	begin();
	t.server_config.asks_certificate = true;
	t.server_config.ca_file = t.ca.file;
	t.client_config.chain_files = t.client.file;
	contexts();
	shake();
	facts(&t.b, &f);
	CU_ASSERT_EQUAL(f.trust, TLS_TRUSTED);
	CU_ASSERT(f.was_asked);
	CU_ASSERT_STRING_EQUAL(f.subject, "client ? \xc3\xa9");
	CU_ASSERT_STRING_EQUAL(f.issuer, "Test CA");
	CU_ASSERT_STRING_EQUAL(f.client.name, "ECDSA");
	end();
	begin();
	t.server_config.asks_certificate = true;
	contexts();
	shake();
	facts(&t.b, &f);
	CU_ASSERT_EQUAL(f.trust, TLS_ANONYMOUS);
	end();
	begin();
	t.server_config.asks_certificate = true;
	t.server_config.ca_file = t.other.file;
	t.client_config.chain_files = t.client.file;
	contexts();
	shake();
	facts(&t.b, &f);
	CU_ASSERT_EQUAL(f.trust, TLS_UNTRUSTED);
	end();
}

/* ---- lines --------------------------------------------------------------- */

static void
line_is(struct side *side, const char *way, const char *wanted)
{
	struct tls_facts	f;
	struct buf		line = BUF_INIT;

	facts(side, &f);
	tls_facts_put_line(&f, way, "host[192.0.2.1]:25", &line);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&line), wanted);
	buf_clear(&line);
}

static void
log_lines(void)
{
	begin();
	t.client_config.groups = "nonsense X25519";
	contexts();
	t.wish.sni = "mx.example";
	shake();
	line_is(&t.a, "to", "Trusted TLS connection established to "
	    "host[192.0.2.1]:25 to mx.example: TLSv1.3 with cipher "
	    "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
	    "server-signature ECDSA (prime256v1) server-digest SHA256");
	line_is(&t.b, "from", "Anonymous TLS connection established from "
	    "host[192.0.2.1]:25: TLSv1.3 with cipher "
	    "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
	    "server-signature ECDSA (prime256v1) server-digest SHA256");
	end();

	begin();
	t.client_config.protocols = "TLSv1.2";
	t.server_config.chain_files = t.rsa.file;
	t.server_config.groups = "prime256v1";
	contexts();
	shake();
	line_is(&t.b, "from", "Anonymous TLS connection established from "
	    "host[192.0.2.1]:25: TLSv1.2 with cipher "
	    "ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)");
	end();

	begin();
	t.server_config.chain_files = t.rsa.file;
	t.server_config.groups = "prime256v1";
	contexts();
	shake();
	line_is(&t.b, "from", "Anonymous TLS connection established from "
	    "host[192.0.2.1]:25: TLSv1.3 with cipher "
	    "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange ECDHE "
	    "(prime256v1) server-signature RSA-PSS (2048 bits) "
	    "server-digest SHA256");
	end();
}

void	tls_facts_test(void);

void
tls_facts_test(void)
{
	CU_pSuite	suite = CU_add_suite("tls_facts", begin_suite,
			    end_suite);

	CU_add_test(suite, "verifies names", verifies_names);
	CU_add_test(suite, "verifies fingerprints", verifies_fingerprints);
	CU_add_test(suite, "verifies DANE", verifies_dane);
	CU_add_test(suite, "client certificates", client_certificates);
	CU_add_test(suite, "log lines", log_lines);
}
