#include "net/tls.h"

#include "net/tls_lib.h"
#include "tests/unit/tls_fixture.h"

/* ---- streams ------------------------------------------------------------- */

static void
talks(void)
{
	begin();
	contexts();
	join(false, SOCK_STREAM);
	start_server();
	start_client();
	/* Written early, it leaves when there is TLS. */
	say(&t.a, "EHLO early\r\n");
	until(&t.a, "se");
	hears(&t.b, "EHLO early\r\n");
	say(&t.b, "250-one\r\n");
	say(&t.b, "250 two\r\n");
	hears(&t.a, "250-one\r\n250 two\r\n");
	CU_ASSERT_STRING_EQUAL(t.b.events, "sid");
	CU_ASSERT_STRING_EQUAL(t.a.events, "sdi");
	io_shutdown(t.a.io);
	until(&t.b, "x");
	CU_ASSERT(!io_is_truncated(t.b.io));
	/* Half a connection still hears. */
	say(&t.b, "221 bye\r\n");
	hears(&t.a, "221 bye\r\n");
	end();
}

/* What has gathered is one write: packets show it. */
static void
leaves_in_one_write(void)
{
	char	packet[4096];

	begin();
	contexts();
	join(true, SOCK_SEQPACKET);
	start_server();
	start_client();
	for (int i = 0; i < 50 && !(has(&t.a, 's') && has(&t.b, 's')); i++) {
		ssize_t	n = read(t.raw_a, packet, sizeof(packet));

		if (n > 0)
			CU_ASSERT_EQUAL(write(t.raw_b, packet, (size_t)n), n);
		n = read(t.raw_b, packet, sizeof(packet));
		if (n > 0)
			CU_ASSERT_EQUAL(write(t.raw_a, packet, (size_t)n), n);
		ticks(1);
	}
	CU_ASSERT(has(&t.b, 's'));
	while (read(t.raw_b, packet, sizeof(packet)) > 0)
		ticks(1);
	for (int i = 0; i < 20; i++)
		say(&t.b, "250 2.1.5 Ok\r\n");
	ticks(3);
	CU_ASSERT(read(t.raw_b, packet, sizeof(packet)) > 20 * 14);
	CU_ASSERT(read(t.raw_b, packet, sizeof(packet)) < 0);
	end();
}

/* Anything, in both directions at once, through a relay of one byte. */
static void
byte_by_byte(void)
{
	char	byte;
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;

	begin();
	contexts();
	join(true, SOCK_STREAM);
	start_server();
	start_client();
	say(&t.a, "MAIL FROM:<>\r\n");
	say(&t.b, "220 hello\r\n");
	while ((t.a.got.len < 11 || t.b.got.len < 14) &&
	    clock_now_ms() < end_ms) {
		if (read(t.raw_a, &byte, 1) == 1)
			CU_ASSERT_EQUAL(write(t.raw_b, &byte, 1), 1);
		if (read(t.raw_b, &byte, 1) == 1)
			CU_ASSERT_EQUAL(write(t.raw_a, &byte, 1), 1);
		loop_tick(t.loop, 0);
	}
	hears(&t.a, "220 hello\r\n");
	hears(&t.b, "MAIL FROM:<>\r\n");
	end();
}

/* Megabytes: no record waits inside for a byte that never comes. */
static void
much(void)
{
	static unsigned char	all[3000000];
	int64_t			end_ms = clock_now_ms() + PATIENCE_MS;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)(i * 7 + i / 251);
	begin();
	contexts();
	shake();
	io_set_limit(t.b.io, 1000);
	io_write(t.a.io, all, sizeof(all));
	io_write(t.b.io, all, sizeof(all));
	while ((t.a.got.len < sizeof(all) || t.b.got.len < sizeof(all)) &&
	    clock_now_ms() < end_ms)
		loop_tick(t.loop, 10);
	CU_ASSERT(slice_equal(buf_slice(&t.a.got),
	    slice_from(all, sizeof(all))));
	CU_ASSERT(slice_equal(buf_slice(&t.b.got),
	    slice_from(all, sizeof(all))));
	CU_ASSERT_EQUAL(io_pending(t.a.io), 0);
	end();
}

