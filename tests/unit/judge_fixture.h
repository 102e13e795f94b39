#ifndef TESTS_UNIT_JUDGE_FIXTURE_H
#define TESTS_UNIT_JUDGE_FIXTURE_H

/*
 * Questions to judge with a profile made of the text of a main.cf, and
 * their verdicts as one text.
 */

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "lookup/judge.h"
#include "lookup/profile.h"
#include "lookup/verdict.h"
#include "mail/ipc.h"
#include "util/buf.h"
#include "util/haste.h"
#include "util/mem.h"

struct judge_fixture {
	struct conf	*conf;
	struct profile	*profile;
	struct msg_judge m;		/* the next question */
	struct rate_numbers numbers;
	bool		 was_quick;	/* the last was judged in haste */
};

/* query may be NULL: there is no DNS. */
static inline void
judge_fixture_init(struct judge_fixture *fixture, const char *text,
    struct query *query)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	memset(fixture, 0, sizeof(*fixture));
	if (conf_source_load(source, "main.cf", slice_str(text), &why) < 0 ||
	    (fixture->conf = conf_new(source, &why)) == NULL)
		CU_FAIL_FATAL(why);
	fixture->profile = profile_new(fixture->conf, query);
	fixture->m = (struct msg_judge){
		.stage = JUDGE_RCPT,
		.client_addr = SLICE_LIT("192.0.2.1"),
		.client_name = SLICE_LIT("unknown"),
		.reverse_name = SLICE_LIT("unknown"),
		.proto = SLICE_LIT("ESMTP"),
		.helo = SLICE_LIT("client.example"),
		.sender = SLICE_LIT("s@sender.example"),
		.recipient = SLICE_LIT("r@relay.example"),
	};
}

static inline void
judge_fixture_clear(struct judge_fixture *fixture)
{
	profile_drop(&fixture->profile);
	conf_free(&fixture->conf);
}

static inline void
judge_fixture_put(const struct verdict *verdict, struct buf *text)
{
	static const char *const	names[] = {
		[JUDGE_HOLD] = "HOLD", [JUDGE_DISCARD] = "DISCARD",
		[JUDGE_FILTER] = "FILTER", [JUDGE_REDIRECT] = "REDIRECT",
		[JUDGE_BCC] = "BCC", [JUDGE_PREPEND] = "PREPEND",
	};
	const struct verdict_action	*action;

	if (verdict->code == 0)
		buf_put_str(text, "ok");
	else
		buf_printf(text, "%d %s %.*s", verdict->code, verdict->dsn,
		    SLICE_ARG(buf_slice(&verdict->text)));
	for (action = verdict->actions; action != NULL;
	    action = action->next)
		buf_printf(text, "; %s %s", names[action->kind],
		    action->text);
}

static inline char *
judge_fixture_judge(struct judge_fixture *fixture,
    struct judge_question *question)
{
	struct verdict	 verdict = { .code = 0 };
	struct buf	 text = BUF_INIT;
	char		*copy;

	judge_run(fixture->profile, question, &verdict);
	judge_fixture_put(&verdict, &text);
	copy = slice_dup(buf_slice(&text));
	verdict_clear(&verdict);
	buf_clear(&text);
	return copy;
}

/*
 * "ok", "554 5.7.1 text", "ok; HOLD why"; the caller frees.  In haste it is
 * the same, or nothing.
 */
static inline char *
judge_fixture_ask(struct judge_fixture *fixture)
{
	struct judge_question	 question;
	char			*hasty, *text;

	judge_init(&question, &fixture->m);
	question.numbers = fixture->numbers;
	haste_begin();
	hasty = judge_fixture_judge(fixture, &question);
	fixture->was_quick = haste_end();
	judge_again(&question);
	text = judge_fixture_judge(fixture, &question);
	if (fixture->was_quick)
		CU_ASSERT_STRING_EQUAL(hasty, text);
	judge_clear(&question);
	mem_free(hasty);
	return text;
}

static inline void
judge_fixture_check(struct judge_fixture *fixture, const char *want,
    const char *what)
{
	char	*got = judge_fixture_ask(fixture);

	CU_ASSERT_STRING_EQUAL(got, want);
	if (strcmp(got, want) != 0)
		printf("\n%s: %s\n  not %s\n", what, got, want);
	mem_free(got);
}

#endif
