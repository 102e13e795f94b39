#ifndef TESTS_UNIT_TLS_FIXTURE_H
#define TESTS_UNIT_TLS_FIXTURE_H

/*
 * Two streams under TLS, one at each end, or one and what is not TLS.  Keys
 * and certificates are made when a test needs them; they are valid for a day,
 * from an hour ago.
 */

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "net/io.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/tls_context.h"
#include "net/tls_facts.h"
#include "util/clock.h"

struct fixture_id {
	EVP_PKEY	*key;
	X509		*cert;
	char		 file[128];	/* key and chain, in PEM */
};

static inline void
fixture_extend(X509 *cert, X509 *issuer, int kind, const char *value)
{
	X509V3_CTX	 context;
	X509_EXTENSION	*extension;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	CU_ASSERT_PTR_NOT_NULL_FATAL(extension);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

/*
 * An identity called name, signed by issuer (NULL: by itself); alt names as
 * OpenSSL writes them ("DNS:a.example"), NULL for a CA.
 */
static inline void
fixture_make(struct fixture_id *id, const char *name, const char *alt,
    bool is_rsa, const struct fixture_id *issuer)
{
	static long		 serial = 1;
	char			 path[] = "/tmp/tls_test.XXXXXX";
	X509_NAME		*subject;
	const struct fixture_id	*by = issuer == NULL ? id : issuer;
	int			 fd = mkstemp(path);
	FILE			*file = fdopen(fd, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	snprintf(id->file, sizeof(id->file), "%s", path);
	id->key = is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	id->cert = X509_new();
	X509_set_version(id->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), 86400);
	X509_set_pubkey(id->cert, id->key);
	subject = X509_get_subject_name(id->cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(id->cert, issuer == NULL ? subject :
	    X509_get_subject_name(issuer->cert));
	fixture_extend(id->cert, by->cert, NID_basic_constraints,
	    alt == NULL ? "critical,CA:TRUE" : "CA:FALSE");
	if (alt != NULL)
		fixture_extend(id->cert, by->cert, NID_subject_alt_name, alt);
	CU_ASSERT_FATAL(X509_sign(id->cert, by->key, EVP_sha256()) > 0);
	PEM_write_PrivateKey(file, id->key, NULL, NULL, 0, NULL, NULL);
	PEM_write_X509(file, id->cert);
	if (issuer != NULL)
		PEM_write_X509(file, issuer->cert);
	fclose(file);
}

static inline void
fixture_clear(struct fixture_id *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
	unlink(id->file);
	id->key = NULL;
	id->cert = NULL;
}

/* ---- streams ------------------------------------------------------------- */

#define PATIENCE_MS	20000
#define ANY		"ALL:COMPLEMENTOFALL:@SECLEVEL=0"

/* A stream and what it has told, a letter an event. */
struct side {
	struct io	*io;
	char		 events[256];
	size_t		 count;
	struct buf	 got;
	bool		 keeps;		/* what comes is left in io */
	char		 error[128];
};

static struct {
	struct loop		*loop;
	struct fixture_id	 ca, server, rsa, other, client;
	struct tls_config	 client_config, server_config;
	struct tls_context	*client_context, *server_context;
	struct tls_wish		 wish;
	struct side		 a, b;		/* client, server */
	int			 raw_a, raw_b;	/* relayed by the test; -1 */
} t;

static inline void
on_io(struct io *io, enum io_event event, void *arg)
{
	static const char	letters[] = "csidxte";
	struct side		*side = arg;

	if (side->count + 1 < sizeof(side->events))
		side->events[side->count++] = letters[event];
	if (event == IO_INPUT && !side->keeps) {
		buf_put_slice(&side->got, buf_slice(io_in(io)));
		buf_drop(io_in(io), io_in(io)->len);
	}
	if (event == IO_ERROR)
		snprintf(side->error, sizeof(side->error), "%s",
		    io_error(io));
}

/* ---- a world ------------------------------------------------------------- */

static inline void
make_ids(void)
{
	fixture_make(&t.ca, "Test CA", NULL, false, NULL);
	fixture_make(&t.server, "mx.example",
	    "DNS:mx.example,DNS:*.wild.example", false, &t.ca);
	fixture_make(&t.rsa, "rsa.example", "DNS:rsa.example", true, NULL);
	fixture_make(&t.other, "other.example", "DNS:other.example", false,
	    NULL);
	fixture_make(&t.client, "client \x01 \xc3\xa9", "DNS:client.example",
	    false, &t.ca);
}

static inline int
begin_suite(void)
{
	memset(&t, 0, sizeof(t));
	return 0;
}

static inline int
end_suite(void)
{
	if (t.ca.key == NULL)
		return 0;
	fixture_clear(&t.ca);
	fixture_clear(&t.server);
	fixture_clear(&t.rsa);
	fixture_clear(&t.other);
	fixture_clear(&t.client);
	return 0;
}

static inline struct tls_context *
context(const struct tls_config *config)
{
	struct buf		 why = BUF_INIT;
	struct tls_context	*made = tls_context_new(config, &why);

	if (made == NULL)
		printf("%s\n", buf_cstr(&why));
	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	buf_clear(&why);
	return made;
}

static inline void
begin(void)
{
	if (t.ca.key == NULL)
		make_ids();
	memset(&t.client_config, 0, sizeof(t.client_config));
	memset(&t.server_config, 0, sizeof(t.server_config));
	memset(&t.wish, 0, sizeof(t.wish));
	memset(&t.a, 0, sizeof(t.a));
	memset(&t.b, 0, sizeof(t.b));
	t.loop = loop_new();
	t.raw_a = t.raw_b = -1;
	t.server_config.is_server = true;
	t.server_config.chain_files = t.server.file;
	t.server_config.ciphers = ANY;
	t.client_config.ciphers = ANY;
	t.client_config.ca_file = t.ca.file;
}

static inline void
contexts(void)
{
	t.server_context = context(&t.server_config);
	t.client_context = context(&t.client_config);
}

static inline void
drop(struct side *side)
{
	io_free(&side->io);
	buf_clear(&side->got);
	memset(side, 0, sizeof(*side));
}

static inline void
drop_both(void)
{
	drop(&t.a);
	drop(&t.b);
	if (t.raw_a >= 0)
		close(t.raw_a);
	if (t.raw_b >= 0)
		close(t.raw_b);
	t.raw_a = t.raw_b = -1;
	loop_tick(t.loop, 0);
}

static inline void
end(void)
{
	drop_both();
	tls_context_free(&t.client_context);
	tls_context_free(&t.server_context);
	tls_context_free(&t.server_context);
	loop_free(&t.loop);
}

/* Two streams, joined; or, relayed, each to an end that the test holds. */
static inline void
join(bool is_relayed, int type)
{
	int	ends[2], more[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0,
	    ends), 0);
	t.a.io = io_new(t.loop, ends[0], on_io, &t.a);
	if (is_relayed) {
		CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX,
		    type | SOCK_NONBLOCK, 0, more), 0);
		t.raw_a = ends[1];
		t.raw_b = more[0];
		ends[1] = more[1];
	}
	t.b.io = io_new(t.loop, ends[1], on_io, &t.b);
}

