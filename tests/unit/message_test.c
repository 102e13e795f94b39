/*
 * A cleanup in a process of its own; the test is master, smtpd, and qmgr.
 */

#include "cleanup/message.h"

#include "tests/unit/line_fixture.h"

#include "cleanup/cleaner.h"
#include "mail/queue_id.h"

#define FLOOR_US	4000000000000000	/* long after now */

static struct line	 smtpd, qmgr;
static struct ipc_call	*mail;		/* the message smtpd sends */
static uint32_t		 queue_call;	/* what qmgr knows it by */
static uint64_t		 queue_id;	/* as smtpd heard it */
static uint64_t		 queued_id;	/* as qmgr did */
static struct buf	 content;	/* that qmgr got */

/* ---- what smtpd hears ---------------------------------------------------- */

static void
note_mail_space(struct buf *heard, uint32_t id, const struct msg_mail_space *m)
{
	(void)id;
	buf_printf(heard, "space(%d) ", (int)m->free_bytes);
}

HEARS(mail_space)

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct buf		*heard = arg;
	struct msg_mail_opened	 opened;
	struct msg_mail_done	 done;

	(void)call;
	if (code == IPC_CODE_mail_opened &&
	    ipc_parse_mail_opened(payload, &opened) == 0) {
		queue_id = opened.queue_id;
		buf_put_str(heard, "opened ");
	} else if (code == IPC_CODE_mail_done &&
	    ipc_parse_mail_done(payload, &done) == 0) {
		buf_printf(heard, "done(%u %.*s %.*s) ", done.code,
		    SLICE_ARG(done.dsn), SLICE_ARG(done.text));
	} else if (code == 0) {
		mail = NULL;
		buf_put_str(heard, "lost ");
	}
}

/* ---- what qmgr hears ----------------------------------------------------- */

static void
note_queue_open(struct buf *heard, uint32_t id, const struct msg_queue_open *m)
{
	queued_id = m->queue_id;
	queue_call = id;
	buf_empty(&content);
	buf_printf(heard, "open(%.*s,%u,%.*s,%.*s) ", SLICE_ARG(m->sender),
	    m->flags, SLICE_ARG(m->facts), SLICE_ARG(m->envid));
}

static void
note_queue_rcpt(struct buf *heard, uint32_t id, const struct msg_queue_rcpt *m)
{
	CU_ASSERT_EQUAL(id, queue_call);
	buf_printf(heard, "rcpt(%.*s,%.*s,%u,%.*s) ", SLICE_ARG(m->address),
	    SLICE_ARG(m->original), m->notify, SLICE_ARG(m->orcpt));
}

static void
note_queue_data(struct buf *heard, uint32_t id, const struct msg_queue_data *m)
{
	(void)heard;
	CU_ASSERT_EQUAL(id, queue_call);
	buf_put_slice(&content, m->bytes);
}

static void
note_queue_close(struct buf *heard, uint32_t id,
    const struct msg_queue_close *m)
{
	CU_ASSERT_EQUAL(id, queue_call);
	CU_ASSERT_EQUAL(m->size, content.len);
	buf_put_str(heard, "close ");
}

static void
note_queue_abort(struct buf *heard, uint32_t id,
    const struct msg_queue_abort *m)
{
	CU_ASSERT_EQUAL(id, queue_call);
	buf_printf(heard, "abort(%.*s) ", SLICE_ARG(m->reason));
}

HEARS(queue_open)
HEARS(queue_rcpt)
HEARS(queue_data)
HEARS(queue_close)
HEARS(queue_abort)

/* ---- the three ----------------------------------------------------------- */

static void
qmgr_comes(void)
{
	static const struct ipc_handler	handlers[] = {
		HEAR(queue_open, IPC_CLEANUP), HEAR(queue_rcpt, IPC_CLEANUP),
		HEAR(queue_data, IPC_CLEANUP), HEAR(queue_close, IPC_CLEANUP),
		HEAR(queue_abort, IPC_CLEANUP), { 0, 0, NULL, NULL },
	};
	static const struct ipc_side	side = { "qmgr", handlers, on_line,
					    0 };
	struct msg_queue_lease		lease = { 7, FLOOR_US };
	struct msg_queue_space		space = { 12345 };

	line_answer(&qmgr, "cleanup", &side);
	ipc_send_queue_lease(qmgr.ipc, 0, &lease);
	ipc_send_queue_space(qmgr.ipc, 0, &space);
	loop_tick(loop, 0);
}

