/*
 * A bounce in a process of its own; the test is master and all its
 * neighbours, each of whom may be away, refuse, or die.
 */

#include "bounce/errand.h"

#include "tests/unit/agent_fixture.h"

#include "bounce/returner.h"

static struct line	 qmgr, cleanup, lookup;
static uint32_t		 call_id;	/* of the last question or message */
static uint32_t		 job_id;	/* of the last job */

/* ---- what they hear ------------------------------------------------------ */

static void
note_deliver_result(struct buf *heard, uint32_t id,
    const struct msg_deliver_result *m)
{
	(void)id;
	buf_printf(heard, "result(%d,%u,%u) ", (int)m->queue_id, m->number,
	    m->kind);
}

static void
note_deliver_done(struct buf *heard, uint32_t id,
    const struct msg_deliver_done *m)
{
	(void)id;
	buf_printf(heard, "done(%d,%.*s) ", (int)m->queue_id,
	    SLICE_ARG(m->text));
}

static void
note_lead(struct buf *heard, uint32_t id, const struct msg_lead *m)
{
	call_id = id;
	buf_printf(heard, "lead(%.*s,%.*s) ", SLICE_ARG(m->sender),
	    SLICE_ARG(m->recipient));
}

static void
note_mail_open(struct buf *heard, uint32_t id, const struct msg_mail_open *m)
{
	call_id = id;
	buf_printf(heard, "open(%.*s,%u) ", SLICE_ARG(m->sender), m->flags);
}

static void
note_mail_rcpt(struct buf *heard, uint32_t id, const struct msg_mail_rcpt *m)
{
	(void)id;
	buf_printf(heard, "rcpt(%.*s,%.*s,%.*s) ", SLICE_ARG(m->address),
	    SLICE_ARG(m->transport), SLICE_ARG(m->nexthop));
}

static void
note_mail_data(struct buf *heard, uint32_t id, const struct msg_mail_data *m)
{
	(void)id;
	buf_put_slice(heard, m->bytes);
}

static void
note_mail_close(struct buf *heard, uint32_t id,
    const struct msg_mail_close *m)
{
	(void)id;
	(void)m;
	buf_put_str(heard, "close ");
}

HEARS(deliver_result)
HEARS(deliver_done)
HEARS(lead)
HEARS(mail_open)
HEARS(mail_rcpt)
HEARS(mail_data)
HEARS(mail_close)

/* Whom it asks for first is no matter. */
static void
neighbour_comes(void)
{
	static const struct ipc_handler	of_qmgr[] = {
		HEAR(agent_ready, IPC_AGENTS), HEAR(agent_holds, IPC_AGENTS),
		HEAR(content_get, IPC_AGENTS),
		HEAR(deliver_result, IPC_AGENTS),
		HEAR(deliver_done, IPC_AGENTS), { 0, 0, NULL, NULL },
	}, of_lookup[] = {
		HEAR(lead, IPC_BOUNCE), { 0, 0, NULL, NULL },
	}, of_cleanup[] = {
		HEAR(mail_open, IPC_FEEDERS), HEAR(mail_rcpt, IPC_FEEDERS),
		HEAR(mail_data, IPC_FEEDERS), HEAR(mail_close, IPC_FEEDERS),
		{ 0, 0, NULL, NULL },
	};
	static const struct ipc_side	sides[] = {
		{ "qmgr", of_qmgr, on_line, 0 },
		{ "lookup", of_lookup, on_line, 0 },
		{ "cleanup", of_cleanup, on_line, 0 },
	};
	struct line			*lines[] = { &qmgr, &lookup,
					    &cleanup };

	for (size_t i = 0; i < 3; i++)
		if (strcmp(child.packet.text, sides[i].program) == 0)
			line_answer(lines[i], "bounce", &sides[i]);
}

/* ---- the beginning and the end ------------------------------------------- */

static void
begin(void)
{
	loop = loop_new();
	child_start(&returner_program, "maillog_file = /dev/stderr\n");
	for (int i = 0; i < 3; i++) {
		CU_ASSERT(child_sends(CONTROL_CONNECT));
		neighbour_comes();
	}
	CU_ASSERT(hears_next(&qmgr, "ready(bounce,20) "));
}

