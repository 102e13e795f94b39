/*
 * An smtp in a process of its own; the test is master, qmgr, and the
 * server, which is a port where nobody listens or somebody says nothing.
 */

#include "smtp/job.h"

#include "tests/unit/agent_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "smtp/sender.h"

static struct line	 qmgr;
static int		 server = -1;	/* bound; listens when it is to */
static char		 nexthop[32];
static uint32_t		 answer_id;	/* of the last result or end */

/* ---- what qmgr hears ----------------------------------------------------- */

static void
note_deliver_result(struct buf *heard, uint32_t id,
    const struct msg_deliver_result *m)
{
	answer_id = id;
	buf_printf(heard, "result(%d,%u,%u,%.*s) ", (int)m->queue_id,
	    m->number, m->kind, SLICE_ARG(m->dsn));
}

static void
note_deliver_done(struct buf *heard, uint32_t id,
    const struct msg_deliver_done *m)
{
	CU_ASSERT_EQUAL(id, answer_id);
	buf_printf(heard, "done(%d,%u) ", (int)m->queue_id, m->site);
}

HEARS(deliver_result)
HEARS(deliver_done)

static void
qmgr_comes(void)
{
	static const struct ipc_handler	handlers[] = {
		HEAR(agent_ready, IPC_AGENT), HEAR(agent_holds, IPC_AGENT),
		HEAR(content_get, IPC_AGENT), HEAR(deliver_result, IPC_AGENT),
		HEAR(deliver_done, IPC_AGENT), { 0, 0, NULL, NULL },
	};
	static const struct ipc_side	side = { "qmgr", handlers, on_line,
					    0 };

	line_answer(&qmgr, "smtp", &side);
}

/* ---- the beginning and the end ------------------------------------------- */

static void
bind_server(void)
{
	struct sockaddr_in	in = { .sin_family = AF_INET };
	socklen_t		len = sizeof(in);

	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CU_ASSERT_EQUAL_FATAL(bind(server, (struct sockaddr *)&in, len), 0);
	getsockname(server, (struct sockaddr *)&in, &len);
	snprintf(nexthop, sizeof(nexthop), "[127.0.0.1]:%u",
	    ntohs(in.sin_port));
}

static void
begin(void)
{
	bind_server();
	loop = loop_new();
	child_start(sender_program("smtp"), "maillog_file = /dev/stderr\n");
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	CU_ASSERT_STRING_EQUAL(child.packet.text, "qmgr");
	qmgr_comes();
	CU_ASSERT(hears_next(&qmgr, "ready(service,1000) "));
}

/* It was told to end, and has forgotten all jobs. */
static void
end_told(void)
{
	CU_ASSERT_EQUAL(child_end(), 0);
	line_close(&qmgr);
	loop_free(&loop);
	close(server);
}

static void
end(void)
{
	child_tell_it(CONTROL_DRAIN, "", -1);
	end_told();
}

/* ---- jobs ---------------------------------------------------------------- */

static void
send_job(uint32_t id, uint64_t queue_id, uint32_t recipients, uint32_t chunks)
{
	struct msg_deliver	m = {
		.queue_id = queue_id, .size = 10, .recipients = recipients,
		.chunks = chunks, .nexthop = slice_str(nexthop), .window = 1,
		.sender = SLICE_LIT("a@b.example"),
	};

	ipc_send_deliver(qmgr.ipc, id, &m);
}

static void
send_rcpts(uint32_t id, uint32_t from, uint32_t count)
{
	struct msg_deliver_rcpt	m = { .address = SLICE_LIT("x@y.example"),
				    .original = SLICE_LIT("x@y.example") };

	for (m.number = from; m.number < from + count; m.number++)
		ipc_send_deliver_rcpt(qmgr.ipc, id, &m);
}

static void
send_chunk(uint32_t id, uint32_t number, const char *text)
{
	struct msg_deliver_data	m = { number, slice_str(text) };

	ipc_send_deliver_data(qmgr.ipc, id, &m);
}

static void
send_whole(uint32_t id, uint64_t queue_id, uint32_t recipients)
{
	send_job(id, queue_id, recipients, 1);
	send_rcpts(id, 0, recipients);
	send_chunk(id, 0, "x\r\n");
}

static void
keep(uint32_t count)
{
	struct msg_deliver_kept	m = { count };

	ipc_send_deliver_kept(qmgr.ipc, 0, &m);
	loop_tick(loop, 0);
}

/* How often it was heard. */
static int
count_heard(const char *words)
{
	const char	*at = buf_cstr(&qmgr.heard);
	int		 count = 0;

	while ((at = strstr(at, words)) != NULL) {
		at += strlen(words);
		count++;
	}
	return count;
}

/* ---- results ------------------------------------------------------------- */

/* Nobody listens: each recipient has its result, then the job its end. */
static void
results(void)
{
	begin();
	send_whole(5, 77, 3);
	CU_ASSERT(hears(&qmgr, "result(77,0,1,4.4.1) result(77,1,1,4.4.1) "
	    "result(77,2,1,4.4.1) done(77,1) "));
	CU_ASSERT_EQUAL(answer_id, 5);
	keep(1);
	end();
}

