/*
 * Connections between programs, over a socket pair on one loop.
 */

#include "mail/ipc.h"
#include "mail/ipc_hello.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mail/ipc_codec.h"
#include "net/loop.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define ID	42

static struct {
	struct loop	*loop;
	struct ipc	*server;	/* "cleanup" */
	struct ipc	*client;	/* "smtpd" */
	int		 raw;		/* instead of client */
	int		 opened, closed, drained;
	int		 rcpts;
	uint32_t	 last_id;
	int		 replies;
	uint16_t	 last_code;
} t;

static int
run_rcpt(struct ipc *ipc, uint32_t id, struct slice payload)
{
	struct msg_mail_rcpt	m;

	(void)ipc;
	if (ipc_parse_mail_rcpt(payload, &m) < 0)
		return -1;
	t.rcpts++;
	t.last_id = id;
	return 0;
}

static const struct ipc_handler handlers[] = {
	{ IPC_CODE_mail_rcpt, IPC_SMTPD, run_rcpt, "mail_rcpt" },
	{ 0, 0, NULL, NULL },
};
static const struct ipc_handler none[] = { { 0, 0, NULL, NULL } };

static void
on_server(struct ipc *ipc, enum ipc_event event, void *arg)
{
	(void)ipc;
	(void)arg;
	if (event == IPC_OPENED)
		t.opened++;
	else if (event == IPC_CLOSED) {
		t.closed++;
		ipc_free(&t.server);
	}
}

static void
on_client(struct ipc *ipc, enum ipc_event event, void *arg)
{
	(void)ipc;
	(void)arg;
	if (event == IPC_CLOSED)
		ipc_free(&t.client);
	else if (event == IPC_DRAINED)
		t.drained++;
}

static const struct ipc_side server_side = { "cleanup", handlers, on_server,
	IPC_SMTPD | IPC_QMGR };
static const struct ipc_side client_side = { "smtpd", none, on_client, 0 };

/* What one end of the pair has written, the other can read at once. */
static void
ticks(int count)
{
	while (count-- > 0)
		loop_tick(t.loop, 0);
}

static void
begin(bool with_client)
{
	int	ends[2];

	memset(&t, 0, sizeof(t));
	t.raw = -1;
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, ends), 0);
	t.loop = loop_new();
	t.server = ipc_new(t.loop, ends[0], false, &server_side, NULL);
	if (with_client)
		t.client = ipc_new(t.loop, ends[1], false, &client_side, NULL);
	else
		t.raw = ends[1];
	ticks(with_client ? 3 : 1);
}

static void
end(void)
{
	ipc_free(&t.server);
	ipc_free(&t.client);
	if (t.raw >= 0)
		close(t.raw);
	loop_tick(t.loop, 0);
	loop_free(&t.loop);
}

static void
send_raw(struct slice bytes)
{
	CU_ASSERT_EQUAL(write(t.raw, bytes.data, bytes.len),
	    (ssize_t)bytes.len);
	ticks(3);
}

static void
put_frame(struct buf *into, uint16_t code, uint32_t id, struct slice payload)
{
	buf_put_u32(into, (uint32_t)(6 + payload.len));
	buf_put_u16(into, code);
	buf_put_u32(into, id);
	buf_put_slice(into, payload);
}

/* address, original, notify, orcpt: however many fields there are. */
static void
send_rcpt(struct ipc *ipc, uint32_t id)
{
	struct msg_mail_rcpt	m = { .address = SLICE_LIT("a@b") };

	ipc_send_mail_rcpt(ipc, id, &m);
}

static void
hello(void)
{
	begin(true);
	CU_ASSERT_EQUAL(t.opened, 1);
	CU_ASSERT_EQUAL(ipc_peer(t.server), IPC_SMTPD);
	CU_ASSERT_STRING_EQUAL(ipc_peer_name(t.server), "smtpd");
	CU_ASSERT_EQUAL(ipc_peer(t.client), IPC_CLEANUP);
	send_rcpt(t.client, ID);
	ticks(3);
	CU_ASSERT_EQUAL(t.rcpts, 1);
	CU_ASSERT_EQUAL(t.last_id, ID);
	end();
}

