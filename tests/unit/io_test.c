/*
 * Streams over socket pairs, and connections to sockets of our own.  The
 * other end is a plain descriptor.
 */

#include "net/io.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "util/clock.h"

#define PATIENCE_MS	20000

static struct {
	struct loop	*loop;
	struct io	*io;
	int		 other;
	char		 events[64];	/* a letter for each: see letters */
	size_t		 count;
	struct buf	 got;
	bool		 takes;		/* input is dropped, into got */
	int		 frees_at;	/* the event it frees io at; -1 */
	char		 error[64];
} t;

static const char	letters[] = {
	[IO_CONNECTED] = 'c', [IO_SECURED] = 's', [IO_INPUT] = 'i',
	[IO_DRAINED] = 'd', [IO_CLOSED] = 'x', [IO_TIMEOUT] = 't',
	[IO_ERROR] = 'e',
};

static void
on_io(struct io *io, enum io_event event, void *arg)
{
	CU_ASSERT_PTR_EQUAL(arg, &t);
	CU_ASSERT(t.io == NULL || io == t.io);
	if (t.count + 1 < sizeof(t.events))
		t.events[t.count++] = letters[event];
	if (event == IO_INPUT && t.takes) {
		buf_put_slice(&t.got, buf_slice(io_in(io)));
		buf_drop(io_in(io), io_in(io)->len);
	}
	if (event == IO_ERROR)
		snprintf(t.error, sizeof(t.error), "%s", io_error(io));
	if ((int)event == t.frees_at)
		io_free(&t.io);
}

static void
begin(void)
{
	memset(&t, 0, sizeof(t));
	t.loop = loop_new();
	t.frees_at = -1;
	t.takes = true;
	t.other = -1;
}

static void
begin_pair(int type)
{
	int	ends[2];

	begin();
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0,
	    ends), 0);
	t.other = ends[1];
	t.io = io_new(t.loop, ends[0], on_io, &t);
	CU_ASSERT_EQUAL(io_fd(t.io), ends[0]);
}

static void
end(void)
{
	io_free(&t.io);
	CU_ASSERT_PTR_NULL(t.io);
	io_free(&t.io);
	loop_tick(t.loop, 0);
	loop_free(&t.loop);
	if (t.other >= 0)
		close(t.other);
	buf_clear(&t.got);
}

static void
ticks(int count)
{
	while (count-- > 0)
		loop_tick(t.loop, 2);
}

/* Tick until that event has come. */
static void
until(enum io_event event)
{
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;

	while (strchr(t.events, letters[event]) == NULL &&
	    clock_now_ms() < end_ms)
		loop_tick(t.loop, 100);
	CU_ASSERT_PTR_NOT_NULL(strchr(t.events, letters[event]));
}

static void
say(const char *text)
{
	CU_ASSERT_EQUAL(write(t.other, text, strlen(text)),
	    (ssize_t)strlen(text));
}

