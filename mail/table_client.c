/*
 * Questions to one server: a stack of idle connections, and a deadline.
 */

#include "mail/table_client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/addr.h"
#include "util/clock.h"
#include "util/mem.h"

/* As many threads as ask at a time; more are not kept open. */
#define IDLE_MAX	16
#define READ_SIZE	4096

struct table_client {
	struct table_client_settings	 settings;
	char		*address;	/* as it was written */
	char		*host, *port;	/* NULL: a Unix socket */
	struct addr	 path;
	pthread_mutex_t	 mutex;		/* for what follows */
	int		 idle[IDLE_MAX];
	size_t		 idle_count;
};

/* One question on its way. */
struct question {
	struct table_client	*client;
	struct slice		 request;
	int64_t			 deadline;	/* monotonic, ms */
	struct buf		 input;
	const char		*why;		/* static; of a failure */
};

/* ---- addresses ----------------------------------------------------------- */

static int
parse_inet(struct table_client *client, struct slice text)
{
	struct slice	host, port;
	bool		in_brackets;

	if (addr_split(text, &host, &port, &in_brackets) < 0 ||
	    host.len == 0 || port.len == 0)
		return -1;
	client->host = slice_dup(host);
	client->port = slice_dup(port);
	return 0;
}

struct table_client *
table_client_new(const char *address,
    const struct table_client_settings *settings, struct buf *why)
{
	struct table_client	*client = mem_new(sizeof(*client));
	struct slice		 text = slice_str(address);
	int			 result = -1;

	pthread_mutex_init(&client->mutex, NULL);
	client->settings = *settings;
	client->address = mem_strdup(address);
	if (slice_has_prefix(text, "inet:"))
		result = parse_inet(client, slice_after(text, 5));
	else if (slice_has_prefix(text, "unix:") && text.len > 5)
		result = addr_parse_unix(address + 5, &client->path);
	if (result == 0)
		return client;
	buf_put_str(why,
	    "bad address: expected \"inet:host:port\" or \"unix:path\"");
	table_client_free(&client);
	return NULL;
}

void
table_client_free(struct table_client **clientp)
{
	struct table_client	*client = *clientp;

	if (client == NULL)
		return;
	while (client->idle_count > 0)
		close(client->idle[--client->idle_count]);
	pthread_mutex_destroy(&client->mutex);
	mem_free(client->address);
	mem_free(client->host);
	mem_free(client->port);
	mem_free(client);
	*clientp = NULL;
}

/* ---- connections --------------------------------------------------------- */

static int
fail(struct question *question, const char *why)
{
	question->why = why;
	return -1;
}

/* Until fd is ready for events; 0, or -1 when the time is over. */
static int
wait_for(struct question *question, int fd, short events)
{
	struct pollfd	p = { fd, events, 0 };
	int64_t		left;
	int		got = 0;

	while (got <= 0) {
		left = question->deadline - clock_now_ms();
		if (left <= 0)
			return fail(question, "timed out");
		got = poll(&p, 1, (int)left);
		if (got < 0 && errno != EINTR)
			return fail(question, strerror(errno));
	}
	return 0;
}

/* A descriptor, or -1. */
static int
connect_to(struct question *question, const struct sockaddr *addr,
    socklen_t len)
{
	int		fd, error = 0;
	socklen_t	size = sizeof(error);

	fd = socket(addr->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(question, strerror(errno));
	/* EAGAIN: a Unix socket whose queue is full; as good as refused. */
	if (connect(fd, addr, len) == 0)
		return fd;
	if (errno != EINPROGRESS) {
		fail(question, strerror(errno));
	} else if (wait_for(question, fd, POLLOUT) == 0) {
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
		    error == 0)
			return fd;
		fail(question, strerror(error));
	}
	close(fd);
	return -1;
}

