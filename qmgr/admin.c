/*
 * Requests, and those that only look: list and show.  Everybody may list
 * where authorized_mailq_users says so; what is in a message is for root
 * and for who started the suite.
 */

#include "qmgr/admin.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/daemon.h"
#include "mail/ipc.h"
#include "qmgr/active.h"
#include "qmgr/manager.h"
#include "qmgr/store.h"
#include "util/mem.h"

#define PAGE	1000	/* messages read at a time, at most */
#define STRANGER_WEIGHT_LIMIT	16

/* ---- requests ------------------------------------------------------------ */

/*
 * A client has so many requests as it may.  One that does not take its
 * answers is not heard anyway (mail/ipc.h).
 */
static void
check_reading(struct client *client)
{
	unsigned	limit = ipc_peer(client->ipc) == IPC_USER ?
			    STRANGER_WEIGHT_LIMIT : ADMIN_WEIGHT_LIMIT;

	if (client->request_weight >= limit)
		ipc_pause(client->ipc);
	else
		ipc_resume(client->ipc);
}

struct admin_request *
admin_request_new(struct ipc *ipc, uint32_t id, unsigned weight)
{
	struct client		*client = ipc_arg(ipc);
	struct admin_request	*request = mem_new(sizeof(*request));

	request->manager = client->manager;
	request->client = client;
	request->id = id;
	request->weight = weight;
	client->request_weight += weight;
	DL_APPEND(client->requests, request);
	check_reading(client);
	return request;
}

void
admin_answer(struct ipc *ipc, uint32_t id, uint32_t count, const char *error)
{
	struct msg_admin_done	m = {
		.count = count,
		.error = slice_str(error),
	};

	ipc_send_admin_done(ipc, id, &m);
}

void
admin_request_end(struct admin_request *request, uint64_t last,
    const char *error)
{
	struct client		*client = request->client;
	struct msg_admin_done	 m = {
		.count = request->count,
		.last = last,
		.error = slice_str(error),
	};

	if (client != NULL) {
		ipc_send_admin_done(client->ipc, request->id, &m);
		DL_DELETE(client->requests, request);
		client->request_weight -= request->weight;
		check_reading(client);
	}
	mem_free(request);
}

static void
discard(struct admin_request *request)
{
	if (request->client != NULL)
		DL_DELETE(request->client->requests, request);
	mem_free(request);
}

void
admin_request_go_on(struct admin_request *request)
{
	struct manager	*manager = request->manager;
	struct client	*client = request->client;

	request->is_waiting = false;
	/* When we leave, the end of the connection is the answer. */
	if ((client == NULL && !request->is_detached) ||
	    manager->is_ending || daemon_is_draining(manager->daemon))
		discard(request);
	else if (client != NULL && ipc_is_congested(client->ipc))
		request->is_waiting = true;
	else
		request->step(request);
}

void
admin_drained(struct client *client)
{
	struct admin_request	*request, *next;

	DL_FOREACH_SAFE(client->requests, request, next)
		if (request->is_waiting)
			admin_request_go_on(request);
}

void
admin_lost(struct client *client)
{
	struct admin_request	*request, *next;

	DL_FOREACH_SAFE(client->requests, request, next) {
		DL_DELETE(client->requests, request);
		request->client = NULL;
		/* The others are freed when the store answers them. */
		if (request->is_waiting)
			admin_request_go_on(request);
	}
}

/*
 * "static:anyone" or a list of users; until there are tables, only the
 * former and any other value are told apart.
 */
bool
admin_is_authorized(const struct ipc *ipc, const char *users)
{
	return ipc_peer(ipc) == IPC_ADMIN ||
	    strcmp(users, "static:anyone") == 0;
}

unsigned
admin_state_of(const struct manager *manager,
    const struct store_message *message)
{
	if (message->flags & STORE_HELD)
		return ADMIN_HELD;
	if (active_find(manager, message->id) != NULL)
		return ADMIN_ACTIVE;
	return message->attempts == 0 ? ADMIN_QUEUED : ADMIN_DEFERRED;
}

/* ---- what is sent -------------------------------------------------------- */

static void
send_message(const struct admin_request *request,
    const struct store_message *message)
{
	struct msg_admin_message	m = {
		.queue_id = message->id,
		.state = admin_state_of(request->manager, message),
		.attempts = message->attempts,
		.arrival_us = message->arrival_us,
		.due_us = message->due_us,
		.size = message->size,
		.sender = message->sender,
		.reason = message->reason,
		.facts = message->facts,
	};

	ipc_send_admin_message(request->client->ipc, request->id, &m);
}

