/*
 * The SMTP client's dialogue: greeting, EHLO, one job after the other,
 * QUIT.
 */

#include "smtp/dialogue.h"

#include <utlist.h>

#include "conf/conf.h"
#include "smtp/envelope.h"
#include "smtp/exchange.h"
#include "smtp/job.h"
#include "smtp/wire.h"
#include "util/mem.h"

/*
 * Jobs on a dialogue at a time: one whose end is not answered yet, and the
 * next behind it.  More would only wait there while others are free.
 */
#define DEPTH		2

struct turn {
	struct exchange	*exchange;
	struct turn	*next, *prev;
};

struct dialogue {
	struct wire	 wire;
	struct turn	*turns;		/* jobs, oldest first */
	int		 depth;		/* of them */
	int		 use;		/* jobs so far */
	struct offer	 guess;
	unsigned	 waits;
	unsigned	 seen_commands;	/* when replies came last */
	bool		 is_ready;	/* EHLO was answered, or guessed */
	bool		 is_known;	/* EHLO was answered */
	bool		 is_guessing;
	bool		 is_distrusted;
	enum dialogue_tls tls;
	bool		 has_asked_tls;	/* STARTTLS was sent */
	bool		 is_securing;	/* and answered */
	bool		 is_quitting;
	bool		 is_closed;
};

static void
send_starttls(struct dialogue *d)
{
	buf_put_str(d->wire.out, "STARTTLS\r\n");
	wire_await(&d->wire, AWAITED_STARTTLS, NULL, AWAITED_ALL);
	d->has_asked_tls = true;
}

static void
send_hello(struct dialogue *d, enum awaited_kind kind)
{
	static const char	*const verbs[AWAITED_KINDS] = {
		[AWAITED_EHLO] = "EHLO",
		[AWAITED_HELO] = "HELO",
		[AWAITED_LHLO] = "LHLO",
	};

	buf_printf(d->wire.out, "%s %s\r\n", verbs[kind],
	    d->wire.conf->smtp_helo_name);
	wire_await(&d->wire, kind, NULL, AWAITED_ALL);
}

char *
dialogue_format_server(const struct dialogue_server *server)
{
	if (server->port == 0)
		return mem_printf("%s[%s]", server->host, server->ip);
	return mem_printf("%s[%s]:%u", server->host, server->ip,
	    server->port);
}

/*
 * EHLO, and what may follow it, without waiting.  That is STARTTLS, or the
 * first job.
 */
static void
begin_guessing(struct dialogue *d, const struct offer *guess)
{
	bool	is_secure = d->tls != DIALOGUE_TLS_NEVER &&
		    guess->has_starttls;

	d->is_guessing = true;
	d->is_ready = !is_secure;
	d->guess = d->wire.offer = *guess;
	send_hello(d, AWAITED_EHLO);
	if (is_secure)
		send_starttls(d);
}

struct dialogue *
dialogue_new(const struct conf *conf, const struct dialogue_server *server,
    struct buf *out, void (*on_chunk)(void *arg), void *arg)
{
	struct dialogue	*d = mem_new(sizeof(*d));
	struct wire	*wire = &d->wire;

	wire->conf = conf;
	wire->peer = mem_printf("%s[%s]", server->host, server->ip);
	wire->relay = dialogue_format_server(server);
	wire->out = out;
	wire->on_chunk = on_chunk;
	wire->chunk_arg = arg;
	wire->is_lmtp = server->is_lmtp;
	d->is_distrusted = server->is_distrusted;
	d->tls = server->tls;
	wire_await(wire, AWAITED_GREETING, NULL, AWAITED_ALL);
	if (server->guess != NULL)
		begin_guessing(d, server->guess);
	return d;
}

void
dialogue_set_tls(struct dialogue *d, const char *tls)
{
	d->wire.tls = tls;
}

void
dialogue_secured(struct dialogue *d, const struct offer *guess)
{
	d->is_securing = d->has_asked_tls = false;
	d->is_ready = d->is_known = d->is_guessing = false;
	d->tls = DIALOGUE_TLS_NEVER;
	d->wire.offer = (struct offer){ .size_limit = 0 };
	answer_clear(&d->wire.answer);
	if (guess != NULL)
		begin_guessing(d, guess);
	else
		send_hello(d, AWAITED_EHLO);
}

