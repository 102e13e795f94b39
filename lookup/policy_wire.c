/*
 * Connections to policy services.
 */

#include "lookup/policy_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/addr.h"
#include "util/clock.h"
#include "util/mem.h"

#define ANSWER_LIMIT	4096	/* bytes */

static const char	lost[] = "lost connection";
static const char	junk[] = "malformed answer";

bool
policy_wire_is_name(struct slice name)
{
	struct slice	host, port;
	bool		in_brackets;

	if (slice_has_prefix(name, "unix:"))
		return name.len > 5;
	return slice_has_prefix(name, "inet:") &&
	    addr_split(slice_after(name, 5), &host, &port,
	    &in_brackets) == 0 && port.len > 0;
}

/* ---- connecting ---------------------------------------------------------- */

/* Until fd is ready, or the time is up; 0, or -1 with errno. */
static int
wait_until(int fd, short events, int64_t end_ms)
{
	struct pollfd	pollfd = { .fd = fd, .events = events };
	int64_t		left_ms;
	int		ready;

	do {
		left_ms = end_ms - clock_now_ms();
		ready = poll(&pollfd, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0 ? 0 : -1;
}

/* A descriptor, or -1 with errno. */
static int
connect_to(const struct sockaddr *addr, socklen_t len, int64_t end_ms)
{
	int		fd, error = 0, one = 1;
	socklen_t	error_len = sizeof(error);

	fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, addr, len) < 0) {
		/* A Unix socket with a full backlog says EAGAIN. */
		error = errno;
		if (error == EINPROGRESS &&
		    wait_until(fd, POLLOUT, end_ms) == 0)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error,
			    &error_len);
		else if (error == EINPROGRESS)
			error = ETIMEDOUT;
	}
	if (error == 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		return fd;
	}
	close(fd);
	errno = error;
	return -1;
}

static int
connect_inet(struct slice name, int64_t end_ms, const char **why_r)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo	*all, *it;
	struct slice	 host_part, port_part;
	bool		 in_brackets;
	char		*host, *port;
	int		 error, fd = -1;

	addr_split(name, &host_part, &port_part, &in_brackets);
	host = slice_dup(host_part.len > 0 ? host_part :
	    SLICE_LIT("localhost"));
	port = slice_dup(port_part);
	error = getaddrinfo(host, port, &hints, &all);
	mem_free(host);
	mem_free(port);
	if (error != 0) {
		*why_r = gai_strerror(error);
		return -1;
	}
	for (it = all; it != NULL && fd < 0; it = it->ai_next)
		fd = connect_to(it->ai_addr, it->ai_addrlen, end_ms);
	if (fd < 0)
		*why_r = strerrordesc_np(errno);
	freeaddrinfo(all);
	return fd;
}

static int
connect_unix(const char *path, int64_t end_ms, const char **why_r)
{
	struct addr	addr;
	int		fd;

	*why_r = "the path is too long";
	if (addr_parse_unix(path, &addr) < 0)
		return -1;
	fd = connect_to((const struct sockaddr *)&addr.storage, addr.len,
	    end_ms);
	if (fd < 0)
		*why_r = strerrordesc_np(errno);
	return fd;
}

struct policy_wire *
policy_wire_new(const char *name, int64_t timeout_ms, const char **why_r)
{
	int64_t			 end_ms = clock_now_ms() + timeout_ms;
	struct policy_wire	*wire;
	int			 fd;

	if (strncmp(name, "unix:", 5) == 0)
		fd = connect_unix(name + 5, end_ms, why_r);
	else
		fd = connect_inet(slice_str(name + 5), end_ms, why_r);
	if (fd < 0)
		return NULL;
	wire = mem_new(sizeof(*wire));
	wire->fd = fd;
	wire->timeout_ms = timeout_ms;
	wire->made_ms = wire->used_ms = clock_now_ms();
	return wire;
}

void
policy_wire_free(struct policy_wire **wire)
{
	if (*wire == NULL)
		return;
	close((*wire)->fd);
	mem_free(*wire);
	*wire = NULL;
}

/* ---- asking -------------------------------------------------------------- */

static int
send_all(struct policy_wire *wire, struct slice bytes, int64_t end_ms,
    const char **why_r)
{
	ssize_t	n;

	while (bytes.len > 0) {
		n = send(wire->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
		if (n > 0) {
			bytes = slice_after(bytes, (size_t)n);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			*why_r = lost;
			return -1;
		}
		if (wait_until(wire->fd, POLLOUT, end_ms) < 0) {
			*why_r = strerrordesc_np(errno);
			return -1;
		}
	}
	return 0;
}

/* An answer ends with an empty line, and nothing comes behind it. */
static bool
is_whole(struct slice answer)
{
	return answer.len >= 2 && answer.data[answer.len - 1] == '\n' &&
	    answer.data[answer.len - 2] == '\n';
}

static int
receive(struct policy_wire *wire, int64_t end_ms, struct buf *answer,
    const char **why_r)
{
	ssize_t	n;

	while (!is_whole(buf_slice(answer))) {
		n = recv(wire->fd, buf_reserve(answer, ANSWER_LIMIT),
		    ANSWER_LIMIT, 0);
		if (n > 0) {
			buf_commit(answer, (size_t)n);
			*why_r = junk;
			if (answer->len >= ANSWER_LIMIT)
				return -1;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		*why_r = lost;
		if (n == 0 || errno != EAGAIN)
			return -1;
		if (wait_until(wire->fd, POLLIN, end_ms) < 0) {
			*why_r = strerrordesc_np(errno);
			return -1;
		}
	}
	return 0;
}

/* Lines "name=value"; the last of them, the action, is what is wanted. */
static int
parse(struct slice answer, struct buf *action)
{
	struct slice	line;
	bool		has_action = false;

	while (slice_get_word(&answer, "\n", &line) == 0) {
		for (size_t i = 0; i < line.len; i++)
			if (line.data[i] < ' ')
				return -1;
		if (slice_find(line, '=') <= 0 || has_action)
			return -1;
		if (!slice_has_prefix(line, "action="))
			continue;
		line = slice_trim(slice_after(line, strlen("action=")));
		has_action = line.len > 0;
		buf_put_slice(action, line);
	}
	return has_action ? 0 : -1;
}

int
policy_wire_ask(struct policy_wire *wire, struct slice request,
    struct buf *action, const char **why_r)
{
	int64_t		end_ms = clock_now_ms() + wire->timeout_ms;
	size_t		before = action->len;
	struct buf	answer = BUF_INIT;
	int		result = -1;

	if (send_all(wire, request, end_ms, why_r) == 0 &&
	    receive(wire, end_ms, &answer, why_r) == 0) {
		result = parse(buf_slice(&answer), action);
		if (result < 0) {
			*why_r = junk;
			buf_truncate(action, before);
		}
	}
	buf_clear(&answer);
	wire->used_ms = clock_now_ms();
	wire->requests++;
	return result;
}

bool
policy_wire_is_loss(const char *why)
{
	return why == lost;
}
