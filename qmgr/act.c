/*
 * Acting on messages: hold, release, delete, requeue, flush.  Anybody may
 * flush where authorized_flush_users says so; the rest is for root and for
 * who started the suite.
 *
 * What is acted on is written at once, also when the message is being
 * delivered: a crash does not undo it.  The answer comes when it is on the
 * disk.  Deliveries that an agent has begun go on; what they say is no more
 * than noted (qmgr/active.c).
 */

#include <utlist.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "qmgr/active.h"
#include "qmgr/admin.h"
#include "qmgr/manager.h"
#include "qmgr/scan.h"
#include "qmgr/schedule.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define PAGE	256	/* messages acted on in one go: mail waits for it */

static const char *const action_names[] = {
	[ADMIN_HOLD] = "placed on hold",
	[ADMIN_RELEASE] = "released from hold",
	[ADMIN_DELETE] = "removed",
	[ADMIN_REQUEUE] = "requeued",
	[ADMIN_FLUSH] = NULL,		/* its delivery says enough */
};

/* ---- writing ------------------------------------------------------------- */

static void
on_written(void *arg)
{
	struct admin_request	*request = arg;

	if (--request->pending == 0)
		admin_request_go_on(request);
}

/* New flags, attempts and due time: any -> S5, S5 -> S2, S4 -> S4. */
static void
change(struct admin_request *request, const struct store_message *message,
    bool is_held)
{
	struct manager		*manager = request->manager;
	struct store_message	 new = *message;

	new.flags = (message->flags & ~(uint32_t)STORE_HELD) |
	    (is_held ? STORE_HELD : 0u);
	if (request->action == ADMIN_FLUSH)
		new.flags |= STORE_FLUSHED;
	new.due_us = is_held ? 0 : (uint64_t)clock_wall_us();
	/* A filter that is no more can be got rid of so. */
	if (request->action == ADMIN_REQUEUE) {
		new.attempts = 0;
		new.filter.len = 0;
	}
	request->pending++;
	store_reschedule(manager->store, &new, message->due_us, on_written,
	    request);
	if (!is_held)
		scan_wake_at(manager->scan, new.due_us);
}

/* A message whose failed recipients get another chance, all of them. */
struct revival {
	struct admin_request	*request;
	uint64_t		 id;
};

static void
on_revived(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct revival		*revival = arg;
	struct admin_request	*request = revival->request;

	for (size_t i = 0; i < count; i++) {
		struct store_recipient	r = recipients[i];

		r.status = STORE_TODO;
		if (recipients[i].status == STORE_FAILED)
			store_update(request->manager->store, revival->id, &r,
			    1);
	}
	if (count == STORE_LIST_RECIPIENTS) {
		store_load(request->manager->store, revival->id,
		    recipients[count - 1].number + 1, STORE_LIST_RECIPIENTS,
		    on_revived, revival);
		return;
	}
	if (message != NULL)
		change(request, message, false);
	mem_free(revival);
	on_written(request);
}

static void
revive(struct admin_request *request, const struct store_listed *found)
{
	struct revival	*revival = mem_new(sizeof(*revival));

	revival->request = request;
	revival->id = found->message.id;
	request->pending++;
	on_revived(&found->message, found->recipients, found->count, revival);
}

static void
delete(struct admin_request *request, const struct store_message *message)
{
	request->pending++;
	store_remove(request->manager->store, message->id, message->due_us,
	    on_written, request);
}

/* ---- one message --------------------------------------------------------- */

/* True: it counts. */
static bool
act_on_active(struct admin_request *request, struct active *active,
    const struct store_listed *found)
{
	const struct store_message	*message = &found->message;
	bool				 is_held;

	is_held = (message->flags & STORE_HELD) != 0;
	switch (request->action) {
	case ADMIN_HOLD:
		if (is_held)
			return false;
		change(request, message, true);
		active_hold(active);
		return true;
	case ADMIN_RELEASE:
		if (!is_held)
			return false;
		revive(request, found);
		active_retry(active, false);
		return true;
	case ADMIN_DELETE:
		delete(request, message);
		active_forget(active);
		return true;
	case ADMIN_REQUEUE:
		revive(request, found);
		active_retry(active, true);
		return true;
	default:
		/* It is being tried this very moment. */
		return !is_held;
	}
}

