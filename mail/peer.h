#ifndef MAIL_PEER_H
#define MAIL_PEER_H

/*
 * Another service that this program talks to, kept connected: when the
 * connection is lost, a new one is asked of master at once and then again
 * and again.  Who needs the service while it is away waits for it, for a
 * bounded time.
 */

#include <stdint.h>

#include "mail/ipc.h"

struct daemon;
struct peer;
struct peer_wait;

/* IPC_OPENED, IPC_DRAINED and IPC_CLOSED of the present connection. */
typedef void (*peer_event_fn)(struct peer *peer, enum ipc_event event,
	    void *arg);

/* ipc is NULL when the time was up. */
typedef void (*peer_ready_fn)(struct ipc *ipc, void *arg);

/*
 * side->program and side->handlers are used; the ipc's argument is the
 * peer.  fn may be NULL: whoever asks it looks by itself.
 */
struct peer	*peer_new(struct daemon *daemon, const char *service,
		    const struct ipc_side *side, peer_event_fn fn, void *arg);
void		 peer_free(struct peer **peer);

/* The connection, or NULL while there is none; borrowed until IPC_CLOSED. */
struct ipc	*peer_ipc(const struct peer *peer);
void		*peer_arg(const struct peer *peer);

/*
 * The service is about to be replaced: take a new connection.  The present
 * one stays until the other side closes it, for the calls that are open.
 */
void		 peer_renew(struct peer *peer);

/*
 * fn is called once, not before this returns.  The wait is the caller's
 * until then; peer_wait_cancel ends it early (accepts NULL).
 */
struct peer_wait *peer_wait_new(struct peer *peer, int64_t limit_ms,
		    peer_ready_fn fn, void *arg);
void		 peer_wait_cancel(struct peer_wait **wait);

#endif
