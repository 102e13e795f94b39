/*
 * Who may be connected, and what a connection may make us hold.
 */

#include "mail/door.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mail/ipc.h"
#include "mail/ipc_hello.h"
#include "net/loop.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"

#define NOBODY		64323
#define MOST		(DOOR_STRANGERS + 10)
#define SHORT_MS	30

static struct {
	struct loop	*loop;
	struct door	*door;
	struct ipc	*ipcs[MOST];	/* the program's ends; NULL: closed */
	int		 fds[MOST];	/* the peers' */
	int		 count;
	int		 opened, messages;
	bool		 answers, refuses;
} t;

static int
on_message(struct ipc *ipc, uint32_t id, struct slice payload)
{
	struct msg_mail_done	m = { .text = SLICE_LIT("an answer") };

	(void)payload;
	t.messages++;
	if (t.answers)
		ipc_send_mail_done(ipc, id, &m);
	if (t.refuses)
		ipc_refuse(ipc, "it was too much");
	return 0;
}

#define CODE		IPC_CODE_mail_abort
#define ANSWER_SIZE	31

static const struct ipc_handler handlers[] = {
	{ CODE, IPC_SMTPD | IPC_USER, on_message, "mail_abort" },
	{ 0, 0, NULL, NULL },
};

static void
on_event(struct ipc *ipc, enum ipc_event event, void *arg)
{
	struct ipc	**place = arg;

	(void)ipc;
	t.opened += event == IPC_OPENED;
	if (event == IPC_CLOSED)
		ipc_free(place);
}

static const struct ipc_side side = {
	"cleanup", handlers, on_event, IPC_SMTPD | IPC_USER,
};

static void
ticks(int64_t ms)
{
	int64_t	end_ms = clock_now_ms() + ms;

	do
		loop_tick(t.loop, 5);
	while (clock_now_ms() < end_ms);
}

static void
begin(void)
{
	memset(&t, 0, sizeof(t));
	t.loop = loop_new();
	t.door = door_new(t.loop);
}

static void
end(void)
{
	for (int i = 0; i < t.count; i++) {
		ipc_free(&t.ipcs[i]);
		close(t.fds[i]);
	}
	loop_tick(t.loop, 0);
	/* Whoever came in has left. */
	CU_ASSERT_EQUAL(t.door->stranger_count, 0);
	CU_ASSERT_PTR_NULL(t.door->groups);
	door_free(&t.door);
	CU_ASSERT_PTR_NULL(t.door);
	door_free(&t.door);
	loop_free(&t.loop);
	ipc_set_owner(geteuid());
}

/* Where we cannot become another user, it is we who are the stranger. */
static void
be_judged_as(uid_t uid)
{
	if (getuid() != 0)
		ipc_set_owner(uid == 0 ? getuid() : getuid() + 1);
}

/* A connection of that user, as the kernel sees it. */
static int
connect_as(uid_t uid)
{
	int	ends[2], i = t.count++;

	be_judged_as(uid);
	if (getuid() == 0)
		CU_ASSERT_EQUAL(seteuid(uid), 0);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, ends), 0);
	CU_ASSERT_EQUAL(seteuid(getuid()), 0);
	t.fds[i] = ends[1];
	t.ipcs[i] = ipc_accept(t.door, ends[0], &side, &t.ipcs[i]);
	return i;
}

static void
say(int i, struct buf *bytes)
{
	CU_ASSERT_EQUAL(write(t.fds[i], buf_slice(bytes).data, bytes->len),
	    (ssize_t)bytes->len);
	buf_clear(bytes);
	ticks(0);
	ticks(0);
}

static void
say_hello(int i, const char *program, uint32_t process)
{
	struct buf	hello = BUF_INIT;

	ipc_hello_put(&hello, program, process, slice_from(NULL, 0));
	say(i, &hello);
}

static void
put_frame(struct buf *into, uint16_t code, uint32_t id)
{
	buf_put_u32(into, 10);
	buf_put_u16(into, code);
	buf_put_u32(into, id);
	buf_put_u32(into, 0);
}

static void
say_frame(int i, uint16_t code)
{
	struct buf	frame = BUF_INIT;

	put_frame(&frame, code, 1);
	say(i, &frame);
}

