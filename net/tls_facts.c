/*
 * What a handshake has come to.
 */

#include "net/tls_facts.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "net/tls.h"
#include "net/tls_lib.h"
#include "util/ascii.h"
#include "util/slice.h"

/* ---- the peer ------------------------------------------------------------ */

/* A name of somebody's choice: no byte that would be something else. */
static void
copy_text(const unsigned char *from, int len, char *text_r, size_t size)
{
	size_t	n = 0;

	for (int i = 0; i < len && n + 1 < size; i++) {
		unsigned char	c = from[i];
		size_t		wide = c < 0x80 ? 0 :
				    ascii_utf8_len(from + i, (size_t)(len - i));

		if (wide > 1 && n + wide < size) {
			memcpy(text_r + n, from + i, wide);
			n += wide;
			i += (int)wide - 1;
		} else {
			text_r[n++] = ascii_is_print(c) ? (char)c : '?';
		}
	}
	text_r[n] = '\0';
}

/* The last of its kind, or "". */
void
tls_facts_copy_name(X509_NAME *name, int kind, char *text_r, size_t size)
{
	int		 at = -1, next, len;
	unsigned char	*text = NULL;

	while ((next = X509_NAME_get_index_by_NID(name, kind, at)) >= 0)
		at = next;
	text_r[0] = '\0';
	if (at < 0)
		return;
	len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(
	    X509_NAME_get_entry(name, at)));
	if (len > 0)
		copy_text(text, len, text_r, size);
	OPENSSL_free(text);
}

int
tls_facts_put_print(struct tls *tls, enum tls_print what, const char *digest,
    struct buf *print)
{
	X509		*cert = SSL_get0_peer_certificate(tls->ssl);
	const EVP_MD	*kind = EVP_get_digestbyname(digest);
	unsigned char	 sum[EVP_MAX_MD_SIZE], *key = NULL;
	unsigned	 len = 0;
	int		 size, ok;

	if (cert == NULL || kind == NULL)
		return -1;
	if (what == TLS_PRINT_CERTIFICATE) {
		ok = X509_digest(cert, kind, sum, &len);
	} else {
		/* With its algorithm, as RFC 7469 and RFC 6698 have it. */
		size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &key);
		ok = size > 0 && EVP_Digest(key, (size_t)size, sum, &len,
		    kind, NULL) == 1;
		OPENSSL_free(key);
	}
	if (ok != 1)
		return -1;
	for (unsigned i = 0; i < len; i++)
		buf_printf(print, "%s%02X", i == 0 ? "" : ":", sum[i]);
	return 0;
}

static bool
has_print(struct tls *tls, enum tls_print what)
{
	struct buf	print = BUF_INIT;
	struct slice	rest = slice_str(tls->prints), word;
	bool		is_it = false;

	if (tls_facts_put_print(tls, what, tls->digest, &print) == 0)
		while (!is_it && slice_get_word(&rest, "\n", &word) == 0)
			is_it = slice_equal_nocase(word, buf_slice(&print));
	buf_clear(&print);
	return is_it;
}

/* A resumed session has the result of its first handshake. */
static enum tls_trust
judge(struct tls *tls, const char **reason_r)
{
	long	result = SSL_get_verify_result(tls->ssl);

	*reason_r = "";
	if (SSL_get0_peer_certificate(tls->ssl) == NULL)
		return TLS_ANONYMOUS;
	if (tls->verify == TLS_VERIFY_FINGERPRINT) {
		if (has_print(tls, TLS_PRINT_CERTIFICATE) ||
		    has_print(tls, TLS_PRINT_KEY))
			return TLS_VERIFIED;
		*reason_r = "no fingerprint matches";
		return TLS_UNTRUSTED;
	}
	if (tls->verify == TLS_VERIFY_DANE && tls->usable_count == 0) {
		*reason_r = "no usable TLSA records";
		return TLS_UNTRUSTED;
	}
	if (result != X509_V_OK)
		*reason_r = X509_verify_cert_error_string(result);
	if (result == X509_V_ERR_HOSTNAME_MISMATCH)
		return TLS_TRUSTED;
	if (result != X509_V_OK)
		return TLS_UNTRUSTED;
	return tls->verify == TLS_VERIFY_CHAIN ? TLS_TRUSTED : TLS_VERIFIED;
}

/* ---- the handshake ------------------------------------------------------- */

static void
describe_bits(EVP_PKEY *key, char *text_r)
{
	char	group[TLS_FACTS_TEXT - 8] = "";

	text_r[0] = '\0';
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
		snprintf(text_r, TLS_FACTS_TEXT, "%s", group);
		break;
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
	case EVP_PKEY_DSA:
	case EVP_PKEY_DH:
		snprintf(text_r, TLS_FACTS_TEXT, "%d bits",
		    EVP_PKEY_get_bits(key));
		break;
	default:
		break;	/* the name says it */
	}
}

static void
describe_group(SSL *ssl, struct tls_facts *facts)
{
	EVP_PKEY	*key = NULL;

	if (SSL_get_peer_tmp_key(ssl, &key) != 1 || key == NULL)
		return;
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		snprintf(facts->group, sizeof(facts->group), "ECDHE");
		break;
	case EVP_PKEY_DH:
		snprintf(facts->group, sizeof(facts->group), "DHE");
		break;
	default:
		snprintf(facts->group, sizeof(facts->group), "%s",
		    OBJ_nid2sn(EVP_PKEY_get_id(key)));
		break;
	}
	describe_bits(key, facts->group_detail);
	EVP_PKEY_free(key);
}

