/*
 * The tools' side, against a queue manager that says what the test wants.
 */

#include "mail/admin_client.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/conf.h"
#include "net/addr.h"
#include "net/loop.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

/* ---- the queue manager --------------------------------------------------- */

static struct loop	*loop;
static int		 wire = -1;	/* a copy of its connection */

static void
send_message(struct ipc *ipc, uint32_t id, uint64_t queue_id)
{
	struct msg_admin_message	m = { .queue_id = queue_id,
					    .sender = SLICE_LIT("a@b") };
	struct msg_admin_rcpt		r = { .address = SLICE_LIT("c@d") };

	ipc_send_admin_message(ipc, id, &m);
	ipc_send_admin_rcpt(ipc, id, &r);
}

static void
send_done(struct ipc *ipc, uint32_t id, uint32_t count, uint64_t last,
    const char *error)
{
	struct msg_admin_done	m = { count, last, slice_str(error) };

	ipc_send_admin_done(ipc, id, &m);
}

/* A frame of that code, one byte short of anything. */
static void
send_junk(uint16_t code, uint32_t id)
{
	struct buf	frame = BUF_INIT;

	buf_put_u32(&frame, 6 + 3);
	buf_put_u16(&frame, code);
	buf_put_u32(&frame, id);
	buf_put(&frame, "\0\0\0", 3);
	(void)!write(wire, frame.data + frame.start, frame.len);
	buf_clear(&frame);
}

static int
run_list(struct ipc *ipc, uint32_t id, struct slice payload)
{
	struct msg_admin_list	m;

	if (ipc_parse_admin_list(payload, &m) < 0 || m.count == 0)
		return -1;
	if (m.only == 5)
		send_done(ipc, id, 0, 0, "no such message");
	else if (m.only != 0) {
		send_message(ipc, id, m.only);
		send_done(ipc, id, 1, 0, "");
	} else if (m.after < 30) {
		send_message(ipc, id, m.after + 10);
		send_done(ipc, id, 1, m.after + 10, "");
	} else
		send_done(ipc, id, 0, 0, "");
	return 0;
}

static int
run_show(struct ipc *ipc, uint32_t id, struct slice payload)
{
	struct msg_admin_show	m;
	struct msg_admin_data	data = { SLICE_LIT("a\0b") };

	if (ipc_parse_admin_show(payload, &m) < 0 || m.queue_id == 4)
		return -1;
	send_message(ipc, id, m.queue_id);
	ipc_send_admin_data(ipc, id, &data);
	ipc_send_admin_data(ipc, id, &data);
	if (m.queue_id == 1)
		send_done(ipc, id, 1, 0, "");
	if (m.queue_id == 2)
		_exit(0);
	if (m.queue_id == 3) {
		send_junk(IPC_CODE_admin_message, id);
		send_junk(IPC_CODE_admin_done, id);
	}
	return 0;
}

static int
run_do(struct ipc *ipc, uint32_t id, struct slice payload)
{
	struct msg_admin_do	m;

	if (ipc_parse_admin_do(payload, &m) < 0)
		return -1;
	if (m.queue_id == 2)
		send_message(ipc, id, 7);
	if (m.queue_id == 3)
		send_junk(IPC_CODE_admin_done, id);
	else
		send_done(ipc, id, 40 + m.action, 0, "");
	return 0;
}

static const struct ipc_handler handlers[] = {
	{ IPC_CODE_admin_list, IPC_ADMIN, run_list, "list" },
	{ IPC_CODE_admin_show, IPC_ADMIN, run_show, "show" },
	{ IPC_CODE_admin_do, IPC_ADMIN, run_do, "do" },
	{ 0, 0, NULL, NULL },
};

static void
on_event(struct ipc *ipc, enum ipc_event event, void *arg)
{
	(void)ipc;
	(void)arg;
	if (event == IPC_CLOSED)
		_exit(0);
}

