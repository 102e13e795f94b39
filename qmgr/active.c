/*
 * The active queue.
 */

#include "qmgr/active.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "qmgr/manager.h"
#include "qmgr/reroute.h"
#include "qmgr/returns.h"
#include "qmgr/scan.h"
#include "qmgr/schedule.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define WINDOW	REPORT_WINDOW	/* recipients of one message in memory */

static void	load_window(struct active *);

static void
free_window(struct active *active)
{
	for (size_t i = 0; i < active->count; i++) {
		mem_free(active->recipients[i].address);
		mem_free(active->recipients[i].original);
		mem_free(active->recipients[i].transport);
		mem_free(active->recipients[i].nexthop);
		mem_free(active->recipients[i].orcpt);
		mem_free(active->recipients[i].dsn);
		mem_free(active->recipients[i].reply);
	}
	mem_free(active->recipients);
	active->manager->recipient_count -= active->count;
	active->recipients = NULL;
	active->count = 0;
}

static void
free_content(struct active *active)
{
	active->manager->cached_bytes -= (int64_t)active->content.cap;
	buf_clear(&active->content);
}

static void
set_unwritten(struct active *active, bool is_unwritten)
{
	if (active->is_unwritten == is_unwritten)
		return;
	active->is_unwritten = is_unwritten;
	if (is_unwritten)
		DL_APPEND(active->manager->unwritten, active);
	else
		DL_DELETE(active->manager->unwritten, active);
}

static void
destroy(struct active *active)
{
	struct manager	*manager = active->manager;

	set_unwritten(active, false);
	HASH_DEL(manager->actives, active);
	manager->active_count--;
	free_window(active);
	free_content(active);
	mem_free(active->sender);
	mem_free(active->facts);
	mem_free(active->envid);
	mem_free(active->filter);
	mem_free(active->reason);
	mem_free(active);
	scan_check(manager->scan);
}

bool
active_has_room(const struct manager *manager)
{
	return manager->active_count <
	    (size_t)manager->conf->qmgr_message_active_limit &&
	    manager->recipient_count <
	    (size_t)manager->conf->qmgr_message_recipient_limit;
}

struct active *
active_find(const struct manager *manager, uint64_t id)
{
	struct active	*active;

	HASH_FIND(hh, manager->actives, &id, sizeof(id), active);
	return active;
}

static struct active *
make(struct manager *manager, const struct store_message *message)
{
	struct active	*active = mem_new(sizeof(*active));

	active->manager = manager;
	active->id = message->id;
	active->arrival_us = message->arrival_us;
	active->active_us = (uint64_t)clock_wall_us();
	active->due_us = message->due_us;
	active->size = message->size;
	active->chunk_count = message->chunk_count;
	active->recipient_total = message->recipient_count;
	active->flags = message->flags;
	active->attempts = message->attempts;
	active->sender = slice_dup(message->sender);
	active->facts = slice_dup(message->facts);
	active->envid = slice_dup(message->envid);
	active->filter = slice_dup(message->filter);
	if (message->reason.len > 0)
		active->reason = slice_dup(message->reason);
	HASH_ADD(hh, manager->actives, id, sizeof(active->id), active);
	manager->active_count++;
	return active;
}

/* The window's recipients that are to be tried, into the schedule. */
static void
set_window(struct active *active, const struct store_recipient *recipients,
    size_t count)
{
	active->recipients = mem_new_array(count, sizeof(struct recipient));
	active->count = count;
	active->manager->recipient_count += count;
	for (size_t i = 0; i < count; i++) {
		struct recipient	*r = &active->recipients[i];

		r->number = recipients[i].number;
		r->address = slice_dup(recipients[i].address);
		r->original = slice_dup(recipients[i].original);
		r->transport = slice_dup(recipients[i].transport);
		r->nexthop = slice_dup(recipients[i].nexthop);
		r->notify = recipients[i].notify;
		r->orcpt = slice_dup(recipients[i].orcpt);
		if (recipients[i].status != STORE_TODO) {
			r->state = recipients[i].status == STORE_FAILED ?
			    RECIPIENT_FAILED : RECIPIENT_RELAYED;
			r->is_written = true;
			r->dsn = slice_dup(recipients[i].dsn);
			r->reply = slice_dup(recipients[i].reply);
		} else {
			active->todo++;
		}
		active->next_number = r->number + 1;
	}
	active->has_more = count == WINDOW;
}

static void
log_active(const struct active *active)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	log_info("%s: from=<%s>, size=%llu, nrcpt=%u (queue active)",
	    queue_id_format(active->id, id), active->sender,
	    (unsigned long long)active->size, active->recipient_total);
}

void
active_add_fresh(struct manager *manager,
    const struct store_message *message,
    const struct store_recipient *recipients, size_t count,
    struct buf *content)
{
	struct active	*active;