/* Each address of the host until one takes the connection. */
static int
connect_host(struct question *question)
{
	const struct table_client	*client = question->client;
	struct addrinfo			 hints = {
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo			*list = NULL;
	int				 error, fd = -1;

	error = getaddrinfo(client->host, client->port, &hints, &list);
	if (error != 0)
		return fail(question, gai_strerror(error));
	for (struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next)
		fd = connect_to(question, a->ai_addr, a->ai_addrlen);
	freeaddrinfo(list);
	return fd;
}

static int
connect_server(struct question *question)
{
	const struct table_client	*client = question->client;

	if (client->host != NULL)
		return connect_host(question);
	return connect_to(question,
	    (const struct sockaddr *)&client->path.storage, client->path.len);
}

/* Closed by the server meanwhile, or it speaks without being asked. */
static bool
is_stale(int fd)
{
	struct pollfd	p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) != 0;
}

/* An idle connection, or -1. */
static int
take_idle(struct table_client *client)
{
	int	fd = -1;

	pthread_mutex_lock(&client->mutex);
	while (fd < 0 && client->idle_count > 0) {
		fd = client->idle[--client->idle_count];
		if (is_stale(fd)) {
			close(fd);
			fd = -1;
		}
	}
	pthread_mutex_unlock(&client->mutex);
	return fd;
}

static void
keep_idle(struct table_client *client, int fd)
{
	pthread_mutex_lock(&client->mutex);
	if (client->idle_count < IDLE_MAX) {
		client->idle[client->idle_count++] = fd;
		fd = -1;
	}
	pthread_mutex_unlock(&client->mutex);
	if (fd >= 0)
		close(fd);
}

/* ---- questions ----------------------------------------------------------- */

static int
send_request(struct question *question, int fd)
{
	struct slice	rest = question->request;

	while (rest.len > 0) {
		ssize_t	n = send(fd, rest.data, rest.len, MSG_NOSIGNAL);

		if (n >= 0)
			rest = slice_after(rest, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			return fail(question, strerror(errno));
		else if (wait_for(question, fd, POLLOUT) < 0)
			return -1;
	}
	return 0;
}

/* 0, or -1 at the end of the time or of the connection. */
static int
read_more(struct question *question, int fd)
{
	ssize_t	n;

	if (wait_for(question, fd, POLLIN) < 0)
		return -1;
	n = read(fd, buf_reserve(&question->input, READ_SIZE), READ_SIZE);
	if (n > 0)
		buf_commit(&question->input, (size_t)n);
	else if (n == 0)
		return fail(question, "connection closed");
	else if (errno != EAGAIN && errno != EINTR)
		return fail(question, strerror(errno));
	return 0;
}

/* 1, or -1; the reply is borrowed from the question's input. */
static int
receive_reply(struct question *question, int fd, struct slice *reply_r)
{
	struct slice	unread;
	int		got;

	do {
		unread = buf_slice(&question->input);
		got = question->client->settings.get(&unread, reply_r);
		/* What comes behind the reply answers nothing we asked. */
		if (got < 0 || (got > 0 && unread.len > 0))
			return fail(question, "malformed reply");
	} while (got == 0 && read_more(question, fd) == 0);
	return got > 0 ? 1 : -1;
}

/* 1 and the reply, or -1. */
static int
ask_once(struct question *question, int fd, struct slice *reply_r)
{
	buf_empty(&question->input);
	if (send_request(question, fd) < 0)
		return -1;
	return receive_reply(question, fd, reply_r);
}

enum table_answer
table_client_ask(struct table_client *client, struct slice request,
    struct buf *value)
{
	struct question		 question = { client, request,
				    clock_now_ms() +
				    client->settings.timeout_ms, BUF_INIT,
				    NULL };
	enum table_answer	 answer = TABLE_TROUBLE;
	struct slice		 reply;
	int			 fd = take_idle(client), got = -1;

	if (fd >= 0 && (got = ask_once(&question, fd, &reply)) < 0) {
		close(fd);
		fd = -1;
	}
	/* The old one was lost without a word: the server was restarted. */
	if (fd < 0 && question.input.len == 0 &&
	    clock_now_ms() < question.deadline &&
	    (fd = connect_server(&question)) >= 0)
		got = ask_once(&question, fd, &reply);
	if (got > 0) {
		answer = client->settings.answer(reply, value);
		keep_idle(client, fd);
	} else {
		buf_printf(value, "%s: %s", client->address, question.why);
		if (fd >= 0)
			close(fd);
	}
	buf_clear(&question.input);
	return answer;
}