void
dialogue_free(struct dialogue **dp)
{
	struct dialogue	*d = *dp;
	struct turn	*turn, *next;

	if (d == NULL)
		return;
	*dp = NULL;
	DL_FOREACH_SAFE(d->turns, turn, next) {
		exchange_free(&turn->exchange);
		mem_free(turn);
	}
	wire_clear(&d->wire);
	mem_free(d);
}

static struct exchange *
last_exchange(const struct dialogue *d)
{
	return d->turns == NULL ? NULL : d->turns->prev->exchange;
}

/* The next job may follow without waiting (RFC 2920). */
static bool
has_room(const struct dialogue *d)
{
	return d->turns == NULL || (d->wire.offer.has_pipelining &&
	    d->depth < DEPTH && exchange_is_sent(last_exchange(d)));
}

enum dialogue_state
dialogue_state(const struct dialogue *d)
{
	if (d->wire.is_broken)
		return DIALOGUE_BROKEN;
	if (d->is_closed)
		return DIALOGUE_CLOSED;
	if (d->is_securing)
		return DIALOGUE_SECURE;
	return d->is_ready && !d->is_quitting && has_room(d) ?
	    DIALOGUE_READY : DIALOGUE_BUSY;
}

bool
dialogue_is_idle(const struct dialogue *d)
{
	return d->turns == NULL && dialogue_state(d) == DIALOGUE_READY;
}

bool
dialogue_has_jobs(const struct dialogue *d)
{
	return d->turns != NULL;
}

const struct offer *
dialogue_offer(const struct dialogue *d)
{
	return d->is_known ? &d->wire.offer : NULL;
}

const char *
dialogue_relay(const struct dialogue *d)
{
	return d->wire.relay;
}

unsigned
dialogue_turn(const struct dialogue *d)
{
	return d->wire.turn;
}

unsigned
dialogue_commands(const struct dialogue *d)
{
	return d->wire.commands - 1;	/* the greeting is none */
}

unsigned
dialogue_waits(const struct dialogue *d)
{
	return d->waits;
}

const struct dialogue_fault *
dialogue_fault(const struct dialogue *d)
{
	return &d->wire.fault;
}

/* ---- waiting and losing -------------------------------------------------- */

/* The body's replies wait behind those to what was sent before it. */
static bool
is_in_body(const struct dialogue *d)
{
	return d->turns != NULL && exchange_is_in_body(last_exchange(d));
}

static const char *
doing(const struct dialogue *d)
{
	if (is_in_body(d))
		return "sending message body";
	if (d->is_securing)
		return awaited_doing(AWAITED_STARTTLS);
	if (d->wire.awaited.count == 0)
		return "waiting for a job";
	return awaited_doing(awaited_head(&d->wire.awaited).kind);
}

int64_t
dialogue_timeout_ms(const struct dialogue *d)
{
	const struct conf	*conf = d->wire.conf;

	if (is_in_body(d))
		return conf->smtp_data_xfer_timeout;
	if (d->is_securing)
		return conf->smtp_starttls_timeout;
	if (d->wire.awaited.count == 0)
		return conf->smtp_connection_cache_time_limit;
	return awaited_timeout_ms(conf,
	    awaited_head(&d->wire.awaited).kind);
}

void
dialogue_lose(struct dialogue *d, bool is_timeout)
{
	struct wire	*wire = &d->wire;

	if (!wire->is_broken && d->is_guessing)
		wire->fault.blame = DIALOGUE_GUESS;
	else if (!wire->is_broken && wire->offer.has_pipelining &&
	    d->turns != NULL && exchange_is_half_answered(last_exchange(d)))
		wire->fault.blame = DIALOGUE_PIPELINING;
	wire_break(wire, "4.4.2", false, is_timeout ?
	    mem_printf("conversation with %s timed out while %s", wire->peer,
	    doing(d)) :
	    mem_printf("lost connection with %s while %s", wire->peer,
	    doing(d)));
}

/* ---- jobs ---------------------------------------------------------------- */

static void
drop_turn(struct dialogue *d, struct turn *turn)
{
	DL_DELETE(d->turns, turn);
	d->depth--;
	exchange_free(&turn->exchange);
	mem_free(turn);
}

