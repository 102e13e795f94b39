/*
 * TLS in the log.
 */

#include "net/tls_trace.h"

#include <openssl/x509.h>
#include <stdarg.h>
#include <string.h>

#include "net/tls_facts.h"
#include "net/tls_lib.h"
#include "util/ascii.h"
#include "util/log.h"
#include "util/mem.h"

enum { LEVEL_STEPS = 2, LEVEL_HANDSHAKE = 3, LEVEL_ALL = 4 };

#define STEP_LIMIT	200		/* lines of a connection */
#define HANDSHAKE_LIMIT	(64 << 10)	/* bytes of it that are shown */
#define ALL_LIMIT	(256 << 10)
#define ROW		16		/* bytes of a line */

struct tls_trace {
	int64_t	 level;
	char	*peer;
	char	*digest;
	size_t	 steps;
	size_t	 bytes;
};

static void
say(const struct tls_trace *trace, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(const struct tls_trace *trace, const char *format, ...)
{
	struct buf	line = BUF_INIT;
	va_list		args;

	va_start(args, format);
	buf_vprintf(&line, format, args);
	va_end(args);
	log_info("%s: %s", trace->peer, buf_cstr(&line));
	buf_clear(&line);
}

/* Whether there is another line for it. */
static bool
has_step(struct tls_trace *trace)
{
	if (trace == NULL || trace->steps > STEP_LIMIT)
		return false;
	if (trace->steps++ < STEP_LIMIT)
		return true;
	say(trace, "TLS goes on, but no more is shown");
	return false;
}

/* ---- steps --------------------------------------------------------------- */

static void
say_alert(const struct tls_trace *trace, bool is_read, int alert)
{
	say(trace, "TLS alert %s:%s:%s", is_read ? "read" : "write",
	    SSL_alert_type_string_long(alert),
	    SSL_alert_desc_string_long(alert));
}

static void
on_step(const SSL *ssl, int where, int value)
{
	struct tls		*tls = SSL_get_app_data(ssl);
	struct tls_trace	*trace = tls->trace;
	const char		*what = tls->is_server ? "SSL_accept" :
				    "SSL_connect";

	if (where & SSL_CB_ALERT) {
		if ((value & 0xff) != SSL_AD_CLOSE_NOTIFY && has_step(trace))
			say_alert(trace, (where & SSL_CB_READ) != 0, value);
	} else if ((where & SSL_CB_LOOP) && has_step(trace)) {
		say(trace, "%s:%s", what, SSL_state_string_long(ssl));
	} else if ((where & SSL_CB_EXIT) && value <= 0 &&
	    SSL_want(ssl) == SSL_NOTHING && has_step(trace)) {
		say(trace, "%s:failed in %s", what,
		    SSL_state_string_long(ssl));
	}
}

void
tls_trace_start(struct tls *tls, int64_t level, const char *peer,
    const char *digest)
{
	struct tls_trace	*trace;

	if (level < LEVEL_STEPS)
		return;
	trace = tls->trace = mem_new(sizeof(*trace));
	trace->level = level;
	trace->peer = mem_strdup(peer);
	trace->digest = mem_strdup(digest);
	SSL_set_info_callback(tls->ssl, on_step);
	log_info("setting up TLS connection %s %s",
	    tls->is_server ? "from" : "to", peer);
}

void
tls_trace_free(struct tls_trace **tracep)
{
	struct tls_trace	*trace = *tracep;

	if (trace == NULL)
		return;
	*tracep = NULL;
	mem_free(trace->peer);
	mem_free(trace->digest);
	mem_free(trace);
}

/* ---- certificates -------------------------------------------------------- */

void
tls_trace_certificate(const struct tls *tls, X509_STORE_CTX *store, int ok)
{
	X509	*cert = X509_STORE_CTX_get_current_cert(store);
	char	 name[TLS_FACTS_NAME] = "";

	if (cert == NULL || !has_step(tls->trace))
		return;
	X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof(name));
	say(tls->trace, "depth=%d verify=%d subject=%s%s%s",
	    X509_STORE_CTX_get_error_depth(store), ok, name,
	    ok ? "" : " error=", ok ? "" : X509_verify_cert_error_string(
	    X509_STORE_CTX_get_error(store)));
}

static void
put_print(struct tls *tls, enum tls_print what, struct buf *text)
{
	size_t	before = text->len;

	if (tls_facts_put_print(tls, what, tls->trace->digest, text) < 0)
		buf_truncate(text, before);
}

void
tls_trace_end(struct tls *tls)
{
	struct buf		text = BUF_INIT;
	struct tls_facts	facts;

	if (SSL_get0_peer_certificate(tls->ssl) == NULL ||
	    !has_step(tls->trace))
		return;
	tls_facts_get(tls, &facts);
	buf_printf(&text, "subject_CN=%s, issuer_CN=%s, fingerprint=",
	    facts.subject, facts.issuer);
	put_print(tls, TLS_PRINT_CERTIFICATE, &text);
	buf_put_str(&text, ", pkey_fingerprint=");
	put_print(tls, TLS_PRINT_KEY, &text);
	say(tls->trace, "%s", buf_cstr(&text));
	buf_clear(&text);
}

/* ---- bytes --------------------------------------------------------------- */

static void
say_row(const struct tls_trace *trace, size_t at, struct slice bytes)
{
	struct buf	row = BUF_INIT;

	for (size_t i = 0; i < ROW; i++) {
		if (i < bytes.len)
			buf_printf(&row, " %02x", bytes.data[i]);
		else
			buf_put_str(&row, "   ");
	}
	buf_put_str(&row, "  ");
	for (size_t i = 0; i < bytes.len; i++)
		buf_put_u8(&row, ascii_is_print(bytes.data[i]) ?
		    bytes.data[i] : '.');
	say(trace, "%04zx%s", at, buf_cstr(&row));
	buf_clear(&row);
}

void
tls_trace_wire(const struct tls *tls, bool is_read, struct slice bytes)
{
	struct tls_trace	*trace = tls->trace;
	size_t			 limit, at = 0;

	if (trace == NULL || trace->level < LEVEL_HANDSHAKE ||
	    (trace->level < LEVEL_ALL && SSL_is_init_finished(tls->ssl)))
		return;
	limit = trace->level < LEVEL_ALL ? HANDSHAKE_LIMIT : ALL_LIMIT;
	if (trace->bytes >= limit)
		return;
	say(trace, "%s %zu bytes", is_read ? "read" : "write", bytes.len);
	trace->bytes += bytes.len;
	for (; bytes.len > 0; at += ROW, bytes = slice_after(bytes, ROW))
		say_row(trace, at, slice_first(bytes, ROW));
	if (trace->bytes >= limit)
		say(trace, "no more of its bytes are shown");
}