static void
describe_signature(struct tls_signature *s, X509 *cert, int digest, int kind)
{
	EVP_PKEY	*key = cert == NULL ? NULL : X509_get0_pubkey(cert);
	const char	*name;

	if (key == NULL || kind == NID_undef)
		return;
	switch (kind) {
	case EVP_PKEY_RSA:
		name = "RSA";
		break;
	case EVP_PKEY_RSA_PSS:
		name = "RSA-PSS";
		break;
	case EVP_PKEY_EC:
		name = "ECDSA";
		break;
	default:
		name = OBJ_nid2sn(kind);
		break;
	}
	snprintf(s->name, sizeof(s->name), "%s", name);
	describe_bits(key, s->detail);
	if (digest != NID_undef)
		snprintf(s->digest, sizeof(s->digest), "%s",
		    OBJ_nid2sn(digest));
}

static void
describe_signatures(struct tls *tls, struct tls_facts *facts)
{
	SSL			*ssl = tls->ssl;
	struct tls_signature	*own = tls->is_server ? &facts->server :
				    &facts->client;
	struct tls_signature	*peer = tls->is_server ? &facts->client :
				    &facts->server;
	int			 digest = NID_undef, kind = NID_undef;

	/* A resumed session was not signed again. */
	if (facts->is_reused)
		return;
	if (SSL_get_signature_type_nid(ssl, &kind) == 1) {
		SSL_get_signature_nid(ssl, &digest);
		describe_signature(own, SSL_get_certificate(ssl), digest, kind);
	}
	digest = kind = NID_undef;
	if (SSL_get_peer_signature_type_nid(ssl, &kind) == 1) {
		SSL_get_peer_signature_nid(ssl, &digest);
		describe_signature(peer, SSL_get0_peer_certificate(ssl),
		    digest, kind);
	}
}

void
tls_facts_get(struct tls *tls, struct tls_facts *facts_r)
{
	SSL			*ssl = tls->ssl;
	const SSL_CIPHER	*cipher = SSL_get_current_cipher(ssl);
	X509			*cert = SSL_get0_peer_certificate(ssl);
	const char		*sni = SSL_get_servername(ssl,
				    TLSEXT_NAMETYPE_host_name);

	memset(facts_r, 0, sizeof(*facts_r));
	facts_r->protocol = SSL_get_version(ssl);
	facts_r->cipher = SSL_CIPHER_get_name(cipher);
	facts_r->used_bits = SSL_CIPHER_get_bits(cipher,
	    &facts_r->cipher_bits);
	facts_r->is_reused = SSL_session_reused(ssl) == 1;
	facts_r->was_asked = tls->is_server &&
	    (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
	facts_r->trust = judge(tls, &facts_r->reason);
	if (SSL_version(ssl) >= TLS1_3_VERSION) {
		describe_group(ssl, facts_r);
		describe_signatures(tls, facts_r);
	}
	if (sni != NULL && (!tls->is_server || tls->has_own_chain))
		copy_text((const unsigned char *)sni, (int)strlen(sni),
		    facts_r->sni, sizeof(facts_r->sni));
	if (cert != NULL) {
		X509_NAME	*issuer = X509_get_issuer_name(cert);

		tls_facts_copy_name(X509_get_subject_name(cert), NID_commonName,
		    facts_r->subject, sizeof(facts_r->subject));
		tls_facts_copy_name(issuer, NID_commonName, facts_r->issuer,
		    sizeof(facts_r->issuer));
		if (facts_r->issuer[0] == '\0')
			tls_facts_copy_name(issuer, NID_organizationName,
			    facts_r->issuer, sizeof(facts_r->issuer));
	}
	ERR_clear_error();
}

/* ---- lines --------------------------------------------------------------- */

const char *
tls_facts_trust(enum tls_trust trust)
{
	static const char *const	names[] = { "Anonymous", "Untrusted",
					    "Trusted", "Verified" };

	return names[trust];
}

static void
put_signature(const char *who, const struct tls_signature *s,
    struct buf *line)
{
	if (s->name[0] == '\0')
		return;
	buf_printf(line, " %s-signature %s", who, s->name);
	if (s->detail[0] != '\0')
		buf_printf(line, " (%s)", s->detail);
	if (s->digest[0] != '\0')
		buf_printf(line, " %s-digest %s", who, s->digest);
}

void
tls_facts_put_keys(const struct tls_facts *facts, struct buf *line)
{
	if (facts->group[0] != '\0') {
		buf_printf(line, " key-exchange %s", facts->group);
		if (facts->group_detail[0] != '\0')
			buf_printf(line, " (%s)", facts->group_detail);
	}
	put_signature("server", &facts->server, line);
	put_signature("client", &facts->client, line);
}

void
tls_facts_put_cipher(const struct tls_facts *facts, struct buf *line)
{
	buf_printf(line, "%s with cipher %s (%d/%d bits)", facts->protocol,
	    facts->cipher, facts->used_bits, facts->cipher_bits);
}

void
tls_facts_put_line(const struct tls_facts *facts, const char *way,
    const char *peer, struct buf *line)
{
	buf_printf(line, "%s TLS connection %s %s %s",
	    tls_facts_trust(facts->trust),
	    facts->is_reused ? "reused" : "established", way, peer);
	if (facts->sni[0] != '\0')
		buf_printf(line, " to %s", facts->sni);
	buf_put_str(line, ": ");
	tls_facts_put_cipher(facts, line);
	tls_facts_put_keys(facts, line);
}
