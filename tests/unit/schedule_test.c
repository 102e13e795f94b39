/*
 * Whose turn it is: agents hold what they get, so the order shows.
 */

#include "qmgr/schedule.h"

#include "tests/unit/active_fixture.h"

static struct client	*agent;

/* An agent that takes it all comes last: everything waits for it. */
static void
let_go(void)
{
	agent = add_agent("smtp", 1000);
}

/* ---- turns --------------------------------------------------------------- */

static void
destinations_take_turns(void)
{
	begin("default_destination_recipient_limit = 2\n");
	arrive(1, "v@a w@a x@a y@a z@a");
	arrive(2, "x@b y@b z@b");
	arrive(3, "x@c y@c z@c");
	let_go();
	CU_ASSERT_STRING_EQUAL(held_by(agent),
	    "1@a/2 2@b/2 3@c/2 1@a/2 2@b/1 3@c/1 1@a/1");
	end();
}

/* With one recipient at a time each is a destination (Q50). */
static void
mailboxes(void)
{
	begin("smtp_destination_recipient_limit = 1\n"
	    "initial_destination_concurrency = 1\n");
	arrive(1, "x@a y@a");
	arrive(2, "X@a");
	arrive(3, "z@a");
	let_go();
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1 1@a/1 3@a/1");
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1 3@a/1 2@a/1");
	/* One that is dead is none of the others' business. */
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_DEAD);
	arrive(4, "x@a y@a");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "3@a/1 2@a/1 4@a/1");
	check_stored(1, "sender later  1:0:y@a:later");
	end();
}

/* One message at one destination is one job, in entries of the limit. */
static void
entries(void)
{
	begin("default_destination_recipient_limit = 3\n");
	arrive(1, "1@a 1@b 2@a 3@a 2@b 4@a");
	let_go();
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/3 1@b/2 1@a/1");
	end();
}

/* Of every delivery_slot_cost entries one is the large job's. */
static void
slots(void)
{
	begin("default_destination_recipient_limit = 2\n"
	    "initial_destination_concurrency = 20\n"
	    "delivery_slot_cost = 4\n");
	arrive(1, crowd(8, "a"));
	for (uint64_t id = 2; id <= 6; id++)
		arrive(id, "x@a");
	let_go();
	CU_ASSERT_STRING_EQUAL(held_by(agent),
	    "2@a/1 3@a/1 4@a/1 1@a/2 5@a/1 6@a/1 1@a/2 1@a/2 1@a/2");
	end();
}

static void
large_jobs_take_turns(void)
{
	begin("default_destination_recipient_limit = 2\n"
	    "initial_destination_concurrency = 4\n");
	arrive(1, crowd(20, "a"));
	arrive(2, crowd(20, "a"));
	let_go();
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/2 2@a/2 1@a/2 2@a/2");
	end();
}

/* ---- how many at a time -------------------------------------------------- */

static void
fill(uint64_t count, const char *to)
{
	for (uint64_t id = 1; id <= count; id++)
		arrive(id, to);
}

/* Up with success, to the limit, and three for each where it does well. */
static void
concurrency_goes_up(void)
{
	static const uint32_t	windows[] = { 3, 4, 4, 4 };
	static const uint32_t	busy[] = { 9, 12, 12, 12 };

	begin("initial_destination_concurrency = 2\n"
	    "default_destination_concurrency_limit = 4\n");
	fill(30, "x@a");
	let_go();
	CU_ASSERT_EQUAL(agent->agent->busy, 2);
	CU_ASSERT_EQUAL(schedule_window(agent->agent->entries), 2);
	for (size_t i = 0; i < 4; i++) {
		finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
		CU_ASSERT_EQUAL(agent->agent->busy, busy[i]);
		CU_ASSERT_EQUAL(schedule_window(agent->agent->entries),
		    windows[i]);
	}
	/* A refusal of the mail is none of the destination. */
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	CU_ASSERT_EQUAL(agent->agent->busy, 12);
	end();
}

