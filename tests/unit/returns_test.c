/*
 * What becomes of recipients that failed, expired, or are late.
 */

#include "qmgr/returns.h"

#include "tests/unit/active_fixture.h"

#define WINDOW		REPORT_WINDOW
#define SECOND_US	1000000

static struct client	*agent, *reporter;

/* One that delivers, and one that makes reports. */
static void
begin_with_agents(const char *lines)
{
	begin(lines);
	agent = add_agent("smtp", 100000);
	reporter = add_agent("bounce", 100);
}

/* ---- failures ------------------------------------------------------------ */

/* Its sender hears of it, and it is gone. */
static void
failed(void)
{
	begin_with_agents("");
	arrive(1, "x@a y@b");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	/* In one report: what is under way may fail, too. */
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "");
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@failed/1");
	CU_ASSERT_STRING_EQUAL(
	    reporter->agent->entries->recipients[0]->reply, "nobody");
	/* Whoever dies now finds what is owed. */
	check_stored(1, "sender   0:1:x@a:nobody");
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_PTR_NULL(active_find(&manager, 1));
	check_stored(1, "");
	end();
}

/* A report that cannot be made is owed, and nothing is tried again. */
static void
report_deferred(void)
{
	begin_with_agents("");
	arrive(1, "x@a");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	for (uint32_t i = 1; i <= 3; i++) {
		CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@failed/1");
		CU_ASSERT_STRING_EQUAL(
		    reporter->agent->entries->recipients[0]->dsn, "5.1.1");
		finish(reporter, i == 2 ? OUTCOME_FAILED : OUTCOME_DEFERRED,
		    OUTCOME_SITE_UNKNOWN);
		CU_ASSERT_PTR_NULL(active_find(&manager, 1));
		check_stored(1, i == 2 ? "sender nobody  0:1:x@a:nobody" :
		    "sender later  0:1:x@a:nobody");
		CU_ASSERT_EQUAL(stored(1).attempts, i);
		CU_ASSERT_EQUAL(stored(1).flags, 0);
		active_load(&manager, 1, UINT64_MAX);
		work();
		CU_ASSERT_STRING_EQUAL(held_by(agent), "");
	}
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(1, "");
	end();
}

/* Nobody makes reports: it stays until somebody does. */
static void
no_reporter(void)
{
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;

	begin("transport_retry_time = 1s\n");
	agent = add_agent("smtp", 10);
	arrive(1, "x@a");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	CU_ASSERT_PTR_NOT_NULL(active_find(&manager, 1));
	while (active_find(&manager, 1) != NULL && clock_now_ms() < end_ms) {
		loop_tick(loop, 10);
		settle();
	}
	check_stored(1, "sender mail transport unavailable  0:1:x@a:nobody");
	CU_ASSERT(stored(1).due_us > 0);
	end();
}

/* What has failed is reported, the others are tried again. */
static void
failed_and_deferred(void)
{
	begin_with_agents("");
	arrive(1, "x@a y@b");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@failed/1");
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	CU_ASSERT_PTR_NULL(active_find(&manager, 1));
	check_stored(1, "sender later  1:0:y@b:later");
	CU_ASSERT_EQUAL(stored(1).flags, 0);
	active_load(&manager, 1, UINT64_MAX);
	work();
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@b/1");
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(1, "");
	end();
}

/* What failed before is reported with what fails now, in the end. */
static void
failed_twice(void)
{
	begin_with_agents("");
	arrive(1, "x@a y@b");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
	finish(reporter, OUTCOME_DEFERRED, OUTCOME_SITE_UNKNOWN);
	check_stored(1, "sender later  0:1:x@a:nobody 1:0:y@b:later");
	active_load(&manager, 1, UINT64_MAX);
	work();
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@b/1");
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@failed/2");
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(1, "");
	end();
}

/* B11: nothing fails. */
static void
soft_bounce(void)
{
	begin_with_agents("soft_bounce = yes\n");
	arrive(1, "x@a");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "");
	check_stored(1, "sender nobody  0:0:x@a:nobody");
	end();
}

