/*
 * Delivery agents.
 */

#include "qmgr/agent.h"

#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "mail/ipc.h"
#include "mail/outcome.h"
#include "qmgr/active.h"
#include "qmgr/manager.h"
#include "qmgr/scan.h"
#include "qmgr/schedule.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/mem.h"

/*
 * A message with deliveries that go on from before our start: its results
 * are written straight to the store, and it is tried again only when the
 * last of them has ended.
 */
struct orphan {
	uint64_t	 id;
	UT_hash_handle	 hh;
	uint32_t	 jobs;		/* going on */
	struct client	*client;	/* of the agent */
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
		if (agent->busy >= agent->capacity)
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
		};

		ipc_send_deliver_rcpt(client->ipc, entry->id, &m);
	}
}

void
agent_send(struct agent *agent, struct entry *entry)
{
	struct client		*client = agent->client;
	const struct active	*active = entry->active;
	struct msg_deliver	 m = {
		.queue_id = active->id,
		.arrival_us = active->arrival_us,
		.active_us = active->active_us,
		.size = active->size,
		.flags = ((active->flags & STORE_EIGHT_BIT) ?
		    MAIL_EIGHT_BIT : 0u),
		.recipients = (uint32_t)entry->count,
		.chunks = active->chunk_count,
		.nexthop = slice_str(schedule_nexthop(entry)),
		.sender = slice_str(active->sender),
	};

	entry->agent = agent;
	entry->id = ++agent->last_id;
	DL_APPEND(agent->entries, entry);
	agent->busy++;
	ipc_send_deliver(client->ipc, entry->id, &m);
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

/* A chunk that an agent waits for. */
struct request {
	struct manager	*manager;
	struct client	*client;	/* compared with those there are */
	uint32_t	 id;
	uint32_t	 number;
};

static void
on_chunk(struct slice bytes, void *arg)
{
	struct request	*request = arg;
	struct client	*client;

	DL_FOREACH(request->manager->clients, client)
		if (client == request->client)
			send_chunk(client, request->id, request->number,
			    bytes);
	mem_free(request);
}

void	on_content_get(struct ipc *, uint32_t, const struct msg_content_get *);

void
on_content_get(struct ipc *ipc, uint32_t id, const struct msg_content_get *m)
{
	struct client		*client = ipc_arg(ipc);
	struct manager		*manager = client->manager;
	const struct active	*active = active_find(manager, m->queue_id);
	struct request		*request;

	if (active != NULL && active->content.len > 0) {
		send_chunk(client, id, m->number,
		    cached_chunk(active, m->number));
		return;
	}
	request = mem_new(sizeof(*request));
	request->manager = manager;
	request->client = client;
	request->id = id;
	request->number = m->number;
	store_read(manager->store, m->queue_id, m->number, on_chunk, request);
}

/* ---- results of deliveries from before our start ------------------------- */

static struct orphan *
find_orphan(const struct manager *manager, uint64_t id)
{
	struct orphan	*orphan;

	HASH_FIND(hh, manager->orphans, &id, sizeof(id), orphan);
	return orphan;
}

bool
agent_is_held(const struct manager *manager, uint64_t id)
{
	return find_orphan(manager, id) != NULL;
}

void	on_agent_holds(struct ipc *, uint32_t, const struct msg_agent_holds *);

void
on_agent_holds(struct ipc *ipc, uint32_t id, const struct msg_agent_holds *m)
{
	struct client	*client = ipc_arg(ipc);
	struct orphan	*orphan = find_orphan(client->manager, m->queue_id);

	(void)id;
	if (orphan == NULL) {
		orphan = mem_new(sizeof(*orphan));
		orphan->id = m->queue_id;
		orphan->client = client;
		HASH_ADD(hh, client->manager->orphans, id, sizeof(orphan->id),
		    orphan);
	}
	orphan->jobs++;
}

static void
free_orphan(struct manager *manager, struct orphan *orphan)
{
	HASH_DEL(manager->orphans, orphan);
	mem_free(orphan);
}

static void
take_orphan_result(struct manager *manager,
    const struct msg_deliver_result *m)
{
	struct store_recipient	r = {
		.number = m->number,
		.status = m->kind == OUTCOME_FAILED ? STORE_FAILED :
		    STORE_TODO,
		.dsn = m->dsn,
		.reply = m->text,
	};

	if (m->kind == OUTCOME_SENT)
		store_cross_off(manager->store, m->queue_id, &m->number, 1);
	else
		store_update(manager->store, m->queue_id, &r, 1);
}

static void
end_orphan_job(struct manager *manager, uint64_t id)
{
	struct orphan	*orphan = find_orphan(manager, id);

	if (orphan == NULL || --orphan->jobs > 0)
		return;
	free_orphan(manager, orphan);
	/* What is left of it was due all the time. */
	if (active_has_room(manager))
		scan_load(manager->scan, id);
	else
		scan_wake_at(manager->scan, (uint64_t)clock_wall_us());
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

	if (m->kind > OUTCOME_FAILED)
		return;
	if (entry != NULL && entry->queue_id == m->queue_id)
		schedule_result(entry, m->number,
		    (enum outcome_kind)m->kind, m->dsn, m->text);
	else if (find_orphan(client->manager, m->queue_id) != NULL)
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
		end_orphan_job(client->manager, m->queue_id);
	manager_check_end(client->manager);
}

void
on_agent_ready(struct ipc *ipc, uint32_t id, const struct msg_agent_ready *m)
{
	struct client	*client = ipc_arg(ipc);
	struct agent	*agent = client->agent;

	(void)id;
	if (agent == NULL) {
		agent = mem_new(sizeof(*agent));
		agent->client = client;
		client->agent = agent;
	}
	mem_free(agent->transport);
	agent->transport = slice_dup(m->transport);
	agent->capacity = m->capacity;
	schedule_run_later(client->manager->schedule);
}

void
agent_lost(struct client *client)
{
	struct manager	*manager = client->manager;
	struct agent	*agent = client->agent;
	struct orphan	*orphan, *next;

	HASH_ITER(hh, manager->orphans, orphan, next)
		if (orphan->client == client) {
			orphan->jobs = 1;
			end_orphan_job(manager, orphan->id);
		}
	if (agent == NULL)
		return;
	agent->capacity = 0;
	while (agent->entries != NULL)
		schedule_lost(agent->entries);
	client->agent = NULL;
	mem_free(agent->transport);
	mem_free(agent);
}
