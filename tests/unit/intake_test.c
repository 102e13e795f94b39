/*
 * A qmgr in a process of its own; the test is master, cleanup, and a
 * delivery agent, which shows what was queued.
 */

#include "qmgr/intake.h"

#include "tests/unit/line_fixture.h"

#include "mail/queue_id.h"
#include "qmgr/manager.h"
#include "qmgr/store.h"

static char		 folder[64];
static struct line	 cleanup, agent;
static uint32_t		 slot;		/* of the last lease */
static uint64_t		 floor_us;
static unsigned char	 bytes[5 * STORE_CHUNK_SIZE];

/* ---- what they hear ------------------------------------------------------ */

static void
note_queue_lease(struct buf *heard, uint32_t id,
    const struct msg_queue_lease *m)
{
	(void)id;
	slot = m->slot;
	floor_us = m->floor_us;
	buf_put_str(heard, "lease ");
}

static void
note_queue_space(struct buf *heard, uint32_t id,
    const struct msg_queue_space *m)
{
	(void)id;
	buf_printf(heard, "space(%d) ", m->free_bytes > 0);
}

static void
note_queue_leaving(struct buf *heard, uint32_t id,
    const struct msg_queue_leaving *m)
{
	(void)id;
	(void)m;
	buf_put_str(heard, "leaving ");
}

static void
note_deliver(struct buf *heard, uint32_t id, const struct msg_deliver *m)
{
	(void)id;
	buf_printf(heard, "deliver(%d,%d,%u,%u,%.*s,%.*s,%.*s) ",
	    (int)m->queue_id, (int)m->size, m->flags, m->chunks,
	    SLICE_ARG(m->nexthop), SLICE_ARG(m->sender), SLICE_ARG(m->envid));
}

static void
note_deliver_rcpt(struct buf *heard, uint32_t id,
    const struct msg_deliver_rcpt *m)
{
	(void)id;
	buf_printf(heard, "rcpt(%u,%.*s,%.*s,%u,%.*s) ", m->number,
	    SLICE_ARG(m->address), SLICE_ARG(m->original), m->notify,
	    SLICE_ARG(m->orcpt));
}

static void
note_deliver_data(struct buf *heard, uint32_t id,
    const struct msg_deliver_data *m)
{
	(void)id;
	buf_printf(heard, "data(%u,%zu,%d) ", m->number, m->bytes.len,
	    slice_equal(m->bytes, slice_from(bytes + m->number *
	    STORE_CHUNK_SIZE, m->bytes.len)));
}

HEARS(queue_lease)
HEARS(queue_space)
HEARS(queue_leaving)
HEARS(deliver)
HEARS(deliver_rcpt)
HEARS(deliver_data)

/* ---- the beginning and the end ------------------------------------------- */

static void
cleanup_comes(struct line *line)
{
	static const struct ipc_handler	handlers[] = {
		HEAR(queue_lease, IPC_QMGR), HEAR(queue_space, IPC_QMGR),
		HEAR(queue_leaving, IPC_QMGR), { 0, 0, NULL, NULL },
	};
	static const struct ipc_side	side = { "cleanup", handlers, on_line,
					    0 };

	line_open(line, &side);
	CU_ASSERT(hears_next(line, "lease space(1) "));
}

static void
agent_comes(void)
{
	static const struct ipc_handler	handlers[] = {
		HEAR(deliver, IPC_QMGR), HEAR(deliver_rcpt, IPC_QMGR),
		HEAR(deliver_data, IPC_QMGR), { 0, 0, NULL, NULL },
	};
	static const struct ipc_side	side = { "smtp", handlers, on_line,
					    0 };
	struct msg_agent_ready		m = { SLICE_LIT("smtp"), 10 };

	line_open(&agent, &side);
	ipc_send_agent_ready(agent.ipc, 0, &m);
}

/* As master has put it: its queue is in its folder. */
static void
enter_folder(struct daemon *daemon)
{
	(void)daemon;
	if (chdir(folder) < 0)
		log_fatal("%s: %s", folder, strerror(errno));
}

static void
start(void)
{
	struct daemon_program	program = manager_program;

	program.open = enter_folder;
	child_start(&program, "maillog_file = /dev/stderr\n");
	cleanup_comes(&cleanup);
}

static void
begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/tern-intake-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 31 + i / 256);
	loop = loop_new();
	start();
}

static void
stop(void)
{
	line_close(&cleanup);
	line_close(&agent);
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
}

static void
end(void)
{
	char	command[128];

	stop();
	loop_free(&loop);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* ---- messages ------------------------------------------------------------ */

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct msg_queue_done	m;

	(void)call;
	if (code == IPC_CODE_queue_done &&
	    ipc_parse_queue_done(payload, &m) == 0)
		buf_printf(arg, "done(%u %.*s) ", m.code, SLICE_ARG(m.dsn));
}

