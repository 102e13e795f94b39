/*
 * Messages in memory, from activation to the last result, and what the
 * store knows of them then.
 */

#include "qmgr/active.h"

#include "tests/unit/active_fixture.h"

#define WINDOW		1000	/* recipients in memory, as active.c has it */
#define SECOND_US	1000000

static struct client	*agent;

static void
begin_with_agent(const char *lines)
{
	begin(lines);
	agent = add_agent("smtp", 100000);
}

/* ---- results ------------------------------------------------------------- */

static void
delivered(void)
{
	begin_with_agent("");
	arrive(1, "x@a y@b");
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_PTR_NOT_NULL(active_find(&manager, 1));
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_PTR_NULL(active_find(&manager, 1));
	check_stored(1, "");
	end();
}

static void
check_delay(uint64_t id, uint32_t attempts, int64_t delay_us)
{
	struct store_message	message = stored(id);
	int64_t			due_us = (int64_t)message.due_us -
				    clock_wall_us();

	CU_ASSERT_EQUAL(message.attempts, attempts);
	/* With jitter: a tenth less or more. */
	CU_ASSERT(due_us > delay_us * 9 / 10 - 10 * SECOND_US);
	CU_ASSERT(due_us <= delay_us * 11 / 10);
}

/* Q47: each time twice as late, to maximal_backoff_time. */
static void
deferred(void)
{
	static const int64_t	delays[] = { 300, 600, 1200, 1500, 1500 };

	begin_with_agent("maximal_backoff_time = 1500s\n");
	arrive(1, "x@a y@a");
	for (uint32_t i = 0; i < 5; i++) {
		tell_result(agent->agent->entries, 0, i == 0 ?
		    OUTCOME_SENT : OUTCOME_DEFERRED);
		finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
		CU_ASSERT_PTR_NULL(active_find(&manager, 1));
		check_stored(1, "sender later  1:0:y@a:later");
		check_delay(1, i + 1, delays[i] * SECOND_US);
		active_load(&manager, 1, UINT64_MAX);
		work();
		CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1");
	}
	end();
}

/* What was served is on the disk while a slow one is awaited. */
static void
results_are_written_meanwhile(void)
{
	begin_with_agent("");
	arrive(1, "x@a y@b z@c");
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
	check_stored(1, "sender   0:0:x@a: 1:0:y@b: 2:0:z@c:");
	active_write_all(&manager);
	CU_ASSERT_PTR_NULL(manager.unwritten);
	check_stored(1, "sender   1:0:y@b:later 2:0:z@c:");
	active_write_all(&manager);
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(1, "sender later  1:0:y@b:later");
	end();
}

/* ---- windows ------------------------------------------------------------- */

