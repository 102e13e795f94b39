/*
 * Buffered streams.
 */

#include "net/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "net/io_state.h"
#include "net/loop.h"
#include "net/tls.h"
#include "util/log.h"
#include "util/mem.h"

#define READ_SIZE	16384

static void	read_later(struct io *);

void
io_tell(struct io *io, enum io_event event)
{
	if (io->fn != NULL)
		io->fn(io, event, io->arg);
}

void
io_fail(struct io *io, int error)
{
	if (io->is_dead)
		return;
	io->is_dead = true;
	io->error = error;
	io_update_watch(io);
	io_tell(io, IO_ERROR);
}

/* TLS has more for us than the kernel knows of. */
static bool
has_leftover(const struct io *io)
{
	return io->is_secured && (io->wire_in.len > 0 || io->is_wire_closed ||
	    tls_has_more(io->tls));
}

void
io_update_watch(struct io *io)
{
	unsigned	what = 0;

	if (io->watch == NULL)
		return;
	if (io->is_dead)
		what = 0;
	else if (io->is_connecting)
		what = LOOP_WRITE;
	else {
		if (!io->is_paused && !io->is_closed &&
		    io->in.len < io->in_limit) {
			what |= io->is_wire_closed ? 0 : LOOP_READ;
			if (has_leftover(io))
				read_later(io);
		}
		if (io->is_blocked)
			what |= LOOP_WRITE;
	}
	loop_watch_set(io->watch, what);
}

/* An idle stream holds no buffer: 10,000 sessions cost their structs. */
void
io_trim(struct buf *buf)
{
	if (buf->len == 0 && buf->cap > 0)
		buf_clear(buf);
}

/* What the kernel has, up to the limit: 0 or -1, and the error is told. */
static int
fill(struct io *io, struct buf *into, bool *is_closed_r)
{
	for (size_t total = 0; total < io->in_limit;) {
		unsigned char	*room = buf_reserve(into, READ_SIZE);
		ssize_t		 n = read(io->fd, room, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			io_fail(io, errno);
			return -1;
		}
		if (n == 0) {
			*is_closed_r = true;
			break;
		}
		if (n > 0) {
			buf_commit(into, (size_t)n);
			total += (size_t)n;
		}
		if (n < READ_SIZE)
			break;
	}
	return 0;
}

void
io_tell_input(struct io *io)
{
	if (io->in.len > 0)
		io_tell(io, IO_INPUT);
	if (io->is_closed && !io->is_dead)
		io_tell(io, IO_CLOSED);
	if (!io->is_dead)
		io_update_watch(io);
	io_trim(&io->in);
}

/* ---- reading and writing ------------------------------------------------- */

static void
do_read(struct io *io)
{
	if (io->tls == NULL) {
		if (fill(io, &io->in, &io->is_closed) == 0)
			io_tell_input(io);
		return;
	}
	if (io->wire_in.len == 0 && !io->is_wire_closed &&
	    fill(io, &io->wire_in, &io->is_wire_closed) < 0)
		return;
	io_tls_read(io);
}

static void
on_read_later(void *arg)
{
	struct io	*io = arg;

	io->is_reading_later = false;
	if (!io->is_dead && !io->is_paused && !io->is_closed)
		do_read(io);
}

static void
read_later(struct io *io)
{
	if (io->is_reading_later)
		return;
	io->is_reading_later = true;
	loop_defer(io->loop, on_read_later, io);
}

static void
on_broken(void *arg)
{
	struct io	*io = arg;

	if (!io->is_dead && !io->is_closed)
		do_read(io);
	if (!io->is_dead)
		io_fail(io, io->error);
}

/*
 * A peer that hangs up while we write may have said why first ("552 too
 * big", "421 going down"): what it said is read before the error is told.
 */
static void
fail_writing(struct io *io, int error)
{
	io->is_broken = true;
	io->error = error;
	buf_clear(&io->out);
	buf_clear(&io->wire_out);
	loop_defer(io->loop, on_broken, io);
}

