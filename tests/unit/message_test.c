#include "cleanup/message.h"

#include "tests/unit/message_fixture.h"

static void
passes(void)
{
	begin("");
	open_mail();
	put_rcpt("r@r");
	put_rcpt("s@s");
	put_data(slice_first(SLICE_LIT(BODY), 7));
	put_data(slice_after(SLICE_LIT(BODY), 7));
	close_mail(strlen(BODY));
	CU_ASSERT(hears(&qmgr, "open(a@b.example,1,client.example[192.0.2.1],"
	    "ENV) rcpt(r@r,o@o,8,rfc822;o) rcpt(s@s,o@o,8,rfc822;o) close "));
	CU_ASSERT_EQUAL(strncmp(buf_cstr(&content), "Received: from "
	    "helo.example (client.example [192.0.2.1])\r\n", 57), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&content), "\r\n" BODY));
	/* Nothing is safe before qmgr says so. */
	CU_ASSERT(hears(&smtpd, "opened "));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&smtpd.heard), "opened ");
	CU_ASSERT_EQUAL(queued_id, queue_id);
	qmgr_says(250, "2.0.0", "Ok: queued");
	CU_ASSERT(hears_next(&smtpd, "opened done(250 2.0.0 "));

	send_mail();
	CU_ASSERT(hears(&qmgr, "rcpt(r@r,o@o,8,rfc822;o) close "));
	qmgr_says(451, "4.3.0", "no");
	CU_ASSERT(hears_next(&smtpd, "opened done(451 4.3.0 no) "));
	end();
}

/* In the lease: after its floor, each once. */
static void
queue_ids(void)
{
	uint64_t	first;

	begin("");
	open_mail();
	CU_ASSERT(hears_next(&smtpd, "opened "));
	first = queue_id;
	CU_ASSERT(queue_id_time_us(first) > FLOOR_US);
	open_mail();
	CU_ASSERT(hears_next(&smtpd, "opened "));
	CU_ASSERT(queue_id > first);
	end();
}

/* ---- refusals ------------------------------------------------------------ */

/* As soon as it is known, and only once. */
static void
too_big(void)
{
	static char	bytes[1000];

	memset(bytes, 'x', sizeof(bytes));
	begin("message_size_limit = 1000\n");
	open_mail();
	put_rcpt("r@r");
	put_data(slice_from(bytes, 998));
	put_data(SLICE_LIT("\r\n"));
	CU_ASSERT(hears(&qmgr, "open("));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&smtpd.heard), "done"));
	put_data(SLICE_LIT("\r"));
	CU_ASSERT(hears_next(&smtpd, "done(552 5.3.4 "));
	CU_ASSERT(hears_next(&qmgr, "abort("));
	put_data(slice_from(bytes, 1000));
	/* When its client has said all, it is forgotten. */
	close_mail(2001);
	open_again();
	CU_ASSERT(hears(&smtpd, "opened "));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&smtpd.heard), "opened ");
	send_mail();
	CU_ASSERT(hears_next(&qmgr, "open(a@b.example,1,"
	    "client.example[192.0.2.1],ENV) rcpt(r@r,o@o,8,rfc822;o) close "));
	qmgr_says(250, "2.0.0", "Ok");
	CU_ASSERT(hears(&smtpd, "done(250"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&smtpd.heard), "done(5"));
	end();
}

static void
nobody(void)
{
	begin("");
	open_mail();
	put_data(SLICE_LIT(BODY));
	CU_ASSERT(hears_next(&smtpd, "done(554 5.5.1 "));
	close_mail(strlen(BODY));
	/* Nor without any content. */
	open_mail();
	close_mail(0);
	CU_ASSERT(hears_next(&smtpd, "done(554 5.5.1 "));
	CU_ASSERT_EQUAL(qmgr.heard.len, 0);
	end();
}

static void
wrong_size(void)
{
	begin("");
	open_mail();
	put_rcpt("r@r");
	put_data(SLICE_LIT(BODY));
	close_mail(strlen(BODY) + 1);
	CU_ASSERT(hears(&smtpd, "done(451 4.3.0 "));
	CU_ASSERT(hears(&qmgr, "abort("));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&qmgr.heard), "close"));
	end();
}

/* What the content gives away. */
static void
loops(void)
{
	begin("hopcount_limit = 1\n");
	open_mail();
	put_rcpt("r@r");
	put_data(SLICE_LIT("Received: 1\r\nReceived: 2\r\n\r\n"));
	CU_ASSERT(hears(&smtpd, "done(554 5.4.6 "));
	CU_ASSERT(hears(&qmgr, "abort("));
	end();
}

/* ---- the other end goes -------------------------------------------------- */

static void
aborts(void)
{
	struct msg_mail_abort	m = { SLICE_LIT("RSET") };

	begin("");
	open_mail();
	put_rcpt("r@r");
	put_data(SLICE_LIT(BODY));
	CU_ASSERT(hears(&qmgr, "open("));
	ipc_send_mail_abort(smtpd.ipc, ipc_call_id(mail), &m);
	CU_ASSERT(hears_next(&qmgr, "abort(canceled) "));
	/* All there is of one that goes away. */
	send_mail();
	CU_ASSERT(hears(&qmgr, "close "));
	ipc_cancel(&mail);
	ipc_free(&smtpd.ipc);
	CU_ASSERT(hears_next(&qmgr, "abort(lost smtpd) "));
	end();
}

/* Whatever comes of it there, our client is told to try again. */
static void
qmgr_goes(void)
{
	begin("");
	send_mail();
	CU_ASSERT(hears(&qmgr, "close "));
	line_cut(&qmgr);
	CU_ASSERT(hears_next(&smtpd, "opened done(451 4.3.0 "));
	qmgr_comes();
	send_mail();
	CU_ASSERT(hears(&qmgr, "close "));
	end();
}

