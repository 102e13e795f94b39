/*
 * Destinations, jobs, and whose turn it is.
 */

#include "qmgr/schedule.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/delivery_log.h"
#include "mail/ipc.h"
#include "net/loop.h"
#include "qmgr/active.h"
#include "qmgr/agent.h"
#include "qmgr/destination.h"
#include "qmgr/manager.h"
#include "qmgr/reroute.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define DSN_SIZE	16

static void	on_no_agent(void *);

struct schedule *
schedule_new(struct manager *manager)
{
	struct schedule	*schedule = mem_new(sizeof(*schedule));

	schedule->manager = manager;
	schedule->no_agent = loop_timer_new(manager->loop, on_no_agent,
	    schedule);
	schedule->sweep = loop_timer_new(manager->loop, destination_on_sweep,
	    schedule);
	return schedule;
}

const char *
schedule_nexthop(const struct entry *entry)
{
	return entry->destination->nexthop;
}

uint32_t
schedule_window(const struct entry *entry)
{
	return (uint32_t)entry->destination->window;
}

void
schedule_revive(struct schedule *schedule)
{
	struct destination	*d, *next;

	HASH_ITER(hh, schedule->destinations, d, next) {
		d->dead_until_ms = 0;
		d->failed_cohorts = 0;
		destination_check(d);
	}
}

/* ---- results that no agent gives ----------------------------------------- */

struct decision {
	enum outcome_kind	 kind;
	const char		*dsn;
	const char		*why;
};

static void
decide_recipient(struct active *active, struct recipient *r,
    const struct decision *decision)
{
	struct delivery_log	log = {
		.queue_id = active->id,
		.recipient = r->address,
		.original = r->original,
		.relay = "none",
		.times = {
			.arrival_us = (int64_t)active->arrival_us,
			.active_us = (int64_t)active->active_us,
			.end_us = clock_wall_us(),
		},
		.resolution =
		    active->manager->conf->delay_logging_resolution_limit,
		.dsn = decision->dsn,
		.kind = decision->kind,
		.reason = decision->why,
	};
	char			 soft[DSN_SIZE];

	/* B11 */
	if (decision->kind == OUTCOME_FAILED &&
	    active->manager->conf->soft_bounce) {
		snprintf(soft, sizeof(soft), "4%s", decision->dsn + 1);
		log.dsn = soft;
		log.is_soft = true;
	}
	/* A report has no line of its own: its program tells of it. */
	if (r->report == NULL)
		delivery_log_put(&log);
	active_result(active, r, decision->kind, slice_str(decision->dsn),
	    slice_str(decision->why));
}

static void
free_job(struct job *job)
{
	mem_free(job->recipients);
	mem_free(job);
}

/* The last result may end the message. */
static void
decide_job(struct job *job, const struct decision *decision)
{
	destination_take_job(job);
	for (size_t i = job->next_one; i < job->count; i++)
		decide_recipient(job->active, job->recipients[i], decision);
	free_job(job);
}

/* The same for all that waits for this destination. */
static void
decide_jobs(struct destination *d, const struct decision *decision)
{
	while (destination_has_jobs(d))
		decide_job(d->small != NULL ? d->small : d->large, decision);
	destination_check(d);
}

static void
defer_jobs(struct destination *d, const char *dsn, const char *why)
{
	struct decision	decision = { OUTCOME_DEFERRED, dsn, why };

	decide_jobs(d, &decision);
}

/* "5.1.1 No such user" of an error: or retry: transport, in its parts. */
static void
split_reason(const char *text, const char *fallback, char *dsn,
    const char **why_r)
{
	size_t	len = strspn(text, "0123456789.");

	snprintf(dsn, DSN_SIZE, "%s", fallback);
	*why_r = text;
	if (len < 5 || len >= DSN_SIZE || text[1] != '.' || text[len] != ' ')
		return;
	memcpy(dsn, text, len);
	dsn[0] = fallback[0];
	dsn[len] = '\0';
	*why_r = text + len + strspn(text + len, " ");
}

/*
 * Transports that need no agent (A09): all that waits for one of them has
 * its result.  False: it is none of them.
 */