/* Until they are on its disk, the next queue manager is told again. */
static void
results_are_told_again(void)
{
	begin();
	send_whole(1, 71, 1);
	CU_ASSERT(hears_next(&qmgr, "done(71,"));
	send_whole(2, 72, 2);
	CU_ASSERT(hears_next(&qmgr, "done(72,"));
	send_whole(3, 73, 1);
	CU_ASSERT(hears_next(&qmgr, "done(73,"));
	keep(1);
	line_cut(&qmgr);
	qmgr_comes();
	CU_ASSERT(hears(&qmgr, "ready(service,1000) "));
	/* First all it holds, then what came of that. */
	CU_ASSERT_EQUAL(strncmp(buf_cstr(&qmgr.heard), "holds(", 6), 0);
	CU_ASSERT(strstr(buf_cstr(&qmgr.heard), "result(") >
	    strstr(buf_cstr(&qmgr.heard), "holds(73)"));
	CU_ASSERT_EQUAL(count_heard("holds("), 2);
	CU_ASSERT_EQUAL(count_heard("result(72,"), 2);
	CU_ASSERT_EQUAL(count_heard("result(73,"), 1);
	CU_ASSERT_EQUAL(count_heard("done("), 2);
	/* Ids of the old one do not meet those of the new. */
	CU_ASSERT(answer_id > 1000);
	keep(2);
	line_cut(&qmgr);
	qmgr_comes();
	CU_ASSERT(hears(&qmgr, "ready(service,1000) "));
	CU_ASSERT_EQUAL(count_heard("holds("), 0);
	end();
}

/* What ends while there is no queue manager is told to the next. */
static void
results_wait(void)
{
	begin();
	CU_ASSERT_EQUAL(listen(server, 1), 0);
	send_whole(1, 71, 1);
	loop_tick(loop, 0);
	close(accept(server, NULL, NULL));
	CU_ASSERT(hears_next(&qmgr, "done(71,"));
	keep(1);
	/* It is amid this one when the queue manager goes. */
	send_whole(2, 72, 1);
	loop_tick(loop, 0);
	{
		int	fd = accept(server, NULL, NULL);

		line_cut(&qmgr);
		close(fd);
	}
	CU_ASSERT(child_logs("lost connection"));
	qmgr_comes();
	CU_ASSERT(hears(&qmgr, "done(72,"));
	CU_ASSERT_EQUAL(strncmp(buf_cstr(&qmgr.heard), "holds(72) ", 10), 0);
	keep(1);
	end();
}

/* ---- content ------------------------------------------------------------- */

/* The client's end of an SMTP session that has come to its content. */
static int
accept_data(void)
{
	static const char *const	replies[] = { "220 s ESMTP\r\n",
					    "250 s\r\n", "250 ok\r\n",
					    "250 ok\r\n", "354 go\r\n" };
	char				bytes[1000];
	int				fd;

	loop_tick(loop, 0);
	fd = accept(server, NULL, NULL);
	for (size_t i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(write(fd, replies[i], strlen(replies[i])),
		    (ssize_t)strlen(replies[i]));
		/* A command each: EHLO, MAIL, RCPT, DATA. */
		if (i < 4)
			CU_ASSERT(read(fd, bytes, sizeof(bytes)) > 0);
	}
	return fd;
}

/* The content up to its end, which is answered. */
static void
check_content(int fd, const char *want)
{
	struct buf	all = BUF_INIT;
	ssize_t		n = 1;

	while (n > 0 && strstr(buf_cstr(&all), "\r\n.\r\n") == NULL) {
		loop_tick(loop, 0);
		n = read(fd, buf_reserve(&all, 1000), 1000);
		if (n > 0)
			buf_commit(&all, (size_t)n);
	}
	CU_ASSERT_STRING_EQUAL(buf_cstr(&all), want);
	buf_clear(&all);
	CU_ASSERT_EQUAL(write(fd, "250 ok\r\n", 8), 8);
}

/* A large one is asked for as it is needed, a few chunks ahead. */
static void
content(void)
{
	static const char *const	chunks[] = { "0\r\n", "1\r\n",
					    "2\r\n", "3\r\n", "4\r\n",
					    "5\r\n" };
	int				fd;

	begin();
	CU_ASSERT_EQUAL(listen(server, 1), 0);
	send_job(1, 71, 1, 6);
	send_rcpts(1, 0, 1);
	fd = accept_data();
	CU_ASSERT(hears(&qmgr, "get(71,0) get(71,1) get(71,2) get(71,3) "));
	send_chunk(1, 0, chunks[0]);
	CU_ASSERT(hears(&qmgr, "get(71,4) "));
	CU_ASSERT_EQUAL(count_heard("get(71,5)"), 0);
	/* Of the next queue manager, what has not been sent. */
	line_cut(&qmgr);
	qmgr_comes();
	CU_ASSERT(hears(&qmgr, "get(71,1) get(71,2) get(71,3) get(71,4) "));
	CU_ASSERT_EQUAL(count_heard("get(71,0)"), 0);
	for (uint32_t i = 5; i > 0; i--)
		send_chunk(0x80000001, i, chunks[i]);
	check_content(fd, "0\r\n1\r\n2\r\n3\r\n4\r\n5\r\n.\r\n");
	CU_ASSERT(hears(&qmgr, "result(71,0,0,"));
	CU_ASSERT(hears(&qmgr, "done(71,0) "));
	keep(1);
	end();
	close(fd);
}