static struct ipc_call *
open_queue(uint64_t queue_id)
{
	struct ipc_call		*call = ipc_call_new(cleanup.ipc, on_reply,
				    &cleanup.heard);
	struct msg_queue_open	 m = {
		.queue_id = queue_id, .arrival_us = 1000,
		.flags = MAIL_EIGHT_BIT | MAIL_RET_HDRS,
		.sender = SLICE_LIT("a@b.example"), .envid = SLICE_LIT("ENV"),
	};

	ipc_send_queue_open(cleanup.ipc, ipc_call_id(call), &m);
	return call;
}

static void
put_rcpt(struct ipc_call *call, const char *address)
{
	struct msg_queue_rcpt	m = {
		.address = slice_str(address), .original = SLICE_LIT("o@o"),
		.transport = SLICE_LIT("smtp"),
		.nexthop = SLICE_LIT("y.example"),
		.notify = RCPT_NOTIFY_NEVER | 64, .orcpt = SLICE_LIT("x;y"),
	};

	ipc_send_queue_rcpt(cleanup.ipc, ipc_call_id(call), &m);
}

static void
put_content(struct ipc_call *call, size_t size)
{
	struct msg_queue_data	m;

	for (size_t at = 0; at < size; at += m.bytes.len) {
		m.bytes = slice_first(slice_from(bytes + at, size - at),
		    IPC_DATA_LIMIT);
		ipc_send_queue_data(cleanup.ipc, ipc_call_id(call), &m);
	}
}

static void
close_queue(struct ipc_call *call, uint64_t size)
{
	struct msg_queue_close	m = { .size = size };

	ipc_send_queue_close(cleanup.ipc, ipc_call_id(call), &m);
}

static struct ipc_call *
put_message(uint64_t queue_id, size_t size)
{
	struct ipc_call	*call = open_queue(queue_id);

	put_rcpt(call, "x@y.example");
	put_content(call, size);
	return call;
}

static void
send_message(uint64_t queue_id, size_t size)
{
	struct ipc_call	*call = put_message(queue_id, size);

	close_queue(call, size);
	CU_ASSERT(hears_next(&cleanup, "done(250 2.0.0) "));
	ipc_cancel(&call);
}

/* All that the agent is offered. */
static void
check_offered(const char *want)
{
	agent_comes();
	CU_ASSERT(hears(&agent, want));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&agent.heard), want);
}

/* ---- tests --------------------------------------------------------------- */

static void
small(void)
{
	struct ipc_call	*call;

	begin();
	call = open_queue(7);
	put_rcpt(call, "x@y.example");
	put_rcpt(call, "z@y.example");
	put_content(call, STORE_CHUNK_SIZE + 5);
	close_queue(call, STORE_CHUNK_SIZE + 5);
	CU_ASSERT(hears_next(&cleanup, "done(250 2.0.0) "));
	ipc_cancel(&call);
	/* Its content goes along: it is still in memory. */
	check_offered("deliver(7,32705,33,2,y.example,a@b.example,ENV) "
	    "rcpt(0,x@y.example,o@o,1,x;y) rcpt(1,z@y.example,o@o,1,x;y) "
	    "data(0,32700,1) data(1,5,1) ");
	end();
}

/* Through the disk, in chunks of its size whatever came. */
static void
large(void)
{
	struct msg_content_get	m = { 7, 0 };

	begin();
	send_message(7, sizeof(bytes) - 1);
	check_offered("deliver(7,163499,33,5,y.example,a@b.example,ENV) "
	    "rcpt(0,x@y.example,o@o,1,x;y) ");
	for (; m.number < 6; m.number++)
		ipc_send_content_get(agent.ipc, 1, &m);
	CU_ASSERT(hears(&agent, "data(0,32700,1) data(1,32700,1) "
	    "data(2,32700,1) data(3,32700,1) data(4,32699,1) "
	    "data(5,0,1) "));
	end();
}

static void
nothing_to_commit(void)
{
	struct ipc_call	*call;

	begin();
	/* Something was lost on the way. */
	call = put_message(7, sizeof(bytes));
	close_queue(call, sizeof(bytes) - 1);
	CU_ASSERT(hears_next(&cleanup, "done(451 4.3.0) "));
	ipc_cancel(&call);
	/* Nobody. */
	call = open_queue(8);
	put_content(call, 10);
	close_queue(call, 10);
	CU_ASSERT(hears_next(&cleanup, "done(451 4.3.0) "));
	ipc_cancel(&call);
	send_message(9, 1);
	check_offered("deliver(9,1,33,1,y.example,a@b.example,ENV) "
	    "rcpt(0,x@y.example,o@o,1,x;y) data(0,1,1) ");
	end();
}

