/*
 * Delivery agents.
 */

#include "qmgr/agent.h"

#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "mail/door.h"
#include "mail/ipc.h"
#include "mail/outcome.h"
#include "net/loop.h"
#include "qmgr/active.h"
#include "qmgr/flags.h"
#include "qmgr/manager.h"
#include "qmgr/scan.h"
#include "qmgr/schedule.h"
#include "qmgr/store.h"
#include "qmgr/verp.h"
#include "util/clock.h"
#include "util/mem.h"

#define KEEP_MS		100	/* results wait so long for their flush */
#define READ_LIMIT	64	/* chunks for one agent on their way: 2 MB */

/*
 * Messages held from before: one qmgr after the other may have given an
 * agent all it takes, and few deliveries outlive many of them.
 */
#define HOLD_LIMIT	(100 * IPC_JOB_LIMIT)

/*
 * A message with deliveries of one agent that go on from before our start:
 * its results are written straight to the store, and it is tried again only
 * when the last of them has ended.
 */
struct orphan {
	uint64_t	 id;
	UT_hash_handle	 hh;
	uint32_t	 jobs;		/* going on */
};

struct agent *
agent_find(const struct manager *manager, const char *transport,
    const struct agent *liked, bool *has_any_r)
{
	struct client	*client;
	struct agent	*best = NULL;

	*has_any_r = false;
	DL_FOREACH(manager->clients, client) {
		struct agent	*agent = client->agent;

		if (agent == NULL || strcmp(agent->transport, transport) != 0)
			continue;
		*has_any_r = true;
		if (agent->busy >= agent->capacity ||
		    ipc_is_congested(client->ipc))
			continue;
		if (agent == liked)
			return agent;
		if (best == NULL || agent->busy < best->busy)
			best = agent;
	}
	return best;
}

bool
agent_has_entries(const struct manager *manager)
{
	struct client	*client;

	DL_FOREACH(manager->clients, client)
		if (client->agent != NULL && client->agent->entries != NULL)
			return true;
	return false;
}

static struct entry *
find_entry(const struct client *client, uint32_t id)
{
	struct entry	*entry;

	if (client->agent == NULL)
		return NULL;
	DL_FOREACH(client->agent->entries, entry)
		if (entry->id == id)
			return entry;
	return NULL;
}

/* ---- jobs out ------------------------------------------------------------ */

static void
send_chunk(struct client *client, uint32_t id, uint32_t number,
    struct slice bytes)
{
	struct msg_deliver_data	m = { number, bytes };

	ipc_send_deliver_data(client->ipc, id, &m);
}

static struct slice
cached_chunk(const struct active *active, uint32_t number)
{
	return slice_first(slice_after(buf_slice(&active->content),
	    (size_t)number * STORE_CHUNK_SIZE), STORE_CHUNK_SIZE);
}

static void
send_recipients(struct client *client, const struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		const struct recipient	*r = entry->recipients[i];
		struct msg_deliver_rcpt	 m = {
			.number = r->number,
			.address = slice_str(r->address),
			.original = slice_str(r->original),
			.notify = r->notify,
			.orcpt = slice_str(r->orcpt),
		};

		if (r->report != NULL) {
			m.dsn = slice_str(r->dsn);
			m.reply = slice_str(r->reply);
		}
		ipc_send_deliver_rcpt(client->ipc, entry->id, &m);
	}
}

/* As it was given: who sends to a list knows no aliases. */
static const char *
verp_recipient(const struct recipient *r)
{
	return r->original[0] != '\0' ? r->original : r->address;
}

void
agent_send(struct agent *agent, struct entry *entry)
{
	struct client		*client = agent->client;
	const struct active	*active = entry->active;
	struct buf		 sender = BUF_INIT;
	struct msg_deliver	 m = {
		.queue_id = active->id,
		.arrival_us = active->arrival_us,
		.active_us = active->active_us,
		.size = active->size,
		.flags = flags_to_mail(active->flags),
		.recipients = (uint32_t)entry->count,
		.chunks = active->chunk_count,
		.nexthop = slice_str(schedule_nexthop(entry)),
		.window = schedule_window(entry),
		.sender = slice_str(active->sender),
		.envid = slice_str(active->envid),
	};

	if (active->flags & MAIL_VERP) {
		verp_put_sender(&sender, active->flags, active->sender,
		    verp_recipient(entry->recipients[0]));
		m.sender = buf_slice(&sender);
	}
	entry->agent = agent;
	entry->id = ++agent->last_id;
	DL_APPEND(agent->entries, entry);
	agent->busy++;
	ipc_send_deliver(client->ipc, entry->id, &m);
	buf_clear(&sender);
	send_recipients(client, entry);
	for (uint32_t i = 0; active->content.len > 0 &&
	    i < active->chunk_count; i++)
		send_chunk(client, entry->id, i, cached_chunk(active, i));
}

void
agent_forget(struct agent *agent, struct entry *entry)
{
	DL_DELETE(agent->entries, entry);
	agent->busy--;
	schedule_run_later(agent->client->manager->schedule);
}

