/*
 * Hosts, one after the other.
 */

#include "smtp/attempt.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "net/loop.h"
#include "smtp/job.h"
#include "smtp/route.h"
#include "smtp/secrecy.h"
#include "smtp/sender.h"
#include "smtp/tls_policy.h"
#include "smtp/tried.h"
#include "util/log.h"
#include "util/mem.h"

enum phase {
	PHASE_CONNECTING,
	PHASE_SECURING,		/* a handshake */
	PHASE_OPEN,		/* its owner has the stream */
};

struct attempt {
	struct sender		*sender;	/* borrowed */
	const struct tls_policy	*policies;	/* borrowed */
	attempt_fn		 fn;
	io_fn			 on_io;
	void			*arg;
	struct route_host	*hosts;		/* to try, in turn */
	size_t			 count;		/* of them */
	size_t			 total;		/* with those left out */
	size_t			 at;		/* the present one */
	int64_t			 sessions;	/* with hosts, so far */
	enum phase		 phase;
	struct io		*io;		/* NULL between hosts */
	struct secrecy		*secrecy;	/* TLS with the present host */
	char			*relay;		/* host[ip]:port */
	bool			 was_connected;
	bool			 is_wrapping;	/* TLS is before all else */
	char			*reason;	/* of the last failure */
	char			 dsn[16];
	bool			 is_permanent;
};

static void	try_host(struct attempt *);
static void	on_unbound(struct attempt *);

struct io *
attempt_io(const struct attempt *a)
{
	return a->io;
}

const struct route_host *
attempt_host(const struct attempt *a)
{
	return &a->hosts[a->at];
}

const char *
attempt_relay(const struct attempt *a)
{
	return a->relay;
}

struct secrecy *
attempt_secrecy(const struct attempt *a)
{
	return a->secrecy;
}

void
attempt_free(struct attempt **ap)
{
	struct attempt	*a = *ap;

	if (a == NULL)
		return;
	*ap = NULL;
	loop_undefer(a->sender->loop, a);
	io_free(&a->io);
	secrecy_free(&a->secrecy);
	route_clear_hosts(a->hosts, a->total);
	mem_free(a->relay);
	mem_free(a->reason);
	mem_free(a);
}

/* ---- of no use ----------------------------------------------------------- */

static bool
has_enough_sessions(const struct attempt *a)
{
	int64_t	limit = a->sender->conf->smtp_mx_session_limit;

	return limit > 0 && a->sessions >= limit;
}

/*
 * The next host; after smtp_mx_session_limit of one next hop, the next one
 * of the list has its turn.  False: there is none.
 */
static bool
find_next(struct attempt *a)
{
	unsigned	turn = a->hosts[a->at].turn;
	size_t		next = a->at + 1;

	while (next < a->count && a->hosts[next].turn == turn &&
	    has_enough_sessions(a))
		next++;
	if (next == a->count)
		return false;
	a->at = next;
	if (a->hosts[next].turn != turn)
		a->sessions = 0;
	return true;
}

void
attempt_fail(struct attempt *a, const char *dsn, bool is_permanent,
    char *reason)
{
	mem_free(a->reason);
	a->reason = reason;
	a->is_permanent = is_permanent;
	snprintf(a->dsn, sizeof(a->dsn), "%s", dsn);
	log_info("%s", reason);
	io_free(&a->io);
	if (is_permanent || !find_next(a)) {
		a->fn(ATTEMPT_OVER, a->arg);
		return;
	}
	try_host(a);
	a->fn(ATTEMPT_LEFT, a->arg);
}

void
attempt_result(struct attempt *a, struct job_result *result_r)
{
	*result_r = (struct job_result){
		.kind = a->is_permanent ? OUTCOME_FAILED : OUTCOME_DEFERRED,
		.dsn = a->dsn,
		.reason = a->reason,
		.relay = a->was_connected ? a->relay : "none",
		.tls = a->was_connected ? secrecy_status(a->secrecy) : NULL,
	};
}

/* The host is there, but not on the terms of its next hop. */
static void
fail_terms(struct attempt *a)
{
	const char	*dsn, *fault = secrecy_fault(a->secrecy, &dsn);

	log_info("%s: %s", a->relay, fault);
	attempt_fail(a, dsn, false, mem_strdup(fault));
}

/* ---- connecting ---------------------------------------------------------- */

static void
open_up(struct attempt *a, enum attempt_event event)
{
	a->phase = PHASE_OPEN;
	a->fn(event, a->arg);
}

static void
on_connected(struct attempt *a)
{
	a->was_connected = true;
	a->sessions++;
	a->is_wrapping = secrecy_is_wrapped(a->secrecy);
	if (a->is_wrapping)
		attempt_start_tls(a);
	else
		open_up(a, ATTEMPT_OPEN);
}

static void
on_connect_failure(struct attempt *a, const char *why)
{
	attempt_fail(a, "4.4.1", false, mem_printf("connect to %s: %s",
	    a->relay, why));
}

/* ---- TLS ----------------------------------------------------------------- */

void
attempt_start_tls(struct attempt *a)
{
	a->phase = PHASE_SECURING;
	if (!secrecy_start(a->secrecy, a->io, a->relay))
		fail_terms(a);
}