/* Who does not consume is not filled; what waited inside is not forgotten. */
static void
has_a_limit(void)
{
	static const char	zeros[500000];
	int64_t			end_ms = clock_now_ms() + PATIENCE_MS;

	begin();
	contexts();
	shake();
	t.b.keeps = true;
	io_set_limit(t.b.io, 1000);
	io_write(t.a.io, zeros, sizeof(zeros));
	ticks(50);
	CU_ASSERT(io_in(t.b.io)->len >= 1000);
	CU_ASSERT(io_in(t.b.io)->len < 1000 + 16384);
	CU_ASSERT(io_pending(t.a.io) > 100000);
	io_pause(t.b.io);
	t.b.keeps = false;
	io_again(t.b.io);
	ticks(3);
	CU_ASSERT(t.b.got.len < 1000 + 16384);
	io_resume(t.b.io);
	while (t.b.got.len < sizeof(zeros) && clock_now_ms() < end_ms)
		loop_tick(t.loop, 10);
	CU_ASSERT_EQUAL(t.b.got.len, sizeof(zeros));
	end();
}

/* New keys without end, from one who does not read the answers. */
static void
asks_for_keys(void)
{
	struct buf	records = BUF_INIT;

	begin();
	contexts();
	shake();
	t.a.keeps = true;
	io_pause(t.a.io);
	for (int i = 0; i < 100000 && !has(&t.b, 'e'); i++) {
		struct tls	*tls = io_tls(t.a.io);

		tls->to = &records;
		SSL_key_update(tls->ssl, SSL_KEY_UPDATE_REQUESTED);
		SSL_do_handshake(tls->ssl);
		tls->to = NULL;
		if (write(io_fd(t.a.io), records.data + records.start,
		    records.len) == (ssize_t)records.len)
			buf_empty(&records);
		if (i % 100 == 0)
			loop_tick(t.loop, 0);
		CU_ASSERT_FATAL(io_pending(t.b.io) < 200000);
	}
	CU_ASSERT_STRING_EQUAL(t.b.error, "TLS: too many questions at a time");
	buf_clear(&records);
	end();
}

/* ---- what came before ---------------------------------------------------- */

/* RFC 3207 section 4.2, in both directions (CVE-2011-0411). */
static void
forgets_plaintext(void)
{
	begin();
	contexts();
	join(false, SOCK_STREAM);
	t.a.keeps = t.b.keeps = true;
	say(&t.a, "STARTTLS\r\nRCPT TO:<injected>\r\n");
	say(&t.b, "220 go\r\n250-INJECTED\r\n");
	ticks(3);
	CU_ASSERT(io_in(t.a.io)->len > 0 && io_in(t.b.io)->len > 0);
	t.a.keeps = t.b.keeps = false;
	start_server();
	start_client();
	CU_ASSERT_EQUAL(io_in(t.a.io)->len, 0);
	CU_ASSERT_EQUAL(io_in(t.b.io)->len, 0);
	until(&t.a, "se");
	until(&t.b, "se");
	say(&t.a, "EHLO");
	hears(&t.b, "EHLO");
	say(&t.b, "250");
	hears(&t.a, "250");
	end();
}

/* A reply that has not left yet leaves as it is, before the handshake. */
static void
last_reply_is_plain(void)
{
	char	text[64];
	ssize_t	n;

	begin();
	contexts();
	join(true, SOCK_STREAM);
	say(&t.b, "220 go\r\n");
	start_server();
	say(&t.b, "250 secret\r\n");
	ticks(3);
	n = read(t.raw_b, text, sizeof(text));
	CU_ASSERT_EQUAL(n, 8);
	CU_ASSERT(memcmp(text, "220 go\r\n", 8) == 0);
	CU_ASSERT_STRING_EQUAL(t.b.events, "");
	/* And what must be encrypted never leaves without. */
	io_shutdown(t.b.io);
	ticks(3);
	CU_ASSERT(read(t.raw_b, text, sizeof(text)) < 0);
	end();
}