static inline void
start_client(void)
{
	struct buf	why = BUF_INIT;
	struct tls	*tls = tls_new_client(t.client_context, &t.wish, &why);

	CU_ASSERT_STRING_EQUAL(buf_cstr(&why), "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(tls);
	io_start_tls(t.a.io, tls, 0);
	buf_clear(&why);
}

static inline void
start_server(void)
{
	io_start_tls(t.b.io, tls_new_server(t.server_context), 0);
}

static inline bool
has(const struct side *side, char event)
{
	return strchr(side->events, event) != NULL;
}

/* Tick until that side has told one of these. */
static inline void
until(struct side *side, const char *events)
{
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;

	while (strpbrk(side->events, events) == NULL &&
	    clock_now_ms() < end_ms)
		loop_tick(t.loop, 100);
	CU_ASSERT_PTR_NOT_NULL(strpbrk(side->events, events));
}

static inline void
ticks(int count)
{
	while (count-- > 0)
		loop_tick(t.loop, 1);
}

/* A handshake that must succeed. */
static inline void
shake(void)
{
	join(false, SOCK_STREAM);
	start_server();
	start_client();
	until(&t.a, "se");
	until(&t.b, "se");
	CU_ASSERT_STRING_EQUAL(t.a.error, "");
	CU_ASSERT_STRING_EQUAL(t.b.error, "");
	CU_ASSERT(io_is_secured(t.a.io));
	CU_ASSERT(io_is_secured(t.b.io));
	ticks(2);
}

static inline void
say(struct side *from, const char *text)
{
	io_write(from->io, text, strlen(text));
}

static inline void
hears(struct side *side, const char *text)
{
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;

	while (side->got.len < strlen(text) && clock_now_ms() < end_ms)
		loop_tick(t.loop, 10);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&side->got), text);
	buf_empty(&side->got);
}

static inline void
facts(struct side *side, struct tls_facts *facts_r)
{
	tls_facts_get(io_tls(side->io), facts_r);
}


#endif
