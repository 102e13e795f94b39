/*
 * Streams and time around a session.
 */

#include "smtpd/client.h"

#include <sys/socket.h>

#include "conf/conf.h"
#include "mail/peer.h"
#include "mail/tls_server.h"
#include "net/io.h"
#include "net/loop.h"
#include "net/pace.h"
#include "net/tls.h"
#include "net/tls_trace.h"
#include "smtpd/gate.h"
#include "smtpd/greeting.h"
#include "smtpd/secured.h"
#include "smtpd/session_log.h"
#include "smtpd/transaction.h"
#include "util/log.h"
#include "util/mem.h"

#define LINGER_MS	5000
#define OUT_LIMIT	65536	/* a client that reads no replies waits */
#define HOLD_MS		5000	/* replies of a group, while one is found out */

struct connection {
	struct client		 client;	/* first: cast back and forth */
	struct gate		*gate;
	struct io		*io;
	struct session		*session;
	struct loop_timer	*pause;		/* NULL until wanted */
	bool			 is_pausing;	/* it runs for pause_ms */
	int64_t			 deadline_ms;	/* of the request */
	bool			 is_greeted;
	bool			 is_ending;	/* closes when output is gone */
	bool			 wants_shutdown;
	bool			 is_closed;	/* the client sends no more */
};

static void	obey(struct connection *, enum step);
static void	on_turn(void *);

static void
on_free(void *arg)
{
	mem_free(arg);
}

/* Lookup counts who is there. */
static void
say_leave(const struct connection *c)
{
	struct ipc		*lookup = peer_ipc(c->gate->lookup);
	struct msg_leave	 m = {
		.client_addr = slice_str(c->session->addr),
		.handshakes = c->session->has_failed_tls ? 1 : 0,
	};

	if (lookup != NULL && c->session->is_counted)
		ipc_send_leave(lookup, 0, &m);
}

static void
destroy(struct connection *c)
{
	session_log_begin(c->session);
	session_log_end(c->session);
	say_leave(c);
	gate_remove(c->gate, &c->client);
	session_free(&c->session);
	loop_timer_free(&c->pause);
	io_free(&c->io);
	loop_undefer(c->gate->loop, c);
	loop_defer(c->gate->loop, on_free, c);
}

/*
 * The time for the next input.  With smtpd_per_request_deadline a request
 * has smtpd_timeout as a whole, and content earns more by its bytes (S35).
 */
static void
set_timeout(struct connection *c, size_t bytes, bool is_new_request)
{
	const struct conf	*conf = c->gate->conf;
	int64_t			 now = loop_now_ms(c->gate->loop);

	if (!conf->smtpd_per_request_deadline || is_new_request) {
		c->deadline_ms = now + conf->smtpd_timeout;
	} else if (session_is_in_content(c->session)) {
		c->deadline_ms = pace_earn(c->deadline_ms, bytes,
		    conf->smtpd_min_data_rate, now + conf->smtpd_timeout);
	}
	io_set_timeout(c->io, c->deadline_ms - now < 1 ? 1 :
	    c->deadline_ms - now);
}

/* Nobody is slow while it is we who are waited for. */
static void
check_timeout(struct connection *c)
{
	if (c->session->is_waiting || c->session->closing != NULL)
		io_set_timeout(c->io, 0);
}

/*
 * Closing a socket that has unread input resets it, and the client may
 * never see our last reply: what it still sends is read and dropped, for a
 * while.
 */
static void
end(struct connection *c)
{
	c->is_ending = true;
	io_set_timeout(c->io, LINGER_MS);
	if (io_pending(c->io) == 0)
		destroy(c);
	else
		io_shutdown(c->io);
}

static void
on_ended(struct connection *c, enum io_event event)
{
	struct buf	*in = io_in(c->io);
	bool		 has_input = in->len > 0;

	buf_empty(in);
	if (event == IO_INPUT || event == IO_SECURED ||
	    (event == IO_DRAINED && has_input))
		return;
	if (event != IO_CLOSED || io_pending(c->io) == 0)
		destroy(c);
}

/* ---- TLS ----------------------------------------------------------------- */