/* Down with failure; what is unknown changes nothing. */
static void
concurrency_goes_down(void)
{
	begin("initial_destination_concurrency = 4\n"
	    "default_destination_concurrency_failed_cohort_limit = 9\n");
	fill(20, "x@a");
	let_go();
	CU_ASSERT_EQUAL(agent->agent->busy, 4);
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_UNKNOWN);
	CU_ASSERT_EQUAL(agent->agent->busy, 4);
	for (uint32_t left = 3; left > 0; left--) {
		finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_DEAD);
		CU_ASSERT_EQUAL(agent->agent->busy, left);
	}
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_DEAD);
	CU_ASSERT_EQUAL(agent->agent->busy, 1);
	end();
}

static void
one_destination_does_not_slow_another(void)
{
	begin("initial_destination_concurrency = 1\n");
	fill(3, "x@a x@b");
	let_go();
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1 1@b/1");
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@b/1 2@a/1");
	end();
}

/* ---- dead destinations --------------------------------------------------- */

#define SUSPENDED	"delivery temporarily suspended: it is down"

static void
dead_destination(void)
{
	begin("initial_destination_concurrency = 1\n");
	fill(3, "x@a");
	arrive(4, "x@b");
	let_go();
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_DEAD);
	/* All that waited there is put aside at once, and only that. */
	CU_ASSERT_STRING_EQUAL(held_by(agent), "4@b/1");
	CU_ASSERT_EQUAL(manager.active_count, 1);
	arrive(5, "x@a y@b");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "4@b/1");
	CU_ASSERT_PTR_NOT_NULL(active_find(&manager, 5));
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	check_stored(1, "sender later  0:0:x@a:later");
	check_stored(2, "sender " SUSPENDED "  0:0:x@a:" SUSPENDED);
	check_stored(3, "sender " SUSPENDED "  0:0:x@a:" SUSPENDED);
	check_stored(4, "");
	check_stored(5, "sender " SUSPENDED "  0:0:x@a:" SUSPENDED);
	schedule_revive(manager.schedule);
	arrive(6, "x@a");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "6@a/1");
	end();
}

/* ---- agents -------------------------------------------------------------- */

static void
agents_have_room_or_not(void)
{
	begin("");
	fill(5, "x@a");
	agent = add_agent("smtp", 2);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1 2@a/1");
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "2@a/1 3@a/1");
	/* It is leaving. */
	set_capacity(agent, "smtp", 0);
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_EQUAL(manager.active_count, 2);
	set_capacity(agent, "other", 10);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "");
	set_capacity(agent, "smtp", 10);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "4@a/1 5@a/1");
	end();
}

/* A destination stays with its agent, which has connections there. */
static void
destinations_stay_with_their_agent(void)
{
	struct client	*second;

	begin("");
	agent = add_agent("smtp", 3);
	second = add_agent("smtp", 3);
	fill(3, "x@a");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1 2@a/1 3@a/1");
	/* But nobody waits for one that is full. */
	arrive(4, "x@a");
	CU_ASSERT_STRING_EQUAL(held_by(second), "4@a/1");
	finish_all(agent, OUTCOME_SENT);
	/* A new one goes to the least busy. */
	arrive(5, "x@b");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "5@b/1");
	end();
}

/* transport_retry_time: then it waits on the disk. */
static void
no_agent(void)
{
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;

	begin("");
	conf->transport_retry_time = 30;
	add_agent("other", 10);
	arrive(1, "x@a");
	CU_ASSERT_PTR_NOT_NULL(active_find(&manager, 1));
	while (manager.active_count > 0 && clock_now_ms() < end_ms)
		loop_tick(loop, 10);
	check_stored(1, "sender mail transport unavailable  "
	    "0:0:x@a:mail transport unavailable");
	end();
}

/* What an agent dies with is tried again, once. */
static void
agents_die(void)
{
	struct client	*second;

	begin("");
	agent = add_agent("smtp", 10);
	second = add_agent("smtp", 10);
	arrive(1, "x@a y@a z@a");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/3");
	tell_result(agent->agent->entries, 1, OUTCOME_SENT);
	remove_agent(agent);
	CU_ASSERT_STRING_EQUAL(held_by(second), "1@a/2");
	remove_agent(second);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	check_stored(1, "sender delivery agent died  "
	    "0:0:x@a:delivery agent died 2:0:z@a:delivery agent died");
	end();
}

