#include "net/tls_context.h"

#include "net/tls_lib.h"
#include "tests/unit/tls_fixture.h"

/* ---- keys ---------------------------------------------------------------- */

static int
find_chain(void *arg, const char *name, struct buf *pem)
{
	char	text[8192];
	FILE	*file;

	CU_ASSERT_PTR_EQUAL(arg, &t);
	if (strcmp(name, "broken.example") == 0)
		return -1;
	if (strcmp(name, "garbage.example") == 0) {
		buf_put_str(pem, "garbage");
		return 1;
	}
	if (strcmp(name, "other.example") != 0)
		return 0;
	file = fopen(t.other.file, "r");
	buf_put(pem, text, fread(text, 1, sizeof(text), file));
	fclose(file);
	return 1;
}

static void
by_name(void)
{
	struct tls_facts	f;
	const char		*good[] = { "other.example", "mx.example",
				    "unknown.example" };
	const char		*bad[] = { "broken.example",
				    "garbage.example" };
	char			 files[300];

	begin();
	/* An RSA key that must not be taken for other.example. */
	snprintf(files, sizeof(files), "%s, %s", t.server.file, t.rsa.file);
	t.server_config.chain_files = files;
	t.server_config.find_chain = find_chain;
	t.server_config.find_chain_arg = &t;
	contexts();
	for (int i = 0; i < 3; i++) {
		t.wish.sni = good[i];
		shake();
		facts(&t.b, &f);
		CU_ASSERT_STRING_EQUAL(f.sni, i == 0 ? good[i] : "");
		facts(&t.a, &f);
		CU_ASSERT_STRING_EQUAL(f.subject,
		    i == 0 ? "other.example" : "mx.example");
		drop_both();
	}
	for (int i = 0; i < 2; i++) {
		t.wish.sni = bad[i];
		join(false, SOCK_STREAM);
		start_server();
		start_client();
		until(&t.b, "se");
		CU_ASSERT_STRING_EQUAL(t.b.events, "e");
		drop_both();
	}
	t.wish.sni = "other.example";
	t.client_config.protocols = "TLSv1.2";
	t.client_config.ciphers = "aRSA:@SECLEVEL=0";
	tls_context_free(&t.client_context);
	t.client_context = context(&t.client_config);
	join(false, SOCK_STREAM);
	start_server();
	start_client();
	until(&t.b, "se");
	CU_ASSERT_STRING_EQUAL(t.b.error, "TLS: no shared cipher");
	end();
}

/* The client's ciphers choose. */
static void
several_keys(void)
{
	struct tls_facts	f;
	char			files[300];

	begin();
	snprintf(files, sizeof(files), "%s, %s", t.server.file, t.rsa.file);
	t.server_config.chain_files = files;
	t.server_config.protocols = "TLSv1.2";
	for (int i = 0; i < 2; i++) {
		t.client_config.ciphers = i == 0 ? "aECDSA:@SECLEVEL=0" :
		    "aRSA:@SECLEVEL=0";
		contexts();
		shake();
		facts(&t.a, &f);
		CU_ASSERT_STRING_EQUAL(f.subject,
		    i == 0 ? "mx.example" : "rsa.example");
		drop_both();
		tls_context_free(&t.client_context);
		tls_context_free(&t.server_context);
	}
	/* The same with the older parameters. */
	t.server_config.chain_files = "";
	t.server_config.pairs[0] = (struct tls_pair){ t.server.file, "" };
	t.server_config.pairs[1] = (struct tls_pair){ t.rsa.file,
	    t.rsa.file };
	contexts();
	shake();
	facts(&t.a, &f);
	CU_ASSERT_STRING_EQUAL(f.subject, "rsa.example");
	end();
}