static void
smtpd_comes(void)
{
	static const struct ipc_handler	handlers[] = {
		HEAR(mail_space, IPC_CLEANUP), { 0, 0, NULL, NULL },
	};
	static const struct ipc_side	side = { "smtpd", handlers, on_line,
					    0 };

	line_open(&smtpd, &side);
}

static void
begin_without_qmgr(const char *lines)
{
	struct buf	text = BUF_INIT;

	buf_printf(&text, "maillog_file = /dev/stderr\n%s", lines);
	loop = loop_new();
	child_start(&cleaner_program, buf_cstr(&text));
	buf_clear(&text);
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	CU_ASSERT_STRING_EQUAL(child.packet.text, "qmgr");
	smtpd_comes();
}

static void
begin(const char *lines)
{
	begin_without_qmgr(lines);
	qmgr_comes();
	CU_ASSERT(hears_next(&smtpd, "space(12345) "));
}

/* It has forgotten all messages: it ends at once, and not in a hurry. */
static void
end(void)
{
	child_tell_it(CONTROL_DRAIN, "", -1);
	ipc_cancel(&mail);
	line_close(&smtpd);
	CU_ASSERT_EQUAL(child_end(), 0);
	line_close(&qmgr);
	loop_free(&loop);
	buf_clear(&content);
}

/* ---- a message ----------------------------------------------------------- */

/* With the id of the last one. */
static void
open_again(void)
{
	struct msg_mail_open	m = {
		.sender = SLICE_LIT("a@b.example"),
		.client_name = SLICE_LIT("client.example"),
		.client_addr = SLICE_LIT("192.0.2.1"),
		.helo = SLICE_LIT("helo.example"),
		.proto = SLICE_LIT("ESMTP"),
		.envid = SLICE_LIT("ENV"),
		.flags = MAIL_EIGHT_BIT,
	};

	ipc_send_mail_open(smtpd.ipc, ipc_call_id(mail), &m);
}

static void
open_mail(void)
{
	ipc_cancel(&mail);
	mail = ipc_call_new(smtpd.ipc, on_reply, &smtpd.heard);
	open_again();
}

static void
put_rcpt(const char *address)
{
	struct msg_mail_rcpt	m = {
		.address = slice_str(address), .original = SLICE_LIT("o@o"),
		.notify = RCPT_NOTIFY_DELAY, .orcpt = SLICE_LIT("rfc822;o"),
	};

	ipc_send_mail_rcpt(smtpd.ipc, ipc_call_id(mail), &m);
}

static void
put_data(struct slice bytes)
{
	struct msg_mail_data	m = { bytes };

	ipc_send_mail_data(smtpd.ipc, ipc_call_id(mail), &m);
}

static void
close_mail(uint64_t size)
{
	struct msg_mail_close	m = { size };

	ipc_send_mail_close(smtpd.ipc, ipc_call_id(mail), &m);
}

#define BODY	"Subject: x\r\n\r\nhello\r\n"

/* All of one, with its size, to one recipient. */
static void
send_mail(void)
{
	open_mail();
	put_rcpt("r@r");
	put_data(SLICE_LIT(BODY));
	close_mail(strlen(BODY));
}

static void
qmgr_says(uint32_t code, const char *dsn, const char *text)
{
	struct msg_queue_done	m = { code, slice_str(dsn), slice_str(text) };

	ipc_send_queue_done(qmgr.ipc, queue_call, &m);
}

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
	CU_ASSERT(hears(&qmgr, "rcpt("));
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
	CU_ASSERT(hears(&qmgr, "rcpt("));
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
	begin("");
	line_cut(&qmgr);
	send_mail();
	put_rcpt("late@r");
	CU_ASSERT(hears(&smtpd, "opened "));
	qmgr_comes();
	CU_ASSERT(hears(&qmgr, "rcpt(r@r,o@o,8,rfc822;o) close "));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&content), "\r\n" BODY));
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