/* A message that was deleted, or held, is not tried again for that. */
static void
agents_die_with_what_is_not_wanted(void)
{
	struct client	*second;

	begin("");
	agent = add_agent("smtp", 10);
	active_forget(arrive(1, "x@a"));
	active_hold(arrive(2, "x@a"));
	second = add_agent("smtp", 10);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1 2@a/1");
	remove_agent(agent);
	CU_ASSERT_STRING_EQUAL(held_by(second), "");
	CU_ASSERT_EQUAL(manager.active_count, 0);
	end();
}

/* ---- results ------------------------------------------------------------- */

static void
odd_results(void)
{
	struct entry	*entry;

	begin("");
	arrive(1, "x@a y@a z@a");
	let_go();
	entry = agent->agent->entries;
	tell_result(entry, 7, OUTCOME_SENT);
	tell_result(entry, 0, OUTCOME_FAILED);
	tell_result(entry, 0, OUTCOME_SENT);
	tell_result(entry, 2, OUTCOME_SENT);
	/* That is all it says. */
	schedule_done(entry, OUTCOME_SITE_ALIVE, SLICE_LIT(""));
	work();
	check_stored(1, "sender   "
	    "0:1:x@a:nobody 1:0:y@a:delivery agent gave no result");
	end();
}

/* The message is over with its last result, the entry when it is told. */
static void
late_done(void)
{
	struct entry	*entry;

	begin("");
	arrive(1, "x@a");
	let_go();
	entry = agent->agent->entries;
	tell_result(entry, 0, OUTCOME_SENT);
	work();
	CU_ASSERT_EQUAL(manager.active_count, 0);
	CU_ASSERT_EQUAL(agent->agent->busy, 1);
	tell_result(entry, 0, OUTCOME_FAILED);
	schedule_done(entry, OUTCOME_SITE_ALIVE, SLICE_LIT(""));
	work();
	CU_ASSERT_EQUAL(agent->agent->busy, 0);
	check_stored(1, "");
	end();
}

/* ---- best_mx_transport --------------------------------------------------- */

/* All it holds is found to be ours. */
static void
say_elsewhere(struct client *client)
{
	finish(client, OUTCOME_ELSEWHERE, OUTCOME_SITE_UNKNOWN);
}

/* Together, and with nothing written: a crash begins it all anew. */
static void
elsewhere(void)
{
	struct client	*other;

	begin("best_mx_transport = local:here\n");
	let_go();
	other = add_agent("local", 10);
	arrive(1, "x@a y@b z@a");
	say_elsewhere(agent);
	CU_ASSERT_STRING_EQUAL(held_by(other), "1@here/2");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@b/1");
	check_stored(1, "sender   0:0:x@a: 1:0:y@b: 2:0:z@a:");
	say_elsewhere(agent);
	CU_ASSERT_STRING_EQUAL(held_by(other), "1@here/2 1@here/1");
	finish_all(other, OUTCOME_SENT);
	check_stored(1, "");
	CU_ASSERT_EQUAL(agent->agent->busy, 0);
	end();
}

/* The next hop stays where none is said; what is deferred begins anew. */
static void
elsewhere_later(void)
{
	struct client	*other;

	begin("best_mx_transport = local\n");
	let_go();
	other = add_agent("local", 10);
	arrive(1, "x@a");
	say_elsewhere(agent);
	CU_ASSERT_STRING_EQUAL(held_by(other), "1@a/1");
	finish(other, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
	check_stored(1, "sender later  0:0:x@a:later");
	CU_ASSERT_EQUAL(manager.active_count, 0);
	end();
}

/* Mail that would go round is undeliverable, by whichever transport. */
static void
elsewhere_in_a_circle(void)
{
	struct client	*other;

	begin("best_mx_transport = other\n");
	let_go();
	other = add_agent("other", 10);
	arrive(1, "x@a");
	say_elsewhere(agent);
	say_elsewhere(other);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "");
	CU_ASSERT_STRING_EQUAL(held_by(other), "");
	check_stored(1, "sender   0:1:x@a:later");
	end();
	begin("best_mx_transport = smtp\n");
	let_go();
	arrive(1, "x@a");
	say_elsewhere(agent);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1");
	say_elsewhere(agent);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "");
	check_stored(1, "sender   0:1:x@a:later");
	end();
}