/* ---- results of deliveries from before our start ------------------------- */

static struct orphan *
find_orphan(const struct client *client, uint64_t id)
{
	struct orphan	*orphan;

	HASH_FIND(hh, client->orphans, &id, sizeof(id), orphan);
	return orphan;
}

bool
agent_is_held(const struct manager *manager, uint64_t id)
{
	const struct client	*client;

	DL_FOREACH(manager->clients, client)
		if (find_orphan(client, id) != NULL)
			return true;
	return false;
}

void	on_agent_holds(struct ipc *, uint32_t, const struct msg_agent_holds *);

void
on_agent_holds(struct ipc *ipc, uint32_t id, const struct msg_agent_holds *m)
{
	struct client	*client = ipc_arg(ipc);
	struct orphan	*orphan = find_orphan(client, m->queue_id);

	(void)id;
	if (client->agent != NULL) {
		ipc_refuse(ipc, "it holds a delivery after it was ready");
		return;
	}
	if (orphan == NULL) {
		if (HASH_COUNT(client->orphans) >= HOLD_LIMIT) {
			ipc_refuse(ipc, "it holds too many deliveries");
			return;
		}
		orphan = mem_new(sizeof(*orphan));
		orphan->id = m->queue_id;
		HASH_ADD(hh, client->orphans, id, sizeof(orphan->id), orphan);
	}
	orphan->jobs++;
}

/* What is for best_mx_transport stays as it is: it is found out anew. */
static void
take_orphan_result(struct manager *manager,
    const struct msg_deliver_result *m)
{
	struct store_recipient	r = {
		.number = m->number,
		.status = m->kind == OUTCOME_FAILED ? STORE_FAILED :
		    m->kind == OUTCOME_RELAYED ? STORE_RELAYED : STORE_TODO,
		.dsn = m->dsn,
		.reply = m->text,
	};

	if (m->kind == OUTCOME_ELSEWHERE)
		return;
	if (m->kind == OUTCOME_SENT)
		store_cross_off(manager->store, m->queue_id, &m->number, 1);
	else
		store_update(manager->store, m->queue_id, &r, 1);
	manager_check_room(manager);
}

/* What is left of the message may have been due all the time. */
static void
end_orphan(struct client *client, struct orphan *orphan)
{
	struct manager	*manager = client->manager;
	uint64_t	 id = orphan->id, now = (uint64_t)clock_wall_us();

	HASH_DEL(client->orphans, orphan);
	mem_free(orphan);
	if (agent_is_held(manager, id))
		return;
	if (active_has_room(manager))
		scan_load(manager->scan, id, now);
	else
		scan_wake_at(manager->scan, now);
}

static void
end_orphan_job(struct client *client, uint64_t id)
{
	struct orphan	*orphan = find_orphan(client, id);

	if (orphan != NULL && --orphan->jobs == 0)
		end_orphan(client, orphan);
}

/* ---- content ------------------------------------------------------------- */

/* A chunk that an agent waits for. */
struct request {
	struct client	*client;	/* NULL: it is gone */
	uint32_t	 id;
	uint32_t	 number;
	struct request	*next, *prev;	/* of the client */
};

static void
check_reading(struct client *client)
{
	if (client->read_count >= READ_LIMIT || client->manager->is_paused)
		ipc_pause(client->ipc);
	else
		ipc_resume(client->ipc);
}

static void
on_chunk(struct slice bytes, void *arg)
{
	struct request	*request = arg;
	struct client	*client = request->client;

	if (client != NULL) {
		send_chunk(client, request->id, request->number, bytes);
		DL_DELETE(client->reads, request);
		client->read_count--;
		check_reading(client);
	}
	mem_free(request);
}

static void
read_chunk(struct client *client, uint32_t id,
    const struct msg_content_get *m)
{
	struct request	*request = mem_new(sizeof(*request));

	request->client = client;
	request->id = id;
	request->number = m->number;
	DL_APPEND(client->reads, request);
	client->read_count++;
	check_reading(client);
	store_read(client->manager->store, m->queue_id, m->number, on_chunk,
	    request);
}

/* It was given that message, or has it from before our start. */
static bool
may_read(const struct client *client, uint32_t id, uint64_t queue_id)
{
	const struct entry	*entry = find_entry(client, id);

	return (entry != NULL && entry->queue_id == queue_id) ||
	    find_orphan(client, queue_id) != NULL;
}

void	on_content_get(struct ipc *, uint32_t, const struct msg_content_get *);

void
on_content_get(struct ipc *ipc, uint32_t id, const struct msg_content_get *m)
{
	struct client		*client = ipc_arg(ipc);
	const struct active	*active;

	if (!may_read(client, id, m->queue_id)) {
		door_warn(client->manager->door, false, "%s (process %u) asks "
		    "for a message that it was not given", ipc_peer_name(ipc),
		    ipc_peer_process(ipc));
		send_chunk(client, id, m->number, slice_from(NULL, 0));
		return;
	}
	active = active_find(client->manager, m->queue_id);
	if (active != NULL && active->content.len > 0)
		send_chunk(client, id, m->number,
		    cached_chunk(active, m->number));
	else
		read_chunk(client, id, m);
}

