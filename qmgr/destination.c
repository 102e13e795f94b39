/*
 * Destinations: how many entries they take at a time, and whether they are
 * dead.
 */

#include "qmgr/destination.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "net/loop.h"
#include "qmgr/active.h"
#include "qmgr/manager.h"
#include "qmgr/schedule.h"
#include "util/ascii.h"
#include "util/mem.h"

void
destination_add_job(struct destination *d, struct job *job)
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

void
destination_take_job(struct job *job)
{
	struct destination	*d = job->destination;

	if (job->is_small)
		DL_DELETE(d->small, job);
	else
		DL_DELETE(d->large, job);
	DL_DELETE2(job->active->jobs, job, before, sibling);
}

bool
destination_has_jobs(const struct destination *d)
{
	return d->small != NULL || d->large != NULL;
}

#define NO_LIMIT	1000000
#define ALMOST_ONE	0.9999	/* a third, three times */

/* "smtp_destination_rate_delay" and the like. */
static int64_t
transport_number(const struct conf *conf, const char *transport,
    const char *suffix, int64_t fallback)
{
	char	*name = mem_printf("%s_%s", transport, suffix);
	int64_t	 number = conf_find_number(conf, name, fallback);

	mem_free(name);
	return number;
}

/* The same of a limit, which may be none. */
static int64_t
transport_limit(const struct conf *conf, const char *transport,
    const char *suffix, int64_t fallback)
{
	int64_t	limit = transport_number(conf, transport, suffix, fallback);

	return limit < 1 ? NO_LIMIT : limit;
}

/* ---- delays -------------------------------------------------------------- */

static void
on_lane_rested(void *arg)
{
	struct lane	*lane = arg;

	lane->is_busy = false;
	schedule_run_later(lane->schedule);
}

/* NULL: that transport has no delay. */
static struct lane *
find_lane(struct schedule *schedule, const char *transport)
{
	const struct conf	*conf = schedule->manager->conf;
	int64_t			 delay_ms;
	struct lane		*lane;

	LL_FOREACH(schedule->lanes, lane)
		if (strcmp(lane->transport, transport) == 0)
			return lane;
	delay_ms = transport_number(conf, transport, "transport_rate_delay",
	    conf->default_transport_rate_delay);
	if (delay_ms <= 0)
		return NULL;
	lane = mem_new(sizeof(*lane));
	lane->schedule = schedule;
	lane->transport = mem_strdup(transport);
	lane->delay_ms = delay_ms;
	lane->rest = loop_timer_new(schedule->manager->loop, on_lane_rested,
	    lane);
	LL_PREPEND(schedule->lanes, lane);
	return lane;
}

static void
on_rested(void *arg)
{
	destination_check(arg);
}

void
destination_begin(struct destination *d)
{
	d->in_flight++;
	if (d->lane != NULL)
		d->lane->is_busy = true;
}

void
destination_end(struct destination *d)
{
	d->in_flight--;
	if (d->rest != NULL)
		loop_timer_start(d->rest, d->delay_ms);
	if (d->lane != NULL)
		loop_timer_start(d->lane->rest, d->lane->delay_ms);
}

static bool
is_resting(const struct destination *d)
{
	return d->rest != NULL && loop_timer_is_running(d->rest);
}

/* ---- destinations -------------------------------------------------------- */

/* Master has checked them. */
static struct feedback
transport_feedback(const struct conf *conf, const char *transport,
    const char *suffix, const char *fallback)
{
	char		*name = mem_printf("%s_%s", transport, suffix);
	char		*text = conf_find(conf, name);
	struct feedback	 feedback;

	if (feedback_parse(slice_str(text == NULL ? fallback : text),
	    &feedback) < 0)
		feedback = (struct feedback){ 1, FEEDBACK_NONE };
	mem_free(text);
	mem_free(name);
	return feedback;
}

