/*
 * Keys with their chains of certificates, out of PEM.
 */

#include "net/tls_lib.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "util/slice.h"

#define CHAIN_LIMIT	32	/* certificates */

/* One that is being read: its key, its certificate, what stands above. */
struct chain {
	EVP_PKEY	*key;
	X509		*cert;
	STACK_OF(X509)	*above;
};

/* To whom what was read is given. */
struct owner {
	SSL_CTX		*ctx;
	SSL		*ssl;
};

void
tls_chain_put_error(struct buf *why)
{
	unsigned long	code = ERR_peek_last_error();
	const char	*reason = code == 0 ? NULL :
			    ERR_reason_error_string(code);

	buf_put_str(why, reason == NULL ? "unknown error" : reason);
	ERR_clear_error();
}

static void
clear(struct chain *chain)
{
	EVP_PKEY_free(chain->key);
	X509_free(chain->cert);
	sk_X509_pop_free(chain->above, X509_free);
	memset(chain, 0, sizeof(*chain));
}

/* The chain is complete. */
static int
use(const struct owner *owner, struct chain *chain, struct buf *why)
{
	int	result;

	if (chain->cert == NULL) {
		buf_put_str(why, "a key without a certificate");
		return -1;
	}
	/* Says "private key mismatch" when they do not belong together. */
	if (owner->ctx != NULL)
		result = SSL_CTX_use_cert_and_key(owner->ctx, chain->cert,
		    chain->key, chain->above, 1);
	else
		result = SSL_use_cert_and_key(owner->ssl, chain->cert,
		    chain->key, chain->above, 1);
	if (result != 1)
		tls_chain_put_error(why);
	clear(chain);
	return result == 1 ? 0 : -1;
}

static int
add_certificate(struct chain *chain, const unsigned char *data, long len,
    struct buf *why)
{
	X509	*cert = d2i_X509(NULL, &data, len);

	if (cert == NULL) {
		tls_chain_put_error(why);
		return -1;
	}
	if (chain->cert == NULL) {
		chain->cert = cert;
		return 0;
	}
	if (chain->above == NULL)
		chain->above = sk_X509_new_null();
	if (sk_X509_num(chain->above) >= CHAIN_LIMIT ||
	    sk_X509_push(chain->above, cert) <= 0) {
		X509_free(cert);
		buf_put_str(why, "a chain of too many certificates");
		return -1;
	}
	return 0;
}

static bool
is_key(const char *name)
{
	size_t	len = strlen(name);

	return len >= 11 && strcmp(name + len - 11, "PRIVATE KEY") == 0;
}

static EVP_PKEY *
read_key(const char *name, const char *header, const unsigned char *data,
    long len, struct buf *why)
{
	EVP_PKEY	*key;

	if (strcmp(name, PEM_STRING_PKCS8) == 0 ||
	    strstr(header, "ENCRYPTED") != NULL) {
		buf_put_str(why, "an encrypted key");
		return NULL;
	}
	key = d2i_AutoPrivateKey(NULL, &data, len);
	if (key == NULL)
		tls_chain_put_error(why);
	return key;
}

/*
 * One thing of the file.  A key begins a new chain: its certificate and what
 * is above that follow.
 */
static int
take(const struct owner *owner, struct chain *chain, const char *name,
    const char *header, const unsigned char *data, long len, struct buf *why)
{
	if (is_key(name)) {
		if (chain->key != NULL && use(owner, chain, why) < 0)
			return -1;
		chain->key = read_key(name, header, data, len, why);
		return chain->key == NULL ? -1 : 0;
	}
	if (strcmp(name, PEM_STRING_X509) != 0 &&
	    strcmp(name, PEM_STRING_X509_OLD) != 0)
		return 0;	/* parameters of curves, and the like */
	if (chain->key == NULL) {
		buf_put_str(why, "a certificate without its key before it");
		return -1;
	}
	return add_certificate(chain, data, len, why);
}

static int
read_all(const struct owner *owner, BIO *bio, struct buf *why)
{
	struct chain	 chain = { NULL, NULL, NULL };
	char		*name, *header;
	unsigned char	*data;
	long		 len;
	int		 result = 0;

	ERR_clear_error();
	while (result == 0 && PEM_read_bio(bio, &name, &header, &data,
	    &len) == 1) {
		result = take(owner, &chain, name, header, data, len, why);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)len);
	}
	if (result == 0 && ERR_GET_REASON(ERR_peek_last_error()) !=
	    PEM_R_NO_START_LINE) {
		tls_chain_put_error(why);
		result = -1;
	} else if (result == 0 && chain.key == NULL) {
		buf_put_str(why, "no private key is in it");
		result = -1;
	}
	ERR_clear_error();
	if (result == 0)
		result = use(owner, &chain, why);
	clear(&chain);
	return result;
}

int
tls_chain_use_file(SSL_CTX *ctx, const char *file, struct buf *why)
{
	struct owner	 owner = { ctx, NULL };
	BIO		*bio = BIO_new_file(file, "r");
	int		 result = -1;

	buf_printf(why, "%s: ", file);
	if (bio == NULL)
		buf_put_str(why, strerror(errno));
	else
		result = read_all(&owner, bio, why);
	BIO_free(bio);
	return result;
}

int
tls_chain_use_text(SSL *ssl, struct slice pem, struct buf *why)
{
	struct owner	 owner = { NULL, ssl };
	BIO		*bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	int		 result = read_all(&owner, bio, why);

	BIO_free(bio);
	return result;
}

/* The first thing in the file that is wanted: a key, or no key. */
static int
read_some(struct chain *chain, const char *file, bool wants_key,
    struct buf *why)
{
	BIO		*bio = BIO_new_file(file, "r");
	char		*name, *header;
	unsigned char	*data;
	long		 len;
	int		 result = bio == NULL ? -1 : 0;

	buf_printf(why, "%s: ", file);
	if (bio == NULL)
		buf_put_str(why, strerror(errno));
	while (result == 0 && PEM_read_bio(bio, &name, &header, &data,
	    &len) == 1) {
		if (wants_key && chain->key == NULL && is_key(name)) {
			chain->key = read_key(name, header, data, len, why);
			result = chain->key == NULL ? -1 : 0;
		} else if (!wants_key && (strcmp(name, PEM_STRING_X509) == 0 ||
		    strcmp(name, PEM_STRING_X509_OLD) == 0)) {
			result = add_certificate(chain, data, len, why);
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)len);
	}
	ERR_clear_error();
	BIO_free(bio);
	if (result == 0 && (wants_key ? (void *)chain->key :
	    (void *)chain->cert) == NULL) {
		buf_put_str(why, wants_key ? "no private key is in it" :
		    "no certificate is in it");
		result = -1;
	}
	return result;
}

int
tls_chain_use_pair(SSL_CTX *ctx, const char *cert_file, const char *key_file,
    struct buf *why)
{
	struct owner	owner = { ctx, NULL };
	struct chain	chain = { NULL, NULL, NULL };
	size_t		start = why->len;
	int		result;

	ERR_clear_error();
	result = read_some(&chain, cert_file, false, why);
	if (result == 0) {
		buf_truncate(why, start);
		result = read_some(&chain, key_file, true, why);
	}
	if (result == 0) {
		buf_truncate(why, start);
		buf_printf(why, "%s: ", key_file);
		result = use(&owner, &chain, why);
	}
	clear(&chain);
	return result;
}