/* What is no handshake ends in an error, and never in input. */
static void
refuses(const void *bytes, size_t len, bool is_closing)
{
	join(true, SOCK_STREAM);
	start_server();
	CU_ASSERT_EQUAL(write(t.raw_b, bytes, len), (ssize_t)len);
	if (is_closing)
		shutdown(t.raw_b, SHUT_WR);
	until(&t.b, "se");
	CU_ASSERT_STRING_EQUAL(t.b.events, "e");
	CU_ASSERT(strlen(t.b.error) > 5);
	CU_ASSERT_EQUAL(io_in(t.b.io)->len, 0);
	drop_both();
}

static void
garbage(void)
{
	static const char	sslv2[] = "\x80\x2e\x01\x00\x02\x00\x15\x00\x00"
				    "\x00\x10\x01\x00\x80";
	static const char	sslv3[] = "\x16\x03\x00\x00\x2f\x01\x00\x00\x2b"
				    "\x03\x00";
	unsigned char		random_bytes[600];

	begin();
	contexts();
	refuses("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", 32, false);
	refuses("\x17\x03\x03\x00\x05hello", 10, false);
	refuses("\x15\x03\x03\x00\x02\x02\x28", 7, false);
	refuses("\x16\x03\x03\xff\xff", 5, false);
	refuses(sslv2, sizeof(sslv2) - 1, true);
	refuses(sslv3, sizeof(sslv3) - 1, true);
	refuses("", 0, true);
	srandom(11);
	for (int i = 0; i < 200; i++) {
		size_t	n = (size_t)random() % sizeof(random_bytes);

		for (size_t j = 0; j < n; j++)
			random_bytes[j] = (unsigned char)random();
		if (n > 5 && i % 2 == 0)
			memcpy(random_bytes, "\x16\x03\x01", 3);
		refuses(random_bytes, n, true);
	}
	end();
}

/* A hello that ends after any of its bytes. */
static void
truncated_hello(void)
{
	unsigned char	hello[2048];
	ssize_t		n;

	begin();
	contexts();
	join(true, SOCK_STREAM);
	start_client();
	ticks(3);
	n = read(t.raw_a, hello, sizeof(hello));
	CU_ASSERT_FATAL(n > 100);
	drop_both();
	for (size_t i = 0; i < (size_t)n; i++)
		refuses(hello, i, true);
	end();
}

static void
wrong_version(void)
{
	begin();
	t.server_config.protocols = ">=TLSv1.2";
	t.client_config.protocols = "<=TLSv1.1";
	contexts();
	join(false, SOCK_STREAM);
	start_server();
	start_client();
	until(&t.b, "se");
	until(&t.a, "se");
	CU_ASSERT_STRING_EQUAL(t.b.error, "TLS: unsupported protocol");
	CU_ASSERT_STRING_EQUAL(t.a.error,
	    "TLS: tlsv1 alert protocol version");
	end();
}

static void
times_out(void)
{
	begin();
	contexts();
	join(true, SOCK_STREAM);
	io_start_tls(t.b.io, tls_new_server(t.server_context), 20);
	/* Bytes that drip in buy no time. */
	for (int i = 0; i < 5 && !has(&t.b, 't'); i++) {
		CU_ASSERT_EQUAL(write(t.raw_b, &"\x16\x03\x01\x02\x00"[i], 1),
		    1);
		loop_tick(t.loop, 5);
	}
	until(&t.b, "t");
	CU_ASSERT_STRING_EQUAL(t.b.events, "t");
	end();
}