/* Output, 220 among it, leaves first; input is thrown away (S27). */
static void
start_tls(struct connection *c)
{
	const struct conf	*conf = c->gate->conf;
	char			 client[SESSION_CLIENT_SIZE];
	struct tls		*tls;

	if (io_tls(c->io) != NULL)
		return;
	tls = tls_new_server(c->gate->tls->context);
	tls_trace_start(tls, conf->smtpd_tls_loglevel,
	    session_client(c->session, client),
	    conf->smtpd_tls_fingerprint_digest);
	io_start_tls(c->io, tls, conf->smtpd_starttls_timeout);
	io_resume(c->io);
}

/* Nothing can be said to who is not there, or speaks no TLS. */
static void
lose(struct connection *c, const char *what, const char *why)
{
	char	client[SESSION_CLIENT_SIZE];

	session_log_begin(c->session);
	if (io_tls(c->io) != NULL && !io_is_secured(c->io)) {
		c->session->has_failed_tls = true;
		log_info("SSL_accept error from %s: %s",
		    session_client(c->session, client), why);
	}
	session_log_loss(c->session, what);
	destroy(c);
}

/* ---- turns --------------------------------------------------------------- */

static bool
must_begin_with_tls(const struct connection *c)
{
	return c->gate->tls->is_wrapper && !io_is_secured(c->io);
}

/* Nothing may be said before our greeting (S25). */
static void
greet(struct connection *c)
{
	unsigned char	early[100];
	struct slice	said = buf_slice(io_in(c->io));
	ssize_t		n = 0;

	if (said.len == 0 && io_tls(c->io) == NULL)
		n = recv(io_fd(c->io), early, sizeof(early),
		    MSG_PEEK | MSG_DONTWAIT);
	if (n > 0)
		said = slice_from(early, (size_t)n);
	c->is_greeted = true;
	set_timeout(c, 0, true);
	obey(c, greeting_send(c->session, said));
	if (!c->is_ending && io_in(c->io)->len > 0)
		io_again(c->io);
}

/*
 * The session goes on.  It may end now, so this is not done under the feet
 * of what has woken it.
 */
static void
on_turn(void *arg)
{
	struct connection	*c = arg;

	if (c->is_ending)
		return;
	if (!c->is_greeted && must_begin_with_tls(c))
		obey(c, secured_wrap(c->session));
	else if (c->session->state == STATE_END && !c->session->is_waiting &&
	    c->session->closing == NULL)
		obey(c, STEP_HANGUP);
	else if (!c->is_greeted)
		greet(c);
	else if (io_in(c->io)->len > 0)
		io_again(c->io);
	else
		obey(c, session_input(c->session, io_in(c->io)));
}

static void
on_wake(void *arg)
{
	struct connection	*c = arg;

	if (c->pause != NULL && !c->is_pausing)
		loop_timer_stop(c->pause);
	set_timeout(c, 0, true);
	loop_defer(c->gate->loop, on_turn, c);
}

static void
on_pause_over(void *arg)
{
	struct connection	*c = arg;

	c->is_pausing = false;
	if (c->session->pause_ms > 0) {
		session_unpause(c->session);
		on_wake(c);
	} else {
		io_flush_later(c->io);
	}
}

/*
 * RFC 2920 section 3.2: replies leave before a deliberate delay, and before
 * a wait of more than 10 s; other waits they stay for the rest of their
 * group.
 */
static void
start_wait(struct connection *c)
{
	bool	is_pause = c->session->pause_ms > 0;

	if (is_pause || session_is_in_content(c->session))
		io_flush_later(c->io);
	else if (io_out(c->io)->len == 0)
		return;
	if (c->pause == NULL)
		c->pause = loop_timer_new(c->gate->loop, on_pause_over, c);
	if (loop_timer_is_running(c->pause))
		return;
	c->is_pausing = is_pause;
	loop_timer_start(c->pause, is_pause ? c->session->pause_ms : HOLD_MS);
}

/*
 * What a client that has said all has sent waits for cleanup, or for him to
 * read our replies; both go on with it.
 */