static bool
decide_internal(struct destination *d)
{
	char		dsn[DSN_SIZE];
	struct decision	decision = { OUTCOME_SENT, "2.0.0", d->nexthop };

	if (strcmp(d->transport, "error") == 0) {
		decision.kind = OUTCOME_FAILED;
		split_reason(d->nexthop, "5.0.0", dsn, &decision.why);
		decision.dsn = dsn;
	} else if (strcmp(d->transport, "retry") == 0) {
		decision.kind = OUTCOME_DEFERRED;
		split_reason(d->nexthop, "4.0.0", dsn, &decision.why);
		decision.dsn = dsn;
	} else if (strcmp(d->transport, "discard") != 0) {
		return false;
	}
	decide_jobs(d, &decision);
	return true;
}

/* Nothing goes by that transport unless it is asked for (Q46). */
static bool
is_put_off(const struct destination *d)
{
	struct slice	rest, word;

	rest = slice_str(d->schedule->manager->conf->defer_transports);
	while (slice_get_word(&rest, ", \t\r\n", &word) == 0)
		if (slice_is(word, d->transport))
			return true;
	return false;
}

static void
put_off(struct job *job)
{
	static const struct decision	later = {
		OUTCOME_DEFERRED, "4.3.2", "deferred transport",
	};
	struct destination		*d = job->destination;

	decide_job(job, &later);
	destination_check(d);
}

/* Lookup was away when it came, and again when it was to be tried. */
static bool
decide_unrouted(struct destination *d)
{
	if (d->transport[0] != '\0')
		return false;
	defer_jobs(d, "4.3.0", "address resolver is not ready");
	return true;
}

void
schedule_withdraw(struct active *active)
{
	bool	is_last = active->jobs == NULL;

	while (!is_last) {
		struct job		*job = active->jobs;
		struct destination	*d = job->destination;

		destination_take_job(job);
		is_last = active->jobs == NULL;
		for (size_t i = job->next_one; i < job->count; i++)
			active_result(active, job->recipients[i],
			    OUTCOME_DEFERRED, slice_str(""), slice_str(""));
		free_job(job);
		destination_check(d);
	}
}

static void
defer_dead(struct destination *d)
{
	char	*why = mem_printf("delivery temporarily suspended: %s",
		    d->why_dead == NULL ? "" : d->why_dead);

	defer_jobs(d, "4.4.1", why);
	mem_free(why);
}

/* transport_retry_time has passed without an agent for some transport. */
static void
on_no_agent(void *arg)
{
	struct schedule		*schedule = arg;
	struct destination	*d, *next;
	bool			 has_any;

	HASH_ITER(hh, schedule->destinations, d, next) {
		if (!destination_has_jobs(d))
			continue;
		agent_find(schedule->manager, d->transport, NULL, &has_any);
		if (!has_any)
			defer_jobs(d, "4.3.0", "mail transport unavailable");
	}
}

/* ---- jobs ---------------------------------------------------------------- */

/* A recipient joins the job of its message, which is the last one made. */
static void
add_recipient(struct schedule *schedule, struct active *active,
    struct recipient *r, struct job **jobs, struct destination **where,
    size_t *count)
{
	struct destination	*d;
	struct job		*job;
	size_t			 i;

	d = destination_find_for(schedule, r);
	for (i = 0; i < *count; i++)
		if (where[i] == d)
			break;
	if (i == *count) {
		jobs[i] = mem_new(sizeof(struct job));
		jobs[i]->active = active;
		where[i] = d;
		(*count)++;
	}
	job = jobs[i];
	if ((job->count & (job->count - 1)) == 0)
		job->recipients = mem_resize(job->recipients,
		    (job->count == 0 ? 1 : job->count * 2) *
		    sizeof(*job->recipients));
	job->recipients[job->count++] = r;
}

/* What needs no agent, or can have none now, has its result at once. */
static void
settle(struct destination *d, struct job *job)
{
	bool	is_wanted = job->active->flags & STORE_FLUSHED;

	if (decide_internal(d) || decide_unrouted(d))
		return;
	if (!is_wanted && is_put_off(d))
		put_off(job);
	else if (destination_is_dead(d))
		defer_dead(d);
	else
		destination_check(d);
}

