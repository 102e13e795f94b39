#ifndef NET_IO_STATE_H
#define NET_IO_STATE_H

/*
 * The inside of a stream, for io.c and for io_tls.c, its part that knows of
 * TLS; nobody else includes this.
 */

#include "net/io.h"

struct io {
	struct loop		*loop;
	struct loop_watch	*watch;
	struct loop_timer	*timer;		/* NULL until wanted */
	struct buf		 in, out;
	struct tls		*tls;		/* NULL: plaintext */
	struct buf		 wire_in, wire_out;	/* with TLS */
	size_t			 answer_bytes;	/* of TLS itself, unsent */
	uint64_t		 sent;		/* io_sent */
	bool			 is_unbound;	/* io_is_unbound */
	size_t			 in_limit;
	io_fn			 fn;
	void			*arg;
	int			 fd;
	int			 error;		/* an errno value */
	const char		*reason;	/* NULL: it is error's */
	bool			 is_connecting;
	bool			 is_paused;
	bool			 is_closed;	/* the peer's side */
	bool			 is_secured;	/* the handshake is done */
	bool			 is_shaking;	/* the timer is for that */
	bool			 is_wire_closed; /* under TLS */
	bool			 is_truncated;	/* without close_notify */
	bool			 has_output;	/* of which IO_DRAINED tells */
	bool			 is_blocked;	/* the kernel took no more */
	bool			 is_dirty;	/* flush is deferred */
	bool			 is_reading_later;
	bool			 is_shutdown;	/* wanted after the output */
	bool			 is_broken;	/* for writing */
	bool			 is_dead;	/* freed, or error told */
};

/* io.c */
void	io_tell(struct io *io, enum io_event event);
void	io_tell_input(struct io *io);
void	io_fail(struct io *io, int error);
void	io_update_watch(struct io *io);
void	io_trim(struct buf *buf);

/* io_tls.c: what is in wire_in goes on its way. */
void	io_tls_read(struct io *io);

/* All that there is to say becomes records, which leave in one write. */
void	io_tls_seal(struct io *io);

/* Say close_notify if there is room: nobody waits for it. */
void	io_tls_end(struct io *io);

/* It cannot go on; reason is static, NULL: as TLS says. */
void	io_tls_fail(struct io *io, const char *reason);

#endif