/* ---- who comes in -------------------------------------------------------- */

static bool
enters(unsigned role, uint32_t who)
{
	return door_enter(t.door, role, who) == NULL;
}

static bool
may_not(unsigned role, uint32_t who, const char *text)
{
	const char	*why = door_enter(t.door, role, who);

	return why != NULL && strcmp(why, text) == 0;
}

static void
counts(void)
{
	begin();
	for (uint32_t i = 0; i < DOOR_USER; i++)
		CU_ASSERT(enters(IPC_USER, 1000));
	CU_ASSERT(may_not(IPC_USER, 1000,
	    "this user has too many connections"));
	for (uint32_t i = DOOR_USER; i < DOOR_STRANGERS; i++)
		CU_ASSERT(enters(IPC_USER, 2000 + i));
	CU_ASSERT(may_not(IPC_USER, 3000,
	    "users have too many connections"));
	/* Programs are counted by themselves, each process of them. */
	for (uint32_t i = 0; i < DOOR_PROCESS; i++) {
		CU_ASSERT(enters(IPC_SMTPD, 1000));
		CU_ASSERT(enters(IPC_AGENT, 1000));
		CU_ASSERT(enters(IPC_SMTPD, 1001));
	}
	CU_ASSERT(may_not(IPC_SMTPD, 1000,
	    "this process has too many connections"));
	door_leave(t.door, IPC_USER, 1000);
	CU_ASSERT(enters(IPC_USER, 3000));
	CU_ASSERT(!enters(IPC_USER, 3000));
	door_leave(t.door, IPC_SMTPD, 1000);
	CU_ASSERT(enters(IPC_SMTPD, 1000));
	door_free(&t.door);
	loop_free(&t.loop);
}

static void
strangers(void)
{
	int	ours;

	begin();
	for (int i = 0; i < DOOR_USER + 5; i++)
		CU_ASSERT_EQUAL(t.ipcs[connect_as(NOBODY)] != NULL,
		    i < DOOR_USER);
	/* Refused is closed at once. */
	CU_ASSERT_EQUAL(read(t.fds[DOOR_USER], &ours, 1), 0);
	ours = connect_as(0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.ipcs[ours]);
	say_hello(ours, "smtpd", 5);
	CU_ASSERT_EQUAL(t.opened, 1);
	CU_ASSERT_EQUAL(ipc_peer(t.ipcs[ours]), IPC_SMTPD);
	/* Whatever he says he is. */
	be_judged_as(NOBODY);
	say_hello(0, "smtpd", 5);
	be_judged_as(0);
	CU_ASSERT_EQUAL(ipc_peer(t.ipcs[0]), IPC_USER);
	/* One has gone: there is room. */
	close(t.fds[1]);
	t.fds[1] = -1;
	ticks(10);
	CU_ASSERT_PTR_NULL(t.ipcs[1]);
	CU_ASSERT_PTR_NOT_NULL(t.ipcs[connect_as(NOBODY)]);
	end();
}

static void
processes(void)
{
	begin();
	for (int i = 0; i < DOOR_PROCESS + 3; i++) {
		say_hello(connect_as(0), "smtpd", 77);
		CU_ASSERT_EQUAL(t.ipcs[i] != NULL, i < DOOR_PROCESS);
	}
	say_hello(connect_as(0), "smtpd", 78);
	CU_ASSERT_EQUAL(t.opened, DOOR_PROCESS + 1);
	end();
}

/* A program that is no client of ours has nothing to say. */
static void
wrong_role(void)
{
	begin();
	say_hello(connect_as(0), "qmgr", 1);
	CU_ASSERT_PTR_NULL(t.ipcs[0]);
	CU_ASSERT_EQUAL(t.opened, 0);
	end();
}

/* ---- who stays ----------------------------------------------------------- */

static void
no_hello(void)
{
	struct buf	hello = BUF_INIT;

	begin();
	t.door->hello_ms = SHORT_MS;
	connect_as(0);
	connect_as(NOBODY);
	connect_as(0);
	say_hello(connect_as(0), "smtpd", 1);
	/* Every now and then a byte does not help. */
	ipc_hello_put(&hello, "smtpd", 2, slice_from(NULL, 0));
	for (size_t i = 0; i < hello.len && t.ipcs[2] != NULL; i++) {
		CU_ASSERT_EQUAL(write(t.fds[2], hello.data + i, 1), 1);
		ticks(5);
	}
	buf_clear(&hello);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_PTR_NULL(t.ipcs[i]);
	CU_ASSERT_PTR_NOT_NULL(t.ipcs[3]);
	CU_ASSERT_EQUAL(t.opened, 1);
	end();
}

