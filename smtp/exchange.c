/*
 * One message's conversation with a server.
 */

#include "smtp/exchange.h"

#include <stdint.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "smtp/content.h"
#include "smtp/envelope.h"
#include "smtp/job.h"
#include "smtp/quirks.h"
#include "smtp/wire.h"
#include "util/clock.h"
#include "util/mem.h"

#define TRY_LIMIT	3	/* connections a job is begun on */

/* What is to be sent next. */
enum step {
	STEP_RSET,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_GO_AHEAD,		/* nothing before the reply to DATA */
	STEP_BODY,
	STEP_PAUSE,		/* nothing before exchange_end_pause */
	STEP_DOT,
	STEP_CHUNK,
	STEP_SENT,
};

struct exchange {
	struct wire	*wire;		/* borrowed */
	struct job	*job;		/* NULL when it was ended */
	enum step	 step;
	size_t		 next_rcpt;	/* to be sent */
	size_t		 envelope;	/* replies to MAIL and RCPT to come */
	size_t		 replies;	/* of all kinds to come */
	size_t		 accepted;	/* recipients */
	uint32_t	 chunk;		/* of the job's content, next */
	struct content	 content;
	struct buf	 scratch;	/* a chunk for BDAT */
	int		 use;
	bool		 has_reply;	/* to anything but a 421 at once */
	bool		 is_whole;	/* all the content was sent */
	bool		 is_refused;	/* MAIL was, or a chunk */
};

struct exchange *
exchange_new(struct wire *wire, struct job *job, int use)
{
	struct exchange	*x = mem_new(sizeof(*x));

	x->wire = wire;
	x->job = job;
	x->use = use;
	x->step = wire->open_use != 0 ? STEP_RSET : STEP_MAIL;
	content_init(&x->content, wire->conf->smtp_line_length_limit,
	    !envelope_is_chunked(wire));
	if (envelope_is_converted(wire, job))
		content_convert(&x->content);
	job->tries++;
	job->times.ready_us = clock_wall_us();
	job_rewind(job);
	return x;
}

void
exchange_free(struct exchange **xp)
{
	struct exchange	*x = *xp;

	if (x == NULL)
		return;
	*xp = NULL;
	content_clear(&x->content);
	buf_clear(&x->scratch);
	mem_free(x);
}

bool
exchange_is_sent(const struct exchange *x)
{
	return x->step == STEP_SENT;
}

bool
exchange_is_over(const struct exchange *x)
{
	return x->job == NULL && x->replies == 0;
}

bool
exchange_is_in_body(const struct exchange *x)
{
	return x->step == STEP_BODY || x->step == STEP_PAUSE ||
	    x->step == STEP_DOT ||
	    (x->step == STEP_CHUNK && x->envelope == 0);
}

bool
exchange_is_pausing(const struct exchange *x)
{
	return x->step == STEP_PAUSE;
}

void
exchange_end_pause(struct exchange *x)
{
	if (x->step == STEP_PAUSE)
		x->step = STEP_DOT;
}

bool
exchange_is_half_answered(const struct exchange *x)
{
	return x->has_reply && x->replies > 0 && !exchange_is_in_body(x) &&
	    (x->envelope > 0 || x->step == STEP_GO_AHEAD);
}

/* ---- results ------------------------------------------------------------- */

/* Only the end of the content is a success for anybody. */
static enum outcome_kind
outcome_of(enum awaited_kind kind, int code)
{
	if ((kind == AWAITED_DOT || kind == AWAITED_LAST) && code / 100 == 2)
		return OUTCOME_SENT;
	return code / 100 == 5 ? OUTCOME_FAILED : OUTCOME_DEFERRED;
}