/* As old as that, it has been put off. */
static void
put_off_at(uint64_t id, const char *sender, int64_t age_s)
{
	struct letter	*l = letter(id, "x@a");

	l->message.arrival_us -= (uint64_t)(age_s * SECOND_US);
	l->message.sender = slice_str(sender);
	post(l);
	active_add_fresh(&manager, &l->message, l->recipients, 1, NULL);
	work();
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
}

/* Of a bounce, and of other mail: days in the queue. */
static void
expired(void)
{
	static const struct {
		const char	*sender;
		int64_t		 age_s;
		bool		 is_over;
	} cases[] = {
		{ "sender", 3500, false },
		{ "sender", 3601, true },
		{ "", 55, false },
		{ "", 61, true },
	};

	begin_with_agents("maximal_queue_lifetime = 1h\n"
	    "bounce_queue_lifetime = 60s\n");
	for (uint64_t id = 1; id <= 4; id++) {
		put_off_at(id, cases[id - 1].sender, cases[id - 1].age_s);
		CU_ASSERT_EQUAL(reporter->agent->busy,
		    cases[id - 1].is_over ? 1 : 0);
		if (!cases[id - 1].is_over)
			continue;
		check_stored(id, id == 2 ? "sender   0:1:x@a:later" :
		    "   0:1:x@a:later");
		finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
		check_stored(id, "");
	}
	end();
}

/* P12: once, and not of what has no sender. */
static void
warned(void)
{
	begin_with_agents("delay_warning_time = 1h\n");
	put_off_at(1, "sender", 3500);
	put_off_at(2, "", 3700);
	CU_ASSERT_EQUAL(reporter->agent->busy, 0);
	put_off_at(3, "sender", 3700);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "3@delayed/1");
	/* It could not be made: it is due again. */
	finish(reporter, OUTCOME_DEFERRED, OUTCOME_SITE_UNKNOWN);
	check_stored(3, "sender later  0:0:x@a:later");
	CU_ASSERT_EQUAL(stored(3).flags, 0);
	for (int i = 0; i < 3; i++) {
		active_load(&manager, 3, UINT64_MAX);
		work();
		CU_ASSERT_STRING_EQUAL(held_by(agent), "3@a/1");
		finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
		if (i == 0) {
			CU_ASSERT_STRING_EQUAL(held_by(reporter),
			    "3@delayed/1");
			finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
		}
		CU_ASSERT_EQUAL(reporter->agent->busy, 0);
		check_stored(3, "sender later  0:0:x@a:later");
		CU_ASSERT_EQUAL(stored(3).flags, STORE_WARNED);
	}
	end();
}

/* Sent, and to be reported: it is not sent again for that. */
static void
relayed(void)
{
	begin_with_agents("");
	arrive(1, "x@a y@b");
	finish(agent, OUTCOME_RELAYED, OUTCOME_SITE_ALIVE);
	finish(agent, OUTCOME_DEFERRED, OUTCOME_SITE_ALIVE);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@relayed/1");
	check_stored(1, "sender   0:2:x@a:later 1:0:y@b:later");
	finish(reporter, OUTCOME_DEFERRED, OUTCOME_SITE_UNKNOWN);
	check_stored(1, "sender later  0:2:x@a:later 1:0:y@b:later");
	active_load(&manager, 1, UINT64_MAX);
	work();
	CU_ASSERT_STRING_EQUAL(held_by(agent), "1@b/1");
	/* Nor when it is tried anew. */
	active_retry(active_find(&manager, 1), true);
	finish(agent, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(1, "sender later  0:2:x@a:later");
	active_load(&manager, 1, UINT64_MAX);
	work();
	CU_ASSERT_STRING_EQUAL(held_by(agent), "");
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@relayed/1");
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(1, "");
	end();
}

/* Of what has no sender nobody wants to hear. */
static void
relayed_for_nobody(void)
{
	struct letter	*l;

	begin_with_agents("");
	l = letter(1, "x@a");
	l->message.sender = SLICE_LIT("");
	post(l);
	active_add_fresh(&manager, &l->message, l->recipients, 1, NULL);
	work();
	finish(agent, OUTCOME_RELAYED, OUTCOME_SITE_ALIVE);
	check_stored(1, "");
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "");
	end();
}

