/*
 * A program that keeps a peer; the test is its master and the peer.
 */

#include "mail/peer.h"

#include "tests/unit/child_fixture.h"

#include "mail/ipc_codec.h"
#include "mail/ipc_hello.h"
#include "net/loop.h"

/* ---- the program --------------------------------------------------------- */

static struct peer	*peer;
static struct peer_wait	*waiting;

static int
run_space(struct ipc *ipc, uint32_t id, struct slice payload)
{
	struct msg_mail_space	m;

	(void)id;
	if (ipc_parse_mail_space(payload, &m) < 0)
		return -1;
	report("space(%d,%d) ", (int)m.free_bytes,
	    ipc_arg(ipc) == (void *)peer);
	return 0;
}

static const struct ipc_handler handlers[] = {
	{ IPC_CODE_mail_space, IPC_CLEANUP, run_space, "mail_space" },
	{ 0, 0, NULL, NULL },
};

static void
on_peer(struct peer *p, enum ipc_event event, void *arg)
{
	report("%s(%d,%d) ", event == IPC_OPENED ? "opened" :
	    event == IPC_CLOSED ? "closed" : "drained",
	    peer_ipc(p) != NULL, peer_arg(p) == arg);
}

static void
on_wait(struct ipc *ipc, void *arg)
{
	waiting = NULL;
	report("waited(%d,%d) ", ipc != NULL, arg == (void *)&waiting);
}

static void
on_start(struct daemon *daemon)
{
	static const struct ipc_side	side = { "smtpd", handlers, NULL, 0 };

	peer = peer_new(daemon, "cleanup", &side, on_peer, daemon);
	report("new(%d) ", peer_ipc(peer) != NULL);
}

/* Clients command it. */
static void
on_accept(struct daemon *daemon, int fd, const struct addr *addr)
{
	char	letter = '?';

	(void)daemon;
	(void)addr;
	fcntl(fd, F_SETFL, 0);
	(void)!read(fd, &letter, 1);
	if (letter == 'w')
		waiting = peer_wait_new(peer, 60000, on_wait, &waiting);
	if (letter == 's')
		waiting = peer_wait_new(peer, 20, on_wait, &waiting);
	if (letter == 'c')
		peer_wait_cancel(&waiting);
	if (letter == 'r')
		peer_renew(peer);
	report("did(%c,%d) ", letter, waiting != NULL);
	close(fd);
}

static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	(void)in_a_hurry;
	daemon_leave(daemon);
}

static const struct daemon_program program = {
	.name = "smtpd", .user = DAEMON_GATE, .start = on_start,
	.accept = on_accept, .drain = on_drain,
};

/* ---- the peer ------------------------------------------------------------ */

static void
begin(void)
{
	child_start(&program, "maillog_file = /dev/stderr\n");
	CU_ASSERT(child_says("new(0) "));
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	CU_ASSERT_STRING_EQUAL(child.packet.text, "cleanup");
}

static void
end(void)
{
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
}

static void
command(char letter)
{
	int	fd = child_connect();
	char	did[16];

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, &letter, 1), 1);
	close(fd);
	snprintf(did, sizeof(did), "did(%c", letter);
	CU_ASSERT(child_says(did));
}

/* Give it a connection that says HELLO as that program; our end. */
static int
connection(const char *name)
{
	struct buf	hello = BUF_INIT;
	int		ends[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK,
	    0, ends), 0);
	child_tell_it(CONTROL_CONNECTED, "cleanup", ends[0]);
	close(ends[0]);
	ipc_hello_put(&hello, name, 1, slice_from(NULL, 0));
	CU_ASSERT_EQUAL(write(ends[1], hello.data + hello.start, hello.len),
	    (ssize_t)hello.len);
	buf_clear(&hello);
	return ends[1];
}

static void
send_space(int fd, uint64_t free_bytes)
{
	struct buf	frame = BUF_INIT;

	buf_put_u32(&frame, 6 + 8);
	buf_put_u16(&frame, IPC_CODE_mail_space);
	buf_put_u32(&frame, 0);
	buf_put_u64(&frame, free_bytes);
	CU_ASSERT_EQUAL(write(fd, frame.data + frame.start, frame.len),
	    (ssize_t)frame.len);
	buf_clear(&frame);
}