/* Up to TLS 1.2 a client may ask for another handshake: it has a no. */
static void
refuses_renegotiation(void)
{
	struct buf	nothing = BUF_INIT, records = BUF_INIT;
	struct tls	*client;

	begin();
	t.server_config.protocols = "TLSv1.2";
	contexts();
	shake();
	client = io_tls(t.a.io);
	SSL_clear_options(client->ssl, SSL_OP_NO_RENEGOTIATION);
	CU_ASSERT_EQUAL(SSL_renegotiate(client->ssl), 1);
	CU_ASSERT_EQUAL(tls_handshake(client, &nothing, &records), TLS_MORE);
	CU_ASSERT(records.len > 50);
	CU_ASSERT_EQUAL(write(io_fd(t.a.io), records.data + records.start,
	    records.len), (ssize_t)records.len);
	until(&t.a, "e");
	CU_ASSERT_STRING_EQUAL(t.a.error, "TLS: no renegotiation");
	CU_ASSERT_PTR_NULL(strchr(strchr(t.b.events, 's') + 1, 's'));
	CU_ASSERT_EQUAL(t.b.got.len, 0);
	buf_clear(&records);
	buf_clear(&nothing);
	end();
}

/* ---- ends ---------------------------------------------------------------- */

/* CVE-2026-45185: behind close_notify there is nothing, plain least of all. */
static void
close_notify_ends(void)
{
	begin();
	contexts();
	shake();
	say(&t.a, "BDAT 1000 LAST\r\nxxx");
	io_shutdown(t.a.io);
	/* io has half-closed; the descriptor is another one of the socket. */
	until(&t.b, "x");
	hears(&t.b, "BDAT 1000 LAST\r\nxxx");
	CU_ASSERT(!io_is_truncated(t.b.io));
	end();

	begin();
	contexts();
	shake();
	{
		struct buf	records = BUF_INIT, out = BUF_INIT;

		buf_put_str(&out, "BDAT 9\r\nabc");
		tls_write(io_tls(t.a.io), &out, &records);
		tls_close(io_tls(t.a.io), &records);
		buf_put_str(&records, "QUIT\r\nplain");
		CU_ASSERT_EQUAL(write(io_fd(t.a.io), records.data,
		    records.len), (ssize_t)records.len);
		until(&t.b, "xe");
		CU_ASSERT_EQUAL(write(io_fd(t.a.io), "QUIT\r\n", 6), 6);
		ticks(5);
		hears(&t.b, "BDAT 9\r\nabc");
		CU_ASSERT_EQUAL(io_in(t.b.io)->len, 0);
		CU_ASSERT_STRING_EQUAL(t.b.events, "six");
		buf_clear(&records);
		buf_clear(&out);
	}
	end();
}

static void
truncation_is_told(void)
{
	begin();
	contexts();
	shake();
	say(&t.a, "BDAT 1000 LAST\r\nxxx");
	ticks(3);
	shutdown(io_fd(t.a.io), SHUT_WR);
	until(&t.b, "xe");
	CU_ASSERT_STRING_EQUAL(t.b.events, "six");
	CU_ASSERT(io_is_truncated(t.b.io));
	end();
}

/* Who frees a stream has said so. */
static void
free_says_close_notify(void)
{
	begin();
	contexts();
	shake();
	io_free(&t.a.io);
	until(&t.b, "xe");
	CU_ASSERT_STRING_EQUAL(t.b.events, "sx");
	CU_ASSERT(!io_is_truncated(t.b.io));
	end();
}

/* A record that was changed on its way. */
static void
tampered(void)
{
	begin();
	contexts();
	shake();
	{
		struct buf	records = BUF_INIT, out = BUF_INIT;

		buf_put_str(&out, "RCPT TO:<a@b>\r\n");
		tls_write(io_tls(t.a.io), &out, &records);
		records.data[records.start + 8] ^= 1;
		CU_ASSERT_EQUAL(write(io_fd(t.a.io), records.data +
		    records.start, records.len), (ssize_t)records.len);
		buf_clear(&records);
		buf_clear(&out);
	}
	until(&t.b, "ei");
	CU_ASSERT_STRING_EQUAL(t.b.events, "se");
	CU_ASSERT_STRING_EQUAL(t.b.error,
	    "TLS: decryption failed or bad record mac");
	until(&t.a, "e");
	end();

	/* Plaintext among the records. */
	begin();
	contexts();
	shake();
	CU_ASSERT_EQUAL(write(io_fd(t.a.io), "QUIT\r\n", 6), 6);
	until(&t.b, "ei");
	CU_ASSERT_STRING_EQUAL(t.b.events, "se");
	end();
}

