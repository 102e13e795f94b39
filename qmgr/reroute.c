/*
 * Routes, anew.
 */

#include "qmgr/reroute.h"

#include "conf/conf.h"
#include "mail/address.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "qmgr/active.h"
#include "qmgr/manager.h"
#include "qmgr/schedule.h"
#include "util/ascii.h"
#include "util/mem.h"

#define ANSWER_WAIT_MS	60000

/*
 * One window of one message; it is in memory as long as recipients have no
 * result, and these have none before all of them are routed.
 */
struct rerouting {
	struct active	*active;
	size_t		 pending;
};

struct reroute {
	struct rerouting	*all;
	struct recipient	*recipient;
	struct ipc_call		*call;
};

void
reroute_to(struct slice route, struct slice nexthop, char **transport_r,
    char **nexthop_r)
{
	ptrdiff_t	colon = slice_find(route, ':');

	if (colon >= 0) {
		if ((size_t)colon + 1 < route.len)
			nexthop = slice_after(route, (size_t)colon + 1);
		route = slice_first(route, (size_t)colon);
	}
	*transport_r = slice_dup(route);
	*nexthop_r = slice_dup(nexthop);
}

void
reroute_by_filter(const struct conf *conf, struct slice filter,
    struct slice address, char **transport_r, char **nexthop_r)
{
	struct slice	nexthop = slice_str(conf->default_filter_nexthop);

	if (nexthop.len == 0)
		nexthop = address_domain(address);
	if (nexthop.len == 0)
		nexthop = slice_str(conf->myhostname);
	reroute_to(filter, nexthop, transport_r, nexthop_r);
	for (char *p = *nexthop_r; *p != '\0'; p++)
		*p = (char)ascii_lower(*p);
}

static void
filter_all(struct active *active)
{
	for (size_t i = 0; i < active->count; i++) {
		struct recipient	*r = &active->recipients[i];

		if (r->state != RECIPIENT_TODO)
			continue;
		mem_free(r->transport);
		mem_free(r->nexthop);
		reroute_by_filter(active->manager->conf,
		    slice_str(active->filter), slice_str(r->address),
		    &r->transport, &r->nexthop);
	}
}

static void
take_back(struct active *active)
{
	bool	is_last = false;

	for (size_t i = 0; !is_last; i++) {
		if (active->recipients[i].state != RECIPIENT_TODO)
			continue;
		/* With the last one the message may end. */
		is_last = active->todo == 1;
		active_result(active, &active->recipients[i],
		    OUTCOME_DEFERRED, slice_str(""), slice_str(""));
	}
}

static void
end(struct rerouting *all)
{
	struct active	*active = all->active;

	mem_free(all);
	if (active_is_stopped(active))
		take_back(active);
	else
		schedule_add(active->manager->schedule, active);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct reroute		*one = arg;
	struct rerouting	*all = one->all;
	struct msg_routed	 m;

	(void)call;
	if (code == IPC_CODE_routed && ipc_parse_routed(payload, &m) == 0 &&
	    m.code == 250) {
		mem_free(one->recipient->transport);
		mem_free(one->recipient->nexthop);
		one->recipient->transport = slice_dup(m.transport);
		one->recipient->nexthop = slice_dup(m.nexthop);
	}
	if (code != 0)
		ipc_cancel(&one->call);
	mem_free(one);
	if (--all->pending == 0)
		end(all);
}

static void
ask(struct rerouting *all, struct recipient *recipient, struct ipc *ipc)
{
	struct reroute		*one = mem_new(sizeof(*one));
	struct msg_route	 m = {
		.sender = slice_str(all->active->sender),
		.address = slice_str(recipient->address),
	};

	one->all = all;
	one->recipient = recipient;
	one->call = ipc_call_new(ipc, on_reply, one);
	ipc_call_deadline(one->call, ANSWER_WAIT_MS);
	ipc_send_route(ipc, ipc_call_id(one->call), &m);
	all->pending++;
}

void
reroute_start(struct active *active)
{
	struct manager		*manager = active->manager;
	struct ipc		*ipc = manager->lookup == NULL ? NULL :
				    peer_ipc(manager->lookup);
	struct rerouting	*all;

	if (active->filter[0] != '\0')
		filter_all(active);
	if (ipc == NULL || active->filter[0] != '\0') {
		schedule_add(manager->schedule, active);
		return;
	}
	all = mem_new(sizeof(*all));
	all->active = active;
	for (size_t i = 0; i < active->count; i++)
		if (active->recipients[i].state == RECIPIENT_TODO)
			ask(all, &active->recipients[i], ipc);
}