static bool
has_input(const struct connection *c)
{
	const struct session	*s = c->session;

	return io_in(c->io)->len > 0 && (io_pending(c->io) > OUT_LIMIT ||
	    (session_is_in_content(s) && s->txn != NULL &&
	    transaction_is_full(s->txn)));
}

static void
obey(struct connection *c, enum step step)
{
	struct session	*s = c->session;

	if (step != STEP_WAIT || s->is_urgent)
		io_flush_later(c->io);
	s->is_urgent = false;
	if (step == STEP_DONE && c->wants_shutdown && session_is_idle(s))
		step = session_shutdown(s);
	if (step == STEP_SECURE && !c->is_closed) {
		start_tls(c);
		return;
	}
	if ((step == STEP_DONE || step == STEP_SECURE) && c->is_closed &&
	    s->closing == NULL && !has_input(c)) {
		session_log_loss(s, "lost connection");
		step = STEP_HANGUP;
	}
	if (step == STEP_HANGUP) {
		end(c);
		return;
	}
	if (step == STEP_WAIT)
		start_wait(c);
	check_timeout(c);
}

static void
on_secured(struct connection *c)
{
	enum step	step = secured_begin(c->session,
			    secured_new(io_tls(c->io), c->gate->conf));

	if (step != STEP_DONE) {
		obey(c, step);
		return;
	}
	set_timeout(c, 0, true);
	/* What came with the handshake is there then, for greet to see. */
	loop_defer(c->gate->loop, on_turn, c);
}

static void
take_input(struct connection *c)
{
	struct buf	*in = io_in(c->io);
	size_t		 before = in->len;
	bool		 was_content = session_is_in_content(c->session);
	enum step	 step;

	if (!c->is_greeted)
		return;
	/* IO_DRAINED is the next turn, also of replies that were kept. */
	if (io_pending(c->io) > OUT_LIMIT) {
		io_flush_later(c->io);
		check_timeout(c);
		return;
	}
	step = session_input(c->session, in);
	set_timeout(c, before - in->len, in->len < before &&
	    !(was_content && session_is_in_content(c->session)));
	obey(c, step);
}

static void
on_io(struct io *io, enum io_event event, void *arg)
{
	struct connection	*c = arg;

	if (c->is_ending) {
		on_ended(c, event);
		return;
	}
	switch (event) {
	case IO_INPUT:
		take_input(c);
		break;
	case IO_DRAINED:
		if (io_in(c->io)->len > 0)
			io_again(c->io);
		break;
	case IO_CLOSED:
		c->is_closed = true;
		if (!c->session->is_waiting)
			obey(c, STEP_DONE);
		break;
	case IO_SECURED:
		on_secured(c);
		break;
	case IO_TIMEOUT:
		if (io_tls(c->io) != NULL && !io_is_secured(c->io))
			lose(c, "timeout", "timeout");
		else
			obey(c, session_timeout(c->session));
		break;
	case IO_ERROR:
		lose(c, "lost connection", io_error(io));
		break;
	default:
		break;
	}
}

void
client_new(struct gate *gate, int fd, const struct addr *peer)
{
	struct connection	*c = mem_new(sizeof(*c));
	struct addr		 self = { .len = sizeof(self.storage) };

	c->gate = gate;
	c->io = io_new(gate->loop, fd, on_io, c);
	/* A hello of TLS is not ours to read before TLS has begun. */
	if (gate->tls->is_wrapper)
		io_pause(c->io);
	c->session = session_new(gate, peer, io_out(c->io), on_wake, c);
	if (getsockname(fd, (struct sockaddr *)&self.storage, &self.len) == 0)
		addr_unmap(&self);
	c->session->self = self;
	gate_add(gate, &c->client);
	obey(c, greeting_identify(c->session));
}

void
client_wake(struct client *client)
{
	struct connection	*c = (struct connection *)client;

	if (!c->is_ending && io_in(c->io)->len > 0)
		io_again(c->io);
}

void
client_shutdown(struct client *client)
{
	struct connection	*c = (struct connection *)client;

	c->wants_shutdown = true;
	if (!c->is_ending && !c->session->is_waiting)
		obey(c, STEP_DONE);
}