/* ---- while there is no qmgr ---------------------------------------------- */

/* Without a lease nothing begins, and nothing is refused. */
static void
waits_for_a_lease(void)
{
	begin_without_qmgr("");
	send_mail();
	for (int i = 0; i < 5; i++)
		loop_tick(loop, 10);
	CU_ASSERT_EQUAL(smtpd.heard.len, 0);
	qmgr_comes();
	CU_ASSERT(hears(&smtpd, "opened "));
	CU_ASSERT(hears(&qmgr, "close "));
	end();
}

/* A new one gets all that came meanwhile: clients notice nothing. */
static void
waits_for_a_new_one(void)
{
	begin("hopcount_limit = 1\n");
	line_cut(&qmgr);
	open_mail();
	put_rcpt("r@r");
	put_data(SLICE_LIT("Received: 1\r\nReceived: 2\r\n\r\n"));
	CU_ASSERT(hears_next(&smtpd, "opened done(554 5.4.6 "));
	send_mail();
	put_rcpt("late@r");
	CU_ASSERT(hears(&smtpd, "opened "));
	qmgr_comes();
	CU_ASSERT(hears(&qmgr, "rcpt(r@r,o@o,8,rfc822;o) close "));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&content), "\r\n" BODY));
	/* What was refused meanwhile is nothing to it. */
	CU_ASSERT_STRING_EQUAL(buf_cstr(&qmgr.heard), OPENED TO_R "close ");
	qmgr_says(250, "2.0.0", "Ok");
	CU_ASSERT(hears_next(&smtpd, "done(250"));
	end();
}

/* One that says it leaves is followed; it ends what it has. */
static void
follows(void)
{
	struct msg_queue_leaving	leaving = { 0 };
	struct line			old;

	begin("");
	send_mail();
	CU_ASSERT(hears(&qmgr, "close "));
	ipc_send_queue_leaving(qmgr.ipc, 0, &leaving);
	loop_tick(loop, 0);
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	old = qmgr;
	qmgr = (struct line){ .ipc = NULL };
	qmgr_comes();
	ipc_set_arg(old.ipc, &old);
	ipc_send_queue_done(old.ipc, queue_call, &(struct msg_queue_done){
	    250, SLICE_LIT("2.0.0"), SLICE_LIT("Ok") });
	CU_ASSERT(hears_next(&smtpd, "done(250"));
	line_close(&old);
	send_mail();
	CU_ASSERT(hears(&qmgr, "close "));
	end();
}

/* The suite stops: none comes any more, and there are five seconds. */
static void
stops_waiting(void)
{
	int64_t	start_ms;

	begin("");
	line_cut(&qmgr);
	send_mail();
	CU_ASSERT(hears(&smtpd, "opened "));
	start_ms = clock_now_ms();
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT(hears(&smtpd, "done(451 4.3.0 "));
	CU_ASSERT(clock_now_ms() - start_ms < 5000);
	end();
}

/* ---- odd smtpds ---------------------------------------------------------- */

static void
out_of_order(void)
{
	begin("");
	open_mail();
	put_rcpt("r@r");
	put_data(SLICE_LIT(BODY));
	put_rcpt("late@r");
	close_mail(strlen(BODY));
	close_mail(strlen(BODY));
	CU_ASSERT(hears(&qmgr, " close "));
	qmgr_says(250, "2.0.0", "Ok");
	CU_ASSERT(hears(&smtpd, "done(250"));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&qmgr.heard), "open(a@b.example,1,"
	    "client.example[192.0.2.1],ENV) rcpt(r@r,o@o,8,rfc822;o) close ");
	/* It is over: all that is said of it now goes nowhere. */
	put_rcpt("late@r");
	put_data(SLICE_LIT(BODY));
	close_mail(1);
	buf_empty(&qmgr.heard);
	send_mail();
	CU_ASSERT(hears(&qmgr, "rcpt(r@r,o@o,8,rfc822;o) close "));
	end();
}

/* No smtpd of ours does that; mail is NULL when its call has ended. */
static void
opened_twice(void)
{
	struct msg_mail_open	again = { .sender = SLICE_LIT("other") };

	begin("");
	open_mail();
	ipc_send_mail_open(smtpd.ipc, ipc_call_id(mail), &again);
	CU_ASSERT(hears(&smtpd, "closed "));
	mail = NULL;
	smtpd_comes();
	send_mail();
	CU_ASSERT(hears(&qmgr, "rcpt(r@r,o@o,8,rfc822;o) close "));
	end();
}

void	message_test(void);

void
message_test(void)
{
	CU_pSuite	suite = CU_add_suite("message", NULL, NULL);

	CU_add_test(suite, "passes", passes);
	CU_add_test(suite, "queue ids", queue_ids);
	CU_add_test(suite, "too big", too_big);
	CU_add_test(suite, "nobody", nobody);
	CU_add_test(suite, "wrong size", wrong_size);
	CU_add_test(suite, "loops", loops);
	CU_add_test(suite, "aborts", aborts);
	CU_add_test(suite, "qmgr goes", qmgr_goes);
	CU_add_test(suite, "waits for a lease", waits_for_a_lease);
	CU_add_test(suite, "waits for a new one", waits_for_a_new_one);
	CU_add_test(suite, "follows", follows);
	CU_add_test(suite, "stops waiting", stops_waiting);
	CU_add_test(suite, "out of order", out_of_order);
	CU_add_test(suite, "opened twice", opened_twice);
}
