#ifndef NET_IO_H
#define NET_IO_H

/*
 * A buffered stream over a non-blocking socket.  Its owner never sees
 * EAGAIN, a partial write or a TLS record; it sees seven events:
 *
 *	IO_CONNECTED	io_connect succeeded
 *	IO_SECURED	a TLS handshake succeeded
 *	IO_INPUT	io_in() has new bytes; consume with buf_drop
 *	IO_DRAINED	all output has been given to the kernel
 *	IO_CLOSED	the peer will send no more (what came is in io_in())
 *	IO_TIMEOUT	nothing moved in time (io_timeout)
 *	IO_ERROR	the connection is broken: io_error() says why
 *
 * After IO_CLOSED and IO_ERROR only io_free makes sense (or, after
 * IO_CLOSED, writing what is left to say).  A handler may free its own io:
 * the memory goes at the end of the tick.
 *
 * Output is gathered and leaves at the end of the tick in one write: so a
 * server that answers every command it has been given flushes exactly when
 * its input runs dry (RFC 2920 section 3.2).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "util/buf.h"

struct io;
struct loop;
struct tls;

enum io_event {
	IO_CONNECTED,
	IO_SECURED,
	IO_INPUT,
	IO_DRAINED,
	IO_CLOSED,
	IO_TIMEOUT,
	IO_ERROR,
};

typedef void (*io_fn)(struct io *io, enum io_event event, void *arg);

/* Over a connected socket, which io owns from now on. */
struct io	*io_new(struct loop *loop, int fd, io_fn fn, void *arg);

/*
 * Connect to addr (from source when it is not NULL).  Never NULL: what
 * fails at once is told by IO_ERROR as what fails later is.
 */
struct io	*io_connect(struct loop *loop, const struct addr *addr,
		    const struct addr *source, io_fn fn, void *arg);
/* It failed because source is none of our addresses, or is in use. */
bool		 io_is_unbound(const struct io *io);

/* Close at once; unsent output is lost.  Accepts NULL. */
void		 io_free(struct io **io);

/* What has come and has not been dropped; owned by io. */
struct buf	*io_in(struct io *io);

/* Append to the output. */
void		 io_write(struct io *io, const void *data, size_t len);
void		 io_write_slice(struct io *io, struct slice s);

/* The output buffer, to append to; call io_flush_later afterwards. */
struct buf	*io_out(struct io *io);
void		 io_flush_later(struct io *io);

/* Bytes not yet given to the kernel. */
size_t		 io_pending(const struct io *io);
/* Bytes that were given to the kernel, TLS's own among them. */
uint64_t	 io_sent(const struct io *io);

/* Try to write now rather than at the end of the tick. */
void		 io_flush(struct io *io);

/*
 * Speak TLS from now on (net/tls.h), as the client or the server that tls
 * was made for; tls is io's now.  What has been written leaves as it is;
 * what has come is thrown away, and what comes without TLS is an error
 * (RFC 3207 section 4.2).  IO_SECURED tells when the handshake is done,
 * IO_ERROR that there is none, IO_TIMEOUT that timeout_ms (0: never) were
 * not enough.  What is written meanwhile leaves after it.
 *
 * IO_CLOSED is the peer's close_notify, or the end of the connection
 * without it: io_is_truncated.
 */
void		 io_start_tls(struct io *io, struct tls *tls,
		    int64_t timeout_ms);
struct tls	*io_tls(const struct io *io);	/* borrowed; NULL: no TLS */
bool		 io_is_secured(const struct io *io);
bool		 io_is_truncated(const struct io *io);

/* Send what is written, then half-close; IO_DRAINED tells when. */
void		 io_shutdown(struct io *io);

/* Stop and restart reading: the kernel, and so the peer, waits. */
void		 io_pause(struct io *io);
void		 io_resume(struct io *io);

/*
 * Call the handler again with IO_INPUT at the end of this tick, although
 * nothing new has come: what is in io_in() can now be used.
 */
void		 io_again(struct io *io);

/* Reading stops while io_in() holds limit bytes or more (default 64 KB). */
void		 io_set_limit(struct io *io, size_t limit);

/* IO_TIMEOUT after delay_ms from now, unless set anew; 0: never. */
void		 io_set_timeout(struct io *io, int64_t delay_ms);

/* What went wrong, for IO_ERROR; static or owned by io. */
const char	*io_error(const struct io *io);

int		 io_fd(const struct io *io);

#endif