/* The wire's answer is the result of a recipient, or of AWAITED_ALL. */
static void
decide(struct exchange *x, enum awaited_kind kind, size_t recipient)
{
	struct wire		*wire = x->wire;
	struct job		*job = x->job;
	char			 dsn[ANSWER_DSN_SIZE];
	char			*reason;
	struct job_result	 result = {
		.kind = outcome_of(kind, wire->answer.code),
		.dsn = answer_dsn(&wire->answer, dsn),
		.relay = wire->relay,
		.use = x->use,
		.tls = wire->tls,
		.has_dsn = wire->offer.has_dsn,
	};

	reason = result.kind == OUTCOME_SENT ?
	    mem_strdup(buf_cstr(&wire->answer.text)) : wire_said(wire, kind);
	result.reason = reason;
	for (size_t i = 0; i < job->count; i++)
		if (recipient == AWAITED_ALL || recipient == i)
			job_decide(job, &job->recipients[i], &result);
	mem_free(reason);
}

static void
end_job(struct exchange *x)
{
	struct job	*job = x->job;

	x->job = NULL;
	x->step = STEP_SENT;
	job_forget_waiter(job);
	job_end(job, OUTCOME_SITE_ALIVE, "");
}

/* ---- sending ------------------------------------------------------------- */

static void
await(struct exchange *x, enum awaited_kind kind, size_t recipient)
{
	x->replies++;
	wire_await(x->wire, kind, x, recipient);
}

static bool
send_rset(struct exchange *x)
{
	buf_put_str(x->wire->out, "RSET\r\n");
	await(x, AWAITED_RSET, AWAITED_ALL);
	x->wire->open_use = 0;
	x->step = STEP_MAIL;
	return true;
}

static bool
send_mail(struct exchange *x)
{
	envelope_put_mail(x->wire, x->job);
	await(x, AWAITED_MAIL, AWAITED_ALL);
	x->envelope++;
	x->wire->open_use = x->use;
	x->step = STEP_RCPT;
	return true;
}

/* Recipients that another connection has decided are not asked for again. */
static bool
send_rcpt(struct exchange *x)
{
	struct job	*job = x->job;
	size_t		 i = x->next_rcpt++;

	if (i < job->count && !job->recipients[i].is_decided) {
		envelope_put_rcpt(x->wire, &job->recipients[i]);
		await(x, AWAITED_RCPT, i);
		x->envelope++;
	}
	if (x->next_rcpt >= job->count)
		x->step = envelope_is_chunked(x->wire) ? STEP_CHUNK :
		    STEP_DATA;
	return true;
}

/* All is known, and nobody is left: no content. */
static bool
is_for_nobody(const struct exchange *x)
{
	return x->envelope == 0 && x->accepted == 0;
}

static bool
send_data(struct exchange *x)
{
	if (is_for_nobody(x)) {
		end_job(x);
		return false;
	}
	buf_put_str(x->wire->out, "DATA\r\n");
	await(x, AWAITED_DATA, AWAITED_ALL);
	x->step = STEP_GO_AHEAD;
	return true;
}

/* The next piece of content; NULL: not here yet, or never. */
static struct buf *
next_piece(struct exchange *x)
{
	struct wire	*wire = x->wire;
	struct buf	*piece;

	piece = job_chunk(x->job, x->chunk, wire->on_chunk, wire->chunk_arg);
	if (piece == NULL && x->job->is_gone)
		wire_break(wire, "4.3.0", false,
		    mem_strdup("message content is not available"));
	return piece;
}

static void
drop_piece(struct exchange *x)
{
	job_drop_chunk(x->job, x->chunk++);
	x->wire->turn++;
}

/*
 * The end of the content.  With LMTP each recipient has a reply of its own
 * (RFC 2033 section 4.2).
 */
static void
send_dot(struct exchange *x)
{
	struct job	*job = x->job;

	buf_put_str(x->wire->out, ".\r\n");
	x->wire->open_use = 0;
	x->is_whole = true;
	x->step = STEP_SENT;
	if (!x->wire->is_lmtp) {
		await(x, AWAITED_DOT, AWAITED_ALL);
		return;
	}
	for (size_t i = 0; i < job->count; i++)
		if (!job->recipients[i].is_decided &&
		    !job->recipients[i].is_kept)
			await(x, AWAITED_DOT, i);
	if (x->replies == 0)
		end_job(x);
}

/*
 * A firewall may lose a dot that comes in one packet with the lines before
 * it (K32).  Mail that it lost so comes again, and then it is old enough.
 */