/* What the other end can read now. */
static const char *
heard(void)
{
	static char	text[512];
	ssize_t		n = read(t.other, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? "(nothing)" : n == 0 ? "(end)" : text;
}

static void
input_whole_and_in_bytes(void)
{
	const char	*text = "one\0two\r\n";

	begin_pair(SOCK_STREAM);
	CU_ASSERT_EQUAL(write(t.other, text, 9), 9);
	ticks(2);
	CU_ASSERT_STRING_EQUAL(t.events, "i");
	for (int i = 0; i < 9; i++) {
		CU_ASSERT_EQUAL(write(t.other, text + i, 1), 1);
		ticks(1);
	}
	CU_ASSERT_STRING_EQUAL(t.events, "iiiiiiiiii");
	CU_ASSERT(slice_equal(buf_slice(&t.got),
	    SLICE_LIT("one\0two\r\none\0two\r\n")));
	/* What is not dropped stays, in front of what comes. */
	t.takes = false;
	say("a");
	ticks(1);
	say("b");
	ticks(1);
	CU_ASSERT(slice_is(buf_slice(io_in(t.io)), "ab"));
	end();
}

/* Packets show what one write is: each tick writes once, at its end. */
static void
output_leaves_once(void)
{
	begin_pair(SOCK_SEQPACKET);
	io_write(t.io, "250 ", 4);
	io_write_slice(t.io, SLICE_LIT("ok"));
	buf_put_str(io_out(t.io), "\r\n");
	io_flush_later(t.io);
	CU_ASSERT_EQUAL(io_pending(t.io), 8);
	CU_ASSERT_STRING_EQUAL(heard(), "(nothing)");
	ticks(1);
	CU_ASSERT_EQUAL(io_pending(t.io), 0);
	CU_ASSERT_STRING_EQUAL(heard(), "250 ok\r\n");
	CU_ASSERT_STRING_EQUAL(heard(), "(nothing)");
	CU_ASSERT_STRING_EQUAL(t.events, "d");
	io_write(t.io, "now", 3);
	io_flush(t.io);
	CU_ASSERT_STRING_EQUAL(heard(), "now");
	ticks(2);
	CU_ASSERT_STRING_EQUAL(t.events, "dd");
	end();
}

/* More than the kernel takes, read in pieces of any size. */
static void
much_output(void)
{
	static unsigned char	all[3000000], piece[70001];
	size_t			done = 0;
	ssize_t			n;
	int64_t			end_ms = clock_now_ms() + PATIENCE_MS;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)(i * 7 + i / 251);
	begin_pair(SOCK_STREAM);
	io_write(t.io, all, sizeof(all));
	ticks(3);
	CU_ASSERT(io_pending(t.io) > 0);
	CU_ASSERT_STRING_EQUAL(t.events, "");
	srandom(3);
	while (done < sizeof(all) && clock_now_ms() < end_ms) {
		n = read(t.other, piece, 1 + (size_t)random() % sizeof(piece));
		if (n > 0 && memcmp(piece, all + done, (size_t)n) != 0)
			CU_FAIL_FATAL("other bytes");
		done += n > 0 ? (size_t)n : 0;
		loop_tick(t.loop, 0);
	}
	CU_ASSERT_EQUAL(done, sizeof(all));
	CU_ASSERT_STRING_EQUAL(t.events, "d");
	CU_ASSERT_EQUAL(io_pending(t.io), 0);
	end();
}

/* The other end writes until the kernel takes no more: how much it took. */
static size_t
flood(void)
{
	static const char	zeros[4096];
	size_t			total = 0;
	ssize_t			n;
	int			idle = 0;

	while (idle < 20 && total < 100u << 20) {
		n = write(t.other, zeros, sizeof(zeros));
		idle = n > 0 ? 0 : idle + 1;
		total += n > 0 ? (size_t)n : 0;
		loop_tick(t.loop, 0);
	}
	return total;
}

static void
reading_has_a_limit(void)
{
	size_t	sent;

	begin_pair(SOCK_STREAM);
	t.takes = false;
	io_set_limit(t.io, 1000);
	sent = flood();
	CU_ASSERT(sent < 100u << 20);
	CU_ASSERT(io_in(t.io)->len >= 1000);
	CU_ASSERT(io_in(t.io)->len < 1000 + 65536);
	CU_ASSERT(io_in(t.io)->len < sent);
	/* Taken, it goes on. */
	t.takes = true;
	io_again(t.io);
	for (int i = 0; i < 1000 && t.got.len < sent; i++)
		ticks(1);
	CU_ASSERT_EQUAL(t.got.len, sent);
	end();
}

static void
pauses(void)
{
	begin_pair(SOCK_STREAM);
	io_pause(t.io);
	say("abc");
	ticks(3);
	CU_ASSERT_STRING_EQUAL(t.events, "");
	CU_ASSERT_EQUAL(io_in(t.io)->len, 0);
	/* Output does not wait for it. */
	io_write(t.io, "out", 3);
	ticks(1);
	CU_ASSERT_STRING_EQUAL(heard(), "out");
	io_resume(t.io);
	until(IO_INPUT);
	CU_ASSERT_STRING_EQUAL(t.events, "di");
	CU_ASSERT(slice_is(buf_slice(&t.got), "abc"));
	io_resume(t.io);
	end();
}

static void
again(void)
{
	begin_pair(SOCK_STREAM);
	t.takes = false;
	say("abc");
	ticks(2);
	CU_ASSERT_STRING_EQUAL(t.events, "i");
	t.takes = true;
	io_again(t.io);
	CU_ASSERT_STRING_EQUAL(t.events, "i");
	ticks(1);
	CU_ASSERT_STRING_EQUAL(t.events, "ii");
	CU_ASSERT(slice_is(buf_slice(&t.got), "abc"));
	/* Of nothing there is nothing to tell. */
	io_again(t.io);
	ticks(1);
	CU_ASSERT_STRING_EQUAL(t.events, "ii");
	end();
}

