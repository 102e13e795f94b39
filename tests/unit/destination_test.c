#include "qmgr/destination.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "conf/conf.h"
#include "net/loop.h"
#include "qmgr/manager.h"
#include "util/clock.h"
#include "util/mem.h"

static struct manager	 manager;
static struct schedule	 schedule;
static struct conf	*conf;
static struct job	 job;		/* whose presence is all we need */

static void
begin(const char *text)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
	    slice_str(text), &why), 0);
	conf = conf_new(source, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
	memset(&manager, 0, sizeof(manager));
	memset(&schedule, 0, sizeof(schedule));
	memset(&job, 0, sizeof(job));
	manager.conf = conf;
	manager.loop = loop_new();
	manager.schedule = &schedule;
	schedule.manager = &manager;
	schedule.is_stopped = true;	/* nothing is handed out */
	schedule.sweep = loop_timer_new(manager.loop, destination_on_sweep,
	    &schedule);
}

static void
end(void)
{
	struct destination	*d, *next;
	struct lane		*lane;

	HASH_ITER(hh, schedule.destinations, d, next) {
		d->small = d->large = NULL;
		d->in_flight = 0;
		d->dead_until_ms = 0;
		destination_check(d);
	}
	CU_ASSERT_EQUAL(HASH_COUNT(schedule.destinations), 0);
	while ((lane = schedule.lanes) != NULL) {
		schedule.lanes = lane->next;
		loop_timer_free(&lane->rest);
		mem_free(lane->transport);
		mem_free(lane);
	}
	loop_timer_free(&schedule.sweep);
	loop_tick(manager.loop, 0);
	loop_free(&manager.loop);
	conf_free(&conf);
}

static struct destination *
find(const char *nexthop)
{
	return destination_find(&schedule, "smtp", nexthop);
}

static void
finds(void)
{
	struct destination	*a, *b;

	begin("slow_destination_concurrency_limit = 2\n"
	    "slow_destination_recipient_limit = 3\n"
	    "default_destination_concurrency_limit = 7\n"
	    "default_destination_recipient_limit = 9\n"
	    "initial_destination_concurrency = 4\n");
	a = find("a.example");
	CU_ASSERT_PTR_EQUAL(find("a.example"), a);
	CU_ASSERT_PTR_NOT_EQUAL(find("b.example"), a);
	CU_ASSERT_STRING_EQUAL(a->transport, "smtp");
	CU_ASSERT_STRING_EQUAL(a->nexthop, "a.example");
	CU_ASSERT_EQUAL(a->limit, 7);
	CU_ASSERT_EQUAL(a->recipient_limit, 9);
	CU_ASSERT_EQUAL(a->window, 4);
	/* A transport has its own numbers; it starts within its limit. */
	b = destination_find(&schedule, "slow", "a.example");
	CU_ASSERT_PTR_NOT_EQUAL(a, b);
	CU_ASSERT_EQUAL(b->limit, 2);
	CU_ASSERT_EQUAL(b->recipient_limit, 3);
	CU_ASSERT_EQUAL(b->window, 2);
	CU_ASSERT_FALSE(destination_has_jobs(a));
	a->large = &job;
	CU_ASSERT(destination_has_jobs(a));
	a->large = NULL;
	a->small = &job;
	CU_ASSERT(destination_has_jobs(a));
	end();
}

/* 0 is no limit; a transport may start and give up in its own way. */
static void
no_limits(void)
{
	struct destination	*d;

	begin("default_destination_concurrency_limit = 0\n"
	    "default_destination_recipient_limit = 0\n"
	    "smtp_initial_destination_concurrency = 3\n"
	    "smtp_destination_concurrency_failed_cohort_limit = 9\n");
	d = find("a");
	CU_ASSERT(d->limit > 10000);
	CU_ASSERT(d->recipient_limit > 10000);
	CU_ASSERT_EQUAL(d->window, 3);
	CU_ASSERT_EQUAL(d->cohort_limit, 9);
	end();
}

/* Until d may be handed out again, in milliseconds. */
static int64_t
time_to_ready(struct destination *d)
{
	int64_t	start = clock_now_ms();

	while (!d->is_ready && clock_now_ms() - start < 5000)
		loop_tick(manager.loop, 100);
	return clock_now_ms() - start;
}

static void
rests(void)
{
	struct destination	*slow, *other;
	int64_t			 ms;

	begin("smtp_destination_rate_delay = 1s\n");
	slow = find("a");
	other = find("b");
	CU_ASSERT_EQUAL(slow->limit, 1);
	CU_ASSERT_EQUAL(slow->window, 1);
	CU_ASSERT_EQUAL(destination_find(&schedule, "other", "a")->limit, 20);
	slow->small = other->small = &job;
	slow->is_well = true;
	destination_check(slow);
	CU_ASSERT(slow->is_ready);
	/* One at a time, however well it does; and then the delay. */
	destination_begin(slow);
	destination_check(slow);
	CU_ASSERT_FALSE(slow->is_ready);
	destination_end(slow);
	destination_check(slow);
	CU_ASSERT_FALSE(slow->is_ready);
	destination_check(other);
	CU_ASSERT(other->is_ready);
	ms = time_to_ready(slow);
	CU_ASSERT(ms >= 900 && ms < 3000);
	/* What rests is remembered, though nothing waits there. */
	destination_begin(slow);
	slow->small = NULL;
	destination_end(slow);
	destination_check(slow);
	CU_ASSERT_PTR_EQUAL(find("a"), slow);
	loop_timer_stop(slow->rest);
	end();
}

