/*
 * TLS on one connection.
 */

#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "net/tls_context.h"
#include "net/tls_facts.h"
#include "net/tls_lib.h"
#include "util/mem.h"

#define RECORD_SIZE	16384		/* of plaintext: RFC 8446 section 5.1 */
#define WRITE_SIZE	(1 << 20)

static struct tls *
make(struct tls_context *context)
{
	struct tls	*tls = mem_new(sizeof(*tls));
	BIO		*wire = BIO_new(context->wire);

	tls->ssl = SSL_new(context->ctx);
	tls->is_server = context->is_server;
	SSL_set_app_data(tls->ssl, tls);
	BIO_set_data(wire, tls);
	BIO_set_init(wire, 1);
	SSL_set_bio(tls->ssl, wire, wire);
	return tls;
}

struct tls *
tls_new_server(struct tls_context *context)
{
	struct tls	*tls = make(context);

	SSL_set_accept_state(tls->ssl);
	return tls;
}

/* ---- clients ------------------------------------------------------------- */

static int
want_names(struct tls *tls, const struct tls_wish *wish, size_t from,
    struct buf *why)
{
	/* A star stands for a whole label, the leftmost (RFC 6125 6.4.3). */
	SSL_set_hostflags(tls->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    (wish->has_wide_stars ? X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS :
	    0));
	for (size_t i = from; i < wish->name_count; i++) {
		if (SSL_add1_host(tls->ssl, wish->names[i]) == 1)
			continue;
		buf_printf(why, "\"%s\" cannot be the name of a server",
		    wish->names[i]);
		return -1;
	}
	if (wish->name_count > 0)
		return 0;
	buf_put_str(why, "no name to verify");
	return -1;
}

