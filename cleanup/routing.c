/*
 * Routes, one after the other: there are few.
 */

#include "cleanup/routing.h"

#include "cleanup/cleaner.h"
#include "cleanup/recipients.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "net/loop.h"
#include "util/log.h"
#include "util/mem.h"

#define LOOKUP_WAIT_MS	10000	/* for all of it */

struct routing {
	struct cleaner		*cleaner;
	const char		*sender;
	struct recipients	*recipients;
	size_t			 next;		/* of those, being asked */
	routing_fn		 fn;
	void			*arg;
	struct peer_wait	*wait;
	struct ipc_call		*call;
	int64_t			 until_ms;
};

static void	go_on(struct routing *);

bool
routing_is_needed(const struct recipients *recipients)
{
	for (size_t i = 0; i < recipients->count; i++)
		if (recipients->list[i].transport[0] == '\0')
			return true;
	return false;
}

static int64_t
time_left(const struct routing *routing)
{
	int64_t	left = routing->until_ms -
		    loop_now_ms(routing->cleaner->loop);

	return left > 0 ? left : 0;
}

static void
end(struct routing *routing, bool ok)
{
	routing_fn	 fn = routing->fn;
	void		*arg = routing->arg;

	routing_free(&routing);
	fn(arg, ok);
}

static void
on_retry(void *arg)
{
	go_on(arg);
}

static void
take(struct routing *routing, const struct msg_routed *m)
{
	struct recipient	*r = &routing->recipients->list[routing->next];

	if (m->code != 250 || m->transport.len == 0) {
		log_warn("no route to <%s>: %.*s", r->address,
		    SLICE_ARG(m->text));
		end(routing, false);
		return;
	}
	mem_free(r->transport);
	mem_free(r->nexthop);
	r->transport = slice_dup(m->transport);
	r->nexthop = slice_dup(m->nexthop);
	go_on(routing);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct routing		*routing = arg;
	struct msg_routed	 m;

	(void)call;
	if (code == IPC_CODE_routed && ipc_parse_routed(payload, &m) == 0) {
		ipc_cancel(&routing->call);
		take(routing, &m);
	} else if (code != 0) {
		log_warn("unexpected reply %#x from lookup", code);
	} else {
		routing->call = NULL;
		/* Not now: the peer still has the old connection. */
		loop_defer(routing->cleaner->loop, on_retry, routing);
	}
}

static void
on_peer(struct ipc *ipc, void *arg)
{
	struct routing		*routing = arg;
	struct msg_route	 m = {
		.sender = slice_str(routing->sender),
		.address = slice_str(routing->recipients->
		    list[routing->next].address),
	};

	routing->wait = NULL;
	if (ipc == NULL || time_left(routing) == 0) {
		log_warn("no answer from lookup: no route to <%s>",
		    routing->recipients->list[routing->next].address);
		end(routing, false);
		return;
	}
	routing->call = ipc_call_new(ipc, on_reply, routing);
	ipc_call_deadline(routing->call, time_left(routing));
	ipc_send_route(ipc, ipc_call_id(routing->call), &m);
}

static void
go_on(struct routing *routing)
{
	const struct recipients	*recipients = routing->recipients;

	while (routing->next < recipients->count &&
	    recipients->list[routing->next].transport[0] != '\0')
		routing->next++;
	if (routing->next == recipients->count)
		end(routing, true);
	else
		routing->wait = peer_wait_new(routing->cleaner->lookup,
		    time_left(routing), on_peer, routing);
}

struct routing *
routing_new(struct cleaner *cleaner, const char *sender,
    struct recipients *recipients, routing_fn fn, void *arg)
{
	struct routing	*routing = mem_new(sizeof(*routing));

	routing->cleaner = cleaner;
	routing->sender = sender;
	routing->recipients = recipients;
	routing->fn = fn;
	routing->arg = arg;
	routing->until_ms = loop_now_ms(cleaner->loop) + LOOKUP_WAIT_MS;
	loop_defer(cleaner->loop, on_retry, routing);
	return routing;
}

void
routing_free(struct routing **routingp)
{
	struct routing	*routing = *routingp;

	if (routing == NULL)
		return;
	*routingp = NULL;
	peer_wait_cancel(&routing->wait);
	ipc_cancel(&routing->call);
	loop_undefer(routing->cleaner->loop, routing);
	mem_free(routing);
}