/* Whatever a peer says, it is the peer that goes. */
static void
refused(struct slice bytes)
{
	begin(false);
	send_raw(bytes);
	CU_ASSERT_EQUAL(t.closed, 1);
	CU_ASSERT_PTR_NULL(t.server);
	CU_ASSERT_EQUAL(t.rcpts, 0);
	end();
}

static void
bad_beginnings(void)
{
	struct buf	buf = BUF_INIT;

	put_frame(&buf, IPC_CODE_mail_abort, 1, SLICE_LIT("\0\0\0\0"));
	refused(buf_slice(&buf));

	buf_empty(&buf);
	ipc_hello_put(&buf, "unknown", 1, slice_from(NULL, 0));
	refused(buf_slice(&buf));

	buf_empty(&buf);
	ipc_hello_put(&buf, "smtpd", 1, slice_from(NULL, 0));
	buf.data[buf.start + 17] ^= 1;		/* version */
	refused(buf_slice(&buf));

	buf_empty(&buf);
	ipc_hello_put(&buf, "smtpd", 1, slice_from(NULL, 0));
	buf.data[buf.start + 10] ^= 1;		/* magic */
	refused(buf_slice(&buf));

	buf_empty(&buf);
	buf_put_u32(&buf, IPC_FRAME_LIMIT + 1);
	refused(buf_slice(&buf));

	buf_empty(&buf);
	buf_put_u32(&buf, 5);
	refused(buf_slice(&buf));
	buf_clear(&buf);
}

static void
bad_frames(void)
{
	struct buf	buf = BUF_INIT;

	/* unknown */
	ipc_hello_put(&buf, "smtpd", 1, slice_from(NULL, 0));
	put_frame(&buf, 0x7f01, 1, SLICE_LIT(""));
	refused(buf_slice(&buf));

	/* of another role */
	buf_empty(&buf);
	ipc_hello_put(&buf, "qmgr", 1, slice_from(NULL, 0));
	put_frame(&buf, IPC_CODE_mail_rcpt, 1, SLICE_LIT(""));
	refused(buf_slice(&buf));

	/* short */
	buf_empty(&buf);
	ipc_hello_put(&buf, "smtpd", 1, slice_from(NULL, 0));
	put_frame(&buf, IPC_CODE_mail_rcpt, 1, SLICE_LIT("\0\0\0"));
	refused(buf_slice(&buf));
	buf_clear(&buf);
}

/* A frame is understood however it is cut. */
static void
byte_by_byte(void)
{
	struct buf	buf = BUF_INIT;

	begin(true);
	send_rcpt(t.client, ID);
	buf_put_slice(&buf, buf_slice(ipc_out(t.client)));
	end();

	begin(false);
	{
		struct buf	all = BUF_INIT;

		ipc_hello_put(&all, "smtpd", 1, slice_from(NULL, 0));
		buf_put_slice(&all, buf_slice(&buf));
		for (size_t i = 0; i < all.len; i++)
			send_raw(slice_first(slice_after(buf_slice(&all), i),
			    1));
		buf_clear(&all);
	}
	CU_ASSERT_EQUAL(t.rcpts, 1);
	CU_ASSERT_EQUAL(t.closed, 0);
	end();
	buf_clear(&buf);
}

static void
random_bytes(void)
{
	unsigned char	bytes[200];

	srandom(2);
	for (int i = 0; i < 2000; i++) {
		struct buf	buf = BUF_INIT;
		size_t		len = (size_t)random() % sizeof(bytes);

		for (size_t k = 0; k < len; k++)
			bytes[k] = (unsigned char)(random() % 4 == 0 ?
			    random() : 0);
		if (i % 2 == 0)
			ipc_hello_put(&buf, "smtpd", 1, slice_from(NULL, 0));
		buf_put(&buf, bytes, len);
		begin(false);
		send_raw(buf_slice(&buf));
		end();
		buf_clear(&buf);
	}
	CU_PASS("no crash");
}

/* ---- calls --------------------------------------------------------------- */