static void
end(void)
{
	struct msg_deliver_kept	m = { 100 };

	/* All of it, whatever it was. */
	ipc_send_deliver_kept(qmgr.ipc, 0, &m);
	loop_tick(loop, 0);
	child_tell_it(CONTROL_DRAIN, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
	line_close(&qmgr);
	line_close(&lookup);
	line_close(&cleanup);
	loop_free(&loop);
}

/* ---- jobs ---------------------------------------------------------------- */

static void
send_job(const char *sender, uint32_t recipients, uint32_t chunks,
    uint64_t size)
{
	struct msg_deliver	m = {
		.queue_id = 77, .size = size, .recipients = recipients,
		.chunks = chunks, .nexthop = SLICE_LIT(REPORT_FAILED),
		.window = 1, .sender = slice_str(sender),
	};

	ipc_send_deliver(qmgr.ipc, ++job_id, &m);
}

static void
send_rcpt(uint32_t number, uint32_t notify)
{
	struct msg_deliver_rcpt	m = {
		.number = number, .address = SLICE_LIT("x@y.example"),
		.notify = notify, .dsn = SLICE_LIT("5.1.1"),
		.reply = SLICE_LIT("nobody"),
	};

	ipc_send_deliver_rcpt(qmgr.ipc, job_id, &m);
}

static void
send_chunk(uint32_t number, const char *text)
{
	struct msg_deliver_data	m = { number, slice_str(text) };

	ipc_send_deliver_data(qmgr.ipc, job_id, &m);
}

static void
send_whole(const char *sender)
{
	send_job(sender, 1, 1, 20);
	send_rcpt(3, 0);
	send_chunk(0, "Subject: x\r\n\r\nbody\r\n");
}

/* It leads there, or is not known now. */
static void
answer_lead(uint32_t code)
{
	struct msg_judge_rcpt	rcpt = {
		.address = SLICE_LIT("real@y"), .transport = SLICE_LIT("smtp"),
		.nexthop = SLICE_LIT("y"),
	};
	struct msg_judged	judged = { .code = code,
				    .dsn = SLICE_LIT("4.3.0"),
				    .text = SLICE_LIT("not now") };

	if (code == 250)
		ipc_send_judge_rcpt(lookup.ipc, call_id, &rcpt);
	ipc_send_judged(lookup.ipc, call_id, &judged);
}

static void
open_mail(void)
{
	struct msg_mail_opened	m = { 88 };

	ipc_send_mail_opened(cleanup.ipc, call_id, &m);
}

static void
close_mail(uint32_t code)
{
	struct msg_mail_done	m = { .code = code,
				    .dsn = SLICE_LIT("4.3.1"),
				    .text = SLICE_LIT("no room") };

	ipc_send_mail_done(cleanup.ipc, call_id, &m);
}

/* Up to the end of its content. */
static void
hand_over(void)
{
	send_whole("a@b");
	CU_ASSERT(hears_next(&lookup, "lead(,a@b) "));
	answer_lead(250);
	CU_ASSERT(hears_next(&cleanup, "rcpt(real@y,smtp,y) "));
	open_mail();
	CU_ASSERT(hears(&cleanup, "close "));
}

/* ---- tests --------------------------------------------------------------- */

static void
reported(void)
{
	begin();
	hand_over();
	CU_ASSERT(hears(&cleanup, "Final-Recipient: rfc822; x@y.example"));
	CU_ASSERT(hears(&cleanup, "\r\n\r\nbody\r\n"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&qmgr.heard), "result("));
	/* Only now it is safe. */
	close_mail(250);
	CU_ASSERT(hears(&qmgr, "result(77,3,0) done(77,) "));
	end();
}

static void
not_wanted(void)
{
	begin();
	send_job("a@b", 2, 1, 20);
	send_rcpt(0, RCPT_NOTIFY_NEVER);
	send_rcpt(1, RCPT_NOTIFY_SUCCESS | RCPT_NOTIFY_DELAY);
	send_chunk(0, "Subject: x\r\n\r\n");
	CU_ASSERT(hears(&qmgr, "result(77,0,0) result(77,1,0) done(77,) "));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&lookup.heard), "");
	end();
}

/* Whatever is in the way: later. */
static void
refused(void)
{
	begin();
	send_whole("a@b");
	CU_ASSERT(hears_next(&lookup, "lead(,a@b) "));
	answer_lead(451);
	CU_ASSERT(hears_next(&qmgr, "result(77,3,1) done(77,notification "
	    "failed to a@b: 451 4.3.0 not now) "));
	hand_over();
	close_mail(452);
	CU_ASSERT(hears_next(&qmgr, "result(77,3,1) done(77,notification "
	    "failed to a@b: 452 4.3.1 no room) "));
	/* Early, too, and for good is no other. */
	send_whole("a@b");
	CU_ASSERT(hears_next(&lookup, "lead(,a@b) "));
	answer_lead(250);
	CU_ASSERT(hears_next(&cleanup, "rcpt("));
	close_mail(552);
	CU_ASSERT(hears_next(&qmgr, "result(77,3,1) done(77,"));
	end();
}

