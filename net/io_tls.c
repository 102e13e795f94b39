/*
 * Streams under TLS.
 */

#include "net/io_state.h"

#include <errno.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/tls.h"
#include "util/log.h"

/*
 * What a peer may have TLS say (new keys, alerts) and not read: RFC 8446
 * section 4.6.3 sets no bound.
 */
#define ANSWER_LIMIT	65536

/* The peer may want to know why: an alert is on its way out. */
void
io_tls_fail(struct io *io, const char *reason)
{
	struct slice	alert = buf_slice(&io->wire_out);

	if (alert.len > 0 && !io->is_blocked &&
	    write(io->fd, alert.data, alert.len) < 0)
		log_debug("no room for an alert");
	io->reason = reason == NULL ? tls_error(io->tls) : reason;
	io_fail(io, EPROTO);
}

/* 0: it is done; -1: not yet, or the error is told. */
static int
shake_hands(struct io *io)
{
	enum tls_status	status = tls_handshake(io->tls, &io->wire_in,
			    &io->wire_out);

	if (status == TLS_BROKEN) {
		io_tls_fail(io, NULL);
		return -1;
	}
	if (status != TLS_DONE) {
		if (io->wire_out.len > 0)
			io_flush_later(io);
		if (io->is_wire_closed)
			io_tls_fail(io,
			    "TLS: connection closed in the handshake");
		return -1;
	}
	io->is_secured = true;
	if (io->is_shaking)
		io_set_timeout(io, 0);
	io_tell(io, IO_SECURED);
	/* The end of the handshake leaves with what is said first. */
	if (io->wire_out.len > 0 || io->out.len > 0)
		io_flush_later(io);
	return io->is_dead ? -1 : 0;
}

/*
 * Nothing that comes once TLS was started is ever taken for plaintext: after
 * close_notify, and after anything wrong, nothing is read any more.
 */
static void
open_records(struct io *io)
{
	size_t		before = io->wire_out.len;
	enum tls_status	status = tls_read(io->tls, &io->wire_in,
			    &io->wire_out, &io->in, io->in_limit);

	io->answer_bytes += io->wire_out.len - before;
	if (io->wire_out.len > 0)
		io_flush_later(io);
	if (io->answer_bytes > ANSWER_LIMIT) {
		io_tls_fail(io, "TLS: too many questions at a time");
		return;
	}
	if (status == TLS_BROKEN) {
		if (io->in.len > 0)
			io_tell(io, IO_INPUT);
		if (!io->is_dead)
			io_tls_fail(io, NULL);
		return;
	}
	if (status == TLS_ENDED) {
		io->is_closed = true;
	} else if (io->is_wire_closed && io->in.len < io->in_limit) {
		/* RFC 8446 6.1: who cuts the wire need not be the peer. */
		io->is_closed = io->is_truncated = true;
	}
	io_tell_input(io);
}

void
io_tls_read(struct io *io)
{
	if (io->is_secured || shake_hands(io) == 0)
		open_records(io);
	io_trim(&io->in);
	io_trim(&io->wire_in);
	if (!io->is_dead)
		io_update_watch(io);
}

void
io_tls_seal(struct io *io)
{
	if (!io->is_secured)
		return;
	if (io->out.len > 0 &&
	    tls_write(io->tls, &io->out, &io->wire_out) < 0)
		buf_clear(&io->out);
	if (io->is_shutdown)
		tls_close(io->tls, &io->wire_out);
	io_trim(&io->out);
}

void
io_tls_end(struct io *io)
{
	if (!io->is_secured || io->is_dead || io->is_broken ||
	    io->wire_out.len > 0)
		return;
	tls_close(io->tls, &io->wire_out);
	if (io->wire_out.len > 0 && write(io->fd, io->wire_out.data,
	    io->wire_out.len) < 0)
		log_debug("no room for close_notify");
}