/* What cannot be used, and what is said about it, behind the file's name. */
static void
fails(const char *file, const char *key_file, const char *reason)
{
	struct buf	why = BUF_INIT;
	char		wanted[300];

	t.server_config.chain_files = key_file == NULL ? file : NULL;
	t.server_config.pairs[0].cert_file = file;
	t.server_config.pairs[0].key_file = key_file;
	CU_ASSERT_PTR_NULL(tls_context_new(&t.server_config, &why));
	snprintf(wanted, sizeof(wanted), "%s: %s",
	    key_file == NULL ? file : key_file, reason);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&why), wanted);
	buf_clear(&why);
}

static void
bad_keys(void)
{
	char	path[] = "/tmp/tls_test.XXXXXX";
	FILE	*file = fdopen(mkstemp(path), "w");

	begin();
	fails("/nonexistent/key.pem", NULL, "No such file or directory");
	fails("/dev/null", NULL, "no private key is in it");
	fails(t.server.file, t.other.file, "private key mismatch");
	fails(t.server.file, "/nonexistent", "No such file or directory");
	PEM_write_X509(file, t.server.cert);
	fflush(file);
	fails(path, NULL, "a certificate without its key before it");
	fails(t.server.file, path, "no private key is in it");
	rewind(file);
	PEM_write_PrivateKey(file, t.server.key, NULL, NULL, 0, NULL, NULL);
	CU_ASSERT_EQUAL(ftruncate(fileno(file), ftell(file)), 0);
	fflush(file);
	fails(path, NULL, "a key without a certificate");
	PEM_write_X509(file, t.other.cert);
	fflush(file);
	fails(path, NULL, "private key mismatch");
	rewind(file);
	PEM_write_PrivateKey(file, t.server.key, EVP_aes_128_cbc(),
	    (const unsigned char *)"x", 1, NULL, NULL);
	CU_ASSERT_EQUAL(ftruncate(fileno(file), ftell(file)), 0);
	fflush(file);
	fails(path, NULL, "an encrypted key");
	rewind(file);
	fputs("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
	    file);
	CU_ASSERT_EQUAL(ftruncate(fileno(file), ftell(file)), 0);
	fflush(file);
	fails(path, NULL, "bad base64 decode");
	fclose(file);
	unlink(path);
	end();
}

/* ---- sessions ------------------------------------------------------------ */

/* The session of a connection, after some words on it. */
static struct tls_session *
session(void)
{
	struct tls_session	*got;

	say(&t.b, "250 ok");
	hears(&t.a, "250 ok");
	got = tls_session_take(io_tls(t.a.io));
	drop_both();
	return got;
}

/* Is this session taken by a server with these keys? */
static bool
resumes(struct tls_session *with, const struct tls_ticket_key *keys,
    size_t count, const char *scope)
{
	struct tls_facts	f, g;

	tls_context_free(&t.server_context);
	t.server_config.scope = scope;
	t.server_context = context(&t.server_config);
	tls_context_set_tickets(t.server_context, keys, count);
	t.wish.session = with;
	shake();
	facts(&t.a, &f);
	facts(&t.b, &g);
	CU_ASSERT_EQUAL(f.is_reused, g.is_reused);
	/* Who was trusted is. */
	CU_ASSERT_EQUAL(f.trust, TLS_TRUSTED);
	CU_ASSERT_STRING_EQUAL(f.subject, "mx.example");
	if (f.is_reused)
		CU_ASSERT_STRING_EQUAL(g.server.name, "");
	t.wish.session = NULL;
	return f.is_reused;
}