/* The queue does not have it any more: not half a message is delivered. */
static void
content_is_gone(void)
{
	char	byte;
	int	fd;

	begin();
	CU_ASSERT_EQUAL(listen(server, 1), 0);
	send_job(1, 71, 1, 6);
	send_rcpts(1, 0, 1);
	fd = accept_data();
	CU_ASSERT(hears(&qmgr, "get(71,0) "));
	send_chunk(1, 0, "0\r\n");
	send_chunk(1, 1, "");
	CU_ASSERT(hears(&qmgr, "result(71,0,1,"));
	CU_ASSERT(hears(&qmgr, "done(71,"));
	/* It hung up, without a dot. */
	while (read(fd, &byte, 1) > 0)
		CU_ASSERT_NOT_EQUAL(byte, '.');
	keep(1);
	end();
	close(fd);
}

/* ---- odd jobs ------------------------------------------------------------ */

static void
unusable(void)
{
	begin();
	/* Nobody, and more content than there can be. */
	send_job(1, 71, 0, 1);
	send_job(2, 72, 1, (1u << 22) + 1);
	send_rcpts(2, 0, 1);
	/* Twice the same id; it is the first one's. */
	send_job(3, 73, 2, 1);
	send_job(3, 74, 1, 1);
	send_rcpts(3, 0, 1);
	/* Of none, and beyond the end. */
	send_rcpts(9, 0, 1);
	send_chunk(9, 0, "x");
	send_chunk(3, 1, "x");
	send_rcpts(3, 1, 3);
	CU_ASSERT(hears(&qmgr, "result(73,1,1,4.4.1) done(73,1) "));
	CU_ASSERT_EQUAL(count_heard("result("), 2);
	CU_ASSERT_EQUAL(count_heard("done("), 1);
	keep(1);
	/* More than there were. */
	keep(5);
	send_whole(4, 75, 1);
	CU_ASSERT(hears(&qmgr, "done(75,"));
	keep(6);
	end();
}

/* Half a job is none: the next queue manager does it. */
static void
partial(void)
{
	begin();
	send_job(1, 71, 3, 1);
	send_rcpts(1, 0, 2);
	send_whole(2, 72, 1);
	CU_ASSERT(hears(&qmgr, "done(72,"));
	line_cut(&qmgr);
	qmgr_comes();
	CU_ASSERT(hears(&qmgr, "ready("));
	CU_ASSERT_EQUAL(count_heard("holds(72)"), 1);
	CU_ASSERT_EQUAL(count_heard("holds(71)"), 0);
	keep(1);
	end();
}

/* ---- the end ------------------------------------------------------------- */

/* It takes no more, ends what it has, and waits until that is safe. */
static void
drains(void)
{
	begin();
	CU_ASSERT_EQUAL(listen(server, 1), 0);
	send_whole(1, 71, 1);
	loop_tick(loop, 0);
	{
		int	fd = accept(server, NULL, NULL);

		child_tell_it(CONTROL_DRAIN, "", -1);
		CU_ASSERT(hears_next(&qmgr, "ready(service,0) "));
		CU_ASSERT_EQUAL(waitpid(child.pid, NULL, WNOHANG), 0);
		close(fd);
	}
	CU_ASSERT(hears(&qmgr, "done(71,"));
	loop_tick(loop, 20);
	CU_ASSERT_EQUAL(waitpid(child.pid, NULL, WNOHANG), 0);
	keep(1);
	end_told();
}

/* The suite stops, and nobody is there to be told: it does not wait. */
static void
stops(void)
{
	begin();
	send_whole(1, 71, 1);
	CU_ASSERT(hears(&qmgr, "done(71,"));
	line_cut(&qmgr);
	child_tell_it(CONTROL_STOP, "", -1);
	end_told();
}

void	job_test(void);

void
job_test(void)
{
	CU_pSuite	suite = CU_add_suite("job", NULL, NULL);

	CU_add_test(suite, "results", results);
	CU_add_test(suite, "results are told again", results_are_told_again);
	CU_add_test(suite, "results wait", results_wait);
	CU_add_test(suite, "content", content);
	CU_add_test(suite, "content is gone", content_is_gone);
	CU_add_test(suite, "unusable", unusable);
	CU_add_test(suite, "partial", partial);
	CU_add_test(suite, "drains", drains);
	CU_add_test(suite, "stops", stops);
}