/* RFC 7672 section 3.1.3: which usages count is for the caller to say. */
static int
want_dane(struct tls *tls, const struct tls_wish *wish, struct buf *why)
{
	if (wish->name_count == 0 ||
	    SSL_dane_enable(tls->ssl, wish->names[0]) <= 0) {
		buf_put_str(why, "DANE without a name");
		return -1;
	}
	/* RFC 7672 section 3.1.1: with DANE-EE names do not count. */
	SSL_dane_set_flags(tls->ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	for (size_t i = 0; i < wish->tlsa_count; i++) {
		const struct tls_tlsa	*tlsa = &wish->tlsas[i];

		if (SSL_dane_tlsa_add(tls->ssl, tlsa->usage, tlsa->selector,
		    tlsa->matching, tlsa->data.data, tlsa->data.len) > 0)
			tls->usable_count++;
	}
	ERR_clear_error();
	return want_names(tls, wish, 1, why);
}

static int
want_prints(struct tls *tls, const struct tls_wish *wish, struct buf *why)
{
	struct buf	prints = BUF_INIT;

	if (wish->digest == NULL ||
	    EVP_get_digestbyname(wish->digest) == NULL) {
		buf_printf(why, "unknown digest \"%s\"",
		    wish->digest == NULL ? "" : wish->digest);
		return -1;
	}
	tls->digest = mem_strdup(wish->digest);
	for (size_t i = 0; i < wish->name_count; i++)
		buf_printf(&prints, "%s\n", wish->names[i]);
	tls->prints = mem_strdup(buf_cstr(&prints));
	buf_clear(&prints);
	return 0;
}

static int
set_wish(struct tls *tls, const struct tls_wish *wish, struct buf *why)
{
	SSL		*ssl = tls->ssl;
	SSL_SESSION	*copy;

	if (wish->protocols != NULL && tls_context_use_protocols(NULL, ssl,
	    wish->protocols, why) < 0)
		return -1;
	if (wish->ciphers != NULL &&
	    SSL_set_cipher_list(ssl, wish->ciphers) != 1) {
		buf_printf(why, "ciphers \"%s\": ", wish->ciphers);
		tls_chain_put_error(why);
		return -1;
	}
	/* DANE comes before SNI, which it would have be its base domain. */
	switch (wish->verify) {
	case TLS_VERIFY_CHAIN:
		break;
	case TLS_VERIFY_NAMES:
		if (want_names(tls, wish, 0, why) < 0)
			return -1;
		break;
	case TLS_VERIFY_FINGERPRINT:
		if (want_prints(tls, wish, why) < 0)
			return -1;
		break;
	case TLS_VERIFY_DANE:
		if (want_dane(tls, wish, why) < 0)
			return -1;
		break;
	}
	if (SSL_set_tlsext_host_name(ssl, wish->sni) != 1) {
		buf_printf(why, "\"%.255s\" cannot be asked for", wish->sni);
		return -1;
	}
	if (wish->session != NULL) {
		/* A copy: OpenSSL spoils what it has resumed, or failed to. */
		copy = SSL_SESSION_dup((SSL_SESSION *)wish->session);
		SSL_set_session(ssl, copy);
		SSL_SESSION_free(copy);
	}
	return 0;
}

struct tls *
tls_new_client(struct tls_context *context, const struct tls_wish *wish,
    struct buf *why)
{
	struct tls	*tls = make(context);

	SSL_set_connect_state(tls->ssl);
	tls->verify = (int)wish->verify;
	if (set_wish(tls, wish, why) < 0)
		tls_free(&tls);
	ERR_clear_error();
	return tls;
}

void
tls_free(struct tls **tlsp)
{
	struct tls	*tls = *tlsp;

	if (tls == NULL)
		return;
	*tlsp = NULL;
	SSL_free(tls->ssl);
	SSL_SESSION_free(tls->session);
	mem_free(tls->error);
	mem_free(tls->digest);
	mem_free(tls->prints);
	tls_trace_free(&tls->trace);
	mem_free(tls);
}

size_t
tls_usable_count(const struct tls *tls)
{
	return tls->usable_count;
}

/* ---- bytes --------------------------------------------------------------- */

static void
begin(struct tls *tls, struct buf *from, struct buf *to)
{
	ERR_clear_error();
	tls->from = from;
	tls->to = to;
}

/* What the last call of OpenSSL, which returned result, has come to. */
static enum tls_status
end(struct tls *tls, int result)
{
	int		 error = SSL_get_error(tls->ssl, result);
	struct buf	 why = BUF_INIT;

	tls->from = tls->to = NULL;
	if (error == SSL_ERROR_WANT_READ)
		return TLS_MORE;
	if (error == SSL_ERROR_ZERO_RETURN)
		return TLS_ENDED;
	tls->is_broken = true;
	if (tls->error == NULL) {
		tls_chain_put_error(&why);
		tls->error = mem_printf("TLS: %s", buf_cstr(&why));
		buf_clear(&why);
	}
	ERR_clear_error();
	return TLS_BROKEN;
}

enum tls_status
tls_handshake(struct tls *tls, struct buf *wire_in, struct buf *wire_out)
{
	int	result;

	begin(tls, wire_in, wire_out);
	result = SSL_do_handshake(tls->ssl);
	if (result != 1)
		return end(tls, result);
	tls->from = tls->to = NULL;
	if (tls->trace != NULL)
		tls_trace_end(tls);
	return TLS_DONE;
}

enum tls_status
tls_read(struct tls *tls, struct buf *wire_in, struct buf *wire_out,
    struct buf *in, size_t limit)
{
	int	n = 1;

	begin(tls, wire_in, wire_out);
	while (n > 0 && in->len < limit) {
		n = SSL_read(tls->ssl, buf_reserve(in, RECORD_SIZE),
		    RECORD_SIZE);
		if (n > 0)
			buf_commit(in, (size_t)n);
	}
	if (n <= 0)
		return end(tls, n);
	tls->from = tls->to = NULL;
	return TLS_MORE;
}

bool
tls_has_more(const struct tls *tls)
{
	return SSL_pending(tls->ssl) > 0;
}

int
tls_write(struct tls *tls, struct buf *out, struct buf *wire_out)
{
	int	n = 1;

	begin(tls, NULL, wire_out);
	while (out->len > 0 && n > 0) {
		struct slice	s = slice_first(buf_slice(out), WRITE_SIZE);

		n = SSL_write(tls->ssl, s.data, (int)s.len);
		if (n > 0)
			buf_drop(out, (size_t)n);
	}
	if (n <= 0 && end(tls, n) != TLS_DONE)
		return -1;
	tls->from = tls->to = NULL;
	return 0;
}

void
tls_close(struct tls *tls, struct buf *wire_out)
{
	if (tls->is_closed || tls->is_broken ||
	    !SSL_is_init_finished(tls->ssl))
		return;
	tls->is_closed = true;
	begin(tls, NULL, wire_out);
	SSL_shutdown(tls->ssl);
	tls->from = tls->to = NULL;
	ERR_clear_error();
}

const char *
tls_error(const struct tls *tls)
{
	return tls->error == NULL ? "" : tls->error;
}

/* ---- sessions ------------------------------------------------------------ */

struct tls_session *
tls_session_take(struct tls *tls)
{
	SSL_SESSION	*session = tls->session;

	tls->session = NULL;
	if (session == NULL && SSL_version(tls->ssl) < TLS1_3_VERSION)
		session = SSL_get1_session(tls->ssl);
	if (session != NULL && !SSL_SESSION_is_resumable(session)) {
		SSL_SESSION_free(session);
		session = NULL;
	}
	return (struct tls_session *)session;
}

void
tls_session_free(struct tls_session **session)
{
	SSL_SESSION_free((SSL_SESSION *)*session);
	*session = NULL;
}

/* ---- channel binding ----------------------------------------------------- */

#define EXPORTER_LABEL	"EXPORTER-Channel-Binding"
#define EXPORTER_SIZE	32

/*
 * RFC 9266 section 2.  Up to TLS 1.2 it binds only with the extended master
 * secret (section 4.2).
 */
static int
export(struct tls *tls, struct buf *data)
{
	unsigned char	secret[EXPORTER_SIZE];

	if (SSL_version(tls->ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(tls->ssl) != 1)
		return -1;
	if (SSL_export_keying_material(tls->ssl, secret, sizeof(secret),
	    EXPORTER_LABEL, strlen(EXPORTER_LABEL),
	    (const unsigned char *)"", 0, 1) != 1)
		return -1;
	buf_put(data, secret, sizeof(secret));
	return 0;
}

/*
 * RFC 5929 section 3.1: the first Finished of the handshake, which is the
 * client's in a full one and the server's in an abbreviated one.
 */
static int
put_finished(struct tls *tls, struct buf *data)
{
	unsigned char	text[EVP_MAX_MD_SIZE];
	bool		is_reused = SSL_session_reused(tls->ssl) == 1;
	size_t		len;

	if (SSL_version(tls->ssl) >= TLS1_3_VERSION ||
	    (is_reused && SSL_get_extms_support(tls->ssl) != 1))
		return -1;
	len = tls->is_server == is_reused ?
	    SSL_get_finished(tls->ssl, text, sizeof(text)) :
	    SSL_get_peer_finished(tls->ssl, text, sizeof(text));
	if (len == 0)
		return -1;
	buf_put(data, text, len);
	return 0;
}

int
tls_binding(struct tls *tls, const char *type, struct buf *data)
{
	int	result = -1;

	if (!SSL_is_init_finished(tls->ssl))
		return -1;
	if (strcmp(type, "tls-exporter") == 0)
		result = export(tls, data);
	else if (strcmp(type, "tls-unique") == 0)
		result = put_finished(tls, data);
	ERR_clear_error();
	return result;
}

const char *
tls_put_binding(struct tls *tls, struct buf *data)
{
	/* Up to TLS 1.2 everybody has that one (RFC 9266 section 3). */
	static const char *const	types[] = { "tls-unique",
		"tls-exporter" };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (tls_binding(tls, types[i], data) == 0)
			return types[i];
	return NULL;
}