	if (!active_has_room(manager)) {
		scan_wake_at(manager->scan, message->due_us);
		scan_put_fresh(manager->scan, message->id);
		return;
	}
	active = make(manager, message);
	if (content != NULL && manager->cached_bytes +
	    (int64_t)content->cap <= manager->conf->qmgr_content_cache_size) {
		active->content = *content;
		*content = (struct buf)BUF_INIT;
		manager->cached_bytes += (int64_t)active->content.cap;
	}
	log_active(active);
	set_window(active, recipients, count < WINDOW ? count : WINDOW);
	schedule_add(manager->schedule, active);
}

/* ---- the end of a message's stay ----------------------------------------- */

static void
remove_message(struct active *active)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	store_remove(active->manager->store, active->id, active->due_us,
	    NULL, NULL);
	log_info("%s: removed", queue_id_format(active->id, id));
	destroy(active);
}

/* Q47, doubling, and with jitter: equal ages do not come back as a crowd. */
static uint64_t
next_due(const struct active *active)
{
	const struct conf	*conf = active->manager->conf;
	int64_t			 delay = conf->minimal_backoff_time;

	for (uint32_t i = 1; i < active->attempts &&
	    delay < conf->maximal_backoff_time; i++)
		delay *= 2;
	if (delay > conf->maximal_backoff_time)
		delay = conf->maximal_backoff_time;
	delay = delay * (900 + random() % 200) / 1000;
	return (uint64_t)(clock_wall_us() + delay * 1000);
}

static void
reschedule(struct active *active, uint64_t due_us, bool is_held,
    const char *reason)
{
	struct store_message	message = {
		.id = active->id,
		.arrival_us = active->arrival_us,
		.size = active->size,
		.chunk_count = active->chunk_count,
		.recipient_count = active->recipient_total,
		.flags = (active->flags & ~(uint32_t)(STORE_HELD |
		    STORE_FLUSHED)) | (is_held ? STORE_HELD : 0u) |
		    (returns_have_warned(active) ? STORE_WARNED : 0u),
		.due_us = is_held ? 0 : due_us,
		.attempts = active->attempts,
		.sender = slice_str(active->sender),
		.reason = slice_str(reason),
		.facts = slice_str(active->facts),
		.filter = slice_str(active->filter),
	};

	store_reschedule(active->manager->store, &message, active->due_us,
	    NULL, NULL);
	if (!is_held)
		scan_wake_at(active->manager->scan, due_us);
}

/* Some recipients are left: not reached, or their failure not reported. */
static void
finish_undelivered(struct active *active)
{
	const char	*reason = active->reason == NULL ? "" : active->reason;

	active->attempts++;
	if (active->wants_retry) {
		active->attempts = active->is_fresh ? 0 : active->attempts;
		reschedule(active, (uint64_t)clock_wall_us(), false, reason);
	} else if (active->wants_hold) {
		reschedule(active, 0, true, reason);
	} else {
		reschedule(active, next_due(active), false, reason);
	}
	destroy(active);
}

static enum store_status
status_of(const struct active *active, const struct recipient *r)
{
	if (r->state == RECIPIENT_RELAYED)
		return STORE_RELAYED;
	return r->state == RECIPIENT_FAILED && !active->wants_retry ?
	    STORE_FAILED : STORE_TODO;
}

static void
write_results(struct active *active)
{
	struct store_recipient	*changed;
	uint32_t		*numbers;
	size_t			 sent = 0, other = 0;

	numbers = mem_new_array(active->count + 1, sizeof(*numbers));
	changed = mem_new_array(active->count + 1, sizeof(*changed));
	set_unwritten(active, false);
	for (size_t i = 0; i < active->count; i++) {
		struct recipient	*r = &active->recipients[i];

		if (r->is_written && !(active->wants_retry &&
		    r->state == RECIPIENT_FAILED))
			continue;
		r->is_written = r->state != RECIPIENT_TODO;
		if (r->state == RECIPIENT_SENT)
			numbers[sent++] = r->number;
		else if (r->dsn != NULL)
			changed[other++] = (struct store_recipient){
				.number = r->number,
				.status = status_of(active, r),
				.dsn = slice_str(r->dsn),
				.reply = slice_str(r->reply),
			};
	}
	if (sent > 0)
		store_cross_off(active->manager->store, active->id, numbers,
		    sent);
	if (other > 0)
		store_update(active->manager->store, active->id, changed,
		    other);
	mem_free(numbers);
	mem_free(changed);
}

bool
active_is_stopped(const struct active *active)
{
	return active->wants_removal || active->wants_hold ||
	    active->wants_retry;
}

/* What is left of the window, for the end of all windows. */
static void
note_states(struct active *active)
{
	for (size_t i = 0; i < active->count; i++)
		switch (active->recipients[i].state) {
		case RECIPIENT_SENT:
			break;
		case RECIPIENT_FAILED:
		case RECIPIENT_RELAYED:
			active->has_failed = true;
			break;
		case RECIPIENT_TODO:	/* stopped before it began */
		case RECIPIENT_DEFERRED:
			active->has_deferred = true;
			break;
		}
}