/* One transport, two destinations. */
static void
lanes(void)
{
	struct destination	*a, *b;
	int64_t			 start = clock_now_ms();

	begin("smtp_transport_rate_delay = 1s\n");
	a = find("a");
	b = find("b");
	CU_ASSERT_PTR_NOT_NULL_FATAL(a->lane);
	CU_ASSERT_PTR_EQUAL(a->lane, b->lane);
	CU_ASSERT_PTR_NULL(destination_find(&schedule, "other", "a")->lane);
	destination_begin(a);
	CU_ASSERT(b->lane->is_busy);
	destination_end(a);
	CU_ASSERT(b->lane->is_busy);
	while (b->lane->is_busy && clock_now_ms() - start < 5000)
		loop_tick(manager.loop, 100);
	CU_ASSERT_FALSE(b->lane->is_busy);
	CU_ASSERT(clock_now_ms() - start >= 900);
	end();
}

/* It takes its turn while it has jobs and room, and is forgotten idle. */
static void
checks(void)
{
	struct destination	*d;

	begin("initial_destination_concurrency = 2\n");
	d = find("a");
	d->small = &job;
	destination_check(d);
	CU_ASSERT(d->is_ready);
	CU_ASSERT_PTR_EQUAL(schedule.ready, d);
	destination_check(d);
	CU_ASSERT_PTR_NULL(d->next);
	d->in_flight = 2;
	destination_check(d);
	CU_ASSERT_FALSE(d->is_ready);
	CU_ASSERT_PTR_NULL(schedule.ready);
	d->in_flight = 1;
	destination_check(d);
	CU_ASSERT(d->is_ready);
	/* One in flight is not idle. */
	d->small = NULL;
	destination_check(d);
	CU_ASSERT_EQUAL(HASH_COUNT(schedule.destinations), 1);
	CU_ASSERT_PTR_NULL(schedule.ready);
	d->in_flight = 0;
	destination_check(d);
	CU_ASSERT_EQUAL(HASH_COUNT(schedule.destinations), 0);
	end();
}

/* Up with success where the window is used, down with failure, to 1. */
static void
window(void)
{
	struct destination	*d;

	begin("initial_destination_concurrency = 2\n"
	    "default_destination_concurrency_limit = 4\n"
	    "default_destination_concurrency_failed_cohort_limit = 100\n");
	d = find("a");
	d->in_flight = 1;
	destination_succeeded(d);
	CU_ASSERT_EQUAL(d->window, 2);
	d->in_flight = 100;
	for (int i = 3; i <= 6; i++) {
		destination_succeeded(d);
		CU_ASSERT_EQUAL(d->window, i < 4 ? i : 4);
	}
	for (int i = 3; i >= 0; i--) {
		destination_failed(d, SLICE_LIT("x"));
		CU_ASSERT_EQUAL(d->window, i > 1 ? i : 1);
	}
	CU_ASSERT_FALSE(destination_is_dead(d));
	end();
}

/* A third each time: the third one counts; what goes the other way, not. */
static void
follows_feedback(void)
{
	struct destination	*d, *slow;

	begin("initial_destination_concurrency = 3\n"
	    "default_destination_concurrency_failed_cohort_limit = 0\n"
	    "default_destination_concurrency_positive_feedback = "
	    "1/concurrency\n"
	    "default_destination_concurrency_negative_feedback = 0.5\n"
	    "slow_initial_destination_concurrency = 9\n"
	    "slow_destination_concurrency_positive_feedback = 0\n"
	    "slow_destination_concurrency_negative_feedback = "
	    "1/sqrt_concurrency\n");
	d = find("a");
	d->in_flight = 100;
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(d->window, 3);
		destination_succeeded(d);
	}
	CU_ASSERT_EQUAL(d->window, 4);
	destination_failed(d, SLICE_LIT("x"));
	CU_ASSERT_EQUAL(d->window, 4);
	destination_failed(d, SLICE_LIT("x"));
	CU_ASSERT_EQUAL(d->window, 3);

	slow = destination_find(&schedule, "slow", "a");
	slow->in_flight = 100;
	CU_ASSERT_EQUAL(slow->window, 9);
	for (int i = 0; i < 30; i++)
		destination_succeeded(slow);
	CU_ASSERT_EQUAL(slow->window, 9);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(slow->window, 9);
		destination_failed(slow, SLICE_LIT("x"));
	}
	CU_ASSERT_EQUAL(slow->window, 8);
	/* With a limit of 0 it never dies. */
	for (int i = 0; i < 100; i++)
		destination_failed(slow, SLICE_LIT("x"));
	CU_ASSERT_EQUAL(slow->window, 1);
	CU_ASSERT_FALSE(destination_is_dead(slow));
	end();
}