/* One with very many recipients is worked off in windows of them. */
static void
windows(void)
{
	struct active	*active;
	size_t		 seen = 0, sizes[] = { WINDOW, WINDOW, 500 };

	begin_with_agent("");
	arrive(1, crowd(2500, "a"));
	for (int i = 0; i < 3; i++) {
		active = active_find(&manager, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(active);
		CU_ASSERT_EQUAL(active->count, sizes[i]);
		CU_ASSERT_EQUAL(manager.recipient_count, sizes[i]);
		CU_ASSERT_EQUAL(active->recipients[0].number, seen);
		seen += sizes[i];
		while (active_find(&manager, 1) != NULL &&
		    active->next_number == seen)
			finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	}
	CU_ASSERT_EQUAL(manager.active_count, 0);
	check_stored(1, "");
	end();
}

/* Exactly one window: there is no more, but that is not known before. */
static void
whole_windows(void)
{
	begin_with_agent("");
	arrive(1, crowd(WINDOW, "a"));
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	arrive(2, crowd(WINDOW, "a"));
	tell_result(agent->agent->entries, 7, OUTCOME_DEFERRED);
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	check_stored(2, "sender later  7:0:7@a:later");
	end();
}

/* ---- room ---------------------------------------------------------------- */

static void
room(void)
{
	begin_with_agent("qmgr_message_active_limit = 10\n");
	for (uint64_t id = 1; id <= 9; id++)
		CU_ASSERT_PTR_NOT_NULL(arrive(id, "x@a"));
	CU_ASSERT(active_has_room(&manager));
	CU_ASSERT_PTR_NOT_NULL(arrive(10, "x@a"));
	CU_ASSERT_FALSE(active_has_room(&manager));
	CU_ASSERT_PTR_NULL(arrive(11, "x@a"));
	/* It is due: it comes when there is room. */
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT(becomes_active(11));
	CU_ASSERT_FALSE(active_has_room(&manager));
	end();

	begin_with_agent("qmgr_message_recipient_limit = 10\n");
	arrive(1, crowd(9, "a"));
	CU_ASSERT(active_has_room(&manager));
	arrive(2, "x@a");
	CU_ASSERT_FALSE(active_has_room(&manager));
	CU_ASSERT_PTR_NULL(arrive(3, "x@a"));
	end();
}

static struct active *
arrive_with_content(uint64_t id, size_t size)
{
	struct letter	*l = letter(id, "x@a");
	struct buf	 content = BUF_INIT;

	buf_put(&content, body, size);
	post(l);
	active_add_fresh(&manager, &l->message, l->recipients, l->count,
	    &content);
	buf_clear(&content);
	return active_find(&manager, id);
}

static void
cached_content(void)
{
	begin_with_agent("qmgr_content_cache_size = 70000\n");
	CU_ASSERT_EQUAL(arrive_with_content(1, 30000)->content.len, 30000);
	CU_ASSERT_EQUAL(arrive_with_content(2, 40000)->content.len, 0);
	CU_ASSERT(manager.cached_bytes >= 30000);
	CU_ASSERT(manager.cached_bytes <= 70000);
	work();
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_EQUAL(manager.cached_bytes, 0);
	CU_ASSERT_EQUAL(arrive_with_content(3, 40000)->content.len, 40000);
	end();
}

/* ---- loading ------------------------------------------------------------- */

static void
loaded(void)
{
	struct letter	*l;

	begin_with_agent("");
	l = letter(1, "x@a");
	l->message.due_us = 5000;
	post(l);
	active_load(&manager, 1, 4999);
	active_load(&manager, 2, UINT64_MAX);
	work();
	CU_ASSERT_EQUAL(manager.active_count, 0);
	/* Asked for twice, it is there once. */
	active_load(&manager, 1, 5000);
	active_load(&manager, 1, 5000);
	work();
	CU_ASSERT_EQUAL(manager.active_count, 1);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@a/1");
	CU_ASSERT_PTR_NULL(manager.loadings);
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	active_load(&manager, 1, UINT64_MAX);
	work();
	CU_ASSERT_EQUAL(manager.active_count, 0);
	end();
}

static void
load_cancelled(void)
{
	begin_with_agent("");
	post(letter(1, "x@a"));
	active_load(&manager, 1, UINT64_MAX);
	active_cancel_load(&manager, 2);
	active_cancel_load(&manager, 1);
	work();
	CU_ASSERT_EQUAL(manager.active_count, 0);
	CU_ASSERT_PTR_NULL(manager.loadings);
	end();
}

/* ---- what the administrator wants ---------------------------------------- */

static void
hold(void)
{
	begin("");
	active_hold(arrive(1, "x@a"));
	CU_ASSERT_PTR_NULL(active_find(&manager, 1));
	work();
	check_stored(1, "sender   0:0:x@a:");
	CU_ASSERT_EQUAL(stored(1).flags, STORE_HELD);

	/* Deliveries in flight go on. */
	agent = add_agent("smtp", 1);
	arrive(2, "x@a y@b");
	active_hold(active_find(&manager, 2));
	CU_ASSERT_STRING_EQUAL(held_by(agent), "2@a/1");
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(2, "sender   1:0:y@b:");
	CU_ASSERT_EQUAL(stored(2).flags, STORE_HELD);

	/* The last of them may make an end of it. */
	active_hold(arrive(3, "x@a"));
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(3, "");
	end();
}

static void
hold_between_windows(void)
{
	begin_with_agent("");
	arrive(1, crowd(WINDOW + 5, "a"));
	active_hold(active_find(&manager, 1));
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	CU_ASSERT_EQUAL(stored(1).flags, STORE_HELD);
	CU_ASSERT_STRING_EQUAL(held_by(agent), "");
	end();
}

/* Held while its next window is read: nothing of that is forgotten. */
static void
hold_while_window_loads(void)
{
	begin_with_agent("");
	arrive(1, crowd(WINDOW + 5, "a"));
	while (active_find(&manager, 1)->count > 0) {
		if (agent->agent->entries == NULL)
			work();
		finish_only(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	}
	active_hold(active_find(&manager, 1));
	work();
	CU_ASSERT_EQUAL(manager.active_count, 0);
	CU_ASSERT_EQUAL(stored(1).flags, STORE_HELD);
	check_stored(1, "sender   1000:0:1000@a: 1001:0:1001@a: "
	    "1002:0:1002@a: 1003:0:1003@a: 1004:0:1004@a:");
	end();
}

/* The store was told already: nothing of it is written any more. */
static void
forget(void)
{
	begin("");
	store_remove(store, 1, arrive(1, "x@a")->due_us, NULL, NULL);
	active_forget(active_find(&manager, 1));
	CU_ASSERT_PTR_NULL(active_find(&manager, 1));

	agent = add_agent("smtp", 1);
	arrive(2, "x@a y@b");
	store_remove(store, 2, active_find(&manager, 2)->due_us, NULL, NULL);
	active_forget(active_find(&manager, 2));
	CU_ASSERT_PTR_NOT_NULL(active_find(&manager, 2));
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
	CU_ASSERT_PTR_NULL(active_find(&manager, 2));
	CU_ASSERT_STRING_EQUAL(held_by(agent), "");
	check_stored(2, "");
	end();
}

static void
retry(void)
{
	struct active	*active;

	begin("");
	agent = add_agent("smtp", 1);
	active = arrive(1, "x@a y@b");
	active->attempts = 5;
	active_retry(active, false);
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	/* At once, what had failed too. */
	check_stored(1, "sender nobody  0:0:x@a:nobody 1:0:y@b:");
	CU_ASSERT_EQUAL(stored(1).attempts, 6);
	CU_ASSERT(stored(1).due_us <= (uint64_t)clock_wall_us());

	active_load(&manager, 1, UINT64_MAX);
	work();
	active = active_find(&manager, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(active);
	/* The last word counts. */
	active_hold(active);
	active_retry(active, true);
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
	CU_ASSERT_EQUAL(stored(1).attempts, 0);
	CU_ASSERT_EQUAL(stored(1).flags, 0);
	CU_ASSERT(stored(1).due_us <= (uint64_t)clock_wall_us());
	end();
}

void	active_test(void);

void
active_test(void)
{
	CU_pSuite	suite = CU_add_suite("active", begin_suite, end_suite);

	CU_add_test(suite, "delivered", delivered);
	CU_add_test(suite, "deferred", deferred);
	CU_add_test(suite, "results are written meanwhile",
	    results_are_written_meanwhile);
	CU_add_test(suite, "windows", windows);
	CU_add_test(suite, "whole windows", whole_windows);
	CU_add_test(suite, "room", room);
	CU_add_test(suite, "cached content", cached_content);
	CU_add_test(suite, "loaded", loaded);
	CU_add_test(suite, "load cancelled", load_cancelled);
	CU_add_test(suite, "hold", hold);
	CU_add_test(suite, "hold between windows", hold_between_windows);
	CU_add_test(suite, "hold while window loads",
	    hold_while_window_loads);
	CU_add_test(suite, "forget", forget);
	CU_add_test(suite, "retry", retry);
}
