/*
 * Requests to the queue manager.
 */

#include "mail/admin_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/conf.h"
#include "mail/offline.h"
#include "net/addr.h"
#include "net/loop.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/path.h"

#define ANSWER_MS	60000	/* a queue manager this slow is stuck */
#define START_MS	10000	/* so long a start or a stop may take */
#define PAUSE_MS	100	/* before the next look, then more */
#define PAGE		500	/* messages in one answer */

struct admin_client {
	struct loop			*loop;
	struct ipc			*ipc;
	struct offline			*offline;	/* NULL: it is up */
	bool				 is_open;
	bool				 is_lost;

	/* the request that is open */
	struct ipc_call			*call;
	const struct admin_client_fns	*fns;
	void				*arg;
	int64_t				 count;
	uint64_t			 last;	/* list on after this one */
	char				*why;
};

struct conf *
admin_client_conf(const char *folder)
{
	struct conf_source	*source = conf_source_new();
	struct conf		*conf;
	char			*file, *why = NULL;

	if (folder == NULL && (folder = getenv("MAIL_CONFIG")) == NULL)
		folder = "/etc/tern";
	file = path_join(folder, "main.cf");
	if (conf_source_read(source, file, &why) < 0)
		log_fatal("%s", why);
	if ((conf = conf_new(source, &why)) == NULL)
		log_fatal("%s", why);
	mem_free(file);
	return conf;
}

/* ---- connection ---------------------------------------------------------- */

static void
on_event(struct ipc *ipc, enum ipc_event event, void *arg)
{
	struct admin_client	*client = arg;

	(void)ipc;
	if (event == IPC_CLOSED)
		client->is_lost = true;
	if (event == IPC_OPENED)
		client->is_open = true;
	loop_stop(client->loop);
}