enum dialogue_state
dialogue_write(struct dialogue *d)
{
	struct turn	*turn, *next;

	if (d->turns != NULL && d->is_ready)
		exchange_send(last_exchange(d));
	DL_FOREACH_SAFE(d->turns, turn, next)
		if (exchange_is_over(turn->exchange))
			drop_turn(d, turn);
	return dialogue_state(d);
}

/* Without MAIL: the server has told what it does not take. */
static bool
is_out_of_reach(struct dialogue *d, struct job *job)
{
	struct envelope_refusal	 refusal;
	struct job_result	 result = {
		.kind = OUTCOME_FAILED,
		.relay = d->wire.relay,
		.use = d->use,
		.tls = d->wire.tls,
	};

	if (envelope_fits(&d->wire, job, &refusal))
		return false;
	result.dsn = refusal.dsn;
	result.reason = refusal.reason;
	job_decide_all(job, &result, OUTCOME_SITE_ALIVE);
	mem_free(refusal.reason);
	return true;
}

void
dialogue_start(struct dialogue *d, struct job *job)
{
	struct turn	*turn;

	d->use++;
	if (is_out_of_reach(d, job))
		return;
	turn = mem_new(sizeof(*turn));
	turn->exchange = exchange_new(&d->wire, job, d->use);
	DL_APPEND(d->turns, turn);
	d->depth++;
	dialogue_write(d);
}

void
dialogue_quit(struct dialogue *d)
{
	buf_put_str(d->wire.out, "QUIT\r\n");
	wire_await(&d->wire, AWAITED_QUIT, NULL, AWAITED_ALL);
	d->is_quitting = true;
}

struct job *
dialogue_release(struct dialogue *d)
{
	struct job	*job;

	while (d->turns != NULL) {
		job = exchange_release(d->turns->exchange);
		drop_turn(d, d->turns);
		if (job != NULL)
			return job;
	}
	return NULL;
}

/* ---- receiving ----------------------------------------------------------- */

static void
refuse_to_talk(struct dialogue *d, enum awaited_kind kind)
{
	struct wire	*wire = &d->wire;
	bool		 is_permanent = wire->answer.code / 100 == 5;
	char		 dsn[ANSWER_DSN_SIZE];

	answer_dsn(&wire->answer, dsn);
	if (kind == AWAITED_GREETING && wire->conf->smtp_skip_5xx_greeting) {
		is_permanent = false;
		dsn[0] = '4';
	}
	if (d->is_guessing) {
		wire->fault.blame = DIALOGUE_GUESS;
		is_permanent = false;
	}
	wire_break(wire, dsn, is_permanent,
	    mem_printf("host %s refused to talk to me: %s", wire->peer,
	    buf_cstr(&wire->answer.text)));
}

static void
take_greeting(struct dialogue *d)
{
	if (d->wire.answer.code / 100 != 2)
		refuse_to_talk(d, AWAITED_GREETING);
	else if (!d->is_guessing)
		send_hello(d, d->wire.is_lmtp ? AWAITED_LHLO : AWAITED_EHLO);
}

static void
take_offer(struct dialogue *d)
{
	struct wire	*wire = &d->wire;
	struct offer	 offer;

	/* LMTP goes to this very host most of the time. */
	if (offer_parse(wire->conf, buf_slice(&wire->answer.lines),
	    &offer) < 0 && !wire->is_lmtp) {
		wire_break(wire, "5.4.6", true, mem_printf(
		    "mail for %s loops back to myself", wire->peer));
		return;
	}
	if (d->is_guessing && !offer_covers(&offer, &d->guess)) {
		wire->fault.blame = DIALOGUE_GUESS;
		wire_break(wire, "4.5.0", false, mem_printf(
		    "host %s offers less than it did", wire->peer));
		return;
	}
	if (d->is_distrusted)
		offer.has_pipelining = false;
	wire->offer = offer;
}

/* K42: without TLS there is no mail. */
static void
break_plain(struct dialogue *d, char *reason)
{
	if (!d->wire.is_broken)
		d->wire.fault.is_plain = true;
	wire_break(&d->wire, "4.7.4", false, reason);
}