/* ---- windows ------------------------------------------------------------- */

/* What failed in a window is reported before the next one comes. */
static void
windows_with_failures(void)
{
	begin_with_agents("");
	arrive(1, crowd(WINDOW + 1, "a"));
	tell_result(agent->agent->entries, 7, OUTCOME_FAILED);
	tell_result(agent->agent->entries, 8, OUTCOME_DEFERRED);
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@failed/1");
	finish(reporter, OUTCOME_DEFERRED, OUTCOME_SITE_UNKNOWN);
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	check_stored(1, "sender later  7:1:7@a:nobody 8:0:8@a:later");
	CU_ASSERT_EQUAL(stored(1).flags, 0);
	active_load(&manager, 1, UINT64_MAX);
	work();
	finish_all(agent, OUTCOME_SENT);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@failed/1");
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(1, "");
	end();
}

/* A whole window in one report; with XVERP each has its own sender. */
static void
windows_of_failures(void)
{
	struct letter	*l;

	begin_with_agents("default_destination_recipient_limit = 50\n");
	arrive(1, crowd(WINDOW + 5, "a"));
	finish_all(agent, OUTCOME_FAILED);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@failed/1000");
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	finish_all(agent, OUTCOME_FAILED);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "1@failed/5");
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(1, "");

	l = letter(2, "x@a y@a");
	l->message.flags = MAIL_VERP_OF('+', '=');
	post(l);
	active_add_fresh(&manager, &l->message, l->recipients, 2, NULL);
	work();
	finish_all(agent, OUTCOME_FAILED);
	CU_ASSERT_STRING_EQUAL(held_by(reporter), "2@failed/1 2@failed/1");
	finish_all(reporter, OUTCOME_SENT);
	check_stored(2, "");
	end();
}

/* ---- what the administrator wants ---------------------------------------- */

/* A report that was not begun is taken back, and is owed. */
static void
hold_before_report(void)
{
	begin("");
	agent = add_agent("smtp", 10);
	arrive(1, "x@a");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	active_hold(active_find(&manager, 1));
	work();
	CU_ASSERT_EQUAL(manager.active_count, 0);
	check_stored(1, "sender nobody  0:1:x@a:nobody");
	CU_ASSERT_EQUAL(stored(1).flags, STORE_HELD);
	end();
}

/* It is tried again instead; one that was begun is good. */
static void
retry_before_report(void)
{
	begin("");
	agent = add_agent("smtp", 10);
	arrive(1, "x@a");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	active_retry(active_find(&manager, 1), true);
	work();
	check_stored(1, "sender nobody  0:0:x@a:nobody");
	end();

	begin_with_agents("");
	arrive(2, "x@a");
	finish(agent, OUTCOME_FAILED, OUTCOME_SITE_ALIVE);
	active_retry(active_find(&manager, 2), true);
	finish(reporter, OUTCOME_SENT, OUTCOME_SITE_ALIVE);
	check_stored(2, "");
	end();
}

void	returns_test(void);

void
returns_test(void)
{
	CU_pSuite	suite = CU_add_suite("returns", begin_suite, end_suite);

	CU_add_test(suite, "failed", failed);
	CU_add_test(suite, "report deferred", report_deferred);
	CU_add_test(suite, "no reporter", no_reporter);
	CU_add_test(suite, "failed and deferred", failed_and_deferred);
	CU_add_test(suite, "failed twice", failed_twice);
	CU_add_test(suite, "soft bounce", soft_bounce);
	CU_add_test(suite, "expired", expired);
	CU_add_test(suite, "warned", warned);
	CU_add_test(suite, "relayed", relayed);
	CU_add_test(suite, "relayed for nobody", relayed_for_nobody);
	CU_add_test(suite, "windows with failures", windows_with_failures);
	CU_add_test(suite, "windows of failures", windows_of_failures);
	CU_add_test(suite, "hold before report", hold_before_report);
	CU_add_test(suite, "retry before report", retry_before_report);
}
