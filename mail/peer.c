/*
 * Services kept connected.
 */

#include "mail/peer.h"

#include <stdbool.h>
#include <utlist.h>

#include "mail/daemon.h"
#include "net/loop.h"
#include "util/log.h"
#include "util/mem.h"

#define RETRY_MS	100

struct peer_wait {
	struct peer		*peer;
	struct loop_timer	*timer;
	peer_ready_fn		 fn;
	void			*arg;
	struct peer_wait	*next, *prev;
};

struct peer {
	struct daemon		*daemon;
	const char		*service;	/* static */
	struct ipc_side		 side;
	peer_event_fn		 fn;
	void			*arg;
	struct ipc		*ipc;		/* NULL: asked for */
	struct ipc		*old;		/* until it is closed */
	struct loop_timer	*retry;
	struct peer_wait	*waits;
	bool			 is_open;	/* the peer has said HELLO */
	bool			 is_asking;
};

static void	ask(struct peer *);

static void
end_wait(struct peer_wait *wait, struct ipc *ipc)
{
	peer_ready_fn	 fn = wait->fn;
	void		*arg = wait->arg;

	DL_DELETE(wait->peer->waits, wait);
	loop_timer_free(&wait->timer);
	mem_free(wait);
	fn(ipc, arg);
}

static void
forget(struct peer *peer)
{
	peer->is_open = false;
	ipc_free(&peer->ipc);
	if (!loop_timer_is_running(peer->retry))
		loop_timer_start(peer->retry, 0);
}

static void
tell(struct peer *peer, enum ipc_event event)
{
	if (peer->fn != NULL)
		peer->fn(peer, event, peer->arg);
}

static void
on_ipc(struct ipc *ipc, enum ipc_event event, void *arg)
{
	struct peer	*peer = arg;

	if (ipc == peer->old) {
		if (event == IPC_CLOSED)
			ipc_free(&peer->old);
		else
			tell(peer, event);
		return;
	}
	if (event == IPC_OPENED)
		peer->is_open = true;
	if (event == IPC_CLOSED && !peer->is_open)
		loop_timer_start(peer->retry, RETRY_MS);
	else
		tell(peer, event);
	if (event == IPC_CLOSED)
		forget(peer);
	while (event == IPC_OPENED && peer->is_open && peer->waits != NULL)
		end_wait(peer->waits, peer->ipc);
}

static void
on_connected(int fd, void *arg)
{
	struct peer	*peer = arg;

	peer->is_asking = false;
	if (fd < 0) {
		loop_timer_start(peer->retry, RETRY_MS);
		return;
	}
	peer->ipc = ipc_new(daemon_loop(peer->daemon), fd, true, &peer->side,
	    peer);
}

static void
ask(struct peer *peer)
{
	if (peer->is_asking || peer->ipc != NULL)
		return;
	peer->is_asking = true;
	daemon_connect(peer->daemon, peer->service, on_connected, peer);
}

static void
on_retry(void *arg)
{
	ask(arg);
}

struct peer *
peer_new(struct daemon *daemon, const char *service,
    const struct ipc_side *side, peer_event_fn fn, void *arg)
{
	struct peer	*peer = mem_new(sizeof(*peer));

	peer->daemon = daemon;
	peer->service = service;
	peer->side = *side;
	peer->side.on_event = on_ipc;
	peer->fn = fn;
	peer->arg = arg;
	peer->retry = loop_timer_new(daemon_loop(daemon), on_retry, peer);
	ask(peer);
	return peer;
}

void
peer_free(struct peer **peerp)
{
	struct peer	*peer = *peerp;

	if (peer == NULL)
		return;
	*peerp = NULL;
	while (peer->waits != NULL)
		end_wait(peer->waits, NULL);
	loop_timer_free(&peer->retry);
	ipc_free(&peer->ipc);
	ipc_free(&peer->old);
	mem_free(peer);
}

struct ipc *
peer_ipc(const struct peer *peer)
{
	return peer->is_open ? peer->ipc : NULL;
}

void *
peer_arg(const struct peer *peer)
{
	return peer->arg;
}

void
peer_renew(struct peer *peer)
{
	if (!peer->is_open)
		return;
	ipc_free(&peer->old);
	peer->old = peer->ipc;
	peer->ipc = NULL;
	peer->is_open = false;
	ask(peer);
}

static void
on_wait_over(void *arg)
{
	struct peer_wait	*wait = arg;

	end_wait(wait, peer_ipc(wait->peer));
}

struct peer_wait *
peer_wait_new(struct peer *peer, int64_t limit_ms, peer_ready_fn fn,
    void *arg)
{
	struct peer_wait	*wait = mem_new(sizeof(*wait));

	wait->peer = peer;
	wait->fn = fn;
	wait->arg = arg;
	wait->timer = loop_timer_new(daemon_loop(peer->daemon), on_wait_over,
	    wait);
	loop_timer_start(wait->timer, peer->is_open ? 0 : limit_ms);
	DL_APPEND(peer->waits, wait);
	return wait;
}

void
peer_wait_cancel(struct peer_wait **waitp)
{
	struct peer_wait	*wait = *waitp;

	if (wait == NULL)
		return;
	*waitp = NULL;
	DL_DELETE(wait->peer->waits, wait);
	loop_timer_free(&wait->timer);
	mem_free(wait);
}
