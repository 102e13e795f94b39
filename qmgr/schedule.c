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
#include "net/loop.h"
#include "qmgr/active.h"
#include "qmgr/agent.h"
#include "qmgr/manager.h"
#include "qmgr/resolve.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

/* One message at one destination: recipients not handed out yet. */
struct job {
	struct active		*active;
	struct recipient	**recipients;
	size_t			 count;
	size_t			 next_one;	/* handed out before it */
	bool			 was_lost;	/* an agent died with it */
	bool			 is_small;	/* which line it stands in */
	struct destination	*destination;
	struct job		*next, *prev;	/* of the line */
	struct job		*sibling, *before; /* of the message */
};

struct destination {
	struct schedule		*schedule;
	UT_hash_handle		 hh;		/* by key */
	char			*key;		/* "transport\nnexthop" */
	char			*transport;
	char			*nexthop;
	struct job		*small, *large;	/* lists */
	int64_t			 limit;		/* of window */
	int64_t			 recipient_limit;
	int64_t			 window;	/* entries at a time */
	int64_t			 in_flight;
	int64_t			 small_turns;	/* since a large one's */
	double			 failed_cohorts;
	int64_t			 dead_until_ms;	/* 0: alive */
	char			*why_dead;
	const struct agent	*last_agent;	/* compared only */
	bool			 is_ready;	/* in the ready list */
	struct destination	*next, *prev;	/* of the ready list */
};

struct schedule {
	struct manager		*manager;
	struct destination	*destinations;	/* hash */
	struct destination	*ready;		/* list: their turns */
	struct loop_timer	*no_agent;	/* how long without one */
	struct loop_timer	*sweep;		/* of dead destinations */
	bool			 is_deferred;	/* a run is coming */
	bool			 is_stopped;
};

static void	on_no_agent(void *);
static void	on_sweep(void *);

struct schedule *
schedule_new(struct manager *manager)
{
	struct schedule	*schedule = mem_new(sizeof(*schedule));

	schedule->manager = manager;
	schedule->no_agent = loop_timer_new(manager->loop, on_no_agent,
	    schedule);
	schedule->sweep = loop_timer_new(manager->loop, on_sweep, schedule);
	return schedule;
}

const char *
schedule_nexthop(const struct entry *entry)
{
	return entry->destination->nexthop;
}

static bool
has_jobs(const struct destination *d)
{
	return d->small != NULL || d->large != NULL;
}

/* ---- destinations -------------------------------------------------------- */

/* "smtp_destination_concurrency_limit" and the like. */
static int64_t
transport_number(const struct conf *conf, const char *transport,
    const char *suffix, int64_t fallback)
{
	char	*name = mem_printf("%s_%s", transport, suffix);
	int64_t	 number = conf_find_number(conf, name, fallback);

	mem_free(name);
	return number < 1 ? 1 : number;
}

static struct destination *
find_destination(struct schedule *schedule, const char *transport,
    const char *nexthop)
{
	const struct conf	*conf = schedule->manager->conf;
	char			*key = mem_printf("%s\n%s", transport, nexthop);
	struct destination	*d;

	HASH_FIND_STR(schedule->destinations, key, d);
	if (d != NULL) {
		mem_free(key);
		return d;
	}
	d = mem_new(sizeof(*d));
	d->schedule = schedule;
	d->key = key;
	d->transport = mem_strdup(transport);
	d->nexthop = mem_strdup(nexthop);
	d->limit = transport_number(conf, transport,
	    "destination_concurrency_limit",
	    conf->default_destination_concurrency_limit);
	d->recipient_limit = transport_number(conf, transport,
	    "destination_recipient_limit",
	    conf->default_destination_recipient_limit);
	d->window = conf->initial_destination_concurrency < d->limit ?
	    conf->initial_destination_concurrency : d->limit;
	HASH_ADD_KEYPTR(hh, schedule->destinations, d->key, strlen(d->key),
	    d);
	return d;
}

