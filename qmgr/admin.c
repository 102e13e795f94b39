/*
 * The administrator: listing, showing and acting on messages.  Everybody may
 * list and flush where authorized_mailq_users and authorized_flush_users say
 * so; the rest is for root and for who started the suite.
 *
 * A request works through the queue a message at a time, so that it never
 * holds up deliveries; the tool asks for page after page.
 */

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "qmgr/active.h"
#include "qmgr/manager.h"
#include "qmgr/scan.h"
#include "qmgr/schedule.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define PAGE_LIMIT		1000	/* messages in one page */
#define RECIPIENT_LIMIT		1000	/* recipients shown of one message */

struct request {
	struct manager	*manager;
	struct client	*client;	/* compared with those there are */
	uint32_t	 id;		/* of the frames */
	enum admin_action action;
	uint64_t	 after;		/* last message seen */
	uint64_t	 only;		/* this one; 0: all */
	uint32_t	 left;		/* messages to go */
	uint32_t	 count;		/* done */
	uint32_t	 chunk;		/* next, when showing */
	uint32_t	 chunks;
};

/* The client may have gone while the store was asked. */
static struct ipc *
client_ipc(const struct request *request)
{
	struct client	*client;

	DL_FOREACH(request->manager->clients, client)
		if (client == request->client)
			return client->ipc;
	return NULL;
}

static void
finish(struct request *request, uint64_t last, const char *error)
{
	struct ipc		*ipc = client_ipc(request);
	struct msg_admin_done	 m = {
		.count = request->count,
		.last = last,
		.error = slice_str(error),
	};

	if (ipc != NULL)
		ipc_send_admin_done(ipc, request->id, &m);
	mem_free(request);
}

static void
refuse(struct ipc *ipc, uint32_t id, const char *error)
{
	struct msg_admin_done	m = { .error = slice_str(error) };

	ipc_send_admin_done(ipc, id, &m);
}

static struct request *
make(struct ipc *ipc, uint32_t id)
{
	struct client	*client = ipc_arg(ipc);
	struct request	*request = mem_new(sizeof(*request));

	request->manager = client->manager;
	request->client = client;
	request->id = id;
	return request;
}

/*
 * "static:anyone" or a list of users; until there are tables, only the
 * former and an empty list are told apart.
 */
static bool
is_authorized(const struct ipc *ipc, const char *users)
{
	return ipc_peer(ipc) == IPC_ADMIN ||
	    strcmp(users, "static:anyone") == 0;
}

/* ---- list ---------------------------------------------------------------- */

static enum admin_state
state_of(const struct manager *manager, const struct store_message *message)
{
	if (message->flags & STORE_HELD)
		return ADMIN_HELD;
	if (active_find(manager, message->id) != NULL)
		return ADMIN_ACTIVE;
	return message->attempts == 0 ? ADMIN_QUEUED : ADMIN_DEFERRED;
}

static void
send_message(const struct request *request, struct ipc *ipc,
    const struct store_message *message,
    const struct store_recipient *recipients, size_t count)
{
	struct msg_admin_message	m = {
		.queue_id = message->id,
		.state = state_of(request->manager, message),
		.attempts = message->attempts,
		.arrival_us = message->arrival_us,
		.due_us = message->due_us,
		.size = message->size,
		.sender = message->sender,
		.reason = message->reason,
		.facts = message->facts,
	};

	ipc_send_admin_message(ipc, request->id, &m);
	for (size_t i = 0; i < count; i++) {
		struct msg_admin_rcpt	r = {
			.failed = recipients[i].status == STORE_FAILED,
			.address = recipients[i].address,
			.original = recipients[i].original,
			.reason = recipients[i].reply,
		};

		ipc_send_admin_rcpt(ipc, request->id, &r);
	}
}

static void
on_listed(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct request	*request = arg;
	struct ipc	*ipc = client_ipc(request);

	if (message == NULL || ipc == NULL) {
		finish(request, 0, "");
		return;
	}
	send_message(request, ipc, message, recipients, count);
	request->after = message->id;
	request->count++;
	if (request->only != 0)
		finish(request, 0, "");
	else if (--request->left == 0 || ipc_is_congested(ipc))
		finish(request, request->after, "");
	else
		store_next(request->manager->store, request->after,
		    RECIPIENT_LIMIT, on_listed, request);
}

void	on_admin_list(struct ipc *, uint32_t, const struct msg_admin_list *);
void	on_admin_do(struct ipc *, uint32_t, const struct msg_admin_do *);
void	on_admin_show(struct ipc *, uint32_t, const struct msg_admin_show *);

void
on_admin_list(struct ipc *ipc, uint32_t id, const struct msg_admin_list *m)
{
	struct client	*client = ipc_arg(ipc);
	const struct conf *conf = client->manager->conf;
	struct request	*request;

	if (!is_authorized(ipc, conf->authorized_mailq_users)) {
		refuse(ipc, id, "you may not list the queue "
		    "(authorized_mailq_users)");
		return;
	}
	request = make(ipc, id);
	request->after = m->after;
	request->only = m->only;
	request->left = m->count == 0 || m->count > PAGE_LIMIT ? PAGE_LIMIT :
	    m->count;
	if (m->only != 0)
		store_load(request->manager->store, m->only, 0,
		    RECIPIENT_LIMIT, on_listed, request);
	else
		store_next(request->manager->store, m->after, RECIPIENT_LIMIT,
		    on_listed, request);
}

/* ---- show ---------------------------------------------------------------- */

