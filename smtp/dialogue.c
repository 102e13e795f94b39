/*
 * The SMTP client's dialogue: its opening, one job after the other, QUIT.
 */

#include "smtp/dialogue.h"

#include <utlist.h>

#include "conf/conf.h"
#include "smtp/envelope.h"
#include "smtp/exchange.h"
#include "smtp/job.h"
#include "smtp/opening.h"
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
	struct opening	 opening;
	struct turn	*turns;		/* jobs, oldest first */
	int		 depth;		/* of them */
	int		 use;		/* jobs so far */
	unsigned	 waits;
	unsigned	 seen_commands;	/* when replies came last */
	bool		 is_quitting;
	bool		 is_closed;
};

char *
dialogue_format_server(const struct dialogue_server *server)
{
	if (server->port == 0)
		return mem_printf("%s[%s]", server->host, server->ip);
	return mem_printf("%s[%s]:%u", server->host, server->ip,
	    server->port);
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
	wire->answer.filter = server->filter;
	wire->discard = mem_strdup(server->discard == NULL ? "" :
	    server->discard);
	opening_start(&d->opening, wire, server);
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
	opening_secured(&d->opening, guess);
}

enum dialogue_state
dialogue_log_in(struct dialogue *d, struct challenge_setup *setup)
{
	opening_log_in(&d->opening, setup);
	return dialogue_state(d);
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
	opening_clear(&d->opening);
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
	if (d->opening.is_securing)
		return DIALOGUE_SECURE;
	if (d->opening.is_settled && d->opening.has_login)
		return DIALOGUE_LOGIN;
	return d->opening.is_ready && !d->is_quitting && has_room(d) ?
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
	return d->opening.is_known ? &d->wire.offer : NULL;
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
bool
dialogue_is_in_body(const struct dialogue *d)
{
	return d->turns != NULL && exchange_is_in_body(last_exchange(d));
}

static const char *
doing(const struct dialogue *d)
{
	if (dialogue_is_in_body(d))
		return "sending message body";
	if (d->opening.is_securing)
		return awaited_doing(AWAITED_STARTTLS);
	if (d->wire.awaited.count == 0)
		return d->opening.is_ready ? "waiting for a job" :
		    "waiting for a password";
	return awaited_doing(awaited_head(&d->wire.awaited).kind);
}

int64_t
dialogue_timeout_ms(const struct dialogue *d)
{
	const struct conf	*conf = d->wire.conf;

	if (dialogue_is_in_body(d))
		return conf->smtp_data_xfer_timeout;
	if (d->opening.is_securing)
		return conf->smtp_starttls_timeout;
	if (d->wire.awaited.count == 0)
		return d->opening.is_ready ?
		    conf->smtp_connection_cache_time_limit :
		    conf->smtp_helo_timeout;
	return awaited_timeout_ms(conf,
	    awaited_head(&d->wire.awaited).kind);
}

void
dialogue_lose(struct dialogue *d, bool is_timeout)
{
	struct wire	*wire = &d->wire;

	if (!wire->is_broken && d->opening.is_guessing)
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

	if (d->turns != NULL && d->opening.is_ready)
		exchange_send(last_exchange(d));
	DL_FOREACH_SAFE(d->turns, turn, next)
		if (exchange_is_over(turn->exchange))
			drop_turn(d, turn);
	return dialogue_state(d);
}

bool
dialogue_is_pausing(const struct dialogue *d)
{
	return d->turns != NULL && !d->wire.is_broken &&
	    exchange_is_pausing(last_exchange(d));
}

enum dialogue_state
dialogue_end_pause(struct dialogue *d)
{
	exchange_end_pause(last_exchange(d));
	return dialogue_write(d);
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
	/* What this server does not know another may. */
	if (job->has_backup)
		job_keep_all(job, refusal.reason);
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
	else if (item.kind == AWAITED_QUIT)
		d->is_closed = true;
	else
		opening_take(&d->opening, item.kind);
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

	if (!dialogue_is_in_body(d) || wire->answer.code < 400) {
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
		if (d->opening.is_securing) {
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