static bool
has_slow_dot(const struct exchange *x)
{
	return (x->wire->quirks & QUIRK_SLOW_DOT) != 0 &&
	    clock_wall_us() - x->job->times.arrival_us >=
	    x->wire->conf->smtp_pix_workaround_threshold_time * 1000;
}

static bool
send_body(struct exchange *x)
{
	struct buf	*piece;

	if (x->chunk == x->job->chunk_count) {
		content_end(&x->content, x->wire->out);
		x->step = has_slow_dot(x) ? STEP_PAUSE : STEP_DOT;
		return true;
	}
	piece = next_piece(x);
	if (piece == NULL)
		return false;
	content_put(&x->content, buf_slice(piece), x->wire->out);
	drop_piece(x);
	return true;
}

/*
 * The first chunk leaves with the envelope; more of it only when somebody
 * is known to want it.  A chunk that was refused ends it (RFC 3030 section
 * 2: the rest would be refused, too).
 */
static bool
send_chunk(struct exchange *x)
{
	struct wire	*wire = x->wire;
	struct job	*job = x->job;
	struct buf	*piece;
	bool		 is_last;

	if (x->is_refused || is_for_nobody(x)) {
		x->step = STEP_SENT;
		if (x->replies == 0)
			end_job(x);
		return false;
	}
	if (x->chunk > 0 && x->envelope > 0)
		return false;
	if (x->chunk < job->chunk_count) {
		piece = next_piece(x);
		if (piece == NULL)
			return false;
		if (envelope_is_binary(wire, job))
			buf_put_slice(&x->scratch, buf_slice(piece));
		else
			content_put(&x->content, buf_slice(piece),
			    &x->scratch);
		drop_piece(x);
	}
	is_last = x->chunk == job->chunk_count;
	if (is_last && !envelope_is_binary(wire, job))
		content_end(&x->content, &x->scratch);
	/* The conversion may hold a piece back. */
	if (x->scratch.len == 0 && !is_last)
		return true;
	buf_printf(wire->out, "BDAT %zu%s\r\n", x->scratch.len,
	    is_last ? " LAST" : "");
	buf_put_slice(wire->out, buf_slice(&x->scratch));
	buf_empty(&x->scratch);
	await(x, is_last ? AWAITED_LAST : AWAITED_BDAT, AWAITED_ALL);
	if (is_last) {
		buf_clear(&x->scratch);
		x->is_whole = true;
		x->step = STEP_SENT;
	}
	return true;
}

/* Whether anything was sent, and more may be. */
static bool
send_step(struct exchange *x)
{
	switch (x->step) {
	case STEP_RSET:
		return send_rset(x);
	case STEP_MAIL:
		return send_mail(x);
	case STEP_RCPT:
		return send_rcpt(x);
	case STEP_DATA:
		return send_data(x);
	case STEP_BODY:
		return send_body(x);
	case STEP_DOT:
		send_dot(x);
		return true;
	case STEP_CHUNK:
		return send_chunk(x);
	case STEP_PAUSE:
	case STEP_GO_AHEAD:
	case STEP_SENT:
		break;
	}
	return false;
}

void
exchange_send(struct exchange *x)
{
	struct wire	*wire = x->wire;

	while (!wire->is_broken && wire_may_send(wire) &&
	    wire->out->len < WIRE_OUT_LIMIT && send_step(x))
		;
}

/* ---- receiving ----------------------------------------------------------- */

static void
take_mail(struct exchange *x, int class)
{
	x->envelope--;
	if (class == 2)
		return;
	if (x->wire->open_use == x->use)
		x->wire->open_use = 0;
	x->is_refused = true;
	decide(x, AWAITED_MAIL, AWAITED_ALL);
	/* RFC 2920: what was sent already will be answered. */
	if (!x->wire->offer.has_pipelining)
		end_job(x);
}

static void
take_rcpt(struct exchange *x, int class, size_t recipient)
{
	x->envelope--;
	if (x->is_refused)
		return;
	if (class == 2)
		x->accepted++;
	else
		decide(x, AWAITED_RCPT, recipient);
}