static bool	cancel_in_reply;
static struct ipc_call *the_call;

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	(void)payload;
	CU_ASSERT_PTR_EQUAL(arg, &t);
	CU_ASSERT_PTR_EQUAL(call, the_call);
	t.replies++;
	t.last_code = code;
	if (code == 0)
		the_call = NULL;
	else if (cancel_in_reply)
		ipc_cancel(&the_call);
}

static void
answer(uint32_t id)
{
	struct msg_mail_opened	m = { .queue_id = 1 };

	ipc_send_mail_opened(t.server, id, &m);
	ticks(3);
}

static void
calls(void)
{
	uint32_t	id;

	begin(true);
	cancel_in_reply = false;
	the_call = ipc_call_new(t.client, on_reply, &t);
	id = ipc_call_id(the_call);
	answer(id);
	answer(id);
	CU_ASSERT_EQUAL(t.replies, 2);
	CU_ASSERT_EQUAL(t.last_code, IPC_CODE_mail_opened);
	cancel_in_reply = true;
	answer(id);
	CU_ASSERT_EQUAL(t.replies, 3);
	/* Over: a late reply goes nowhere and harms nobody. */
	answer(id);
	CU_ASSERT_EQUAL(t.replies, 3);
	CU_ASSERT_PTR_NOT_NULL(t.client);
	end();
}

static void
deadline(void)
{
	begin(true);
	the_call = ipc_call_new(t.client, on_reply, &t);
	ipc_call_deadline(the_call, 1);
	for (int i = 0; i < 200 && t.replies == 0; i++)
		loop_tick(t.loop, 100);
	CU_ASSERT_EQUAL(t.replies, 1);
	CU_ASSERT_EQUAL(t.last_code, 0);
	CU_ASSERT_PTR_NULL(the_call);
	end();
}

static void
lost_contact(void)
{
	begin(true);
	the_call = ipc_call_new(t.client, on_reply, &t);
	ipc_free(&t.server);
	ticks(3);
	CU_ASSERT_EQUAL(t.replies, 1);
	CU_ASSERT_EQUAL(t.last_code, 0);
	CU_ASSERT_PTR_NULL(t.client);
	end();
}

/* ---- flow ---------------------------------------------------------------- */

static void
congestion(void)
{
	begin(true);
	ipc_pause(t.server);
	for (int i = 0; i < 200000 && !ipc_is_congested(t.client); i++)
		send_rcpt(t.client, 1);
	CU_ASSERT(ipc_is_congested(t.client));
	ticks(3);
	CU_ASSERT_EQUAL(t.rcpts, 0);
	ipc_resume(t.server);
	for (int i = 0; i < 2000 && t.drained == 0; i++)
		ticks(1);
	CU_ASSERT_EQUAL(t.drained, 1);
	CU_ASSERT(!ipc_is_congested(t.client));
	CU_ASSERT(t.rcpts > 0);
	end();
}

/* What came before the pause is not lost, and not handed on during it. */
static void
pause_and_resume(void)
{
	begin(true);
	for (int i = 0; i < 10; i++)
		send_rcpt(t.client, 1);
	ipc_pause(t.server);
	ticks(3);
	CU_ASSERT_EQUAL(t.rcpts, 0);
	ipc_resume(t.server);
	ticks(3);
	CU_ASSERT_EQUAL(t.rcpts, 10);
	end();
}

/* The refusals these tests provoke are no news. */
static int
quiet(void)
{
	log_open_fd("test", open("/dev/null", O_WRONLY));
	return 0;
}

static int
loud(void)
{
	log_open_fd("test", STDERR_FILENO);
	return 0;
}

void	ipc_test(void);

void
ipc_test(void)
{
	CU_pSuite	suite = CU_add_suite("ipc", quiet, loud);

	CU_add_test(suite, "hello", hello);
	CU_add_test(suite, "bad beginnings", bad_beginnings);
	CU_add_test(suite, "bad frames", bad_frames);
	CU_add_test(suite, "byte by byte", byte_by_byte);
	CU_add_test(suite, "random bytes", random_bytes);
	CU_add_test(suite, "calls", calls);
	CU_add_test(suite, "deadline", deadline);
	CU_add_test(suite, "lost contact", lost_contact);
	CU_add_test(suite, "congestion", congestion);
	CU_add_test(suite, "pause and resume", pause_and_resume);
}
