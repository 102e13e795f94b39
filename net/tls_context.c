/*
 * What many TLS connections share.
 */

#include "net/tls_context.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "net/tls.h"
#include "net/tls_authority.h"
#include "net/tls_facts.h"
#include "net/tls_lib.h"
#include "net/tls_protocol.h"
#include "util/mem.h"
#include "util/slice.h"

#define SEPARATORS	" \t\r\n,"

/* ---- the wire: a BIO whose two sides are the bufs of the call ------------ */

static int
on_wire_read(BIO *bio, char *data, int size)
{
	struct tls	*tls = BIO_get_data(bio);
	struct slice	 s;

	BIO_clear_retry_flags(bio);
	if (tls->from == NULL || tls->from->len == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	s = slice_first(buf_slice(tls->from), (size_t)size);
	memcpy(data, s.data, s.len);
	tls_trace_wire(tls, true, s);
	buf_drop(tls->from, s.len);
	return (int)s.len;
}

static int
on_wire_write(BIO *bio, const char *data, int size)
{
	struct tls	*tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (tls->to == NULL)
		return -1;
	buf_put(tls->to, data, (size_t)size);
	tls_trace_wire(tls, false, slice_from(data, (size_t)size));
	return size;
}

static long
on_wire_control(BIO *bio, int command, long number, void *arg)
{
	(void)bio;
	(void)number;
	(void)arg;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *
make_wire(void)
{
	BIO_METHOD	*wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");

	BIO_meth_set_read(wire, on_wire_read);
	BIO_meth_set_write(wire, on_wire_write);
	BIO_meth_set_ctrl(wire, on_wire_control);
	return wire;
}

/* ---- who the peer is ----------------------------------------------------- */

/*
 * Nothing ends here: what is wrong is kept, the first error of the chain
 * apart from a wrong name, and whoever asked for the handshake judges.
 */
static int
on_verify_step(int ok, X509_STORE_CTX *store)
{
	SSL		*ssl = X509_STORE_CTX_get_ex_data(store,
			    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls	*tls = SSL_get_app_data(ssl);
	int		 error = X509_STORE_CTX_get_error(store);

	tls_trace_certificate(tls, store, ok);
	if (ok)
		return 1;
	if (error == X509_V_ERR_HOSTNAME_MISMATCH)
		tls->has_other_name = true;
	else if (tls->chain_error == X509_V_OK)
		tls->chain_error = error;
	return 1;
}

/* The result is kept in the session, for when it is resumed. */
static int
on_verify(X509_STORE_CTX *store, void *arg)
{
	SSL		*ssl = X509_STORE_CTX_get_ex_data(store,
			    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls	*tls = SSL_get_app_data(ssl);
	int		 result;

	(void)arg;
	tls->chain_error = X509_V_OK;
	tls->has_other_name = false;
	X509_STORE_CTX_set_verify_cb(store, on_verify_step);
	result = X509_verify_cert(store);
	if (result <= 0 && tls->chain_error == X509_V_OK &&
	    !tls->has_other_name)
		tls->chain_error = X509_V_ERR_UNSPECIFIED;
	X509_STORE_CTX_set_error(store, tls->chain_error != X509_V_OK ?
	    tls->chain_error : tls->has_other_name ?
	    X509_V_ERR_HOSTNAME_MISMATCH : X509_V_OK);
	return 1;
}

static int
use_authorities(SSL_CTX *ctx, const struct tls_config *config,
    struct buf *why)
{
	const char	*file = config->ca_file, *path = config->ca_path;

	file = file == NULL || *file == '\0' ? NULL : file;
	path = path == NULL || *path == '\0' ? NULL : path;
	if (file != NULL && SSL_CTX_load_verify_file(ctx, file) != 1) {
		buf_printf(why, "%s: ", file);
		tls_chain_put_error(why);
		return -1;
	}
	if (path != NULL && tls_authority_read(ctx, path, why) < 0)
		return -1;
	if (config->has_system_cas)
		tls_authority_read_system(ctx);
	if (config->is_server && config->asks_certificate && file != NULL)
		SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(file));
	ERR_clear_error();
	return 0;
}

/* ---- keys ---------------------------------------------------------------- */

static int
use_chains(struct tls_context *context, const struct tls_config *config,
    struct buf *why)
{
	struct slice	rest = slice_str(config->chain_files), word;
	size_t		start = why->len;

	while (slice_get_word(&rest, SEPARATORS, &word) == 0) {
		char	*file = slice_dup(word);
		int	 result = tls_chain_use_file(context->ctx, file, why);

		mem_free(file);
		if (result < 0)
			return -1;
		buf_truncate(why, start);
		context->has_certificate = true;
	}
	for (size_t i = 0; i < TLS_CONTEXT_PAIRS &&
	    slice_str(config->chain_files).len == 0; i++) {
		const struct tls_pair	*pair = &config->pairs[i];
		const char		*key = pair->key_file;

		if (pair->cert_file == NULL || *pair->cert_file == '\0')
			continue;
		if (key == NULL || *key == '\0')
			key = pair->cert_file;
		if (tls_chain_use_pair(context->ctx, pair->cert_file, key,
		    why) < 0)
			return -1;
		buf_truncate(why, start);
		context->has_certificate = true;
	}
	return 0;
}

/* Its first alternative name, which is what counts, or its common name. */
static void
find_own_name(X509 *cert, char *text_r, size_t size)
{
	GENERAL_NAMES	*names = X509_get_ext_d2i(cert, NID_subject_alt_name,
			    NULL, NULL);

	text_r[0] = '\0';
	for (int i = 0; text_r[0] == '\0' && i < sk_GENERAL_NAME_num(names);
	    i++) {
		const GENERAL_NAME	*name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			snprintf(text_r, size, "%.*s",
			    ASN1_STRING_length(name->d.dNSName),
			    (const char *)ASN1_STRING_get0_data(
			    name->d.dNSName));
	}
	if (text_r[0] == '\0')
		tls_facts_copy_name(X509_get_subject_name(cert),
		    NID_commonName, text_r, size);
	GENERAL_NAMES_free(names);
}

void
tls_context_each(struct tls_context *context, tls_context_fn fn, void *arg)
{
	long	more = SSL_CTX_set_current_cert(context->ctx,
		    SSL_CERT_SET_FIRST);
	int	days, seconds;
	char	name[TLS_FACTS_NAME];
	X509	*cert;

	for (; more == 1; more = SSL_CTX_set_current_cert(context->ctx,
	    SSL_CERT_SET_NEXT)) {
		cert = SSL_CTX_get0_certificate(context->ctx);
		if (cert == NULL || ASN1_TIME_diff(&days, &seconds, NULL,
		    X509_get0_notAfter(cert)) != 1)
			continue;
		find_own_name(cert, name, sizeof(name));
		fn(name, days == 0 && seconds < 0 ? -1 : days, arg);
	}
	ERR_clear_error();
}

/* By the name the client asks for (RFC 6066 section 3). */
static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
	struct tls_context	*context = arg;
	struct tls		*tls = SSL_get_app_data(ssl);
	const char		*name = SSL_get_servername(ssl,
				    TLSEXT_NAMETYPE_host_name);
	struct buf		 pem = BUF_INIT, why = BUF_INIT;
	int			 found, result = SSL_TLSEXT_ERR_OK;

	if (name == NULL || *name == '\0')
		return SSL_TLSEXT_ERR_NOACK;
	found = context->find_chain(context->find_chain_arg, name, &pem);
	if (found > 0) {
		/* No key of another name may be chosen for its kind. */
		SSL_certs_clear(ssl);
		found = tls_chain_use_text(ssl, buf_slice(&pem), &why);
		tls->has_own_chain = found == 0;
	} else if (found == 0) {
		result = SSL_TLSEXT_ERR_NOACK;
	}
	if (found < 0) {
		*alert = SSL_AD_INTERNAL_ERROR;
		result = SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	if (pem.cap > 0)
		OPENSSL_cleanse(pem.data, pem.cap);
	buf_clear(&pem);
	buf_clear(&why);
	return result;
}

/* ---- tickets ------------------------------------------------------------- */

static int
use_ticket_key(const struct tls_ticket_key *key, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
	unsigned char	secret[sizeof(key->mac)];
	char		digest[] = "SHA256";
	OSSL_PARAM	params[3];

	memcpy(secret, key->mac, sizeof(secret));
	params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
	    secret, sizeof(secret));
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
	    digest, 0);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher,
	    iv, is_new) != 1 || EVP_MAC_CTX_set_params(mac, params) != 1)
		return -1;
	return 0;
}