/* What is idle, alive and at its start again need not be remembered. */
static void
check_destination(struct destination *d)
{
	struct schedule	*schedule = d->schedule;

	if (has_jobs(d) && d->in_flight < d->window) {
		if (!d->is_ready)
			DL_APPEND(schedule->ready, d);
		d->is_ready = true;
		schedule_run_later(schedule);
		return;
	}
	if (d->is_ready)
		DL_DELETE(schedule->ready, d);
	d->is_ready = false;
	if (has_jobs(d) || d->in_flight > 0 || d->dead_until_ms != 0)
		return;
	HASH_DEL(schedule->destinations, d);
	mem_free(d->key);
	mem_free(d->transport);
	mem_free(d->nexthop);
	mem_free(d->why_dead);
	mem_free(d);
}

static bool
is_dead(struct destination *d)
{
	if (d->dead_until_ms == 0)
		return false;
	if (loop_now_ms(d->schedule->manager->loop) < d->dead_until_ms)
		return true;
	d->dead_until_ms = 0;
	d->failed_cohorts = 0;
	d->window = 1;	/* one try, to see */
	return false;
}

void
schedule_revive(struct schedule *schedule)
{
	struct destination	*d, *next;

	HASH_ITER(hh, schedule->destinations, d, next) {
		d->dead_until_ms = 0;
		d->failed_cohorts = 0;
		check_destination(d);
	}
}

/* ---- results that no agent gives ----------------------------------------- */

static void
defer_recipient(struct active *active, struct recipient *r, const char *dsn,
    const char *why)
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
		.dsn = dsn,
		.kind = OUTCOME_DEFERRED,
		.reason = why,
	};

	delivery_log_put(&log);
	active_result(active, r, OUTCOME_DEFERRED, slice_str(dsn),
	    slice_str(why));
}

/* Out of its line and off its message; the caller frees it. */
static void
take_job(struct job *job)
{
	struct destination	*d = job->destination;

	if (job->is_small)
		DL_DELETE(d->small, job);
	else
		DL_DELETE(d->large, job);
	DL_DELETE2(job->active->jobs, job, before, sibling);
}

static void
free_job(struct job *job)
{
	mem_free(job->recipients);
	mem_free(job);
}

/* All that waits for this destination is deferred. */
static void
defer_jobs(struct destination *d, const char *dsn, const char *why)
{
	while (has_jobs(d)) {
		struct job	*job = d->small != NULL ? d->small : d->large;

		/* The last result may end the message. */
		take_job(job);
		for (size_t i = job->next_one; i < job->count; i++)
			defer_recipient(job->active, job->recipients[i], dsn,
			    why);
		free_job(job);
	}
	check_destination(d);
}

void
schedule_withdraw(struct active *active)
{
	bool	is_last = active->jobs == NULL;

	while (!is_last) {
		struct job		*job = active->jobs;
		struct destination	*d = job->destination;

		take_job(job);
		is_last = active->jobs == NULL;
		for (size_t i = job->next_one; i < job->count; i++)
			active_result(active, job->recipients[i],
			    OUTCOME_DEFERRED, slice_str(""), slice_str(""));
		free_job(job);
		check_destination(d);
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
		if (!has_jobs(d))
			continue;
		agent_find(schedule->manager, d->transport, NULL, &has_any);
		if (!has_any)
			defer_jobs(d, "4.3.0", "mail transport unavailable");
	}
}

/* ---- jobs ---------------------------------------------------------------- */

static void
add_job(struct destination *d, struct job *job)
{
	job->destination = d;
	job->is_small = job->count - job->next_one <=
	    (size_t)d->recipient_limit;
	if (job->is_small)
		DL_APPEND(d->small, job);
	else
		DL_APPEND(d->large, job);
	DL_APPEND2(job->active->jobs, job, before, sibling);
}

/* A recipient joins the job of its message, which is the last one made. */
static void
add_recipient(struct schedule *schedule, struct active *active,
    struct recipient *r, struct job **jobs, struct destination **where,
    size_t *count)
{
	struct resolve_route	 route;
	struct destination	*d;
	struct job		*job;
	size_t			 i;

	resolve_recipient(schedule->manager->conf, slice_str(r->address),
	    &route);
	d = find_destination(schedule, route.transport, route.nexthop);
	resolve_clear(&route);
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
		add_job(where[i], jobs[i]);
	/* From here on the message may end. */
	for (size_t i = 0; i < count; i++)
		if (is_dead(where[i]))
			defer_dead(where[i]);
		else
			check_destination(where[i]);
	mem_free(jobs);
	mem_free(where);
}

/* ---- handing out --------------------------------------------------------- */

