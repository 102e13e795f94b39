#ifndef TESTS_UNIT_MESSAGE_FIXTURE_H
#define TESTS_UNIT_MESSAGE_FIXTURE_H

/*
 * A cleanup in a process of its own; the test is master, smtpd, qmgr, and
 * lookup.
 */

#include "tests/unit/line_fixture.h"

#include "cleanup/cleaner.h"
#include "mail/queue_id.h"

#define FLOOR_US	4000000000000000	/* long after now */

static struct line	 smtpd, qmgr, lookup;
static struct ipc_call	*mail;		/* the message smtpd sends */
static uint32_t		 queue_call;	/* what qmgr knows it by */
static uint64_t		 queue_id;	/* as smtpd heard it */
static uint64_t		 queued_id;	/* as qmgr did */
static struct buf	 content;	/* that qmgr got */
static uint32_t		 route_call;	/* what lookup was asked in */

/* ---- what smtpd hears ---------------------------------------------------- */

static inline void
note_mail_space(struct buf *heard, uint32_t id, const struct msg_mail_space *m)
{
	(void)id;
	buf_printf(heard, "space(%d) ", (int)m->free_bytes);
}

HEARS(mail_space)

static inline void
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

static inline void
note_queue_open(struct buf *heard, uint32_t id, const struct msg_queue_open *m)
{
	queued_id = m->queue_id;
	queue_call = id;
	buf_empty(&content);
	buf_printf(heard, "open(%.*s,%u,%.*s,%.*s) ", SLICE_ARG(m->sender),
	    m->flags, SLICE_ARG(m->facts), SLICE_ARG(m->envid));
}

static inline void
note_queue_rcpt(struct buf *heard, uint32_t id, const struct msg_queue_rcpt *m)
{
	CU_ASSERT_EQUAL(id, queue_call);
	buf_printf(heard, "rcpt(%.*s,%.*s,%u,%.*s) ", SLICE_ARG(m->address),
	    SLICE_ARG(m->original), m->notify, SLICE_ARG(m->orcpt));
}

static inline void
note_queue_data(struct buf *heard, uint32_t id, const struct msg_queue_data *m)
{
	(void)heard;
	CU_ASSERT_EQUAL(id, queue_call);
	buf_put_slice(&content, m->bytes);
}

static inline void
note_queue_close(struct buf *heard, uint32_t id,
    const struct msg_queue_close *m)
{
	CU_ASSERT_EQUAL(id, queue_call);
	CU_ASSERT_EQUAL(m->size, content.len);
	buf_put_str(heard, "close ");
}

static inline void
note_queue_abort(struct buf *heard, uint32_t id,
    const struct msg_queue_abort *m)
{
	CU_ASSERT_EQUAL(id, queue_call);
	buf_printf(heard, "abort(%.*s) ", SLICE_ARG(m->reason));
}

static inline void
note_queue_fate(struct buf *heard, uint32_t id,
    const struct msg_queue_fate *m)
{
	CU_ASSERT_EQUAL(id, queue_call);
	buf_printf(heard, "fate(%u,%.*s,%.*s) ", m->held,
	    SLICE_ARG(m->reason), SLICE_ARG(m->filter));
}

HEARS(queue_open)
HEARS(queue_rcpt)
HEARS(queue_data)
HEARS(queue_close)
HEARS(queue_abort)
HEARS(queue_fate)

/* ---- what lookup hears --------------------------------------------------- */

static inline void
note_route(struct buf *heard, uint32_t id, const struct msg_route *m)
{
	route_call = id;
	buf_printf(heard, "route(%.*s,%.*s) ", SLICE_ARG(m->sender),
	    SLICE_ARG(m->address));
}

HEARS(route)

/* ---- the three ----------------------------------------------------------- */