static void
closed_by_the_peer(void)
{
	begin_pair(SOCK_STREAM);
	say("bye");
	CU_ASSERT_EQUAL(shutdown(t.other, SHUT_WR), 0);
	until(IO_CLOSED);
	CU_ASSERT_STRING_EQUAL(t.events, "ix");
	CU_ASSERT(slice_is(buf_slice(&t.got), "bye"));
	/* What is left to say can be said. */
	io_write(t.io, "221 bye", 7);
	ticks(2);
	CU_ASSERT_STRING_EQUAL(heard(), "221 bye");
	CU_ASSERT_STRING_EQUAL(t.events, "ixd");
	end();
}

static void
shuts_down(void)
{
	begin_pair(SOCK_STREAM);
	io_write(t.io, "last", 4);
	io_shutdown(t.io);
	until(IO_DRAINED);
	CU_ASSERT_STRING_EQUAL(heard(), "last");
	CU_ASSERT_STRING_EQUAL(heard(), "(end)");
	/* Half a connection still hears. */
	say("answer");
	until(IO_INPUT);
	CU_ASSERT(slice_is(buf_slice(&t.got), "answer"));
	end();

	/* With nothing to send, it is told all the same. */
	begin_pair(SOCK_STREAM);
	io_shutdown(t.io);
	until(IO_DRAINED);
	CU_ASSERT_STRING_EQUAL(heard(), "(end)");
	end();
}

/* The peer says why and hangs up while we write: we hear it first. */
static void
hears_the_last_word(void)
{
	begin_pair(SOCK_STREAM);
	say("552 too big\r\n");
	close(t.other);
	t.other = -1;
	io_write(t.io, "much", 4);
	io_flush(t.io);
	until(IO_ERROR);
	CU_ASSERT_EQUAL(t.events[0], 'i');
	CU_ASSERT_EQUAL(t.events[t.count - 1], 'e');
	CU_ASSERT(slice_is(buf_slice(&t.got), "552 too big\r\n"));
	CU_ASSERT_STRING_EQUAL(t.error, strerror(EPIPE));
	/* Nothing more comes, whatever is tried. */
	io_write(t.io, "more", 4);
	io_again(t.io);
	io_flush(t.io);
	ticks(3);
	CU_ASSERT_EQUAL(t.events[t.count - 1], 'e');
	CU_ASSERT_PTR_EQUAL(strchr(t.events, 'e'), t.events + t.count - 1);
	end();
}

/* A peer that throws away what we said resets the connection. */
static void
reset(void)
{
	begin_pair(SOCK_STREAM);
	io_write(t.io, "unread", 6);
	ticks(1);
	close(t.other);
	t.other = -1;
	until(IO_ERROR);
	CU_ASSERT_STRING_EQUAL(t.error, strerror(ECONNRESET));
	end();
}

static void
times_out(void)
{
	int64_t	start_ms = clock_now_ms();

	begin_pair(SOCK_STREAM);
	io_set_timeout(t.io, PATIENCE_MS * 100);
	io_set_timeout(t.io, 20);
	until(IO_TIMEOUT);
	CU_ASSERT(clock_now_ms() - start_ms >= 19);
	ticks(10);
	CU_ASSERT_STRING_EQUAL(t.events, "t");
	io_set_timeout(t.io, 5);
	io_set_timeout(t.io, 0);
	loop_tick(t.loop, 20);
	loop_tick(t.loop, 20);
	CU_ASSERT_STRING_EQUAL(t.events, "t");
	io_set_timeout(t.io, 5);
	for (int i = 0; i < 200 && t.count < 2; i++)
		loop_tick(t.loop, 100);
	CU_ASSERT_STRING_EQUAL(t.events, "tt");
	io_set_timeout(t.io, 1);
	end();
}

/* A handler may free its stream at any event, and hears no more of it. */
static void
freed_by_its_handler(void)
{
	static const enum io_event	events[] = { IO_INPUT, IO_CLOSED,
					    IO_DRAINED, IO_TIMEOUT };

	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		begin_pair(SOCK_STREAM);
		t.frees_at = (int)events[i];
		say("abc");
		shutdown(t.other, SHUT_WR);
		io_write(t.io, "x", 1);
		io_set_timeout(t.io, 1);
		until(events[i]);
		CU_ASSERT_PTR_NULL(t.io);
		ticks(3);
		CU_ASSERT_EQUAL(t.events[t.count - 1], letters[events[i]]);
		end();
	}
	begin_pair(SOCK_STREAM);
	t.frees_at = IO_ERROR;
	close(t.other);
	t.other = -1;
	io_write(t.io, "x", 1);
	until(IO_ERROR);
	CU_ASSERT_PTR_NULL(t.io);
	end();
}

