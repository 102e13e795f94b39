#include "lookup/action.h"

#include <stdlib.h>

#include "lookup/hearing.h"
#include "tests/unit/judge_fixture.h"
#include "util/mem.h"

#define WRONG		"451 4.3.5 Server configuration error"
#define WHO		"<s@sender.example>: Sender address rejected: "

/* What an access table says of the sender, and what comes of it. */
static const struct {
	const char	*action, *want;
} cases[] = {
	{ "OK", "ok" },
	{ "ok", "ok" },
	{ "DUNNO", "550 5.7.1 " WHO "later" },
	{ "1234567", "ok" },
	{ "250", "ok" },
	{ "REJECT", "554 5.7.1 " WHO "Access denied" },
	{ "reject  go away ", "554 5.7.1 " WHO "go away" },
	{ "REJECT 5.1.8 go away", "554 5.1.8 " WHO "go away" },
	{ "REJECT 4.1.8 go away", "554 5.1.8 " WHO "go away" },
	/* What is said of recipients, of a sender. */
	{ "REJECT 5.1.1 go away", "554 5.1.7 " WHO "go away" },
	{ "REJECT 5.1.2 go away", "554 5.1.8 " WHO "go away" },
	{ "DEFER_IF_REJECT 5.1.6 moved", "450 4.1.7 " WHO "moved" },
	{ "REJECT 5.1.0 other", "554 5.1.0 " WHO "other" },
	{ "REJECT 5.2.1 other", "554 5.2.1 " WHO "other" },
	{ "REJECT 5.1.8", "554 5.1.8 " WHO "Access denied" },
	{ "REJECT 5.1 is no code", "554 5.7.1 " WHO "5.1 is no code" },
	{ "REJECT 5.1.8x", "554 5.7.1 " WHO "5.1.8x" },
	{ "REJECT 5.1234.8 x", "554 5.7.1 " WHO "5.1234.8 x" },
	{ "DEFER", "450 4.7.1 " WHO "Access denied" },
	{ "DEFER 4.2.0 wait", "450 4.2.0 " WHO "wait" },
	{ "554", "ok" },
	{ "421 4.7.0 bye", "421 4.7.0 " WHO "bye" },
	{ "521 bye", "521 5.7.1 " WHO "bye" },
	{ "450 5.7.1 mixed", "450 4.7.1 " WHO "mixed" },
	{ "399 x", WRONG },
	{ "600 x", WRONG },
	{ "5501 x", WRONG },
	{ "DEFER_IF_PERMIT", "550 5.7.1 " WHO "later" },
	{ "DEFER_IF_REJECT 4.2.1 busy", "450 4.2.1 " WHO "busy" },
	{ "HOLD", "550 5.7.1 " WHO "later; HOLD " },
	{ "HOLD why", "550 5.7.1 " WHO "later; HOLD why" },
	{ "DISCARD", "ok; DISCARD " },
	{ "FILTER smtp:[f]:10025",
	    "550 5.7.1 " WHO "later; FILTER smtp:[f]:10025" },
	{ "FILTER", WRONG },
	{ "FILTER nowhere", WRONG },
	{ "REDIRECT a@b", "550 5.7.1 " WHO "later; REDIRECT a@b" },
	{ "REDIRECT a", WRONG },
	{ "BCC a@b", "550 5.7.1 " WHO "later; BCC a@b" },
	{ "PREPEND X-A: b", "550 5.7.1 " WHO "later; PREPEND X-A: b" },
	{ "PREPEND nothing", WRONG },
	{ "WARN", "550 5.7.1 " WHO "later" },
	{ "INFO text", "550 5.7.1 " WHO "later" },
	{ "reject_non_fqdn_sender, permit", "ok" },
	{ "defer", "450 4.7.1 " WHO "Access denied" },
	{ "mine", "554 5.7.1 " WHO "Access denied" },
	{ "again", "554 5.7.1 " WHO "Access denied" },
	{ "check_sender_access inline:{ a=b }", WRONG },
	{ "reject_rbl_client a.example", WRONG },
	{ "check_policy_service inet:127.0.0.1:9", WRONG },
	{ "nonsense", WRONG },
	{ " ", WRONG },
};

static void
actions(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct judge_fixture	 fixture;
		char			*text;

		text = mem_printf("relay_domains = relay.example\n"
		    "smtpd_restriction_classes = mine, again\n"
		    "mine = permit_mynetworks, reject\n"
		    "again = check_sender_access static:mine\n"
		    "smtpd_sender_restrictions = check_sender_access "
		    "inline:{ { s@sender.example = %s } } "
		    "check_sender_access static:{550 later}\n",
		    cases[i].action);
		judge_fixture_init(&fixture, text, NULL);
		judge_fixture_check(&fixture, cases[i].want,
		    cases[i].action);
		judge_fixture_clear(&fixture);
		mem_free(text);
	}
}

/* Before MAIL there is no message that anything could be done to. */
static void
no_message(void)
{
	struct judge_fixture	f;

	judge_fixture_init(&f, "smtpd_delay_reject = no\n"
	    "smtpd_client_restrictions = check_client_access static:HOLD\n",
	    NULL);
	f.m.stage = JUDGE_CONNECT;
	judge_fixture_check(&f, "ok", "hold at connect");
	judge_fixture_clear(&f);
}

/* Whatever a table says: there is a verdict. */
static void
random_bytes(void)
{
	static const char	*const words[] = {
		"OK", "REJECT", "450", "5.7.1", "HOLD", "FILTER", "a:b",
		"BCC", "a@b", "permit", "reject", "defer", ",", "{",
		"}", "warn_if_reject", "\xff", "check_client_access", "=",
	};
	struct judge_fixture	f;

	judge_fixture_init(&f, "relay_domains = relay.example\n", NULL);
	srandom(4);
	for (int i = 0; i < 5000; i++) {
		struct judge_question	question;
		struct verdict		verdict = { .code = 0 };
		struct hearing		hearing;
		struct buf		text = BUF_INIT;

		for (int k = (int)(random() % 6); k >= 0; k--)
			buf_printf(&text, "%s%s", words[(size_t)random() %
			    (sizeof(words) / sizeof(*words))],
			    random() % 3 == 0 ? "" : " ");
		judge_init(&question, &f.m);
		hearing_init(&hearing, f.profile, &question, &verdict);
		action_run(&hearing, "test", buf_slice(&text));
		CU_ASSERT(verdict.code == 0 || (verdict.code >= 400 &&
		    verdict.code <= 599));
		hearing_clear(&hearing);
		verdict_clear(&verdict);
		judge_clear(&question);
		buf_clear(&text);
	}
	judge_fixture_clear(&f);
}

void	action_test(void);

void
action_test(void)
{
	CU_pSuite	suite = CU_add_suite("action", NULL, NULL);

	CU_add_test(suite, "what tables say", actions);
	CU_add_test(suite, "no message yet", no_message);
	CU_add_test(suite, "random words", random_bytes);
}
