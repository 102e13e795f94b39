/*
 * What rules want of a message, and the routes of recipients they add.
 */

#include "cleanup/routing.h"

#include "tests/unit/message_fixture.h"

static void
put_action(enum judge_action kind, const char *text)
{
	struct msg_mail_action	m = { kind, slice_str(text) };

	ipc_send_mail_action(smtpd.ipc, ipc_call_id(mail), &m);
}

/* Recipients of rules are routed here. */
static void
rules_add(void)
{
	begin("always_bcc = copy@here\n");
	lookup_comes();
	open_mail();
	put_rcpt("r@r");
	put_action(JUDGE_PREPEND, "X-A: b");
	put_action(JUDGE_BCC, "r@r");
	put_action(JUDGE_HOLD, "look");
	put_data(SLICE_LIT(BODY));
	close_mail(strlen(BODY));
	CU_ASSERT(hears_next(&lookup, "route(a@b.example,copy@here) "));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&qmgr.heard), OPENED);
	lookup_says(250, "smtp");
	CU_ASSERT(hears_next(&qmgr, OPENED TO_R
	    "rcpt(copy@here,copy@here,1,) fate(1,look,) close "));
	CU_ASSERT_EQUAL(strncmp(buf_cstr(&content),
	    "X-A: b\r\nReceived: ", 18), 0);
	qmgr_says(250, "2.0.0", "Ok");
	CU_ASSERT(hears_next(&smtpd, "done(250"));
	end();
}

static void
rules_replace(void)
{
	begin("");
	lookup_comes();
	open_mail();
	put_rcpt("r@r");
	put_action(JUDGE_FILTER, "smtp:[f]");
	put_data(SLICE_LIT(BODY));
	/* It is not too late for any but a header. */
	put_action(JUDGE_PREPEND, "X-Late: y");
	put_action(JUDGE_REDIRECT, "other@d");
	close_mail(strlen(BODY));
	CU_ASSERT(hears_next(&lookup, "route(a@b.example,other@d) "));
	lookup_says(250, "smtp");
	CU_ASSERT(hears_next(&qmgr, OPENED "rcpt(other@d,other@d,0,) close "));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&content), "X-Late"));
	qmgr_says(250, "2.0.0", "Ok");
	CU_ASSERT(hears_next(&smtpd, "done(250"));
	/* A filter needs no route. */
	open_mail();
	put_rcpt("r@r");
	put_action(JUDGE_BCC, "c@d");
	put_action(JUDGE_FILTER, "smtp:[f]");
	put_data(SLICE_LIT(BODY));
	close_mail(strlen(BODY));
	CU_ASSERT(hears_next(&qmgr, OPENED TO_R
	    "rcpt(c@d,c@d,1,) fate(0,,smtp:[f]) close "));
	CU_ASSERT_EQUAL(lookup.heard.len, 0);
	end();
}

/* The client hears of nothing, and nor does qmgr, in the end. */
static void
rules_discard(void)
{
	begin("");
	open_mail();
	put_rcpt("r@r");
	put_action(JUDGE_DISCARD, "");
	put_data(SLICE_LIT(BODY));
	close_mail(strlen(BODY));
	CU_ASSERT(hears_next(&smtpd, "opened done(250 2.0.0 "));
	CU_ASSERT_EQUAL(qmgr.heard.len, 0);
	open_mail();
	put_rcpt("r@r");
	put_data(SLICE_LIT(BODY));
	CU_ASSERT(hears_next(&qmgr, OPENED));
	put_action(JUDGE_DISCARD, "");
	close_mail(strlen(BODY));
	CU_ASSERT(hears_next(&smtpd, "opened done(250 2.0.0 "));
	CU_ASSERT(hears_next(&qmgr, "abort(discarded) "));
	end();
}

static void
no_route(void)
{
	begin("always_bcc = copy@here\n");
	lookup_comes();
	send_mail();
	CU_ASSERT(hears_next(&lookup, "route("));
	lookup_says(451, "");
	CU_ASSERT(hears_next(&smtpd, "opened done(451 4.3.0 "));
	CU_ASSERT(hears_next(&qmgr, OPENED "abort("));
	/* What cannot be done is left. */
	open_mail();
	put_rcpt("r@r");
	put_action(JUDGE_BCC, "nobody");
	put_action((enum judge_action)77, "x");
	put_data(SLICE_LIT(BODY));
	close_mail(strlen(BODY));
	CU_ASSERT(hears_next(&lookup, "route(a@b.example,copy@here) "));
	line_cut(&lookup);
	lookup_comes();
	CU_ASSERT(hears_next(&lookup, "route(a@b.example,copy@here) "));
	lookup_says(250, "smtp");
	CU_ASSERT(hears_next(&qmgr, OPENED TO_R
	    "rcpt(copy@here,copy@here,1,) close "));
	end();
}

void	routing_test(void);

void
routing_test(void)
{
	CU_pSuite	suite = CU_add_suite("routing", NULL, NULL);

	CU_add_test(suite, "rules add", rules_add);
	CU_add_test(suite, "rules replace", rules_replace);
	CU_add_test(suite, "rules discard", rules_discard);
	CU_add_test(suite, "no route", no_route);
}