/* Freed with things to do, it does none of them; unsent output is lost. */
static void
freed_at_once(void)
{
	begin_pair(SOCK_STREAM);
	t.takes = false;
	say("abc");
	ticks(2);
	io_write(t.io, "x", 1);
	io_again(t.io);
	io_set_timeout(t.io, 1);
	io_free(&t.io);
	ticks(3);
	CU_ASSERT_STRING_EQUAL(t.events, "i");
	CU_ASSERT_STRING_EQUAL(heard(), "(end)");
	end();
}

/* ---- connecting ---------------------------------------------------------- */

/* A socket on 127.0.0.1, with any free port. */
static int
bound(struct addr *addr_r)
{
	int	fd = socket(AF_INET, SOCK_STREAM, 0);

	CU_ASSERT_EQUAL(addr_parse_ip(SLICE_LIT("127.0.0.1"), 0, addr_r), 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&addr_r->storage,
	    addr_r->len), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&addr_r->storage,
	    &addr_r->len), 0);
	return fd;
}

static void
connects(void)
{
	struct addr	addr, source;
	char		text[ADDR_TEXT_SIZE];
	int		listener = bound(&addr);

	begin();
	CU_ASSERT_EQUAL(listen(listener, 1), 0);
	CU_ASSERT_EQUAL(addr_parse_ip(SLICE_LIT("127.0.0.9"), 0, &source), 0);
	t.io = io_connect(t.loop, &addr, &source, on_io, &t);
	/* Written early, it goes out when there is a way. */
	io_write(t.io, "EHLO", 4);
	CU_ASSERT_STRING_EQUAL(t.events, "");
	until(IO_CONNECTED);
	CU_ASSERT_EQUAL(t.events[0], 'c');
	until(IO_DRAINED);
	source.len = sizeof(source.storage);
	t.other = accept4(listener, (struct sockaddr *)&source.storage,
	    &source.len, SOCK_NONBLOCK);
	CU_ASSERT_STRING_EQUAL(addr_format_ip(&source, text), "127.0.0.9");
	CU_ASSERT_STRING_EQUAL(heard(), "EHLO");
	say("250");
	until(IO_INPUT);
	CU_ASSERT_STRING_EQUAL(t.events, "cdi");
	close(listener);
	end();
}

/* Never before io_connect has returned. */
static void
refused_with(const struct addr *addr, const struct addr *source, int error)
{
	begin();
	t.io = io_connect(t.loop, addr, source, on_io, &t);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.io);
	CU_ASSERT_STRING_EQUAL(t.events, "");
	io_write(t.io, "x", 1);
	until(IO_ERROR);
	CU_ASSERT_STRING_EQUAL(t.events, "e");
	CU_ASSERT_STRING_EQUAL(t.error, strerror(error));
	end();

	begin();
	t.io = io_connect(t.loop, addr, source, on_io, &t);
	io_free(&t.io);
	ticks(3);
	CU_ASSERT_STRING_EQUAL(t.events, "");
	end();
}

static void
does_not_connect(void)
{
	struct addr	addr, other;
	int		fd = bound(&addr);

	refused_with(&addr, NULL, ECONNREFUSED);
	CU_ASSERT_EQUAL(addr_parse_ip(SLICE_LIT("192.0.2.1"), 0, &other), 0);
	refused_with(&addr, &other, EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(addr_parse_unix("/nonexistent/socket", &other), 0);
	refused_with(&other, NULL, ENOENT);
	memset(&other, 0, sizeof(other));
	other.storage.ss_family = AF_MAX;
	refused_with(&other, NULL, EAFNOSUPPORT);
	close(fd);
}

void	io_test(void);

void
io_test(void)
{
	CU_pSuite	suite = CU_add_suite("io", NULL, NULL);

	CU_add_test(suite, "input whole and in bytes",
	    input_whole_and_in_bytes);
	CU_add_test(suite, "output leaves once", output_leaves_once);
	CU_add_test(suite, "much output", much_output);
	CU_add_test(suite, "reading has a limit", reading_has_a_limit);
	CU_add_test(suite, "pauses", pauses);
	CU_add_test(suite, "again", again);
	CU_add_test(suite, "closed by the peer", closed_by_the_peer);
	CU_add_test(suite, "shuts down", shuts_down);
	CU_add_test(suite, "hears the last word", hears_the_last_word);
	CU_add_test(suite, "reset", reset);
	CU_add_test(suite, "times out", times_out);
	CU_add_test(suite, "freed by its handler", freed_by_its_handler);
	CU_add_test(suite, "freed at once", freed_at_once);
	CU_add_test(suite, "connects", connects);
	CU_add_test(suite, "does not connect", does_not_connect);
}