static void
cleanup_dies(void)
{
	begin();
	hand_over();
	line_cut(&cleanup);
	CU_ASSERT(hears_next(&qmgr, "result(77,3,1) done(77,notification "
	    "failed to a@b: cleanup gave no answer) "));
	neighbour_comes();
	hand_over();
	close_mail(250);
	CU_ASSERT(hears(&qmgr, "result(77,3,0) done(77,) "));
	end();
}

static void
lookup_dies(void)
{
	begin();
	send_whole("a@b");
	CU_ASSERT(hears_next(&lookup, "lead("));
	line_cut(&lookup);
	CU_ASSERT(hears_next(&qmgr, "result(77,3,1) done(77,notification "
	    "failed to a@b: lookup gave no answer) "));
	neighbour_comes();
	end();
}

/* The next one is told what became of it; that it did not, it knows. */
static void
qmgr_dies(void)
{
	for (uint32_t code = 250; code <= 452; code += 202) {
		begin();
		hand_over();
		line_cut(&qmgr);
		neighbour_comes();
		CU_ASSERT(hears(&qmgr, "holds(77) ready(bounce,20) "));
		close_mail(code);
		CU_ASSERT(hears(&qmgr, "done(77,"));
		CU_ASSERT_EQUAL(strstr(buf_cstr(&qmgr.heard),
		    "result(77,3,0) ") != NULL, code == 250);
		CU_ASSERT_EQUAL(strstr(buf_cstr(&qmgr.heard), "result(") !=
		    NULL, code == 250);
		/* It was not kept: again. */
		line_cut(&qmgr);
		neighbour_comes();
		CU_ASSERT(hears(&qmgr, "done(77,"));
		CU_ASSERT(hears(&qmgr, "holds(77) "));
		end();
	}
}

/* What had come by half is forgotten. */
static void
partial(void)
{
	begin();
	send_job("a@b", 2, 1, 20);
	send_rcpt(0, 0);
	loop_tick(loop, 0);
	line_cut(&qmgr);
	neighbour_comes();
	CU_ASSERT(hears(&qmgr, "ready("));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&qmgr.heard), "holds("));
	end();
}

/* Of a large message no more is asked for than a report has. */
static void
content(void)
{
	begin();
	send_job("a@b", 1, 1000, 30000000);
	send_rcpt(0, 0);
	CU_ASSERT(hears_next(&qmgr, "get(77,0) "));
	send_chunk(0, "Subject: x\r\nX-More: ");
	CU_ASSERT(hears_next(&qmgr, "get(77,1) "));
	/* Neither again nor ahead. */
	send_chunk(0, "Evil: x\r\n\r\n");
	send_chunk(2, "Evil: x\r\n\r\n");
	send_chunk(1, "yes\r\n\r\nbody");
	CU_ASSERT(hears_next(&lookup, "lead("));
	answer_lead(250);
	CU_ASSERT(hears(&cleanup, "rcpt("));
	open_mail();
	CU_ASSERT(hears(&cleanup, "X-More: yes\r\n\r\n--"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&cleanup.heard), "Evil"));
	close_mail(250);
	CU_ASSERT(hears(&qmgr, "done(77,) "));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&qmgr.heard), "get("));
	end();
}

static void
content_is_gone(void)
{
	begin();
	send_job("a@b", 1, 1, 20);
	send_rcpt(0, 0);
	CU_ASSERT(hears_next(&qmgr, "get(77,0) "));
	send_chunk(0, "");
	CU_ASSERT(hears(&qmgr, "result(77,0,1) done(77,its content cannot be "
	    "read) "));
	end();
}

static void
unusable(void)
{
	begin();
	send_job("a@b", 0, 1, 20);
	send_job("a@b", REPORT_WINDOW + 1, 1, 20);
	/* One too many of a job that is good. */
	send_whole("a@b");
	send_rcpt(4, 0);
	CU_ASSERT(hears_next(&lookup, "lead("));
	answer_lead(451);
	CU_ASSERT(hears(&qmgr, "result(77,3,1) done("));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&qmgr.heard), "result(77,4"));
	end();
}

void	errand_test(void);

void
errand_test(void)
{
	CU_pSuite	suite = CU_add_suite("errand", NULL, NULL);

	CU_add_test(suite, "reported", reported);
	CU_add_test(suite, "not wanted", not_wanted);
	CU_add_test(suite, "refused", refused);
	CU_add_test(suite, "cleanup dies", cleanup_dies);
	CU_add_test(suite, "lookup dies", lookup_dies);
	CU_add_test(suite, "qmgr dies", qmgr_dies);
	CU_add_test(suite, "partial", partial);
	CU_add_test(suite, "content", content);
	CU_add_test(suite, "content is gone", content_is_gone);
	CU_add_test(suite, "unusable", unusable);
}
