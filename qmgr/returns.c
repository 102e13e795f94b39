/*
 * Reports to the sender.
 */

#include "qmgr/returns.h"

#include <stddef.h>
#include <string.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "qmgr/active.h"
#include "qmgr/manager.h"
#include "qmgr/schedule.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

static bool
is_older(const struct active *active, int64_t age_ms)
{
	return clock_wall_us() - (int64_t)active->arrival_us >= age_ms * 1000;
}

/* ---- expiry -------------------------------------------------------------- */

static bool
is_expired(const struct active *active)
{
	const struct conf	*conf = active->manager->conf;

	return is_older(active, active->sender[0] == '\0' ?
	    conf->bounce_queue_lifetime : conf->maximal_queue_lifetime);
}

static void
log_expired(struct active *active)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	if (!active->has_expired)
		log_info("%s: from=<%s>, status=expired, returned to sender",
		    queue_id_format(active->id, id), active->sender);
	active->has_expired = true;
}

/* It fails with the last it has heard. */
static void
expire(struct active *active)
{
	for (size_t i = 0; i < active->count; i++) {
		struct recipient	*r = &active->recipients[i];

		if (r->state != RECIPIENT_DEFERRED)
			continue;
		log_expired(active);
		r->state = RECIPIENT_FAILED;
		r->is_written = false;
		if (r->dsn != NULL)
			continue;
		/* RFC 3463 section 3.5: delivery time expired. */
		r->dsn = mem_strdup("4.4.7");
		r->reply = mem_strdup("delivery time expired");
	}
}

/* ---- what is due --------------------------------------------------------- */

/* P12: once for each message. */
static bool
is_warning_due(const struct active *active)
{
	int64_t	age_ms = active->manager->conf->delay_warning_time;

	return age_ms > 0 && active->sender[0] != '\0' &&
	    (active->flags & STORE_WARNED) == 0 && is_older(active, age_ms);
}

/* One REPORT_*, or NULL: none. */
static const char *
report_of(const struct active *active, const struct recipient *r)
{
	if (r->report != NULL)
		return NULL;
	if (r->state == RECIPIENT_FAILED)
		return REPORT_FAILED;
	if (r->state == RECIPIENT_RELAYED)
		return REPORT_RELAYED;
	if (r->state != RECIPIENT_DEFERRED || r->dsn == NULL ||
	    !is_warning_due(active))
		return NULL;
	/* RFC 3461 section 4.1: without NOTIFY, too. */
	return r->notify == 0 || (r->notify & RCPT_NOTIFY_DELAY) ?
	    REPORT_DELAYED : NULL;
}

bool
returns_are_due(struct active *active)
{
	if (is_expired(active))
		expire(active);
	for (size_t i = 0; i < active->count; i++)
		if (report_of(active, &active->recipients[i]) != NULL)
			return true;
	return false;
}

void
returns_start(struct active *active)
{
	for (size_t i = 0; i < active->count; i++) {
		struct recipient	*r = &active->recipients[i];
		const char		*report = report_of(active, r);

		if (report == NULL)
			continue;
		r->report = report;
		r->state = RECIPIENT_TODO;
		mem_free(r->transport);
		mem_free(r->nexthop);
		r->transport = mem_strdup(REPORT_TRANSPORT);
		r->nexthop = mem_strdup(report);
		active->todo++;
	}
	schedule_add(active->manager->schedule, active);
}

/* ---- what comes of it ---------------------------------------------------- */

static void
fail(struct active *active, struct slice text)
{
	active->is_report_owed = true;
	/* Taken back, there is nothing to say. */
	if (text.len == 0)
		return;
	mem_free(active->reason);
	active->reason = slice_dup(text);
}

void
returns_result(struct active *active, struct recipient *r,
    enum outcome_kind kind, struct slice text)
{
	bool	is_told = kind == OUTCOME_SENT;

	if (!is_told)
		fail(active, text);
	if (strcmp(r->report, REPORT_DELAYED) == 0) {
		r->state = RECIPIENT_DEFERRED;
		active->has_warned |= is_told;
		return;
	}
	if (is_told) {
		r->state = RECIPIENT_SENT;
		r->is_written = false;
	} else {
		r->state = strcmp(r->report, REPORT_RELAYED) == 0 ?
		    RECIPIENT_RELAYED : RECIPIENT_FAILED;
	}
}

bool
returns_have_warned(const struct active *active)
{
	return active->has_warned && !active->is_report_owed;
}