static void
idle(void)
{
	begin();
	t.door->idle_ms = 4 * SHORT_MS;
	for (int i = 0; i < 3; i++)
		say_hello(connect_as(i == 0 ? 0 : NOBODY), "smtpd", 1);
	for (int i = 0; i < 10; i++) {
		ticks(SHORT_MS);
		say_frame(1, CODE);
	}
	CU_ASSERT_PTR_NOT_NULL(t.ipcs[0]);
	CU_ASSERT_PTR_NOT_NULL(t.ipcs[1]);
	CU_ASSERT_PTR_NULL(t.ipcs[2]);
	CU_ASSERT_EQUAL(t.messages, 10);
	end();
}

/* ---- what they say ------------------------------------------------------- */

/* Not more is answered than the peer takes. */
static void
reads_nothing(uid_t uid, size_t water)
{
	struct buf	frames = BUF_INIT;
	char		bytes[65536];
	size_t		asked = 0, got = 0, before;
	ssize_t		n;

	begin();
	t.answers = true;
	connect_as(uid);
	say_hello(0, "smtpd", 1);
	for (uint32_t i = 0; i < 100; i++)
		put_frame(&frames, CODE, i);
	do {
		before = asked;
		while (asked < 2000000 && (n = write(t.fds[0],
		    buf_slice(&frames).data + asked % frames.len,
		    frames.len - asked % frames.len)) > 0)
			asked += (size_t)n;
		ticks(0);
	} while (asked > before);
	/* It was read no more; what it had asked is answered in the end. */
	CU_ASSERT(asked < 2000000);
	CU_ASSERT((size_t)t.messages * ANSWER_SIZE < water + 300000);
	for (int i = 0; i < 5000 && t.messages < (int)(asked / 14); i++) {
		while ((n = read(t.fds[0], bytes, sizeof(bytes))) > 0)
			got += (size_t)n;
		ticks(0);
	}
	CU_ASSERT_EQUAL(t.messages, (int)(asked / 14));
	CU_ASSERT(got > 0);
	buf_clear(&frames);
	end();
}

static void
program_reads_nothing(void)
{
	reads_nothing(0, IPC_HIGH_WATER);
}

static void
stranger_reads_nothing(void)
{
	reads_nothing(NOBODY, IPC_STRANGER_WATER);
}

/* The handler refuses: what came with it is not handled any more. */
static void
refused_by_handler(void)
{
	struct buf	frames = BUF_INIT;

	begin();
	t.refuses = true;
	connect_as(0);
	say_hello(0, "smtpd", 1);
	for (uint32_t i = 0; i < 10; i++)
		put_frame(&frames, CODE, i);
	say(0, &frames);
	CU_ASSERT_EQUAL(t.messages, 1);
	CU_ASSERT_PTR_NULL(t.ipcs[0]);
	end();
}

/* Who was never asked anything has no reply to give. */
static void
reply_to_nothing(void)
{
	begin();
	connect_as(0);
	say_hello(0, "smtpd", 1);
	say_frame(0, IPC_CODE_mail_done);
	CU_ASSERT_PTR_NULL(t.ipcs[0]);
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

void	door_test(void);

void
door_test(void)
{
	CU_pSuite	suite = CU_add_suite("door", quiet, loud);

	CU_ADD_TEST(suite, counts);
	CU_ADD_TEST(suite, strangers);
	CU_ADD_TEST(suite, processes);
	CU_ADD_TEST(suite, wrong_role);
	CU_ADD_TEST(suite, no_hello);
	CU_ADD_TEST(suite, idle);
	CU_ADD_TEST(suite, program_reads_nothing);
	CU_ADD_TEST(suite, stranger_reads_nothing);
	CU_ADD_TEST(suite, refused_by_handler);
	CU_ADD_TEST(suite, reply_to_nothing);
}
