/*
 * Dovecot's auth service as back end.  Each exchange has a connection of its
 * own: nothing of one is in the way of another.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/dovecot_wire.h"
#include "conf/conf.h"
#include "net/addr.h"
#include "net/endpoint.h"
#include "net/sasl_options.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/path.h"

#define GREETING_MS	10000
#define ANSWER_MS	30000	/* it delays failures itself */
#define GREETING_LINES	200	/* of the greeting, at most */
#define REQUEST_ID	1u	/* there is one request on a connection */

struct exchange {
	int		 fd;
	struct buf	 in;
	const char	*service;
	const char	*why;		/* of a failure; static */
	int64_t		 deadline_ms;
};

static int
fail(struct exchange *e, const char *why)
{
	e->why = why;
	return -1;
}

/* ---- bytes --------------------------------------------------------------- */

static int
wait_for(struct exchange *e, short events)
{
	struct pollfd	p = { e->fd, events, 0 };
	int		got = 0;

	while (got <= 0) {
		int64_t	left = e->deadline_ms - clock_now_ms();

		if (left <= 0)
			return fail(e, "timed out");
		got = poll(&p, 1, (int)left);
		if (got < 0 && errno != EINTR)
			return fail(e, strerror(errno));
	}
	return 0;
}

static int
put(struct exchange *e, struct buf *out)
{
	while (out->len > 0) {
		struct slice	s = buf_slice(out);
		ssize_t		n = send(e->fd, s.data, s.len, MSG_NOSIGNAL);

		if (n > 0)
			buf_drop(out, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			return fail(e, strerror(errno));
		else if (wait_for(e, POLLOUT) < 0)
			return -1;
	}
	return 0;
}

/* The next line, without its newline, appended to line. */
static int
get_line(struct exchange *e, struct buf *line)
{
	for (;;) {
		ptrdiff_t	at = slice_find(buf_slice(&e->in), '\n');
		ssize_t		n;

		if (at >= 0) {
			buf_put_slice(line, slice_first(buf_slice(&e->in),
			    (size_t)at));
			buf_drop(&e->in, (size_t)at + 1);
			return 0;
		}
		if (e->in.len > DOVECOT_WIRE_LINE_LIMIT)
			return fail(e, "it sends too long a line");
		n = read(e->fd, buf_reserve(&e->in, 4096), 4096);
		if (n > 0)
			buf_commit(&e->in, (size_t)n);
		else if (n == 0)
			return fail(e, "it has closed the connection");
		else if (errno != EAGAIN && errno != EINTR)
			return fail(e, strerror(errno));
		else if (wait_for(e, POLLIN) < 0)
			return -1;
	}
}

/* ---- the connection ------------------------------------------------------ */

static int
find_address(const struct conf *conf, struct addr *addr, const char **why_r)
{
	const char	*path = conf->smtpd_sasl_path;
	char		*whole;
	int		 result;

	if (strncmp(path, "inet:", 5) == 0)
		return endpoint_resolve(path + 5, NULL, addr, why_r);
	if (strncmp(path, "unix:", 5) == 0)
		path += 5;
	*why_r = "that is our own socket: Dovecot's needs another place";
	if (strcmp(path, "private/auth") == 0)
		return -1;
	whole = path[0] == '/' ? mem_strdup(path) :
	    path_join(conf->queue_directory, path);
	*why_r = "no path of a socket";
	result = addr_parse_unix(whole, addr);
	mem_free(whole);
	return result;
}

static int
do_connect(struct exchange *e, const struct conf *conf)
{
	struct addr	addr = { .len = 0 };
	int		error = 0;
	socklen_t	len = sizeof(error);

	if (find_address(conf, &addr, &e->why) < 0)
		return -1;
	e->fd = socket(addr.storage.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (e->fd < 0)
		return fail(e, strerror(errno));
	if (connect(e->fd, (const struct sockaddr *)&addr.storage,
	    addr.len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return fail(e, strerror(errno));
	if (wait_for(e, POLLOUT) < 0)
		return -1;
	if (getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ||
	    error != 0)
		return fail(e, strerror(error));
	return 0;
}

static void
add_name(struct buf *names, struct slice name)
{
	if (names->len > 0)
		buf_put_u8(names, ' ');
	buf_put_slice(names, name);
}

static void
take_mech(const struct conf *conf, const struct dovecot_wire *mech,
    struct backend_menu *menu)
{
	if (menu == NULL)
		return;
	add_name(&menu->all, mech->name);
	if (dovecot_wire_allows(mech,
	    sasl_options_read("smtpd_sasl_security_options",
	    conf->smtpd_sasl_security_options)))
		add_name(&menu->plain, mech->name);
	if (dovecot_wire_allows(mech,
	    sasl_options_read("smtpd_sasl_tls_security_options",
	    conf->smtpd_sasl_tls_security_options)))
		add_name(&menu->tls, mech->name);
}

/* Up to DONE; menu may be NULL. */
static int
take_greeting(struct exchange *e, const struct conf *conf,
    struct backend_menu *menu)
{
	struct buf		line = BUF_INIT;
	struct dovecot_wire	wire = { .kind = DOVECOT_WIRE_OTHER };
	int			result = 0;

	for (int i = 0; result == 0 && wire.kind != DOVECOT_WIRE_DONE; i++) {
		buf_empty(&line);
		if (i == GREETING_LINES)
			result = fail(e, "its greeting has no end");
		else if (get_line(e, &line) < 0)
			result = -1;
		else if (dovecot_wire_parse(buf_slice(&line), &wire) < 0)
			result = fail(e, "it does not speak the protocol");
		else if (wire.kind == DOVECOT_WIRE_VERSION &&
		    wire.number != 1)
			result = fail(e, "it speaks another version");
		else if (wire.kind == DOVECOT_WIRE_MECH)
			take_mech(conf, &wire, menu);
	}
	buf_clear(&line);
	return result;
}

static void
end(void *exchange)
{
	struct exchange	*e = exchange;

	if (e->fd >= 0)
		close(e->fd);
	buf_clear(&e->in);
	mem_free(e);
}

static int
open_connection(struct exchange *e, const struct conf *conf,
    struct backend_menu *menu)
{
	struct buf	out = BUF_INIT;
	int		result;

	e->fd = -1;
	e->service = conf->smtpd_sasl_service;
	e->deadline_ms = clock_now_ms() + GREETING_MS;
	dovecot_wire_put_hello(&out, (long)getpid());
	result = do_connect(e, conf);
	if (result == 0)
		result = put(e, &out);
	if (result == 0)
		result = take_greeting(e, conf, menu);
	buf_clear(&out);
	return result;
}

static int
list(const struct backend_place *place, struct backend_menu *menu,
    struct buf *why)
{
	struct exchange	*e = mem_new(sizeof(*e));
	int		 result = open_connection(e, place->conf, menu);

	if (result < 0)
		buf_printf(why, "auth service at %s: %s",
		    place->conf->smtpd_sasl_path, e->why);
	end(e);
	return result;
}

/* ---- an exchange --------------------------------------------------------- */

static void
be_over(struct backend_reply *reply, enum auth_result result,
    struct slice reason)
{
	reply->is_over = true;
	reply->result = result;
	buf_empty(&reply->reason);
	buf_put_slice(&reply->reason, reason);
}

/* A name that would not be the same when logged, or in a header. */
static bool
is_odd(struct slice user)
{
	for (size_t i = 0; i < user.len; i++)
		if (user.data[i] < ' ' || user.data[i] == 0x7f)
			return true;
	return user.len == 0;
}

static void
take_end(const struct dovecot_wire *wire, struct backend_reply *reply)
{
	bool	is_good = wire->kind == DOVECOT_WIRE_OK;

	buf_empty(&reply->username);
	if (!is_odd(wire->user))
		buf_put_slice(&reply->username, wire->user);
	if (is_good && reply->username.len > 0)
		be_over(reply, AUTH_OK, slice_from(NULL, 0));
	else if (is_good)
		be_over(reply, AUTH_FAILED, SLICE_LIT("no usable user name"));
	else
		be_over(reply, wire->is_temporary ? AUTH_LATER : AUTH_FAILED,
		    wire->reason.len > 0 ? wire->reason :
		    SLICE_LIT("authentication failure"));
}

/* 1: that was an answer; 0: something else; -1. */
static int
take_line(struct exchange *e, struct slice line, struct backend_reply *reply)
{
	struct dovecot_wire	wire;

	if (dovecot_wire_parse(line, &wire) < 0)
		return fail(e, "it does not speak the protocol");
	if (wire.kind != DOVECOT_WIRE_CONT && wire.kind != DOVECOT_WIRE_OK &&
	    wire.kind != DOVECOT_WIRE_FAIL)
		return 0;
	if (wire.number != REQUEST_ID)
		return fail(e, "it answers what was not asked");
	if (wire.kind != DOVECOT_WIRE_CONT)
		take_end(&wire, reply);
	else if (base64_get(&reply->challenge, wire.data) < 0)
		return fail(e, "its challenge is no base64");
	return 1;
}

/* Say that and hear the answer. */
static void
ask(struct exchange *e, struct buf *out, struct backend_reply *reply)
{
	struct buf	line = BUF_INIT;
	int		result;

	e->deadline_ms = clock_now_ms() + ANSWER_MS;
	result = put(e, out) < 0 ? -1 : 0;
	for (int i = 0; result == 0; i++) {
		buf_empty(&line);
		if (i == GREETING_LINES)
			result = fail(e, "it does not answer");
		else if (get_line(e, &line) < 0)
			result = -1;
		else
			result = take_line(e, buf_slice(&line), reply);
	}
	if (result < 0)
		be_over(reply, AUTH_LATER, slice_str(e->why));
	buf_clear(&line);
}

/* It is another process. */
static bool
is_quick(const struct backend_place *place, const char *mechanism)
{
	(void)place;
	(void)mechanism;
	return false;
}

static void *
begin(const struct backend_place *place,
    const struct backend_attempt *attempt, struct slice response,
    struct backend_reply *reply)
{
	struct exchange	*e = mem_new(sizeof(*e));
	struct buf	 out = BUF_SECRET;

	if (open_connection(e, place->conf, NULL) < 0)
		be_over(reply, AUTH_LATER, slice_str(e->why));
	else if (dovecot_wire_put_begin(&out, REQUEST_ID, e->service,
	    attempt, response) < 0)
		be_over(reply, AUTH_MALFORMED, SLICE_LIT("too long"));
	else
		ask(e, &out, reply);
	buf_clear(&out);
	return e;
}

static void
step(void *exchange, struct slice response, struct backend_reply *reply)
{
	struct buf	out = BUF_SECRET;

	if (dovecot_wire_put_answer(&out, REQUEST_ID, response) < 0)
		be_over(reply, AUTH_MALFORMED, SLICE_LIT("too long"));
	else
		ask(exchange, &out, reply);
	buf_clear(&out);
}

const struct backend	dovecot_backend = {
	list, is_quick, begin, step, end
};