void
io_flush(struct io *io)
{
	struct buf	*wire = io->tls == NULL ? &io->out : &io->wire_out;

	if (io->is_dead || io->is_connecting || io->is_broken)
		return;
	if (io->out.len > 0) {
		/* Who reads this may log about it, and our lines come first. */
		log_flush();
		io->has_output = true;
	}
	io_tls_seal(io);
	while (wire->len > 0) {
		struct slice	s = buf_slice(wire);
		ssize_t		n = write(io->fd, s.data, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			fail_writing(io, errno);
			return;
		}
		if (n < 0)
			break;
		buf_drop(wire, (size_t)n);
		io->sent += (uint64_t)n;
	}
	io->is_blocked = wire->len > 0;
	io_update_watch(io);
	if (io->is_blocked)
		return;
	io_trim(wire);
	io->answer_bytes = 0;
	/* What waits for the handshake has not left yet. */
	if (io->out.len > 0)
		return;
	if (io->is_shutdown) {
		io->is_shutdown = false;
		shutdown(io->fd, SHUT_WR);
		io->has_output = true;
	}
	if (io->has_output) {
		io->has_output = false;
		io_tell(io, IO_DRAINED);
	}
}

static void
finish_connect(struct io *io)
{
	int		error = 0;
	socklen_t	len = sizeof(error);

	if (getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0) {
		io_fail(io, error);
		return;
	}
	io->is_connecting = false;
	io_update_watch(io);
	io_tell(io, IO_CONNECTED);
	if (!io->is_dead)
		io_flush(io);
}

static void
on_ready(int fd, unsigned what, void *arg)
{
	struct io	*io = arg;

	(void)fd;
	if (io->is_dead)
		return;
	if (io->is_connecting) {
		finish_connect(io);
		return;
	}
	if (what & LOOP_WRITE)
		io_flush(io);
	if ((what & LOOP_READ) && !io->is_dead && !io->is_paused)
		do_read(io);
}

static void
on_timeout(void *arg)
{
	struct io	*io = arg;

	if (!io->is_dead)
		io_tell(io, IO_TIMEOUT);
}

static void
on_flush(void *arg)
{
	struct io	*io = arg;

	io->is_dirty = false;
	io_flush(io);
}

static void
on_again(void *arg)
{
	struct io	*io = arg;

	if (io->is_dead)
		return;
	if (io->in.len > 0)
		io_tell(io, IO_INPUT);
	if (!io->is_dead)
		io_update_watch(io);
	io_trim(&io->in);
}

static void
on_late_error(void *arg)
{
	struct io	*io = arg;
	int		 error = io->error;

	io_fail(io, error);
}

static struct io *
make(struct loop *loop, int fd, io_fn fn, void *arg)
{
	struct io	*io = mem_new(sizeof(*io));

	io->loop = loop;
	io->fd = fd;
	io->fn = fn;
	io->arg = arg;
	io->in_limit = 65536;
	return io;
}