/* What main.cf says, of its transport or of all. */
static void
read_settings(struct destination *d)
{
	const struct conf	*conf = d->schedule->manager->conf;
	const char		*name = d->transport;
	bool			 is_report;

	is_report = strcmp(name, REPORT_TRANSPORT) == 0;
	d->limit = transport_limit(conf, name,
	    "destination_concurrency_limit",
	    conf->default_destination_concurrency_limit);
	d->recipient_limit = transport_limit(conf, name,
	    "destination_recipient_limit", is_report ? REPORT_WINDOW :
	    conf->default_destination_recipient_limit);
	d->window = transport_limit(conf, name,
	    "initial_destination_concurrency",
	    conf->initial_destination_concurrency);
	d->slot_cost = transport_number(conf, name, "delivery_slot_cost",
	    conf->delivery_slot_cost);
	d->cohort_limit = transport_number(conf, name,
	    "destination_concurrency_failed_cohort_limit", is_report ? 0 :
	    conf->default_destination_concurrency_failed_cohort_limit);
	d->up = transport_feedback(conf, name,
	    "destination_concurrency_positive_feedback",
	    conf->default_destination_concurrency_positive_feedback);
	d->down = transport_feedback(conf, name,
	    "destination_concurrency_negative_feedback",
	    conf->default_destination_concurrency_negative_feedback);
	d->delay_ms = transport_number(conf, name, "destination_rate_delay",
	    conf->default_destination_rate_delay);
	d->lane = find_lane(d->schedule, name);
	if (d->delay_ms > 0) {
		d->rest = loop_timer_new(d->schedule->manager->loop,
		    on_rested, d);
		d->limit = 1;
	}
	if (d->window > d->limit)
		d->window = d->limit;
}

/* Takes key over. */
static struct destination *
find(struct schedule *schedule, const char *transport, const char *nexthop,
    char *key)
{
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
	read_settings(d);
	HASH_ADD_KEYPTR(hh, schedule->destinations, d->key, strlen(d->key),
	    d);
	return d;
}

struct destination *
destination_find(struct schedule *schedule, const char *transport,
    const char *nexthop)
{
	return find(schedule, transport, nexthop, mem_printf("%s\n%s",
	    transport, nexthop));
}

struct destination *
destination_find_for(struct schedule *schedule, const struct recipient *r)
{
	struct destination	*all, *one;
	char			*key;

	all = destination_find(schedule, r->transport, r->nexthop);
	if (all->recipient_limit != 1)
		return all;
	key = mem_printf("%s\n%s\n%s", r->transport, r->nexthop,
	    r->address);
	for (char *p = key; *p != '\0'; p++)
		*p = (char)ascii_lower(*p);
	one = find(schedule, r->transport, r->nexthop, key);
	destination_check(all);
	return one;
}

/*
 * Entries at a time.  At a destination that does well there are three for
 * each connection: one whose end is not answered yet, one whose envelope
 * went behind it, and one to go behind that one's content.  So the agent's
 * pipelines never run dry.
 */
static int64_t
capacity(const struct destination *d)
{
	if (d->delay_ms > 0)
		return is_resting(d) ? 0 : 1;
	return d->is_well ? 3 * d->window : d->window;
}

/* What is idle, alive and at its start again need not be remembered. */
void
destination_check(struct destination *d)
{
	struct schedule	*schedule = d->schedule;

	if (destination_has_jobs(d) && d->in_flight < capacity(d)) {
		if (!d->is_ready)
			DL_APPEND(schedule->ready, d);
		d->is_ready = true;
		schedule_run_later(schedule);
		return;
	}
	if (d->is_ready)
		DL_DELETE(schedule->ready, d);
	d->is_ready = false;
	if (destination_has_jobs(d) || d->in_flight > 0 || is_resting(d) ||
	    d->dead_until_ms != 0)
		return;
	loop_timer_free(&d->rest);
	HASH_DEL(schedule->destinations, d);
	mem_free(d->key);
	mem_free(d->transport);
	mem_free(d->nexthop);
	mem_free(d->why_dead);
	mem_free(d);
}

bool
destination_is_dead(struct destination *d)
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
destination_succeeded(struct destination *d)
{
	d->is_well = true;
	d->failed_cohorts = 0;
	d->dead_until_ms = 0;
	if (d->window >= d->limit || d->in_flight < d->window)
		return;
	d->rise += feedback_get(&d->up, d->window);
	if (d->rise < ALMOST_ONE)
		return;
	d->window++;
	d->rise = d->fall = 0;
}

void
destination_failed(struct destination *d, struct slice why)
{
	const struct manager	*manager = d->schedule->manager;
	const struct conf	*conf = manager->conf;

	d->is_well = false;
	d->failed_cohorts += 1.0 / (double)d->window;
	d->fall += feedback_get(&d->down, d->window);
	if (d->fall >= ALMOST_ONE) {
		d->window -= d->window > 1;
		d->rise = d->fall = 0;
	}
	if (d->cohort_limit == 0 ||
	    d->failed_cohorts < (double)d->cohort_limit)
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
void
destination_on_sweep(void *arg)
{
	struct schedule		*schedule = arg;
	struct destination	*d, *next;
	bool			 has_dead = false;

	HASH_ITER(hh, schedule->destinations, d, next)
		if (destination_is_dead(d))
			has_dead = true;
		else
			destination_check(d);
	if (has_dead)
		loop_timer_start(schedule->sweep,
		    schedule->manager->conf->minimal_backoff_time + 1000);
}