static void
take_data(struct exchange *x, int class)
{
	if (class == 2) {
		/* Success without content is none. */
		wire_break_step(x->wire);
		return;
	}
	if (class != 3) {
		if (x->accepted > 0)
			decide(x, AWAITED_DATA, AWAITED_ALL);
		end_job(x);
		return;
	}
	x->step = STEP_BODY;
	if (x->accepted > 0)
		return;
	/* RFC 2920 section 3.1: content for nobody is empty. */
	send_dot(x);
}

static void
take_chunk(struct exchange *x, enum awaited_kind kind, int class)
{
	if (x->accepted > 0 && !x->is_refused &&
	    (kind == AWAITED_LAST || class != 2))
		decide(x, kind, AWAITED_ALL);
	if (class != 2)
		x->is_refused = true;
	else if (kind == AWAITED_LAST && x->wire->open_use == x->use)
		x->wire->open_use = 0;
}

/* "354" is an answer to DATA only. */
static bool
is_out_of_step(enum awaited_kind kind, int class)
{
	return class == 3 && kind != AWAITED_DATA;
}

static void
take(struct exchange *x, const struct awaited_item *item)
{
	int	class = x->wire->answer.code / 100;

	if (is_out_of_step(item->kind, class)) {
		wire_break_step(x->wire);
		return;
	}
	switch (item->kind) {
	case AWAITED_MAIL:
		take_mail(x, class);
		break;
	case AWAITED_RCPT:
		take_rcpt(x, class, item->recipient);
		break;
	case AWAITED_DATA:
		take_data(x, class);
		break;
	case AWAITED_DOT:
		if (x->accepted > 0)
			decide(x, AWAITED_DOT, item->recipient);
		break;
	case AWAITED_BDAT:
	case AWAITED_LAST:
		take_chunk(x, item->kind, class);
		break;
	default:
		break;
	}
}

void
exchange_take(struct exchange *x, const struct awaited_item *item)
{
	struct wire	*wire = x->wire;
	char		 dsn[ANSWER_DSN_SIZE];
	bool		 is_first = item->kind == AWAITED_RSET ||
			    item->kind == AWAITED_MAIL;

	x->replies--;
	/* RFC 5321 section 3.8: the server closes the connection. */
	if (wire->answer.code == 421) {
		x->has_reply = x->has_reply || !is_first;
		wire->is_closing = true;
		wire_break(wire, answer_dsn(&wire->answer, dsn), false,
		    wire_said(wire, item->kind));
		return;
	}
	x->has_reply = true;
	if (x->job != NULL)
		take(x, item);
	if (x->job != NULL && x->step == STEP_SENT && x->replies == 0 &&
	    !wire->is_broken)
		end_job(x);
}

/* ---- the end of a broken one --------------------------------------------- */

static bool
may_begin_again(const struct exchange *x, const struct job *job)
{
	const struct wire	*wire = x->wire;

	if (job->tries >= TRY_LIMIT)
		return false;
	if (wire->fault.blame == DIALOGUE_GUESS)
		return true;
	if (wire->fault.blame == DIALOGUE_PIPELINING)
		return !x->is_whole;
	/*
	 * On a connection that was kept: the server had closed it meanwhile,
	 * or said, before anything of this job, that it does.
	 */
	return x->use > 1 && !x->has_reply &&
	    (wire->is_closing || !x->is_whole);
}

struct job *
exchange_release(struct exchange *x)
{
	const struct wire	*wire = x->wire;
	struct job		*job = x->job;
	struct job_result	 result = {
		.kind = wire->fault.is_permanent ? OUTCOME_FAILED :
		    OUTCOME_DEFERRED,
		.dsn = wire->fault.dsn,
		.reason = wire->fault.reason,
		.relay = wire->relay,
		.use = x->use,
		.tls = wire->tls,
	};

	if (job == NULL)
		return NULL;
	job_forget_waiter(job);
	x->job = NULL;
	if (may_begin_again(x, job))
		return job;
	/* It may have all of it: no other server is to have it, too. */
	if (x->is_whole)
		job->has_backup = false;
	job_decide_all(job, &result, OUTCOME_SITE_UNKNOWN);
	return NULL;
}