/* Without the parameter, or where it names no agent. */
static void
elsewhere_nowhere(void)
{
	begin("");
	let_go();
	arrive(1, "x@a y@a");
	say_elsewhere(agent);
	check_stored(1, "sender   0:1:x@a:later 1:1:y@a:later");
	end();
	begin("best_mx_transport = retry:4.3.0 not today\n");
	let_go();
	arrive(1, "x@a y@a");
	say_elsewhere(agent);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	check_stored(1, "sender not today  0:0:x@a:not today "
	    "1:0:y@a:not today");
	end();
}

/* Deleted or held meanwhile: nobody gets it. */
static void
elsewhere_not_wanted(void)
{
	struct client	*other;

	begin("best_mx_transport = local\n");
	let_go();
	other = add_agent("local", 10);
	active_forget(arrive(1, "x@a"));
	active_hold(arrive(2, "x@a"));
	say_elsewhere(agent);
	say_elsewhere(agent);
	CU_ASSERT_STRING_EQUAL(held_by(other), "");
	CU_ASSERT_EQUAL(manager.active_count, 0);
	end();
}

static void
withdrawn(void)
{
	struct active	*active;

	begin("initial_destination_concurrency = 1\n"
	    "default_destination_recipient_limit = 2\n");
	active = arrive(1, "x@a y@a z@a x@b");
	let_go();
	arrive(2, "x@a");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/2 1@b/1");
	schedule_withdraw(active);
	/* What is with agents goes on. */
	CU_ASSERT_EQUAL(active->todo, 3);
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@b/1 2@a/1");
	schedule_withdraw(active);
	CU_ASSERT_EQUAL(active->todo, 1);
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_PTR_NULL(active_find(&manager, 1));
	end();
}

static void
stopped(void)
{
	begin("");
	schedule_stop(manager.schedule);
	let_go();
	fill(2, "x@a");
	CU_ASSERT_STRING_EQUAL(held_by(agent), "");
	CU_ASSERT_EQUAL(manager.active_count, 2);
	end();
}

void	schedule_test(void);

void
schedule_test(void)
{
	CU_pSuite	suite = CU_add_suite("schedule", begin_suite,
	    end_suite);

	CU_add_test(suite, "destinations take turns",
	    destinations_take_turns);
	CU_add_test(suite, "mailboxes", mailboxes);
	CU_add_test(suite, "entries", entries);
	CU_add_test(suite, "slots", slots);
	CU_add_test(suite, "large jobs take turns", large_jobs_take_turns);
	CU_add_test(suite, "concurrency goes up", concurrency_goes_up);
	CU_add_test(suite, "concurrency goes down", concurrency_goes_down);
	CU_add_test(suite, "one destination does not slow another",
	    one_destination_does_not_slow_another);
	CU_add_test(suite, "a dead destination", dead_destination);
	CU_add_test(suite, "agents have room or not",
	    agents_have_room_or_not);
	CU_add_test(suite, "destinations stay with their agent",
	    destinations_stay_with_their_agent);
	CU_add_test(suite, "no agent", no_agent);
	CU_add_test(suite, "agents die", agents_die);
	CU_add_test(suite, "agents die with what is not wanted",
	    agents_die_with_what_is_not_wanted);
	CU_add_test(suite, "odd results", odd_results);
	CU_add_test(suite, "late done", late_done);
	CU_add_test(suite, "elsewhere", elsewhere);
	CU_add_test(suite, "elsewhere, later", elsewhere_later);
	CU_add_test(suite, "elsewhere, in a circle", elsewhere_in_a_circle);
	CU_add_test(suite, "elsewhere is nowhere", elsewhere_nowhere);
	CU_add_test(suite, "elsewhere, but not wanted",
	    elsewhere_not_wanted);
	CU_add_test(suite, "withdrawn", withdrawn);
	CU_add_test(suite, "stopped", stopped);
}