static struct job *
next_job(struct destination *d)
{
	int64_t	cost = d->schedule->manager->conf->delivery_slot_cost;

	if (d->small != NULL && (d->large == NULL ||
	    d->small_turns < cost - 1)) {
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
	entry->destination = d;
	entry->active = job->active;
	entry->was_lost = job->was_lost;
	entry->queue_id = job->active->id;
	entry->count = entry->undecided = left;
	entry->recipients = mem_copy(job->recipients + job->next_one,
	    left * sizeof(*job->recipients));
	job->next_one += left;
	/* What is left of a large job goes to the end of its line. */
	take_job(job);
	if (job->next_one == job->count)
		free_job(job);
	else
		add_job(d, job);
	d->in_flight++;
	return entry;
}

static bool
hand_out(struct destination *d)
{
	struct schedule	*schedule = d->schedule;
	const struct conf *conf = schedule->manager->conf;
	struct agent	*agent;
	bool		 has_any;

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
			check_destination(d);
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

static void
decide(struct entry *entry, struct recipient *r, enum outcome_kind kind,
    struct slice dsn, struct slice text)
{
	struct active	*active = entry->active;

	/* With the last result of all, the message may be gone. */
	if (--entry->undecided == 0)
		entry->active = NULL;
	active_result(active, r, kind, dsn, text);
}

void
schedule_result(struct entry *entry, uint32_t number,
    enum outcome_kind kind, struct slice dsn, struct slice text)
{
	for (size_t i = 0; i < entry->count; i++) {
		struct recipient	*r = entry->recipients[i];

		if (r == NULL || r->number != number)
			continue;
		entry->recipients[i] = NULL;
		decide(entry, r, kind, dsn, text);
		return;
	}
}

static void
take_success(struct destination *d)
{
	d->failed_cohorts = 0;
	d->dead_until_ms = 0;
	if (d->window < d->limit && d->in_flight >= d->window)
		d->window++;
}

static void
take_failure(struct destination *d, struct slice why)
{
	const struct manager	*manager = d->schedule->manager;
	const struct conf	*conf = manager->conf;

	d->failed_cohorts += 1.0 / (double)d->window;
	if (d->window > 1)
		d->window--;
	if (d->failed_cohorts <
	    (double)conf->default_destination_concurrency_failed_cohort_limit)
		return;
	d->dead_until_ms = loop_now_ms(manager->loop) +
	    conf->minimal_backoff_time;
	mem_free(d->why_dead);
	d->why_dead = slice_dup(why);
	if (!loop_timer_is_running(d->schedule->sweep))
		loop_timer_start(d->schedule->sweep,
		    conf->minimal_backoff_time + 1000);
}

/* Dead destinations whose time is over are forgotten. */
static void
on_sweep(void *arg)
{
	struct schedule		*schedule = arg;
	struct destination	*d, *next;
	bool			 has_dead = false;

	HASH_ITER(hh, schedule->destinations, d, next)
		if (is_dead(d))
			has_dead = true;
		else
			check_destination(d);
	if (has_dead)
		loop_timer_start(schedule->sweep,
		    schedule->manager->conf->minimal_backoff_time + 1000);
}

static void
end_entry(struct entry *entry)
{
	struct destination	*d = entry->destination;

	agent_forget(entry->agent, entry);
	mem_free(entry->recipients);
	mem_free(entry);
	d->in_flight--;
	if (is_dead(d) && has_jobs(d))
		defer_dead(d);
	else
		check_destination(d);
}

/* What has no result is deferred. */
static void
defer_rest(struct entry *entry, const char *why)
{
	for (size_t i = 0; i < entry->count; i++) {
		struct recipient	*r = entry->recipients[i];
		struct active		*active = entry->active;

		if (r == NULL)
			continue;
		entry->recipients[i] = NULL;
		if (--entry->undecided == 0)
			entry->active = NULL;
		defer_recipient(active, r, "4.3.0", why);
	}
}

void
schedule_done(struct entry *entry, enum outcome_site site, struct slice why)
{
	struct destination	*d = entry->destination;

	defer_rest(entry, "delivery agent gave no result");
	if (site == OUTCOME_SITE_ALIVE)
		take_success(d);
	else if (site == OUTCOME_SITE_DEAD)
		take_failure(d, why);
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
		add_job(entry->destination, job);
	}
	end_entry(entry);
}