static inline void
qmgr_comes(void)
{
	static const struct ipc_handler	handlers[] = {
		HEAR(queue_open, IPC_CLEANUP), HEAR(queue_rcpt, IPC_CLEANUP),
		HEAR(queue_data, IPC_CLEANUP), HEAR(queue_close, IPC_CLEANUP),
		HEAR(queue_abort, IPC_CLEANUP), HEAR(queue_fate, IPC_CLEANUP),
		{ 0, 0, NULL, NULL },
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

static inline void
lookup_comes(void)
{
	static const struct ipc_handler	handlers[] = {
		HEAR(route, IPC_CLEANUP), { 0, 0, NULL, NULL },
	};
	static const struct ipc_side	side = { "lookup", handlers, on_line,
					    0 };

	line_answer(&lookup, "cleanup", &side);
}

static inline void
smtpd_comes(void)
{
	static const struct ipc_handler	handlers[] = {
		HEAR(mail_space, IPC_CLEANUP), { 0, 0, NULL, NULL },
	};
	static const struct ipc_side	side = { "smtpd", handlers, on_line,
					    0 };

	line_open(&smtpd, &side);
}

static inline void
begin_without_qmgr(const char *lines)
{
	struct buf	text = BUF_INIT;

	buf_printf(&text, "maillog_file = /dev/stderr\n%s", lines);
	loop = loop_new();
	child_start(&cleaner_program, buf_cstr(&text));
	buf_clear(&text);
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	CU_ASSERT_STRING_EQUAL(child.packet.text, "qmgr");
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	CU_ASSERT_STRING_EQUAL(child.packet.text, "lookup");
	smtpd_comes();
}

static inline void
begin(const char *lines)
{
	begin_without_qmgr(lines);
	qmgr_comes();
	CU_ASSERT(hears_next(&smtpd, "space(12345) "));
}

/* It has forgotten all messages: it ends at once, and not in a hurry. */
static inline void
end(void)
{
	child_tell_it(CONTROL_DRAIN, "", -1);
	ipc_cancel(&mail);
	line_close(&smtpd);
	CU_ASSERT_EQUAL(child_end(), 0);
	line_close(&qmgr);
	line_close(&lookup);
	loop_free(&loop);
	buf_clear(&content);
}

/* ---- a message ----------------------------------------------------------- */

/* With the id of the last one. */
static inline void
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

static inline void
open_mail(void)
{
	ipc_cancel(&mail);
	mail = ipc_call_new(smtpd.ipc, on_reply, &smtpd.heard);
	open_again();
}

static inline void
put_rcpt(const char *address)
{
	struct msg_mail_rcpt	m = {
		.address = slice_str(address), .original = SLICE_LIT("o@o"),
		.transport = SLICE_LIT("smtp"), .nexthop = SLICE_LIT("r"),
		.notify = RCPT_NOTIFY_DELAY, .orcpt = SLICE_LIT("rfc822;o"),
	};

	ipc_send_mail_rcpt(smtpd.ipc, ipc_call_id(mail), &m);
}

static inline void
put_data(struct slice bytes)
{
	struct msg_mail_data	m = { bytes };

	ipc_send_mail_data(smtpd.ipc, ipc_call_id(mail), &m);
}

static inline void
close_mail(uint64_t size)
{
	struct msg_mail_close	m = { size };

	ipc_send_mail_close(smtpd.ipc, ipc_call_id(mail), &m);
}

#define OPENED	"open(a@b.example,1,client.example[192.0.2.1],ENV) "
#define TO_R	"rcpt(r@r,o@o,8,rfc822;o) "
#define BODY	"Subject: x\r\n\r\nhello\r\n"

/* All of one, with its size, to one recipient. */
static inline void
send_mail(void)
{
	open_mail();
	put_rcpt("r@r");
	put_data(SLICE_LIT(BODY));
	close_mail(strlen(BODY));
}

static inline void
lookup_says(uint32_t code, const char *transport)
{
	struct msg_routed	m = {
		.code = code, .transport = slice_str(transport),
		.nexthop = SLICE_LIT("hop"),
	};

	ipc_send_routed(lookup.ipc, route_call, &m);
}

static inline void
qmgr_says(uint32_t code, const char *dsn, const char *text)
{
	struct msg_queue_done	m = { code, slice_str(dsn), slice_str(text) };

	ipc_send_queue_done(qmgr.ipc, queue_call, &m);
}

#endif