static void
on_shown(struct slice bytes, void *arg)
{
	struct request		*request = arg;
	struct ipc		*ipc = client_ipc(request);
	struct msg_admin_data	 m = { bytes };

	if (ipc == NULL || bytes.len == 0) {
		finish(request, 0, "");
		return;
	}
	ipc_send_admin_data(ipc, request->id, &m);
	if (++request->chunk >= request->chunks)
		finish(request, 0, "");
	else
		store_read(request->manager->store, request->only,
		    request->chunk, on_shown, request);
}

static void
on_found(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct request	*request = arg;
	struct ipc	*ipc = client_ipc(request);

	if (message == NULL || ipc == NULL) {
		finish(request, 0, "no such message");
		return;
	}
	send_message(request, ipc, message, recipients, count);
	request->count = 1;
	request->chunks = message->chunk_count;
	store_read(request->manager->store, request->only, 0, on_shown,
	    request);
}

void
on_admin_show(struct ipc *ipc, uint32_t id, const struct msg_admin_show *m)
{
	struct request	*request = make(ipc, id);

	request->only = m->queue_id;
	store_load(request->manager->store, m->queue_id, 0, RECIPIENT_LIMIT,
	    on_found, request);
}

/* ---- act ----------------------------------------------------------------- */

static const char *const action_names[] = {
	[ADMIN_HOLD] = "placed on hold",
	[ADMIN_RELEASE] = "released from hold",
	[ADMIN_DELETE] = "removed",
	[ADMIN_REQUEUE] = "requeued",
	[ADMIN_FLUSH] = "flushed",
};

/* New flags and due time: any -> S5, S5 -> S2, S4 -> S4. */
static void
change(struct manager *manager, const struct store_message *message,
    bool is_held, uint64_t due_us)
{
	struct store_message	new = *message;

	new.flags = (message->flags & ~(uint32_t)STORE_HELD) |
	    (is_held ? STORE_HELD : 0u);
	new.due_us = is_held ? 0 : due_us;
	store_reschedule(manager->store, &new, message->due_us, NULL, NULL);
	if (!is_held)
		scan_wake_at(manager->scan, due_us);
}

/* True: it counts. */
static bool
act_on_active(struct active *active, enum admin_action action)
{
	switch (action) {
	case ADMIN_HOLD:
		active->wants_hold = true;
		break;
	case ADMIN_DELETE:
		active->wants_removal = true;
		break;
	default:
		/* It is being tried this very moment. */
		return action == ADMIN_FLUSH;
	}
	schedule_withdraw(active);
	return true;
}

static bool
act(struct manager *manager, enum admin_action action,
    const struct store_message *message,
    const struct store_recipient *recipients, size_t count)
{
	struct active	*active = active_find(manager, message->id);
	bool		 is_held = (message->flags & STORE_HELD) != 0;
	uint64_t	 now = (uint64_t)clock_wall_us();

	if (active != NULL)
		return act_on_active(active, action);
	switch (action) {
	case ADMIN_HOLD:
		if (is_held)
			return false;
		change(manager, message, true, 0);
		return true;
	case ADMIN_RELEASE:
		if (!is_held)
			return false;
		break;
	case ADMIN_FLUSH:
		if (is_held)
			return false;
		break;
	case ADMIN_REQUEUE:
		break;
	case ADMIN_DELETE:
		store_remove(manager->store, message->id, message->due_us,
		    NULL, NULL);
		return true;
	}
	/* What had failed for good gets another chance. */
	for (size_t i = 0; i < count; i++) {
		struct store_recipient	r = recipients[i];

		if (r.status != STORE_FAILED)
			continue;
		r.status = STORE_TODO;
		store_update(manager->store, message->id, &r, 1);
	}
	change(manager, message, false, now);
	return true;
}

static void
on_acted(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct request	*request = arg;
	char		 id[QUEUE_ID_TEXT_SIZE];

	if (message == NULL) {
		if (request->action == ADMIN_RELEASE ||
		    request->action == ADMIN_REQUEUE)
			schedule_revive(request->manager->schedule);
		finish(request, 0, "");
		return;
	}
	request->after = message->id;
	if (act(request->manager, request->action, message, recipients,
	    count)) {
		request->count++;
		log_info("%s: %s", queue_id_format(message->id, id),
		    action_names[request->action]);
	}
	if (request->only != 0)
		finish(request, 0, "");
	else
		store_next(request->manager->store, request->after,
		    RECIPIENT_LIMIT, on_acted, request);
}

static void
flush_all(struct ipc *ipc, uint32_t id)
{
	struct client	*client = ipc_arg(ipc);

	schedule_revive(client->manager->schedule);
	scan_flush(client->manager->scan);
	refuse(ipc, id, "");
}

void
on_admin_do(struct ipc *ipc, uint32_t id, const struct msg_admin_do *m)
{
	struct client	*client = ipc_arg(ipc);
	struct request	*request;

	if (m->action > ADMIN_FLUSH) {
		refuse(ipc, id, "unknown action");
		return;
	}
	if (m->action == ADMIN_FLUSH ? !is_authorized(ipc,
	    client->manager->conf->authorized_flush_users) :
	    ipc_peer(ipc) != IPC_ADMIN) {
		refuse(ipc, id, "you may not do that");
		return;
	}
	if (m->action == ADMIN_FLUSH && m->queue_id == 0) {
		flush_all(ipc, id);
		return;
	}
	if (m->action == ADMIN_FLUSH)
		schedule_revive(client->manager->schedule);
	request = make(ipc, id);
	request->action = (enum admin_action)m->action;
	request->only = m->queue_id;
	if (m->queue_id != 0)
		store_load(request->manager->store, m->queue_id, 0,
		    RECIPIENT_LIMIT, on_acted, request);
	else
		store_next(request->manager->store, 0, RECIPIENT_LIMIT,
		    on_acted, request);
}
