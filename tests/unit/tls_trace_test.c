#include "net/tls_trace.h"

#include <fcntl.h>

#include "net/tls_lib.h"
#include "tests/unit/tls_fixture.h"
#include "util/log.h"
#include "util/mem.h"

static int		fd = -1;
static struct buf	seen = BUF_INIT;

static int
set_up(void)
{
	char	path[] = "/tmp/tern-trace-XXXXXX";

	if ((fd = mkostemp(path, O_APPEND)) < 0)
		return -1;
	unlink(path);
	log_open_fd("tern/unit", fd);
	return begin_suite();
}

static int
tear_down(void)
{
	log_open_fd("unit", STDERR_FILENO);
	buf_clear(&seen);
	return close(fd) < 0 ? -1 : end_suite();
}

/* What has been written since the last call. */
static const char *
written(void)
{
	ssize_t	n;

	log_flush();
	buf_empty(&seen);
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf_reserve(&seen, 65536), 65536)) > 0)
		buf_commit(&seen, (size_t)n);
	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	return buf_cstr(&seen);
}

static size_t
count(const char *text, const char *what)
{
	size_t	n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* Rows of bytes: "0010 16 03 ...". */
static size_t
rows(const char *text)
{
	return count(text, "peer: 00") + count(text, "peer: 01");
}

/* A handshake with a trace of each side; the log of it. */
static const char *
shake_traced(int64_t level)
{
	struct buf	 why = BUF_INIT;
	struct tls	*server, *client;

	join(false, SOCK_STREAM);
	server = tls_new_server(t.server_context);
	client = tls_new_client(t.client_context, &t.wish, &why);
	buf_clear(&why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(client);
	tls_trace_start(server, level, "peer", "sha256");
	tls_trace_start(client, level, "peer", "sha256");
	io_start_tls(t.b.io, server, 0);
	io_start_tls(t.a.io, client, 0);
	until(&t.a, "s");
	until(&t.b, "s");
	ticks(3);
	return written();
}

static void
start(void)
{
	begin();
	contexts();
	written();
}

static void
levels(void)
{
	const char	*text;

	start();
	CU_ASSERT_STRING_EQUAL(shake_traced(0), "");
	drop_both();
	CU_ASSERT_STRING_EQUAL(shake_traced(1), "");
	drop_both();
	text = shake_traced(2);
	CU_ASSERT_EQUAL(count(text, ": setting up TLS connection from peer\n"),
	    1);
	CU_ASSERT_EQUAL(count(text, ": setting up TLS connection to peer\n"),
	    1);
	CU_ASSERT(count(text, ": peer: SSL_accept:") > 5);
	CU_ASSERT(count(text, ": peer: SSL_connect:") > 5);
	CU_ASSERT_EQUAL(count(text, "peer: depth=0 verify=1 "
	    "subject=/CN=mx.example\n"), 1);
	CU_ASSERT_EQUAL(count(text, "peer: depth=1 verify=1 "
	    "subject=/CN=Test CA\n"), 1);
	CU_ASSERT_EQUAL(count(text, "peer: subject_CN=mx.example, "
	    "issuer_CN=Test CA, fingerprint="), 1);
	CU_ASSERT_EQUAL(rows(text), 0);
	drop_both();
	end();
}

/* Who tells a secret has it in no line, for those are of the wire. */
static void
bytes(void)
{
	static const char	secret[] = "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n";
	const char		*text;

	start();
	text = shake_traced(3);
	CU_ASSERT(rows(text) > 40);
	CU_ASSERT(count(text, "peer: 0000 16 03 0") > 2);
	CU_ASSERT(count(text, " bytes\n") > 4);
	say(&t.a, secret);
	hears(&t.b, secret);
	CU_ASSERT_STRING_EQUAL(written(), "");
	drop_both();
	CU_ASSERT(rows(shake_traced(4)) > 40);
	say(&t.a, secret);
	hears(&t.b, secret);
	text = written();
	CU_ASSERT(count(text, "peer: 0000 17 03 03") >= 2);
	CU_ASSERT_PTR_NULL(strstr(text, "AUTH"));
	CU_ASSERT_PTR_NULL(strstr(text, "41 55 54 48"));
	end();
}

/* Whatever is sent, a connection has not more than so many lines. */
static void
bounds(void)
{
	char		*text = mem_new(10001);
	const char	*log;

	memset(text, 'x', 10000);
	start();
	shake_traced(4);
	for (int i = 0; i < 60; i++) {
		say(&t.a, text);
		ticks(3);
	}
	until(&t.b, "i");
	log = written();
	CU_ASSERT_EQUAL(count(log, "no more of its bytes are shown"), 2);
	CU_ASSERT(count(log, "\n") > 16000);
	CU_ASSERT(count(log, "\n") < 2 * 17000 + 2000);
	mem_free(text);
	drop_both();
	/* RFC 8446 section 4.6.3 lets a peer change keys at any time. */
	shake_traced(2);
	for (int i = 0; i < 500; i++) {
		CU_ASSERT_EQUAL(SSL_key_update(io_tls(t.a.io)->ssl,
		    SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		say(&t.a, "x");
		ticks(2);
	}
	CU_ASSERT(t.b.got.len > 400);
	log = written();
	CU_ASSERT_EQUAL(count(log, "but no more is shown"), 2);
	CU_ASSERT(count(log, "\n") < 450);
	end();
}

/* Why one is not trusted, and alerts of who does not speak with us. */
static void
failures(void)
{
	const char	*text;

	begin();
	t.server_config.chain_files = t.rsa.file;
	contexts();
	written();
	text = shake_traced(2);
	CU_ASSERT_EQUAL(count(text, "peer: depth=0 verify=0 "
	    "subject=/CN=rsa.example error=self-signed certificate\n"), 1);
	end();
	begin();
	t.server_config.protocols = ">=TLSv1.3";
	t.client_config.protocols = "<=TLSv1.2";
	contexts();
	join(false, SOCK_STREAM);
	start_client();
	io_start_tls(t.b.io, tls_new_server(t.server_context), 0);
	tls_trace_start(io_tls(t.b.io), 2, "peer", "sha256");
	until(&t.b, "e");
	text = written();
	CU_ASSERT_EQUAL(count(text,
	    "peer: TLS alert write:fatal:protocol version\n"), 1);
	CU_ASSERT_EQUAL(count(text, "peer: SSL_accept:failed in "), 1);
	end();
}

void	tls_trace_test(void);

void
tls_trace_test(void)
{
	CU_pSuite	suite = CU_add_suite("tls_trace", set_up, tear_down);

	CU_add_test(suite, "levels", levels);
	CU_add_test(suite, "bytes", bytes);
	CU_add_test(suite, "bounds", bounds);
	CU_add_test(suite, "failures", failures);
}