/* ---- results are safe ---------------------------------------------------- */

static void
on_flushed(void *arg)
{
	struct manager	*manager = arg;
	struct client	*client;

	manager->is_keeping = false;
	DL_FOREACH(manager->clients, client) {
		struct msg_deliver_kept	m = { client->keeping };

		if (client->kept != client->keeping)
			ipc_send_deliver_kept(client->ipc, 0, &m);
		client->kept = client->keeping;
		if (client->done != client->kept &&
		    !loop_timer_is_running(manager->keep))
			loop_timer_start(manager->keep, KEEP_MS);
	}
}

static void
on_keep(void *arg)
{
	struct manager	*manager = arg;
	struct client	*client;

	if (manager->is_keeping)
		return;
	manager->is_keeping = true;
	DL_FOREACH(manager->clients, client)
		client->keeping = client->done;
	active_write_all(manager);
	/* There is no message 0: all it does is to flush what came before. */
	store_remove(manager->store, 0, 0, on_flushed, manager);
}

void
agent_start(struct manager *manager)
{
	manager->keep = loop_timer_new(manager->loop, on_keep, manager);
}

/* ---- results ------------------------------------------------------------- */

void	on_deliver_result(struct ipc *, uint32_t,
	    const struct msg_deliver_result *);
void	on_deliver_done(struct ipc *, uint32_t,
	    const struct msg_deliver_done *);
void	on_agent_ready(struct ipc *, uint32_t, const struct msg_agent_ready *);

void
on_deliver_result(struct ipc *ipc, uint32_t id,
    const struct msg_deliver_result *m)
{
	struct client	*client = ipc_arg(ipc);
	struct entry	*entry = find_entry(client, id);

	if (m->kind > OUTCOME_RELAYED || (m->kind == OUTCOME_ELSEWHERE &&
	    ipc_peer(ipc) == IPC_BOUNCE))
		return;
	if (entry != NULL && entry->queue_id == m->queue_id)
		schedule_result(entry, m->number,
		    (enum outcome_kind)m->kind, m->dsn, m->text);
	else if (find_orphan(client, m->queue_id) != NULL)
		take_orphan_result(client->manager, m);
}

void
on_deliver_done(struct ipc *ipc, uint32_t id,
    const struct msg_deliver_done *m)
{
	struct client	*client = ipc_arg(ipc);
	struct entry	*entry = find_entry(client, id);

	if (entry != NULL && entry->queue_id == m->queue_id)
		schedule_done(entry, m->site == OUTCOME_SITE_ALIVE ||
		    m->site == OUTCOME_SITE_DEAD ?
		    (enum outcome_site)m->site : OUTCOME_SITE_UNKNOWN,
		    m->text);
	else
		end_orphan_job(client, m->queue_id);
	client->done++;
	if (!loop_timer_is_running(client->manager->keep))
		loop_timer_start(client->manager->keep, KEEP_MS);
	manager_check_end(client->manager);
}

/* Nobody else makes reports, and bounce makes nothing else. */
static bool
may_serve(const struct ipc *ipc, struct slice transport)
{
	bool	is_report = slice_is(transport, REPORT_TRANSPORT);

	return is_report ? ipc_peer(ipc) != IPC_AGENT :
	    ipc_peer(ipc) != IPC_BOUNCE;
}

void
on_agent_ready(struct ipc *ipc, uint32_t id, const struct msg_agent_ready *m)
{
	struct client	*client = ipc_arg(ipc);
	struct agent	*agent = client->agent;

	(void)id;
	if (!may_serve(ipc, m->transport)) {
		ipc_refuse(ipc, "it serves a transport that is not its own");
		return;
	}
	if (agent == NULL) {
		agent = mem_new(sizeof(*agent));
		agent->client = client;
		agent->transport = slice_dup(m->transport);
		client->agent = agent;
	} else if (!slice_is(m->transport, agent->transport)) {
		ipc_refuse(ipc, "it serves another transport than before");
		return;
	}
	agent->capacity = m->capacity < IPC_JOB_LIMIT ? m->capacity :
	    IPC_JOB_LIMIT;
	schedule_run_later(client->manager->schedule);
}

void
agent_drained(struct client *client)
{
	if (client->agent != NULL)
		schedule_run_later(client->manager->schedule);
}

void
agent_lost(struct client *client)
{
	struct agent	*agent = client->agent;
	struct request	*request;

	DL_FOREACH(client->reads, request)
		request->client = NULL;
	while (client->orphans != NULL)
		end_orphan(client, client->orphans);
	if (agent == NULL)
		return;
	agent->capacity = 0;
	while (agent->entries != NULL)
		schedule_lost(agent->entries);
	client->agent = NULL;
	mem_free(agent->transport);
	mem_free(agent);
}
