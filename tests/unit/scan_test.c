/*
 * Passes over the due index of a real store.
 */

#include "qmgr/scan.h"

#include "tests/unit/active_fixture.h"

#define QUIET_MS	50

void	on_agent_holds(struct ipc *, uint32_t, const struct msg_agent_holds *);

static struct client	*agent;

static uint64_t
now_us(void)
{
	return (uint64_t)clock_wall_us();
}

/* A message that is due at some time, on the disk only. */
static void
post_due(uint64_t id, uint64_t due_us)
{
	struct letter	*l = letter(id, "x@a");

	l->message.due_us = due_us;
	post(l);
}

/* What is due goes to the agent by itself, now that so much time is over. */
static void
pass(int64_t ms)
{
	int64_t	end_ms = clock_now_ms() + ms;

	while (clock_now_ms() < end_ms) {
		loop_tick(loop, 5);
		settle();
	}
}

/* Deliver all there is; how many in the order of their times. */
static size_t
deliver(void)
{
	size_t		count = 0;
	uint64_t	last = 0;

	for (; agent->agent->entries != NULL; work())
		while (agent->agent->entries != NULL) {
			CU_ASSERT(agent->agent->entries->queue_id > last);
			last = agent->agent->entries->queue_id;
			finish_only(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
			count++;
		}
	return count;
}

/* After the start, agents get time to say what they hold. */
static void
start(void)
{
	begin("");
	post_due(1, 5);
	pass(QUIET_MS);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	CU_ASSERT(becomes_active(1));
	end();
}

static void
in_time(void)
{
	uint64_t	due_us = now_us() + 60000;

	begin("");
	post_due(1, 5);
	post_due(2, due_us);
	post_due(3, now_us() + 3600000000);
	scan_wake_at(manager.scan, now_us());
	CU_ASSERT(becomes_active(1));
	CU_ASSERT(now_us() >= due_us || active_find(&manager, 2) == NULL);
	/* The end of a pass finds out when the next one is. */
	CU_ASSERT(becomes_active(2));
	CU_ASSERT(now_us() >= due_us);
	pass(QUIET_MS);
	CU_ASSERT_PTR_NULL(active_find(&manager, 3));
	end();
}

/* Several pages, as far as there is room, oldest first. */
static void
room(void)
{
	size_t	count = 330, limit = 120;

	begin("qmgr_message_active_limit = 120\n");
	for (uint64_t id = 1; id <= count; id++)
		post_due(id, id);
	scan_wake_at(manager.scan, now_us());
	CU_ASSERT(becomes_active(limit));
	pass(QUIET_MS);
	/* A page of the index may be beyond the limit. */
	CU_ASSERT(manager.active_count >= limit);
	CU_ASSERT(manager.active_count < limit + 100);
	agent = add_agent("smtp", 1000);
	CU_ASSERT_EQUAL(deliver(), count);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	end();
}

/* New mail does not wait behind all that is overdue (Q40). */
static void
fresh_mail_takes_turns(void)
{
	size_t	count = 0;
	bool	is_found = false;

	begin("qmgr_message_active_limit = 100\n");
	for (uint64_t id = 1; id <= 1000; id++)
		post_due(id, id);
	scan_wake_at(manager.scan, now_us());
	CU_ASSERT(becomes_active(100));
	pass(QUIET_MS);
	CU_ASSERT_PTR_NULL(arrive(5000, "x@a"));
	CU_ASSERT_PTR_NULL(arrive(5001, "x@a"));
	agent = add_agent("smtp", 1000);
	for (; agent->agent->entries != NULL; work()) {
		if (agent->agent->entries->queue_id == 5000 && !is_found) {
			is_found = true;
			CU_ASSERT(count < 400);
		}
		finish_only(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
		count++;
	}
	/* And nothing twice. */
	CU_ASSERT(is_found);
	CU_ASSERT_EQUAL(count, 1002);
	end();
}

static void
what_is_active(void)
{
	struct active	*active;

	begin("");
	agent = add_agent("smtp", 1000);
	active = arrive(1, "x@a");
	scan_wake_at(manager.scan, now_us());
	pass(QUIET_MS);
	CU_ASSERT_EQUAL(manager.active_count, 1);
	CU_ASSERT_PTR_EQUAL(active_find(&manager, 1), active);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1");
	end();
}

/* An agent has deliveries of it, from before our start. */
static void
what_is_held(void)
{
	struct msg_agent_holds	holds = { 1, 7 };

	begin("");
	post_due(1, 1);
	post_due(2, 2);
	agent = connect_agent();
	on_agent_holds(agent->ipc, 7, &holds);
	on_agent_holds(agent->ipc, 8, &holds);
	set_capacity(agent, "smtp", 1000);
	scan_wake_at(manager.scan, now_us());
	CU_ASSERT(becomes_active(2));
	pass(QUIET_MS);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "2@a/1");
	CU_ASSERT(agent_is_held(&manager, 1));
	remove_agent(agent);
	CU_ASSERT_FALSE(agent_is_held(&manager, 1));
	CU_ASSERT(becomes_active(1));
	end();
}

/* Time that was set back, and forth: it looks now and then. */
static void
now_and_then(void)
{
	begin("queue_run_delay = 1s\n");
	conf->queue_run_delay = 30;
	scan_wake_at(manager.scan, now_us());
	pass(QUIET_MS);
	post_due(1, 1);
	CU_ASSERT(becomes_active(1));
	end();
}

static void
stopped(void)
{
	begin("");
	post_due(1, 1);
	scan_wake_at(manager.scan, now_us());
	scan_stop(manager.scan);
	scan_wake_at(manager.scan, now_us());
	scan_load(manager.scan, 1, UINT64_MAX);
	scan_check(manager.scan);
	pass(QUIET_MS);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	end();

	/* Also amid a pass. */
	begin("");
	post_due(1, 1);
	scan_wake_at(manager.scan, now_us());
	usleep(2000);
	loop_tick(loop, 0);
	scan_stop(manager.scan);
	pass(QUIET_MS);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	end();
}

void	scan_test(void);

void
scan_test(void)
{
	CU_pSuite	suite = CU_add_suite("scan", begin_suite, end_suite);

	CU_add_test(suite, "start", start);
	CU_add_test(suite, "in time", in_time);
	CU_add_test(suite, "room", room);
	CU_add_test(suite, "fresh mail takes turns",
	    fresh_mail_takes_turns);
	CU_add_test(suite, "what is active", what_is_active);
	CU_add_test(suite, "what is held", what_is_held);
	CU_add_test(suite, "now and then", now_and_then);
	CU_add_test(suite, "stopped", stopped);
}