/* Every recipient of the window has its result. */
static void
finish_window(struct active *active)
{
	if (active->wants_removal) {
		destroy(active);
		return;
	}
	if (!active_is_stopped(active) && returns_are_due(active)) {
		write_results(active);
		returns_start(active);
		return;
	}
	note_states(active);
	if (active->has_more && !active_is_stopped(active)) {
		write_results(active);
		free_window(active);
		load_window(active);
		return;
	}
	if (!active->has_deferred && !active->has_failed &&
	    !active->has_more) {
		remove_message(active);
		return;
	}
	write_results(active);
	finish_undelivered(active);
}

static enum recipient_state
state_of(const struct active *active, enum outcome_kind kind)
{
	/* Without a sender there is nobody to be told. */
	if (kind == OUTCOME_SENT ||
	    (kind == OUTCOME_RELAYED && active->sender[0] == '\0'))
		return RECIPIENT_SENT;
	return kind == OUTCOME_RELAYED ? RECIPIENT_RELAYED :
	    kind == OUTCOME_FAILED ? RECIPIENT_FAILED : RECIPIENT_DEFERRED;
}

static void
set_result(struct active *active, struct recipient *recipient,
    enum outcome_kind kind, struct slice dsn, struct slice reply)
{
	recipient->state = state_of(active, kind);
	/* Taken back, it keeps the reply of its last try. */
	if (recipient->state == RECIPIENT_SENT || dsn.len == 0)
		return;
	recipient->dsn = slice_dup(dsn);
	recipient->reply = slice_dup(reply);
	if (kind == OUTCOME_RELAYED)
		return;
	/* B11 */
	if (kind == OUTCOME_FAILED && active->manager->conf->soft_bounce) {
		recipient->state = RECIPIENT_DEFERRED;
		recipient->dsn[0] = '4';
	}
	mem_free(active->reason);
	active->reason = slice_dup(reply);
}

void
active_result(struct active *active, struct recipient *recipient,
    enum outcome_kind kind, struct slice dsn, struct slice reply)
{
	if (recipient->state != RECIPIENT_TODO)
		return;
	if (recipient->report != NULL)
		returns_result(active, recipient, kind, reply);
	else
		set_result(active, recipient, kind, dsn, reply);
	if (--active->todo == 0)
		finish_window(active);
	else
		set_unwritten(active, true);
}

void
active_write_all(struct manager *manager)
{
	while (manager->unwritten != NULL)
		write_results(manager->unwritten);
}

/* ---- from the store ------------------------------------------------------ */

struct loading {
	struct manager	*manager;
	uint64_t	 id;
	uint64_t	 until_us;	/* due by then, or not wanted */
	bool		 is_cancelled;
	struct loading	*next, *prev;	/* of those to be activated */
};

static void
on_window(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct loading	*loading = arg;
	struct active	*active = active_find(loading->manager, loading->id);

	mem_free(loading);
	if (active == NULL)
		return;
	if (message != NULL && count > 0)
		set_window(active, recipients, count);
	else
		active->has_more = false;
	if (active->todo > 0 && !active_is_stopped(active))
		reroute_start(active);
	else
		finish_window(active);
}

static void
load_window(struct active *active)
{
	struct loading	*loading = mem_new(sizeof(*loading));

	loading->manager = active->manager;
	loading->id = active->id;
	store_load(active->manager->store, active->id, active->next_number,
	    WINDOW, on_window, loading);
}

static void
on_loaded(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct loading	*loading = arg;
	struct manager	*manager = loading->manager;
	struct active	*active;
	uint64_t	 id = loading->id, until_us = loading->until_us;
	bool		 is_cancelled = loading->is_cancelled;

	DL_DELETE(manager->loadings, loading);
	mem_free(loading);
	scan_loaded(manager->scan);
	if (message == NULL || is_cancelled || (message->flags & STORE_HELD) ||
	    message->due_us > until_us || active_find(manager, id) != NULL)
		return;
	active = make(manager, message);
	log_active(active);
	set_window(active, recipients, count);
	if (active->todo > 0)
		reroute_start(active);
	else
		finish_window(active);
}

void
active_load(struct manager *manager, uint64_t id, uint64_t until_us)
{
	struct loading	*loading = mem_new(sizeof(*loading));

	loading->manager = manager;
	loading->id = id;
	loading->until_us = until_us;
	DL_APPEND(manager->loadings, loading);
	store_load(manager->store, id, 0, WINDOW, on_loaded, loading);
}

void
active_cancel_load(struct manager *manager, uint64_t id)
{
	struct loading	*loading;

	DL_FOREACH(manager->loadings, loading)
		if (loading->id == id)
			loading->is_cancelled = true;
}

/* ---- what the administrator wants ---------------------------------------- */

void
active_hold(struct active *active)
{
	active->wants_hold = true;
	active->wants_retry = false;
	schedule_withdraw(active);
}

void
active_forget(struct active *active)
{
	active->wants_removal = true;
	schedule_withdraw(active);
}

void
active_retry(struct active *active, bool is_fresh)
{
	active->wants_hold = false;
	active->wants_retry = true;
	active->is_fresh = active->is_fresh || is_fresh;
	if (is_fresh)
		active->filter[0] = '\0';
	schedule_withdraw(active);
}