static int
connect_to(const char *path)
{
	struct addr	addr;
	int		fd;

	if (addr_parse_unix(path, &addr) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr.storage,
	    addr.len) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
on_timer(void *arg)
{
	on_event(NULL, IPC_CLOSED, arg);
}

/* Takes both over; a client once qmgr has said HELLO, else NULL. */
static struct admin_client *
open_client(int fd, struct offline *offline)
{
	static const struct ipc_handler	 none[] = { { 0, 0, NULL, NULL } };
	static const struct ipc_side	 side = { "admin", none, on_event,
					    IPC_QMGR };
	struct admin_client		*client = mem_new(sizeof(*client));
	struct loop_timer		*timer;

	client->loop = loop_new();
	client->ipc = ipc_new(client->loop, fd, false, &side, client);
	client->offline = offline;
	timer = loop_timer_new(client->loop, on_timer, client);
	loop_timer_start(timer, ANSWER_MS);
	while (!client->is_open && !client->is_lost)
		loop_run(client->loop);
	loop_timer_free(&timer);
	if (client->is_lost)
		admin_client_free(&client);
	return client;
}

/* The suite runs: NULL, and no *why_r. */
static struct admin_client *
open_offline(const struct conf *conf, char **why_r)
{
	struct admin_client	*client;
	struct offline		*offline;

	if (offline_new(conf, &offline, why_r) != OFFLINE_OPEN)
		return NULL;
	client = open_client(offline_take_client(offline), offline);
	if (client == NULL)
		*why_r = mem_strdup("lost the queue manager");
	return client;
}

/* Root and the owner have a socket that strangers cannot crowd. */
static int
connect_to_queue(const struct conf *conf)
{
	static const char *const	names[] = { "private/qmgr",
					    "public/qmgr" };
	int				fd = -1;

	for (size_t i = 0; i < 2 && fd < 0; i++) {
		char	*path = path_join(conf->queue_directory, names[i]);

		fd = connect_to(path);
		mem_free(path);
	}
	return fd;
}

struct admin_client *
admin_client_new(const struct conf *conf, bool is_offline_good, char **why_r)
{
	int64_t			 end_ms = clock_now_ms() + START_MS;
	struct admin_client	*client = NULL;
	int			 fd, pause_ms = PAUSE_MS;

	*why_r = NULL;
	do {
		if ((fd = connect_to_queue(conf)) >= 0)
			client = open_client(fd, NULL);
		if (client == NULL && is_offline_good)
			client = open_offline(conf, why_r);
		else if (fd < 0)
			*why_r = mem_strdup("the mail system is down");
		if (client != NULL || *why_r != NULL)
			break;
		/* It is just starting, or stopping. */
		poll(NULL, 0, pause_ms);
		pause_ms *= 2;
	} while (clock_now_ms() < end_ms);
	if (client == NULL && *why_r == NULL)
		*why_r = mem_strdup("the mail system runs, but its queue "
		    "manager does not answer");
	return client;
}

void
admin_client_free(struct admin_client **clientp)
{
	struct admin_client	*client = *clientp;

	if (client == NULL)
		return;
	*clientp = NULL;
	ipc_free(&client->ipc);
	offline_free(&client->offline);
	loop_tick(client->loop, 0);
	loop_free(&client->loop);
	mem_free(client);
}

/* ---- requests ------------------------------------------------------------ */

static void
finish(struct admin_client *client, char *why)
{
	client->why = why;
	loop_stop(client->loop);
}

static void
take_done(struct admin_client *client, struct slice payload)
{
	struct msg_admin_done	m;

	if (ipc_parse_admin_done(payload, &m) < 0) {
		finish(client, mem_strdup("malformed answer"));
	} else {
		client->count += m.count;
		client->last = m.last;
		finish(client, m.error.len == 0 ? NULL : slice_dup(m.error));
	}
	ipc_cancel(&client->call);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct admin_client		*client = arg;
	const struct admin_client_fns	*fns = client->fns;
	struct msg_admin_message	 message;
	struct msg_admin_rcpt		 rcpt;
	struct msg_admin_data		 data;

	(void)call;
	switch (code) {
	case 0:
		client->call = NULL;
		finish(client, mem_strdup("lost the queue manager"));
		break;
	case IPC_CODE_admin_done:
		take_done(client, payload);
		break;
	case IPC_CODE_admin_message:
		if (fns != NULL &&
		    ipc_parse_admin_message(payload, &message) == 0)
			fns->message(&message, client->arg);
		break;
	case IPC_CODE_admin_rcpt:
		if (fns != NULL && ipc_parse_admin_rcpt(payload, &rcpt) == 0)
			fns->recipient(&rcpt, client->arg);
		break;
	case IPC_CODE_admin_data:
		if (fns != NULL && ipc_parse_admin_data(payload, &data) == 0)
			fns->data(data.bytes, client->arg);
		break;
	default:
		break;
	}
}

static uint32_t
begin(struct admin_client *client, const struct admin_client_fns *fns,
    void *arg)
{
	client->fns = fns;
	client->arg = arg;
	client->last = 0;
	client->call = ipc_call_new(client->ipc, on_reply, client);
	ipc_call_deadline(client->call, ANSWER_MS);
	return ipc_call_id(client->call);
}

/* Until admin_done, or the loss of contact: 0, or -1 and *why_r. */
static int
wait_for_answer(struct admin_client *client, char **why_r)
{
	client->why = NULL;
	while (client->call != NULL && !client->is_lost)
		loop_run(client->loop);
	*why_r = client->why;
	if (client->call != NULL)
		*why_r = mem_strdup("lost the queue manager");
	ipc_cancel(&client->call);
	return *why_r == NULL ? 0 : -1;
}

int64_t
admin_client_list(struct admin_client *client, uint64_t only,
    const struct admin_client_fns *fns, void *arg, char **why_r)
{
	struct msg_admin_list	m = { .only = only, .count = PAGE };

	client->count = 0;
	do {
		ipc_send_admin_list(client->ipc, begin(client, fns, arg), &m);
		if (wait_for_answer(client, why_r) < 0)
			return -1;
		m.after = client->last;
	} while (client->last != 0);
	return client->count;
}

int64_t
admin_client_show(struct admin_client *client, uint64_t id,
    const struct admin_client_fns *fns, void *arg, char **why_r)
{
	struct msg_admin_show	m = { .queue_id = id };

	client->count = 0;
	ipc_send_admin_show(client->ipc, begin(client, fns, arg), &m);
	return wait_for_answer(client, why_r) < 0 ? -1 : client->count;
}

int64_t
admin_client_do(struct admin_client *client, enum admin_action action,
    uint64_t id, char **why_r)
{
	struct msg_admin_do	m = { .action = action, .queue_id = id };

	client->count = 0;
	ipc_send_admin_do(client->ipc, begin(client, NULL, NULL), &m);
	/* Acting on a whole queue takes as long as it takes. */
	ipc_call_deadline(client->call, 0);
	return wait_for_answer(client, why_r) < 0 ? -1 : client->count;
}