/* Replies and frames leave when we say so, not when Nagle does. */
static void
set_nodelay(int fd, int family)
{
	int	on = 1;

	if (family == AF_INET || family == AF_INET6)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

struct io *
io_new(struct loop *loop, int fd, io_fn fn, void *arg)
{
	struct io	*io = make(loop, fd, fn, arg);
	struct sockaddr	 sa = { 0 };
	socklen_t	 len = sizeof(sa);

	if (getsockname(fd, &sa, &len) == 0)
		set_nodelay(fd, sa.sa_family);
	io->watch = loop_watch_new(loop, fd, LOOP_READ, on_ready, io);
	return io;
}

struct io *
io_connect(struct loop *loop, const struct addr *addr,
    const struct addr *source, io_fn fn, void *arg)
{
	int		 family = addr->storage.ss_family;
	int		 fd = socket(family,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct io	*io = make(loop, fd, fn, arg);
	int		 result = -1;

	if (fd >= 0) {
		set_nodelay(fd, family);
		result = source == NULL ? 0 : bind(fd,
		    (const struct sockaddr *)&source->storage, source->len);
		io->is_unbound = result < 0;
		if (result == 0)
			result = connect(fd,
			    (const struct sockaddr *)&addr->storage,
			    addr->len);
	}
	io->is_connecting = true;
	if (result < 0 && errno != EINPROGRESS) {
		io->error = errno;
		loop_defer(loop, on_late_error, io);
		return io;
	}
	io->watch = loop_watch_new(loop, fd, LOOP_WRITE, on_ready, io);
	return io;
}

static void
on_free(void *arg)
{
	struct io	*io = arg;

	buf_clear(&io->in);
	buf_clear(&io->out);
	buf_clear(&io->wire_in);
	buf_clear(&io->wire_out);
	tls_free(&io->tls);
	mem_free(io);
}

void
io_free(struct io **iop)
{
	struct io	*io = *iop;

	if (io == NULL)
		return;
	*iop = NULL;
	io_tls_end(io);
	io->is_dead = true;
	io->fn = NULL;
	loop_undefer(io->loop, io);
	loop_watch_free(&io->watch);
	loop_timer_free(&io->timer);
	if (io->fd >= 0)
		close(io->fd);
	io->fd = -1;
	loop_defer(io->loop, on_free, io);
}

struct buf *
io_in(struct io *io)
{
	return &io->in;
}

struct buf *
io_out(struct io *io)
{
	return &io->out;
}

void
io_flush_later(struct io *io)
{
	if (io->is_dirty || io->is_dead || io->is_blocked)
		return;
	io->is_dirty = true;
	loop_defer(io->loop, on_flush, io);
}

void
io_write(struct io *io, const void *data, size_t len)
{
	if (io->is_dead || io->is_broken)
		return;
	buf_put(&io->out, data, len);
	io_flush_later(io);
}

void
io_write_slice(struct io *io, struct slice s)
{
	io_write(io, s.data, s.len);
}

size_t
io_pending(const struct io *io)
{
	return io->out.len + io->wire_out.len;
}

bool
io_is_unbound(const struct io *io)
{
	return io->is_unbound;
}

uint64_t
io_sent(const struct io *io)
{
	return io->sent;
}

static void
on_start_tls(void *arg)
{
	struct io	*io = arg;

	if (io->is_dead)
		return;
	if (io->is_closed)
		io_tls_fail(io, "TLS: connection closed before the handshake");
	else
		io_tls_read(io);
}

void
io_start_tls(struct io *io, struct tls *tls, int64_t timeout_ms)
{
	/* What was written before leaves as it is. */
	io->wire_out = io->out;
	io->out = (struct buf)BUF_INIT;
	/* RFC 3207 section 4.2: what came before is nothing to act upon. */
	buf_clear(&io->in);
	io->tls = tls;
	io_set_timeout(io, timeout_ms);
	io->is_shaking = true;
	loop_defer(io->loop, on_start_tls, io);
}

struct tls *
io_tls(const struct io *io)
{
	return io->tls;
}

bool
io_is_secured(const struct io *io)
{
	return io->is_secured;
}

bool
io_is_truncated(const struct io *io)
{
	return io->is_truncated;
}

void
io_shutdown(struct io *io)
{
	io->is_shutdown = true;
	io_flush_later(io);
}

void
io_pause(struct io *io)
{
	io->is_paused = true;
	io_update_watch(io);
}

void
io_resume(struct io *io)
{
	if (!io->is_paused)
		return;
	io->is_paused = false;
	io_update_watch(io);
}

void
io_again(struct io *io)
{
	if (!io->is_dead)
		loop_defer(io->loop, on_again, io);
}

void
io_set_limit(struct io *io, size_t limit)
{
	io->in_limit = limit;
	io_update_watch(io);
}

void
io_set_timeout(struct io *io, int64_t delay_ms)
{
	io->is_shaking = false;
	if (delay_ms <= 0) {
		if (io->timer != NULL)
			loop_timer_stop(io->timer);
		return;
	}
	if (io->timer == NULL)
		io->timer = loop_timer_new(io->loop, on_timeout, io);
	loop_timer_start(io->timer, delay_ms);
}

const char *
io_error(const struct io *io)
{
	return io->reason != NULL ? io->reason : strerror(io->error);
}

int
io_fd(const struct io *io)
{
	return io->fd;
}