void
schedule_add(struct schedule *schedule, struct active *active)
{
	struct job		**jobs;
	struct destination	**where;
	size_t			  count = 0, limit = active->count;

	jobs = mem_new_array(limit, sizeof(*jobs));
	where = mem_new_array(limit, sizeof(*where));
	for (size_t i = 0; i < limit; i++)
		if (active->recipients[i].state == RECIPIENT_TODO)
			add_recipient(schedule, active,
			    &active->recipients[i], jobs, where, &count);
	for (size_t i = 0; i < count; i++)
		destination_add_job(where[i], jobs[i]);
	/* From here on the message may end. */
	for (size_t i = 0; i < count; i++)
		settle(where[i], jobs[i]);
	mem_free(jobs);
	mem_free(where);
}

/* ---- handing out --------------------------------------------------------- */

static struct job *
next_job(struct destination *d)
{
	if (d->small != NULL && (d->large == NULL ||
	    d->small_turns < d->slot_cost - 1)) {
		d->small_turns++;
		return d->small;
	}
	d->small_turns = 0;
	return d->large;
}

static struct entry *
cut_entry(struct destination *d)
{
	struct job	*job = next_job(d);
	size_t		 left = job->count - job->next_one;
	struct entry	*entry = mem_new(sizeof(*entry));

	if (left > (size_t)d->recipient_limit)
		left = (size_t)d->recipient_limit;
	/* Each recipient has a sender of its own. */
	if (job->active->flags & MAIL_VERP)
		left = 1;
	entry->destination = d;
	entry->active = job->active;
	entry->was_lost = job->was_lost;
	entry->queue_id = job->active->id;
	entry->count = entry->undecided = left;
	entry->recipients = mem_copy(job->recipients + job->next_one,
	    left * sizeof(*job->recipients));
	job->next_one += left;
	/* What is left of a large job goes to the end of its line. */
	destination_take_job(job);
	if (job->next_one == job->count)
		free_job(job);
	else
		destination_add_job(d, job);
	destination_begin(d);
	return entry;
}

static bool
hand_out(struct destination *d)
{
	struct schedule	*schedule = d->schedule;
	const struct conf *conf = schedule->manager->conf;
	struct agent	*agent;
	bool		 has_any;

	/* Its turn comes with the end of the transport's delay. */
	if (d->lane != NULL && d->lane->is_busy)
		return false;
	agent = agent_find(schedule->manager, d->transport, d->last_agent,
	    &has_any);
	if (agent == NULL) {
		if (!has_any && !loop_timer_is_running(schedule->no_agent))
			loop_timer_start(schedule->no_agent,
			    conf->transport_retry_time);
		return false;
	}
	d->last_agent = agent;
	agent_send(agent, cut_entry(d));
	return true;
}

/* One entry a turn, and the turn passes on. */
void
schedule_run(struct schedule *schedule)
{
	struct destination	*d, *first_refused = NULL;

	while (!schedule->is_stopped && (d = schedule->ready) != NULL &&
	    d != first_refused) {
		DL_DELETE(schedule->ready, d);
		DL_APPEND(schedule->ready, d);
		if (hand_out(d)) {
			first_refused = NULL;
			destination_check(d);
		} else if (first_refused == NULL) {
			first_refused = d;
		}
	}
}

static void
on_run(void *arg)
{
	struct schedule	*schedule = arg;

	schedule->is_deferred = false;
	schedule_run(schedule);
}

void
schedule_run_later(struct schedule *schedule)
{
	if (schedule->is_deferred)
		return;
	schedule->is_deferred = true;
	loop_defer(schedule->manager->loop, on_run, schedule);
}

void
schedule_stop(struct schedule *schedule)
{
	schedule->is_stopped = true;
}

/* ---- results ------------------------------------------------------------- */