static void
aborted(void)
{
	struct msg_queue_abort	 m = { SLICE_LIT("canceled") };
	struct ipc_call		*call;

	begin();
	call = put_message(7, sizeof(bytes));
	ipc_send_queue_abort(cleanup.ipc, ipc_call_id(call), &m);
	close_queue(call, sizeof(bytes));
	ipc_cancel(&call);
	/* One that goes away: what it had closed is as good as queued. */
	call = put_message(8, sizeof(bytes));
	ipc_cancel(&call);
	send_message(6, 1);
	call = put_message(9, 1);
	close_queue(call, 1);
	ipc_cancel(&call);
	ipc_free(&cleanup.ipc);
	cleanup_comes(&cleanup);
	send_message(10, 1);
	check_offered("deliver(6,1,33,1,y.example,a@b.example,ENV) "
	    "rcpt(0,x@y.example,o@o,1,x;y) data(0,1,1) "
	    "deliver(9,1,33,1,y.example,a@b.example,ENV) "
	    "rcpt(0,x@y.example,o@o,1,x;y) data(0,1,1) "
	    "deliver(10,1,33,1,y.example,a@b.example,ENV) "
	    "rcpt(0,x@y.example,o@o,1,x;y) data(0,1,1) ");
	end();
}

/* Frames of a message that is not open, or was opened before. */
static void
out_of_order(void)
{
	struct ipc_call	*call;

	begin();
	call = ipc_call_new(cleanup.ipc, on_reply, &cleanup.heard);
	put_rcpt(call, "nobody@y.example");
	put_content(call, 10);
	close_queue(call, 10);
	ipc_cancel(&call);
	call = put_message(7, 3);
	close_queue(call, 3);
	put_rcpt(call, "late@y.example");
	put_content(call, 1);
	close_queue(call, 4);
	CU_ASSERT(hears(&cleanup, "done("));
	loop_tick(loop, 20);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&cleanup.heard), "done(250 2.0.0) ");
	ipc_cancel(&call);
	check_offered("deliver(7,3,33,1,y.example,a@b.example,ENV) "
	    "rcpt(0,x@y.example,o@o,1,x;y) data(0,3,1) ");
	end();
}

/* No cleanup of ours does that. */
static void
opened_twice(void)
{
	struct msg_queue_open	 again = { .queue_id = 99 };
	struct ipc_call		*call;

	begin();
	call = put_message(7, 3);
	ipc_send_queue_open(cleanup.ipc, ipc_call_id(call), &again);
	/* The call has ended with it. */
	CU_ASSERT(hears(&cleanup, "closed "));
	ipc_free(&cleanup.ipc);
	cleanup_comes(&cleanup);
	send_message(8, 1);
	check_offered("deliver(8,1,33,1,y.example,a@b.example,ENV) "
	    "rcpt(0,x@y.example,o@o,1,x;y) data(0,1,1) ");
	end();
}

/* Each cleanup has its slot, and ids beyond all that were ever given. */
static void
leases(void)
{
	struct line	second = { .ipc = NULL };
	uint32_t	first_slot;
	uint64_t	late_us;

	begin();
	first_slot = slot;
	late_us = floor_us + 30000000;
	cleanup_comes(&second);
	CU_ASSERT_NOT_EQUAL(slot, first_slot);
	line_close(&second);
	/* The clock was set back since. */
	send_message(queue_id_make(late_us, slot), 1);
	cleanup_comes(&second);
	CU_ASSERT(floor_us >= late_us);
	line_close(&second);
	stop();
	start();
	CU_ASSERT(floor_us >= late_us);
	end();
}

/* It leaves: cleanup hears it, and what is open may end. */
static void
leaves(void)
{
	struct ipc_call	*call;

	begin();
	call = put_message(7, sizeof(bytes));
	loop_tick(loop, 0);
	child_tell_it(CONTROL_DRAIN, "", -1);
	CU_ASSERT(hears_next(&cleanup, "leaving "));
	close_queue(call, sizeof(bytes));
	CU_ASSERT(hears(&cleanup, "done(250 2.0.0) "));
	ipc_cancel(&call);
	CU_ASSERT(hears(&cleanup, "closed "));
	CU_ASSERT_EQUAL(child_end(), 0);
	start();
	end();
}

void	intake_test(void);

void
intake_test(void)
{
	CU_pSuite	suite = CU_add_suite("intake", NULL, NULL);

	CU_add_test(suite, "small", small);
	CU_add_test(suite, "large", large);
	CU_add_test(suite, "nothing to commit", nothing_to_commit);
	CU_add_test(suite, "aborted", aborted);
	CU_add_test(suite, "out of order", out_of_order);
	CU_add_test(suite, "opened twice", opened_twice);
	CU_add_test(suite, "leases", leases);
	CU_add_test(suite, "leaves", leaves);
}