/* Forget what was said up to now. */
static void
forget(void)
{
	buf_empty(&child.said);
}

static void
opens_and_closes(void)
{
	int	fd;

	begin();
	fd = connection("cleanup");
	CU_ASSERT(child_says("opened(1,1) "));
	send_space(fd, 77);
	CU_ASSERT(child_says("space(77,1) "));
	/* Lost: told, and a new one is asked for. */
	close(fd);
	CU_ASSERT(child_says("closed("));
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	forget();
	fd = connection("cleanup");
	CU_ASSERT(child_says("opened(1,1) "));
	end();
	close(fd);
}

/* There is none now; it asks again, and again. */
static void
asks_again(void)
{
	int	fd;

	begin();
	for (int i = 0; i < 3; i++) {
		child_tell_it(CONTROL_CONNECTED, "cleanup", -1);
		CU_ASSERT(child_sends(CONTROL_CONNECT));
		CU_ASSERT_STRING_EQUAL(child.packet.text, "cleanup");
	}
	/* One that goes before its HELLO was never there. */
	fd = connection("nosuch");
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	close(fd);
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&child.said), "opened"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&child.said), "closed"));
	end();
}

/* A peer that breaks the rules is a lost one. */
static void
refuses_junk(void)
{
	int	fd;

	begin();
	fd = connection("cleanup");
	CU_ASSERT(child_says("opened(1,1) "));
	CU_ASSERT_EQUAL(write(fd, "\0\0\0\7\1\1\0\0\0\1x", 11), 11);
	CU_ASSERT(child_says("closed("));
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	close(fd);
	end();
}

static void
waits(void)
{
	int	fd;

	begin();
	command('w');
	CU_ASSERT(child_says("did(w,1) "));
	fd = connection("cleanup");
	CU_ASSERT(child_says("waited(1,1) "));
	/* It is there already: not before the call returns, but then. */
	forget();
	command('w');
	CU_ASSERT(child_says("did(w,1) waited(1,1) "));
	close(fd);
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	forget();
	command('s');
	CU_ASSERT(child_says("did(s,1) waited(0,1) "));
	forget();
	command('w');
	command('c');
	CU_ASSERT(child_says("did(c,0) "));
	fd = connection("cleanup");
	CU_ASSERT(child_says("opened"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&child.said), "waited"));
	end();
	close(fd);
}

/* A new connection, while the old one lasts as long as the other wants. */
static void
renews(void)
{
	int	old, new;
	char	byte;

	begin();
	old = connection("cleanup");
	CU_ASSERT(child_says("opened(1,1) "));
	forget();
	command('r');
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	send_space(old, 1);
	CU_ASSERT(child_says("space(1,1) "));
	new = connection("cleanup");
	CU_ASSERT(child_says("opened(1,1) "));
	send_space(old, 2);
	CU_ASSERT(child_says("space(2,1) "));
	send_space(new, 3);
	CU_ASSERT(child_says("space(3,1) "));
	/* Its end is no loss of contact. */
	close(old);
	send_space(new, 4);
	CU_ASSERT(child_says("space(4,1) "));
	command('w');
	CU_ASSERT(child_says("waited(1,1) "));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&child.said), "closed"));
	CU_ASSERT_EQUAL(read(new, &byte, 1), -1);
	end();
	close(new);
}

static int
tear_down(void)
{
	buf_clear(&child.said);
	return 0;
}

void	peer_test(void);

void
peer_test(void)
{
	CU_pSuite	suite = CU_add_suite("peer", NULL, tear_down);

	CU_add_test(suite, "opens and closes", opens_and_closes);
	CU_add_test(suite, "asks again", asks_again);
	CU_add_test(suite, "refuses junk", refuses_junk);
	CU_add_test(suite, "waits", waits);
	CU_add_test(suite, "renews", renews);
}