static void
serve(int listener)
{
	static const struct ipc_side	side = { "qmgr", handlers, on_event,
					    0 };
	int				fd = accept(listener, NULL, NULL);

	log_open_fd("test", open("/dev/null", O_WRONLY));
	alarm(60);
	wire = dup(fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	loop = loop_new();
	ipc_new(loop, fd, false, &side, NULL);
	loop_run(loop);
	_exit(0);
}

/* ---- the tool ------------------------------------------------------------ */

static char			 folder[] = "/tmp/tern-admin-XXXXXX";
static struct conf		*conf;
static struct admin_client	*client;
static pid_t			 server;
static struct buf		 seen = BUF_INIT;
static char			*why;

static void
on_message(const struct msg_admin_message *m, void *arg)
{
	buf_printf(arg, "%d<%.*s> ", (int)m->queue_id, SLICE_ARG(m->sender));
}

static void
on_recipient(const struct msg_admin_rcpt *m, void *arg)
{
	buf_printf(arg, "<%.*s> ", SLICE_ARG(m->address));
}

static void
on_data(struct slice bytes, void *arg)
{
	buf_printf(arg, "[%zu] ", bytes.len);
}

static const struct admin_client_fns fns = { on_message, on_recipient,
					    on_data };

static int
write_file(const char *name, const char *text)
{
	char	path[100];
	FILE	*file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((file = fopen(path, "w")) == NULL)
		return -1;
	fputs(text, file);
	return fclose(file);
}

static int
set_up(void)
{
	char	text[200];

	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(text, sizeof(text), "%s/public", folder);
	mkdir(text, 0755);
	snprintf(text, sizeof(text), "queue_directory = %s\n", folder);
	if (write_file("main.cf", text) != 0)
		return -1;
	log_open_fd("test", open("/dev/null", O_WRONLY));
	conf = admin_client_conf(folder);
	return conf == NULL ? -1 : 0;
}

static int
tear_down(void)
{
	char	command[100];

	conf_free(&conf);
	buf_clear(&seen);
	log_open_fd("unit", STDERR_FILENO);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void
begin(void)
{
	char		path[100];
	struct addr	addr;
	int		listener = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(path, sizeof(path), "%s/public/qmgr", folder);
	unlink(path);
	CU_ASSERT_EQUAL(addr_parse_unix(path, &addr), 0);
	CU_ASSERT_EQUAL_FATAL(bind(listener,
	    (struct sockaddr *)&addr.storage, addr.len), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
	if ((server = fork()) == 0)
		serve(listener);
	close(listener);
	client = admin_client_new(conf, false, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(client);
	buf_empty(&seen);
}

static void
end(void)
{
	admin_client_free(&client);
	CU_ASSERT_PTR_NULL(client);
	admin_client_free(&client);
	CU_ASSERT_EQUAL(waitpid(server, NULL, 0), server);
}

/* It failed, and says why. */
static bool
failed(int64_t result, const char *text)
{
	bool	is_so = result == -1 && why != NULL &&
		    strcmp(why, text) == 0;

	mem_free(why);
	why = NULL;
	return is_so;
}

static void
lists(void)
{
	begin();
	/* Page by page, to the end. */
	CU_ASSERT_EQUAL(admin_client_list(client, 0, &fns, &seen, &why), 3);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&seen), "10<a@b> <c@d> 20<a@b> <c@d> "
	    "30<a@b> <c@d> ");
	CU_ASSERT_PTR_NULL(why);
	buf_empty(&seen);
	CU_ASSERT_EQUAL(admin_client_list(client, 7, &fns, &seen, &why), 1);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&seen), "7<a@b> <c@d> ");
	CU_ASSERT(failed(admin_client_list(client, 5, &fns, &seen, &why),
	    "no such message"));
	end();
}

static void
shows(void)
{
	begin();
	CU_ASSERT_EQUAL(admin_client_show(client, 1, &fns, &seen, &why), 1);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&seen), "1<a@b> <c@d> [3] [3] ");
	end();
}

static void
acts(void)
{
	begin();
	CU_ASSERT_EQUAL(admin_client_do(client, ADMIN_HOLD, 1, &why),
	    40 + ADMIN_HOLD);
	CU_ASSERT_EQUAL(admin_client_do(client, ADMIN_FLUSH, 0, &why),
	    40 + ADMIN_FLUSH);
	/* What was not asked for is left out. */
	CU_ASSERT_EQUAL(admin_client_do(client, ADMIN_DELETE, 2, &why),
	    40 + ADMIN_DELETE);
	CU_ASSERT_PTR_NULL(why);
	end();
}

/* The queue manager goes away in the middle, or refuses us. */
static void
lost_contact(void)
{
	for (uint64_t id = 2; id <= 4; id += 2) {
		begin();
		CU_ASSERT(failed(admin_client_show(client, id, &fns, &seen,
		    &why), "lost the queue manager"));
		/* And stays away. */
		CU_ASSERT(failed(admin_client_do(client, ADMIN_HOLD, 1, &why),
		    "lost the queue manager"));
		end();
	}
}

/* An answer that is none ends the question. */
static void
malformed(void)
{
	alarm(30);
	begin();
	CU_ASSERT(failed(admin_client_show(client, 3, &fns, &seen, &why),
	    "malformed answer"));
	CU_ASSERT(failed(admin_client_do(client, ADMIN_HOLD, 3, &why),
	    "malformed answer"));
	CU_ASSERT_EQUAL(admin_client_do(client, ADMIN_HOLD, 1, &why),
	    40 + ADMIN_HOLD);
	end();
	alarm(0);
}

static void
nobody_there(void)
{
	char	path[100];

	snprintf(path, sizeof(path), "%s/public/qmgr", folder);
	unlink(path);
	CU_ASSERT_PTR_NULL(admin_client_new(conf, false, &why));
	CU_ASSERT_STRING_EQUAL(why, "the mail system is down");
	mem_free(why);
	why = NULL;
}

void	admin_client_test(void);

void
admin_client_test(void)
{
	CU_pSuite	suite = CU_add_suite("admin_client", set_up,
			    tear_down);

	CU_add_test(suite, "lists", lists);
	CU_add_test(suite, "shows", shows);
	CU_add_test(suite, "acts", acts);
	CU_add_test(suite, "lost contact", lost_contact);
	CU_add_test(suite, "malformed", malformed);
	CU_add_test(suite, "nobody there", nobody_there);
}