/*
 * RFC 5077 section 4.  An old key's ticket is taken, and the client gets a
 * new one.
 */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
	struct tls_context	*context =
				    SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	size_t			 i = 0;

	if (is_new) {
		if (context->ticket_count == 0 || RAND_bytes(iv,
		    EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
			return context->ticket_count == 0 ? 0 : -1;
		memcpy(name, context->tickets[0].name,
		    sizeof(context->tickets[0].name));
	} else {
		while (i < context->ticket_count && memcmp(name,
		    context->tickets[i].name,
		    sizeof(context->tickets[i].name)) != 0)
			i++;
		if (i == context->ticket_count)
			return 0;
	}
	if (use_ticket_key(&context->tickets[i], iv, cipher, mac, is_new) < 0)
		return -1;
	return i == 0 ? 1 : 2;
}

void
tls_context_set_tickets(struct tls_context *context,
    const struct tls_ticket_key *keys, size_t count)
{
	if (count > TLS_TICKET_KEYS)
		count = TLS_TICKET_KEYS;
	memcpy(context->tickets, keys, count * sizeof(*keys));
	context->ticket_count = count;
}

/* Of what a store has, in whatever order: the digests, added up. */
static void
put_authorities(X509_STORE *store, struct buf *text)
{
	STACK_OF(X509)	*all = X509_STORE_get1_all_certs(store);
	unsigned char	 sum[EVP_MAX_MD_SIZE] = "", one[EVP_MAX_MD_SIZE];
	unsigned	 len;

	for (int i = 0; i < sk_X509_num(all); i++)
		if (X509_digest(sk_X509_value(all, i), EVP_sha256(), one,
		    &len) == 1)
			for (unsigned k = 0; k < len; k++)
				sum[k] ^= one[k];
	buf_put(text, sum, sizeof(sum));
	sk_X509_pop_free(all, X509_free);
}

/*
 * A session is resumed where everything is as it was: else who was trusted
 * once would be by a ticket when the authorities are other ones now, and
 * ciphers that are good no more would be spoken on.
 */
static void
use_scope(SSL_CTX *ctx, const struct tls_config *config)
{
	const char	*parts[] = { config->scope, config->protocols,
			    config->ciphers };
	struct buf	 text = BUF_INIT;
	unsigned char	 id[EVP_MAX_MD_SIZE];
	unsigned	 len = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		buf_printf(&text, "%s\n", parts[i] == NULL ? "" : parts[i]);
	buf_printf(&text, "%d\n", config->verify_depth);
	put_authorities(SSL_CTX_get_cert_store(ctx), &text);
	EVP_Digest(buf_slice(&text).data, text.len, id, &len, EVP_sha256(),
	    NULL);
	SSL_CTX_set_session_id_context(ctx, id, len);
	buf_clear(&text);
}

static void
use_sessions(struct tls_context *context, const struct tls_config *config)
{
	SSL_CTX	*ctx = context->ctx;

	/* Nothing is kept here: servers have tickets, clients their owner. */
	SSL_CTX_set_session_cache_mode(ctx, config->is_server ?
	    SSL_SESS_CACHE_OFF : SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	if (!config->is_server)
		return;
	if (config->ticket_life_s <= 0) {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
		return;
	}
	SSL_CTX_set_timeout(ctx, (long)config->ticket_life_s);
	SSL_CTX_set_num_tickets(ctx, 1);
	use_scope(ctx, config);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
}

/* The session a client is given, of which the last counts. */
static int
on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls	*tls = SSL_get_app_data(ssl);

	SSL_SESSION_free(tls->session);
	tls->session = session;
	return 1;	/* it is ours now */
}

/* ---- what is spoken ------------------------------------------------------ */

int
tls_context_use_protocols(SSL_CTX *ctx, SSL *ssl, const char *list,
    struct buf *why)
{
	static const uint64_t	options[] = { SSL_OP_NO_SSLv3, SSL_OP_NO_TLSv1,
				    SSL_OP_NO_TLSv1_1, SSL_OP_NO_TLSv1_2,
				    SSL_OP_NO_TLSv1_3 };
	struct tls_protocols	protocols;
	uint64_t		on = SSL_OP_NO_SSLv3, off = 0;

	if (tls_protocol_parse(list, &protocols, why) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		*(protocols.excluded & 1u << i ? &on : &off) |= options[i];
	off &= ~on;
	/* Bounds also where the system's configuration has others. */
	if (ctx != NULL) {
		SSL_CTX_set_min_proto_version(ctx, protocols.min);
		SSL_CTX_set_max_proto_version(ctx, protocols.max);
		SSL_CTX_clear_options(ctx, off);
		SSL_CTX_set_options(ctx, on);
	} else {
		SSL_set_min_proto_version(ssl, protocols.min);
		SSL_set_max_proto_version(ssl, protocols.max);
		SSL_clear_options(ssl, off);
		SSL_set_options(ssl, on);
	}
	return 0;
}

/* Names that this OpenSSL does not know are left out, as in Postfix. */
static void
use_groups(SSL_CTX *ctx, const char *names)
{
	struct slice	rest = slice_str(names), word;
	struct buf	list = BUF_INIT;

	while (slice_get_word(&rest, SEPARATORS ":", &word) == 0) {
		char	*name = slice_dup(word);

		if (SSL_CTX_set1_groups_list(ctx, name) == 1)
			buf_printf(&list, "%s%s", list.len > 0 ? ":" : "",
			    name);
		mem_free(name);
	}
	if (list.len > 0)
		SSL_CTX_set1_groups_list(ctx, buf_cstr(&list));
	buf_clear(&list);
	ERR_clear_error();
}

static int
use_options(SSL_CTX *ctx, const char *names, struct buf *why)
{
	static const struct {
		const char	*name;
		uint64_t	 bit;
	} known[] = {
		{ "ENABLE_MIDDLEBOX_COMPAT", SSL_OP_ENABLE_MIDDLEBOX_COMPAT },
		{ "LEGACY_SERVER_CONNECT", SSL_OP_LEGACY_SERVER_CONNECT },
		{ "NO_COMPRESSION", SSL_OP_NO_COMPRESSION },
		{ "NO_ENCRYPT_THEN_MAC", SSL_OP_NO_ENCRYPT_THEN_MAC },
		{ "NO_RENEGOTIATION", SSL_OP_NO_RENEGOTIATION },
		{ "NO_SESSION_RESUMPTION_ON_RENEGOTIATION",
		    SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION },
		{ "NO_TICKET", SSL_OP_NO_TICKET },
		{ "PRIORITIZE_CHACHA", SSL_OP_PRIORITIZE_CHACHA },
	};
	struct slice	rest = slice_str(names), word;

	while (slice_get_word(&rest, SEPARATORS ":", &word) == 0) {
		size_t	i = 0, count = sizeof(known) / sizeof(*known);

		while (i < count && !slice_is_nocase(word, known[i].name))
			i++;
		if (i == count) {
			buf_printf(why, "unknown TLS option \"%.*s\"",
			    SLICE_ARG(word));
			return -1;
		}
		SSL_CTX_set_options(ctx, known[i].bit);
	}
	return 0;
}

static int
use_ciphers(SSL_CTX *ctx, const struct tls_config *config, struct buf *why)
{
	/* The list of ciphers says what is good enough, not OpenSSL's level. */
	SSL_CTX_set_security_level(ctx, 0);
	if (config->ciphers != NULL && *config->ciphers != '\0' &&
	    SSL_CTX_set_cipher_list(ctx, config->ciphers) != 1) {
		buf_printf(why, "ciphers \"%s\": ", config->ciphers);
		tls_chain_put_error(why);
		return -1;
	}
	SSL_CTX_set_dh_auto(ctx, 1);
	use_groups(ctx, config->groups);
	if (config->prefers_own_ciphers)
		SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	return use_options(ctx, config->options, why);
}

static void
use_rules(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_recv_max_early_data(ctx, 0);
	/* Idle connections by the thousand keep no buffers of 16 KB. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
}

struct tls_context *
tls_context_new(const struct tls_config *config, struct buf *why)
{
	struct tls_context	*context = mem_new(sizeof(*context));
	SSL_CTX			*ctx = SSL_CTX_new(config->is_server ?
				    TLS_server_method() : TLS_client_method());

	context->is_server = config->is_server;
	context->ctx = ctx;
	context->wire = make_wire();
	context->find_chain = config->find_chain;
	context->find_chain_arg = config->find_chain_arg;
	if (ctx == NULL || tls_context_use_protocols(ctx, NULL,
	    config->protocols, why) < 0 ||
	    use_ciphers(ctx, config, why) < 0 ||
	    use_chains(context, config, why) < 0 ||
	    use_authorities(ctx, config, why) < 0) {
		tls_context_free(&context);
		return NULL;
	}
	use_rules(ctx);
	use_sessions(context, config);
	SSL_CTX_set_app_data(ctx, context);
	SSL_CTX_set_verify(ctx, config->is_server &&
	    !config->asks_certificate ? SSL_VERIFY_NONE :
	    SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, NULL);
	/* OpenSSL counts what is between the peer's and the root. */
	if (config->verify_depth > 0)
		SSL_CTX_set_verify_depth(ctx, config->verify_depth - 1);
	if (config->is_server && config->find_chain != NULL) {
		SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
		SSL_CTX_set_tlsext_servername_arg(ctx, context);
	}
	if (!config->is_server) {
		SSL_CTX_sess_set_new_cb(ctx, on_new_session);
		SSL_CTX_dane_enable(ctx);
	}
	return context;
}

void
tls_context_free(struct tls_context **contextp)
{
	struct tls_context	*context = *contextp;

	if (context == NULL)
		return;
	*contextp = NULL;
	SSL_CTX_free(context->ctx);
	BIO_meth_free(context->wire);
	OPENSSL_cleanse(context->tickets, sizeof(context->tickets));
	mem_free(context);
}

bool
tls_context_has_certificate(const struct tls_context *context)
{
	return context->has_certificate;
}