/* 0 is no limit; each transport may have its own settings. */
static void
knows_no_limit(void)
{
	struct destination	*d;

	begin("default_destination_concurrency_limit = 0\n"
	    "default_destination_recipient_limit = 0\n"
	    "slow_destination_concurrency_failed_cohort_limit = 7\n"
	    "slow_delivery_slot_cost = 3\n");
	d = find("a");
	CU_ASSERT(d->limit >= 1000000);
	CU_ASSERT(d->recipient_limit >= 1000000);
	CU_ASSERT_EQUAL(d->window, 5);
	CU_ASSERT_EQUAL(d->slot_cost, 5);
	CU_ASSERT_EQUAL(d->cohort_limit, 1);
	d = destination_find(&schedule, "slow", "a");
	CU_ASSERT_EQUAL(d->slot_cost, 3);
	CU_ASSERT_EQUAL(d->cohort_limit, 7);
	end();
}

/* A whole cohort of failures, without a success between them. */
static void
dies(void)
{
	struct destination	*d;
	int			 failures = 0;

	begin("initial_destination_concurrency = 5\n"
	    "default_destination_concurrency_failed_cohort_limit = 1\n");
	d = find("a");
	d->in_flight = 1;
	while (failures < 20 && !destination_is_dead(d)) {
		destination_failed(d, SLICE_LIT("first"));
		failures++;
	}
	/* 1/5 + 1/4 + 1/3 + 1/2 */
	CU_ASSERT_EQUAL(failures, 4);
	CU_ASSERT_STRING_EQUAL(d->why_dead, "first");
	CU_ASSERT(loop_timer_is_running(schedule.sweep));
	/* What is dead is remembered, though idle. */
	d->in_flight = 0;
	destination_check(d);
	CU_ASSERT_EQUAL(HASH_COUNT(schedule.destinations), 1);
	destination_succeeded(d);
	CU_ASSERT_FALSE(destination_is_dead(d));

	d->window = 2;
	destination_failed(d, SLICE_LIT("x"));
	destination_succeeded(d);
	d->window = 2;
	destination_failed(d, SLICE_LIT("x"));
	CU_ASSERT_FALSE(destination_is_dead(d));
	end();
}

/* Its time over, it gets one try, to see. */
static void
comes_back(void)
{
	struct destination	*d;
	int64_t			 start_ms;

	begin("initial_destination_concurrency = 1\n");
	conf->minimal_backoff_time = 50;
	d = find("a");
	d->in_flight = 1;
	start_ms = loop_now_ms(manager.loop);
	destination_failed(d, SLICE_LIT("x"));
	CU_ASSERT(destination_is_dead(d));
	d->window = 5;
	while (destination_is_dead(d) &&
	    clock_now_ms() < start_ms + 20000)
		loop_tick(manager.loop, 5);
	CU_ASSERT_FALSE(destination_is_dead(d));
	CU_ASSERT(loop_now_ms(manager.loop) - start_ms >= 50);
	CU_ASSERT_EQUAL(d->window, 1);
	end();
}

static void
sweeps(void)
{
	struct destination	*dead, *idle;

	begin("initial_destination_concurrency = 1\n");
	dead = find("dead");
	dead->in_flight = 1;
	destination_failed(dead, SLICE_LIT("x"));
	dead->in_flight = 0;
	idle = find("idle");
	CU_ASSERT_PTR_NOT_NULL(idle);
	loop_timer_stop(schedule.sweep);
	destination_on_sweep(&schedule);
	CU_ASSERT_EQUAL(HASH_COUNT(schedule.destinations), 1);
	CU_ASSERT_PTR_EQUAL(find("dead"), dead);
	CU_ASSERT(loop_timer_is_running(schedule.sweep));
	dead->dead_until_ms = 1;
	loop_timer_stop(schedule.sweep);
	destination_on_sweep(&schedule);
	CU_ASSERT_EQUAL(HASH_COUNT(schedule.destinations), 0);
	CU_ASSERT_FALSE(loop_timer_is_running(schedule.sweep));
	end();
}

void	destination_test(void);

void
destination_test(void)
{
	CU_pSuite	suite = CU_add_suite("destination", NULL, NULL);

	CU_add_test(suite, "finds", finds);
	CU_add_test(suite, "checks", checks);
	CU_add_test(suite, "no limits", no_limits);
	CU_add_test(suite, "rests between deliveries", rests);
	CU_add_test(suite, "a transport rests", lanes);
	CU_add_test(suite, "window", window);
	CU_add_test(suite, "follows feedback", follows_feedback);
	CU_add_test(suite, "knows no limit", knows_no_limit);
	CU_add_test(suite, "dies", dies);
	CU_add_test(suite, "comes back", comes_back);
	CU_add_test(suite, "sweeps", sweeps);
}