/* ---- channel binding ----------------------------------------------------- */

static int
binding(const char *type, struct buf *data)
{
	struct buf	other = BUF_INIT;
	int		result;

	buf_empty(data);
	result = tls_binding(io_tls(t.a.io), type, data);
	CU_ASSERT_EQUAL(tls_binding(io_tls(t.b.io), type, &other), result);
	CU_ASSERT(slice_equal(buf_slice(data), buf_slice(&other)));
	buf_clear(&other);
	return result;
}

/* Who has said the first Finished of a handshake in TLS 1.2. */
static bool
is_finished_of(const struct side *side, const struct buf *data)
{
	unsigned char	text[64];
	size_t		len = SSL_get_finished(io_tls(side->io)->ssl, text,
			    sizeof(text));

	return slice_equal(buf_slice(data), slice_from(text, len));
}

static void
binds_a_resumed_session(struct buf *data)
{
	struct tls_ticket_key	 key;
	struct tls_session	*session;

	tls_ticket_make(&key);
	begin();
	t.server_config.protocols = "TLSv1.2";
	t.server_config.ticket_life_s = 60;
	contexts();
	tls_context_set_tickets(t.server_context, &key, 1);
	shake();
	session = tls_session_take(io_tls(t.a.io));
	CU_ASSERT_PTR_NOT_NULL_FATAL(session);
	drop_both();
	t.wish.session = session;
	shake();
	CU_ASSERT_EQUAL(SSL_session_reused(io_tls(t.a.io)->ssl), 1);
	CU_ASSERT_EQUAL(binding("tls-unique", data), 0);
	CU_ASSERT(is_finished_of(&t.b, data));
	t.wish.session = NULL;
	tls_session_free(&session);
	end();
}

static void
binds(void)
{
	struct buf	data = BUF_INIT;

	begin();
	contexts();
	shake();
	CU_ASSERT_EQUAL(binding("tls-exporter", &data), 0);
	CU_ASSERT_EQUAL(data.len, 32);
	CU_ASSERT_EQUAL(binding("tls-unique", &data), -1);
	CU_ASSERT_EQUAL(binding("other", &data), -1);
	end();
	begin();
	t.server_config.protocols = "TLSv1.2";
	contexts();
	shake();
	CU_ASSERT_EQUAL(binding("tls-unique", &data), 0);
	CU_ASSERT_EQUAL(data.len, 12);
	CU_ASSERT(is_finished_of(&t.a, &data));
	CU_ASSERT_EQUAL(binding("tls-exporter", &data), 0);
	end();
	binds_a_resumed_session(&data);
	buf_clear(&data);
}

void	tls_test(void);

void
tls_test(void)
{
	CU_pSuite	suite = CU_add_suite("tls", begin_suite, end_suite);

	CU_add_test(suite, "talks", talks);
	CU_add_test(suite, "leaves in one write", leaves_in_one_write);
	CU_add_test(suite, "byte by byte", byte_by_byte);
	CU_add_test(suite, "much", much);
	CU_add_test(suite, "has a limit", has_a_limit);
	CU_add_test(suite, "asks for keys", asks_for_keys);
	CU_add_test(suite, "forgets plaintext", forgets_plaintext);
	CU_add_test(suite, "last reply is plain", last_reply_is_plain);
	CU_add_test(suite, "garbage", garbage);
	CU_add_test(suite, "truncated hello", truncated_hello);
	CU_add_test(suite, "wrong version", wrong_version);
	CU_add_test(suite, "times out", times_out);
	CU_add_test(suite, "refuses renegotiation", refuses_renegotiation);
	CU_add_test(suite, "close_notify ends", close_notify_ends);
	CU_add_test(suite, "truncation is told", truncation_is_told);
	CU_add_test(suite, "free says close_notify", free_says_close_notify);
	CU_add_test(suite, "tampered", tampered);
	CU_add_test(suite, "binds", binds);
}