static bool
act_on_waiting(struct admin_request *request,
    const struct store_listed *found)
{
	const struct store_message	*message = &found->message;
	bool				 is_held;

	is_held = (message->flags & STORE_HELD) != 0;
	/* If it is just being read, what was read is not true any more. */
	active_cancel_load(request->manager, message->id);
	switch (request->action) {
	case ADMIN_HOLD:
		if (!is_held)
			change(request, message, true);
		return !is_held;
	case ADMIN_RELEASE:
		if (is_held)
			revive(request, found);
		return is_held;
	case ADMIN_DELETE:
		delete(request, message);
		return true;
	case ADMIN_REQUEUE:
		revive(request, found);
		return true;
	default:
		if (!is_held)
			change(request, message, false);
		return !is_held;
	}
}

static void
act(struct admin_request *request, const struct store_listed *found)
{
	struct manager	*manager = request->manager;
	uint64_t	 id = found->message.id;
	struct active	*active = active_find(manager, id);
	const char	*name = action_names[request->action];
	char		 text[QUEUE_ID_TEXT_SIZE];
	bool		 is_done;

	request->after = id;
	if (request->states != 0 && (request->states &
	    1u << admin_state_of(manager, &found->message)) == 0)
		return;
	is_done = active != NULL ?
	    act_on_active(request, active, found) :
	    act_on_waiting(request, found);
	request->count += is_done;
	if (is_done && name != NULL)
		log_info("%s: %s", queue_id_format(id, text), name);
}

/* ---- all messages -------------------------------------------------------- */

static void
end_well(struct admin_request *request)
{
	if (request->is_detached)
		request->manager->is_flushing = false;
	admin_request_end(request, 0, "");
}

static void	act_on_page(struct admin_request *);

static void
on_page(const struct store_listed *list, size_t count, bool has_rest,
    void *arg)
{
	struct admin_request	*request = arg;

	request->step = has_rest ? act_on_page : end_well;
	request->pending++;
	for (size_t i = 0; i < count; i++) {
		if (list[i].message.id > request->until) {
			request->step = end_well;
			break;
		}
		act(request, &list[i]);
	}
	on_written(request);
}

static void
act_on_page(struct admin_request *request)
{
	store_list(request->manager->store, request->after, PAGE, on_page,
	    request);
}

static void
act_on_all(struct admin_request *request)
{
	request->until = store_last_id(request->manager->store);
	act_on_page(request);
}

static void
on_found(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct admin_request	*request = arg;
	struct store_listed	 found;

	request->step = end_well;
	request->pending++;
	if (message != NULL) {
		found = (struct store_listed){ *message, recipients, count };
		act(request, &found);
	}
	on_written(request);
}

/*
 * Each message becomes due now, and the schedule takes them as it has room.
 * Nobody waits for the end, and two at a time are one.
 */
static void
flush_all(struct ipc *ipc, uint32_t id)
{
	struct manager		*manager =
				    ((struct client *)ipc_arg(ipc))->manager;
	struct admin_request	*request;

	schedule_revive(manager->schedule);
	admin_answer(ipc, id, 0, "");
	if (manager->is_flushing)
		return;
	manager->is_flushing = true;
	request = mem_new(sizeof(*request));
	request->manager = manager;
	request->is_detached = true;
	request->action = ADMIN_FLUSH;
	act_on_all(request);
}

/* ---- the request --------------------------------------------------------- */

static const char *
why_not(const struct ipc *ipc, const struct msg_admin_do *m)
{
	const struct client	*client = ipc_arg(ipc);
	const struct manager	*manager = client->manager;

	if (m->action > ADMIN_FLUSH)
		return "unknown action";
	if (m->action != ADMIN_FLUSH)
		return ipc_peer(ipc) == IPC_ADMIN ? NULL :
		    "you may not do that";
	if (!admin_is_authorized(ipc,
	    manager->conf->authorized_flush_users))
		return "you may not flush the queue "
		    "(authorized_flush_users)";
	return NULL;
}

void	on_admin_do(struct ipc *, uint32_t, const struct msg_admin_do *);

void
on_admin_do(struct ipc *ipc, uint32_t id, const struct msg_admin_do *m)
{
	const char		*why = why_not(ipc, m);
	struct admin_request	*request;

	if (why != NULL) {
		admin_answer(ipc, id, 0, why);
		return;
	}
	if (m->action == ADMIN_FLUSH && m->queue_id == 0) {
		flush_all(ipc, id);
		return;
	}
	request = admin_request_new(ipc, id, 1);
	request->action = m->action;
	request->states = m->states;
	request->only = m->queue_id;
	/* Who asks for a try wants it to be one. */
	if (m->action == ADMIN_FLUSH || m->action == ADMIN_RELEASE ||
	    m->action == ADMIN_REQUEUE)
		schedule_revive(request->manager->schedule);
	if (m->queue_id == 0)
		act_on_all(request);
	else
		store_load(request->manager->store, m->queue_id, 0,
		    STORE_LIST_RECIPIENTS, on_found, request);
}