/* EHLO was answered: STARTTLS, or the first job. */
static void
become_known(struct dialogue *d)
{
	struct wire	*wire = &d->wire;
	bool		 is_guessing = d->is_guessing;

	d->is_known = true;
	d->is_guessing = false;
	if (wire->is_broken || d->has_asked_tls)
		return;
	/* A job that was guessed may go in plaintext is on its way. */
	if (d->tls != DIALOGUE_TLS_NEVER && wire->offer.has_starttls &&
	    !is_guessing)
		send_starttls(d);
	else if (d->tls == DIALOGUE_TLS_MUST)
		break_plain(d, mem_printf("TLS is required, but was not "
		    "offered by host %s", wire->peer));
	else
		d->is_ready = true;
}

/* RFC 3207 section 4: a server that cannot now may have the mail as it is. */
static void
take_starttls(struct dialogue *d)
{
	struct wire	*wire = &d->wire;

	if (wire->answer.code / 100 == 2)
		d->is_securing = true;
	else if (d->tls == DIALOGUE_TLS_MUST)
		break_plain(d, mem_printf("TLS is required, but host %s "
		    "refused to start TLS: %s", wire->peer,
		    buf_cstr(&wire->answer.text)));
	else
		d->is_ready = true;
}

static void
take_hello(struct dialogue *d, enum awaited_kind kind)
{
	int	class = d->wire.answer.code / 100;

	/* RFC 5321 section 3.2: an old server gets HELO. */
	if (kind == AWAITED_EHLO && class == 5 && !d->is_guessing) {
		send_hello(d, AWAITED_HELO);
		return;
	}
	if (class != 2) {
		refuse_to_talk(d, kind);
		return;
	}
	if (kind != AWAITED_HELO)
		take_offer(d);
	become_known(d);
}

static void
take_connection_reply(struct dialogue *d, enum awaited_kind kind)
{
	switch (kind) {
	case AWAITED_GREETING:
		take_greeting(d);
		break;
	case AWAITED_STARTTLS:
		take_starttls(d);
		break;
	case AWAITED_QUIT:
		d->is_closed = true;
		break;
	default:
		take_hello(d, kind);
	}
}

/*
 * A good reply to a command that has not left yet is none: the server
 * speaks ahead, or somebody else does (K09).
 */
static bool
is_premature(const struct wire *wire, enum awaited_kind kind)
{
	return wire->answer.code < 400 && wire->awaited.count == 0 &&
	    wire->out->len > 0 && kind != AWAITED_QUIT;
}

static void
take_answer(struct dialogue *d)
{
	struct wire		*wire = &d->wire;
	struct awaited_item	 item = awaited_take(&wire->awaited);

	wire->turn++;
	if (d->seen_commands != wire->commands) {
		d->seen_commands = wire->commands;
		d->waits++;
	}
	if (is_premature(wire, item.kind))
		wire_break_step(wire);
	else if (item.exchange != NULL)
		exchange_take(item.exchange, &item);
	else
		take_connection_reply(d, item.kind);
}

/*
 * A reply that nothing waits for: a server that takes no more of the
 * content may say so early; else the dialogue is out of step.
 */
static void
take_unasked(struct dialogue *d)
{
	struct wire	*wire = &d->wire;
	char		 dsn[ANSWER_DSN_SIZE];

	if (!is_in_body(d) || wire->answer.code < 400) {
		wire_break_step(wire);
		return;
	}
	wire_break(wire, answer_dsn(&wire->answer, dsn),
	    wire->answer.code / 100 == 5, wire_said(wire, AWAITED_DOT));
}

enum dialogue_state
dialogue_read(struct dialogue *d, struct buf *in)
{
	struct wire	*wire = &d->wire;
	const char	*why;
	int		 got;

	while (!wire->is_broken && !d->is_closed && in->len > 0) {
		/* RFC 3207 section 6: who wrote it did so in plaintext. */
		if (d->is_securing) {
			buf_empty(in);
			break;
		}
		got = answer_next(&wire->answer, in, &why);
		if (got == 0)
			break;
		if (got < 0)
			wire_break(wire, "4.5.0", false, mem_printf(
			    "host %s: %s while %s", wire->peer, why,
			    doing(d)));
		else if (wire->awaited.count == 0)
			take_unasked(d);
		else
			take_answer(d);
	}
	return dialogue_write(d);
}