static void
resumes_with(const char *protocols)
{
	struct tls_ticket_key	 keys[3], turned[2];
	struct tls_session	*first, *second;

	for (int i = 0; i < 3; i++)
		tls_ticket_make(&keys[i]);
	begin();
	t.server_config.ticket_life_s = 3600;
	t.server_config.scope = "a";
	t.server_config.protocols = protocols;
	contexts();
	/* Without keys there are no tickets. */
	shake();
	first = session();
	CU_ASSERT_PTR_NULL(first);
	CU_ASSERT(!resumes(NULL, keys, 1, "a"));
	first = session();
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	/* RFC 8446 section 4.2.10: with it no early data may be sent. */
	CU_ASSERT_EQUAL(SSL_SESSION_get_max_early_data((SSL_SESSION *)first),
	    0);
	/* Another process, the same keys. */
	CU_ASSERT(resumes(first, keys, 1, "a"));
	drop_both();
	/* They were turned: the old one is taken, and a new ticket given. */
	turned[0] = keys[1];
	turned[1] = keys[0];
	CU_ASSERT(resumes(first, turned, 2, "a"));
	second = session();
	CU_ASSERT_PTR_NOT_NULL(second);
	CU_ASSERT(resumes(second, turned, 1, "a"));
	drop_both();
	/* Too old, unknown, or of another service. */
	CU_ASSERT(!resumes(first, turned, 1, "a"));
	drop_both();
	CU_ASSERT(!resumes(first, keys + 2, 1, "a"));
	drop_both();
	CU_ASSERT(!resumes(first, keys, 1, "b"));
	drop_both();
	/* Ciphers and authorities are others now. */
	t.server_config.ciphers = "HIGH:@SECLEVEL=0";
	CU_ASSERT(!resumes(first, keys, 1, "a"));
	drop_both();
	t.server_config.ciphers = ANY;
	CU_ASSERT(resumes(first, keys, 1, "a"));
	drop_both();
	t.server_config.ca_file = t.ca.file;
	CU_ASSERT(!resumes(first, keys, 1, "a"));
	tls_session_free(&first);
	tls_session_free(&second);
	end();
}

static void
sessions(void)
{
	resumes_with("TLSv1.3");
	resumes_with("TLSv1.2");
}

static void
no_sessions(void)
{
	struct tls_ticket_key	 key;
	struct tls_session	*got;

	tls_ticket_make(&key);
	begin();
	contexts();
	tls_context_set_tickets(t.server_context, &key, 1);
	shake();
	got = session();
	CU_ASSERT_PTR_NULL(got);
	tls_session_free(&got);
	end();
}

/* A wish that cannot be met, and a context that cannot be made. */
static void
bad_words(void)
{
	static const char	*names[] = { "a.example" };
	struct buf		 why = BUF_INIT;

	begin();
	contexts();
	t.wish.protocols = "TLSv9";
	CU_ASSERT_PTR_NULL(tls_new_client(t.client_context, &t.wish, &why));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&why),
	    "unknown TLS protocol \"TLSv9\"");
	t.wish.protocols = "TLSv1.3";
	t.wish.ciphers = "nonsense";
	CU_ASSERT_PTR_NULL(tls_new_client(t.client_context, &t.wish, &why));
	t.wish.ciphers = NULL;
	t.wish.verify = TLS_VERIFY_FINGERPRINT;
	t.wish.names = names;
	t.wish.name_count = 1;
	t.wish.digest = "sha1000";
	CU_ASSERT_PTR_NULL(tls_new_client(t.client_context, &t.wish, &why));
	t.wish.verify = TLS_VERIFY_NAMES;
	t.wish.name_count = 0;
	CU_ASSERT_PTR_NULL(tls_new_client(t.client_context, &t.wish, &why));
	t.server_config.options = "NO_TICKET, NONSENSE";
	CU_ASSERT_PTR_NULL(tls_context_new(&t.server_config, &why));
	buf_clear(&why);
	end();
}

void	tls_context_test(void);

void
tls_context_test(void)
{
	CU_pSuite	suite = CU_add_suite("tls_context", begin_suite,
			    end_suite);

	CU_add_test(suite, "sessions", sessions);
	CU_add_test(suite, "no sessions", no_sessions);
	CU_add_test(suite, "by name", by_name);
	CU_add_test(suite, "several keys", several_keys);
	CU_add_test(suite, "bad keys", bad_keys);
	CU_add_test(suite, "bad words", bad_words);
}