/* True when there may be more of them in the store. */
static bool
send_recipients(struct admin_request *request,
    const struct store_recipient *recipients, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct msg_admin_rcpt	m = {
			.failed = recipients[i].status == STORE_FAILED,
			.address = recipients[i].address,
			.original = recipients[i].original,
			.reason = recipients[i].reply,
		};

		ipc_send_admin_rcpt(request->client->ipc, request->id, &m);
		request->number = recipients[i].number + 1;
	}
	return count == STORE_LIST_RECIPIENTS;
}

static void	read_recipients(struct admin_request *);

/* More recipients of the message whose first ones were sent. */
static void
on_recipients(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct admin_request	*request = arg;

	request->step = request->then;
	if (request->client != NULL && message != NULL &&
	    send_recipients(request, recipients, count))
		request->step = read_recipients;
	admin_request_go_on(request);
}

static void
read_recipients(struct admin_request *request)
{
	store_load(request->manager->store, request->after, request->number,
	    STORE_LIST_RECIPIENTS, on_recipients, request);
}

static void
end_well(struct admin_request *request)
{
	admin_request_end(request, 0, "");
}

/* ---- list ---------------------------------------------------------------- */

static void
end_page(struct admin_request *request)
{
	admin_request_end(request, request->after, "");
}

static void	read_page(struct admin_request *);

static void
on_page(const struct store_listed *list, size_t count, bool has_rest,
    void *arg)
{
	struct admin_request	*request = arg;
	bool			 has_more = false;

	for (size_t i = 0; i < count && request->client != NULL; i++) {
		send_message(request, &list[i].message);
		has_more = send_recipients(request, list[i].recipients,
		    list[i].count);
		request->after = list[i].message.id;
		request->count++;
		request->left--;
	}
	request->then = !has_rest ? end_well :
	    request->left == 0 ? end_page : read_page;
	request->step = has_more ? read_recipients : request->then;
	admin_request_go_on(request);
}

static void
read_page(struct admin_request *request)
{
	store_list(request->manager->store, request->after,
	    request->left < PAGE ? request->left : PAGE, on_page, request);
}

/* The one message that is asked for. */
static void
on_message(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct admin_request	*request = arg;
	bool			 has_more = false;

	if (message == NULL) {
		admin_request_end(request, 0, request->then == end_well ?
		    "" : "no such message");
		return;
	}
	if (request->client != NULL) {
		send_message(request, message);
		has_more = send_recipients(request, recipients, count);
	}
	request->after = message->id;
	request->count = 1;
	request->chunks = message->chunk_count;
	request->step = has_more ? read_recipients : request->then;
	admin_request_go_on(request);
}

void	on_admin_list(struct ipc *, uint32_t, const struct msg_admin_list *);
void	on_admin_show(struct ipc *, uint32_t, const struct msg_admin_show *);

void
on_admin_list(struct ipc *ipc, uint32_t id, const struct msg_admin_list *m)
{
	struct client		*client = ipc_arg(ipc);
	struct admin_request	*request;

	if (!admin_is_authorized(ipc,
	    client->manager->conf->authorized_mailq_users)) {
		admin_answer(ipc, id, 0, "you may not list the queue "
		    "(authorized_mailq_users)");
		return;
	}
	request = admin_request_new(ipc, id, ADMIN_WEIGHT_LIMIT);
	request->after = m->after;
	request->only = m->only;
	request->left = m->count == 0 ? UINT32_MAX : m->count;
	request->then = end_well;
	if (m->only != 0)
		store_load(request->manager->store, m->only, 0,
		    STORE_LIST_RECIPIENTS, on_message, request);
	else
		read_page(request);
}

/* ---- show ---------------------------------------------------------------- */

static void
on_chunk(struct slice bytes, void *arg)
{
	struct admin_request	*request = arg;
	struct msg_admin_data	 m = { bytes };

	if (bytes.len == 0) {
		admin_request_end(request, 0, "the content cannot be read");
		return;
	}
	if (request->client != NULL)
		ipc_send_admin_data(request->client->ipc, request->id, &m);
	request->chunk++;
	admin_request_go_on(request);
}

static void
read_chunk(struct admin_request *request)
{
	if (request->chunk >= request->chunks)
		admin_request_end(request, 0, "");
	else
		store_read(request->manager->store, request->only,
		    request->chunk, on_chunk, request);
}

void
on_admin_show(struct ipc *ipc, uint32_t id, const struct msg_admin_show *m)
{
	struct admin_request	*request;

	if (ipc_peer(ipc) != IPC_ADMIN) {
		admin_answer(ipc, id, 0, "you may not do that");
		return;
	}
	request = admin_request_new(ipc, id, ADMIN_WEIGHT_LIMIT);
	request->only = m->queue_id;
	request->then = read_chunk;
	store_load(request->manager->store, m->queue_id, 0,
	    STORE_LIST_RECIPIENTS, on_message, request);
}