/* Where it goes it may have company of its message. */
static void
join_job(struct destination *d, struct active *active, struct recipient *r)
{
	struct job	*job;

	DL_FOREACH2(active->jobs, job, sibling)
		if (job->destination == d && !job->was_lost)
			break;
	if (job == NULL) {
		job = mem_new(sizeof(*job));
		job->active = active;
	} else {
		destination_take_job(job);
	}
	job->recipients = mem_resize(job->recipients,
	    (job->count + 1) * sizeof(*job->recipients));
	job->recipients[job->count++] = r;
	destination_add_job(d, job);
	if (active_is_stopped(active))
		schedule_withdraw(active);
	else
		settle(d, job);
}

/*
 * We are the best MX of its next hop (K21).  It goes to best_mx_transport,
 * once: mail never goes round.  Nothing of this is written: the next attempt
 * finds out anew whether it is so.
 */
static void
pass(const struct destination *from, struct active *active,
    struct recipient *r, struct slice text)
{
	struct schedule	*schedule = from->schedule;
	const char	*to = schedule->manager->conf->best_mx_transport;
	char		*why = slice_dup(text);
	struct decision	 loop = { OUTCOME_FAILED, "5.4.6", why };

	if (r->is_elsewhere || to[0] == '\0') {
		decide_recipient(active, r, &loop);
	} else {
		r->is_elsewhere = true;
		mem_free(r->transport);
		mem_free(r->nexthop);
		reroute_to(slice_str(to), slice_str(from->nexthop),
		    &r->transport, &r->nexthop);
		join_job(destination_find_for(schedule, r), active, r);
	}
	mem_free(why);
}

void
schedule_result(struct entry *entry, uint32_t number,
    enum outcome_kind kind, struct slice dsn, struct slice text)
{
	struct active	*active = entry->active;

	for (size_t i = 0; i < entry->count; i++) {
		struct recipient	*r = entry->recipients[i];

		if (r == NULL || r->number != number)
			continue;
		entry->recipients[i] = NULL;
		/* With the last result of all, the message may be gone. */
		if (--entry->undecided == 0)
			entry->active = NULL;
		if (kind == OUTCOME_ELSEWHERE)
			pass(entry->destination, active, r, text);
		else
			active_result(active, r, kind, dsn, text);
		return;
	}
}

static void
end_entry(struct entry *entry)
{
	struct destination	*d = entry->destination;

	agent_forget(entry->agent, entry);
	mem_free(entry->recipients);
	mem_free(entry);
	destination_end(d);
	if (destination_is_dead(d) && destination_has_jobs(d))
		defer_dead(d);
	else
		destination_check(d);
}

/* What has no result is deferred. */
static void
defer_rest(struct entry *entry, const char *why)
{
	struct decision	decision = { OUTCOME_DEFERRED, "4.3.0", why };

	for (size_t i = 0; i < entry->count; i++) {
		struct recipient	*r = entry->recipients[i];
		struct active		*active = entry->active;

		if (r == NULL)
			continue;
		entry->recipients[i] = NULL;
		if (--entry->undecided == 0)
			entry->active = NULL;
		decide_recipient(active, r, &decision);
	}
}

void
schedule_done(struct entry *entry, enum outcome_site site, struct slice why)
{
	struct destination	*d = entry->destination;

	defer_rest(entry, "delivery agent gave no result");
	if (site == OUTCOME_SITE_ALIVE)
		destination_succeeded(d);
	else if (site == OUTCOME_SITE_DEAD)
		destination_failed(d, why);
	end_entry(entry);
}

void
schedule_lost(struct entry *entry)
{
	struct job	*job;

	/* The message itself may be what kills agents. */
	if (entry->was_lost)
		defer_rest(entry, "delivery agent died");
	if (entry->undecided > 0) {
		job = mem_new(sizeof(*job));
		job->active = entry->active;
		job->was_lost = true;
		job->recipients = mem_new_array(entry->undecided,
		    sizeof(*job->recipients));
		for (size_t i = 0; i < entry->count; i++)
			if (entry->recipients[i] != NULL)
				job->recipients[job->count++] =
				    entry->recipients[i];
		destination_add_job(entry->destination, job);
		if (active_is_stopped(entry->active))
			schedule_withdraw(entry->active);
	}
	end_entry(entry);
}