static void
on_secured(struct attempt *a)
{
	if (secrecy_judge(a->secrecy, a->io, a->relay)) {
		open_up(a, a->is_wrapping ? ATTEMPT_OPEN : ATTEMPT_SECURED);
		return;
	}
	/* The handshake ends for it, too: its log is to be like ours. */
	if (!a->is_wrapping)
		io_write_slice(a->io, slice_str("QUIT\r\n"));
	io_flush(a->io);
	fail_terms(a);
}

/* A new connection: on this one nobody knows what is said (K42). */
static void
on_handshake_failure(struct attempt *a, const char *why)
{
	if (!secrecy_fall_back(a->secrecy, a->relay, why)) {
		fail_terms(a);
		return;
	}
	attempt_again(a);
}

/* ---- the stream ---------------------------------------------------------- */

static void
on_connecting(struct attempt *a, enum io_event event)
{
	if (event == IO_CONNECTED)
		on_connected(a);
	else if (event == IO_TIMEOUT)
		on_connect_failure(a, "Connection timed out");
	else if (event == IO_ERROR && io_is_unbound(a->io))
		on_unbound(a);
	else if (event == IO_ERROR)
		on_connect_failure(a, io_error(a->io));
}

static void
on_securing(struct attempt *a, enum io_event event)
{
	if (event == IO_SECURED)
		on_secured(a);
	else if (event == IO_TIMEOUT)
		on_handshake_failure(a, "Connection timed out");
	else if (event == IO_CLOSED)
		on_handshake_failure(a, "lost connection");
	else if (event == IO_ERROR)
		on_handshake_failure(a, io_error(a->io));
}

static void
on_io(struct io *io, enum io_event event, void *arg)
{
	struct attempt	*a = arg;

	switch (a->phase) {
	case PHASE_CONNECTING:
		on_connecting(a, event);
		break;
	case PHASE_SECURING:
		on_securing(a, event);
		break;
	case PHASE_OPEN:
		a->on_io(io, event, a->arg);
		break;
	}
}

static const struct addr *
source_address(const struct attempt *a, struct addr *source)
{
	const struct conf	*conf = a->sender->conf;
	const struct addr	*host = &a->hosts[a->at].addr;
	int			 family = host->storage.ss_family;
	const char		*text;

	text = family == AF_INET6 ? conf->smtp_bind_address6 :
	    conf->smtp_bind_address;
	if (family == AF_UNIX || text[0] == '\0' ||
	    addr_parse_ip(slice_str(text), 0, source) < 0)
		return NULL;
	return source;
}

static void
connect_from(struct attempt *a, const struct addr *source)
{
	a->phase = PHASE_CONNECTING;
	a->was_connected = false;
	a->io = io_connect(a->sender->loop, &a->hosts[a->at].addr, source,
	    on_io, a);
	io_set_timeout(a->io, a->sender->conf->smtp_connect_timeout);
}

/* Without the address to leave from that cannot be had, if one may. */
static void
on_unbound(struct attempt *a)
{
	const struct conf	*conf = a->sender->conf;
	bool			 is_six = a->hosts[a->at].addr.storage.
				    ss_family == AF_INET6;

	log_warn("%s %s: %s", is_six ? "smtp_bind_address6" :
	    "smtp_bind_address", is_six ? conf->smtp_bind_address6 :
	    conf->smtp_bind_address, io_error(a->io));
	if (conf->smtp_bind_address_enforce) {
		attempt_fail(a, "4.4.0", false,
		    mem_strdup("server configuration error"));
		return;
	}
	io_free(&a->io);
	connect_from(a, NULL);
}

static void
connect_host(struct attempt *a)
{
	struct addr	source;

	connect_from(a, source_address(a, &source));
}

void
attempt_again(struct attempt *a)
{
	io_free(&a->io);
	a->sessions--;
	connect_host(a);
	a->fn(ATTEMPT_LEFT, a->arg);
}

/* What TLS it must have is known. */
static void
on_terms(void *arg)
{
	struct attempt	*a = arg;
	const char	*dsn;

	if (secrecy_fault(a->secrecy, &dsn) != NULL)
		fail_terms(a);
	else
		connect_host(a);
}

static void
try_host(struct attempt *a)
{
	const struct route_host	*host = &a->hosts[a->at];
	const char		*path = addr_unix_path(&host->addr);
	char			 ip[ADDR_TEXT_SIZE];

	mem_free(a->relay);
	if (path != NULL)
		a->relay = mem_printf("%s[%s]", host->name, path);
	else
		a->relay = mem_printf("%s[%s]:%u", host->name,
		    addr_format_ip(&host->addr, ip), addr_port(&host->addr));
	a->was_connected = false;
	secrecy_free(&a->secrecy);
	a->secrecy = secrecy_new(a->sender, &a->policies[host->turn], host,
	    on_terms, a);
	if (secrecy_is_ready(a->secrecy))
		loop_defer(a->sender->loop, on_terms, a);
}

struct attempt *
attempt_new(struct sender *sender, const struct route *route,
    const struct tried *tried, const struct tls_policy *policies,
    attempt_fn fn, io_fn stream_fn, void *arg)
{
	struct attempt	*a = mem_new(sizeof(*a));

	a->sender = sender;
	a->policies = policies;
	a->fn = fn;
	a->on_io = stream_fn;
	a->arg = arg;
	a->hosts = route_pick(route, sender->conf, &a->total);
	a->count = tried_set_aside(tried, sender->conf, route, a->hosts,
	    a->total, &a->sessions);
	if (a->count == 0)
		a->count = a->total;
	try_host(a);
	return a;
}
