/*
 * The SMTP client's dialogue.
 */

#include "smtp/dialogue.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "smtp/answer.h"
#include "smtp/awaited.h"
#include "smtp/content.h"
#include "smtp/job.h"
#include "smtp/offer.h"
#include "util/clock.h"
#include "util/mem.h"

#define OUT_LIMIT	65536	/* content written ahead of the server */
#define TRY_LIMIT	3	/* connections a job is begun on */

/* What is to be sent next. */
enum next {
	NEXT_NOTHING,
	NEXT_RSET,
	NEXT_MAIL,
	NEXT_RCPT,
	NEXT_DATA,
	NEXT_BODY,
};

struct dialogue {
	const struct conf	*conf;		/* borrowed */
	char			*peer;		/* host[ip] */
	char			*relay;		/* host[ip]:port */
	struct buf		*out;		/* borrowed */
	void			(*on_chunk)(void *arg);
	void			*chunk_arg;
	struct answer		 answer;
	enum dialogue_state	 state;

	struct awaited		 awaited;
	unsigned		 turn;		/* dialogue_turn */

	struct offer		 offer;		/* the server's */

	/* the job */
	struct job		*job;
	enum next		 next;
	size_t			 next_rcpt;	/* to be sent */
	size_t			 reply_rcpt;	/* to be answered */
	size_t			 accepted;	/* recipients */
	uint32_t		 chunk;		/* of content, next */
	struct content		 content;
	bool			 is_refused;	/* MAIL was */
	bool			 is_open;	/* the server has MAIL */
	bool			 has_reply;	/* to anything of this job */
	int			 use;		/* jobs so far */

	struct dialogue_fault	 fault;		/* when broken */
	char			*reason;	/* its reason */
};

struct dialogue *
dialogue_new(const struct conf *conf, const char *host, const char *ip,
    uint16_t port, struct buf *out, void (*on_chunk)(void *arg), void *arg)
{
	struct dialogue	*d = mem_new(sizeof(*d));

	d->conf = conf;
	d->peer = mem_printf("%s[%s]", host, ip);
	d->relay = mem_printf("%s[%s]:%u", host, ip, port);
	d->out = out;
	d->on_chunk = on_chunk;
	d->chunk_arg = arg;
	awaited_put(&d->awaited, AWAITED_GREETING);
	return d;
}

void
dialogue_free(struct dialogue **dp)
{
	struct dialogue	*d = *dp;

	if (d == NULL)
		return;
	*dp = NULL;
	answer_clear(&d->answer);
	awaited_clear(&d->awaited);
	mem_free(d->peer);
	mem_free(d->relay);
	mem_free(d->reason);
	mem_free(d);
}

struct job *
dialogue_job(const struct dialogue *d)
{
	return d->job;
}

unsigned
dialogue_turn(const struct dialogue *d)
{
	return d->turn;
}

const struct dialogue_fault *
dialogue_fault(const struct dialogue *d)
{
	return &d->fault;
}

/* A command was appended to out: its reply is waited for. */
static void
await(struct dialogue *d, enum awaited_kind kind)
{
	awaited_put(&d->awaited, kind);
	d->turn++;
}

static bool
may_send(const struct dialogue *d)
{
	return d->awaited.count == 0 || d->offer.has_pipelining;
}

/* ---- breaking ------------------------------------------------------------ */

/* reason is the dialogue's from now on. */
static void
break_off(struct dialogue *d, const char *dsn, bool is_permanent,
    char *reason)
{
	if (d->state == DIALOGUE_BROKEN) {
		mem_free(reason);
		return;
	}
	d->state = DIALOGUE_BROKEN;
	d->reason = reason;
	d->fault.reason = reason;
	d->fault.is_permanent = is_permanent;
	snprintf(d->fault.dsn, sizeof(d->fault.dsn), "%s", dsn);
}

static const char *
doing(const struct dialogue *d)
{
	if (d->next == NEXT_BODY)
		return "sending message body";
	if (d->awaited.count == 0)
		return "waiting for a job";
	return awaited_doing(awaited_head(&d->awaited));
}

void
dialogue_lose(struct dialogue *d, bool is_timeout)
{
	break_off(d, "4.4.2", false, is_timeout ?
	    mem_printf("conversation with %s timed out while %s", d->peer,
	    doing(d)) :
	    mem_printf("lost connection with %s while %s", d->peer,
	    doing(d)));
}

int64_t
dialogue_timeout_ms(const struct dialogue *d)
{
	if (d->next == NEXT_BODY)
		return d->conf->smtp_data_xfer_timeout;
	if (d->awaited.count == 0)
		return d->conf->smtp_connection_cache_time_limit;
	return awaited_timeout_ms(d->conf, awaited_head(&d->awaited));
}

/* ---- results ------------------------------------------------------------- */

/*
 * What a reply means for a recipient.  Only the end of the content is a
 * success for anybody.
 */
static enum outcome_kind
outcome_of(enum awaited_kind kind, int code)
{
	if (kind == AWAITED_DOT && code / 100 == 2)
		return OUTCOME_SENT;
	return code / 100 == 5 ? OUTCOME_FAILED : OUTCOME_DEFERRED;
}

/* "host h[ip] said: 550 no (in reply to RCPT TO command)"; caller frees. */
static char *
said(struct dialogue *d, enum awaited_kind kind)
{
	return mem_printf("host %s said: %s (in reply to %s)", d->peer,
	    buf_cstr(&d->answer.text), awaited_command(kind));
}

/* The server does not keep to the protocol: nothing it says counts. */
static void
break_step(struct dialogue *d)
{
	break_off(d, "4.5.0", false, mem_printf("host %s said: %s "
	    "(unexpected reply)", d->peer, buf_cstr(&d->answer.text)));
}

/* The answer is the result of recipient, or of all that were accepted. */
static void
decide(struct dialogue *d, enum awaited_kind kind, struct job_rcpt *only)
{
	struct job		*job = d->job;
	char			 dsn[ANSWER_DSN_SIZE];
	char			*reason;
	struct job_result	 result = {
		.kind = outcome_of(kind, d->answer.code),
		.dsn = dsn,
		.relay = d->relay,
		.use = d->use,
	};

	answer_dsn(&d->answer, dsn);
	reason = result.kind == OUTCOME_SENT ?
	    mem_strdup(buf_cstr(&d->answer.text)) : said(d, kind);
	result.reason = reason;
	for (size_t i = 0; i < job->count; i++)
		if (only == NULL || only == &job->recipients[i])
			job_decide(job, &job->recipients[i], &result);
	mem_free(reason);
}

static void
end_job(struct dialogue *d)
{
	struct job	*job = d->job;

	d->job = NULL;
	d->next = NEXT_NOTHING;
	d->state = DIALOGUE_READY;
	job_forget_waiter(job);
	job_end(job, OUTCOME_SITE_ALIVE, "");
}

/* ---- sending ------------------------------------------------------------- */

static void
send_mail(struct dialogue *d)
{
	buf_printf(d->out, "MAIL FROM:<%s>", d->job->from);
	/* RFC 1870, RFC 6152 */
	if (d->offer.has_size)
		buf_printf(d->out, " SIZE=%llu",
		    (unsigned long long)d->job->size);
	if (d->offer.has_8bit && (d->job->flags & MAIL_EIGHT_BIT))
		buf_put_str(d->out, " BODY=8BITMIME");
	buf_put(d->out, "\r\n", 2);
	await(d, AWAITED_MAIL);
	d->next = NEXT_RCPT;
}

static void
send_rcpt(struct dialogue *d)
{
	buf_printf(d->out, "RCPT TO:<%s>\r\n",
	    d->job->recipients[d->next_rcpt++].address);
	await(d, AWAITED_RCPT);
	if (d->next_rcpt == d->job->count)
		d->next = NEXT_DATA;
}

/* Content, as far as it is here and the server takes it. */
static void
send_body(struct dialogue *d)
{
	struct job	*job = d->job;
	struct buf	*chunk;

	while (d->chunk < job->chunk_count) {
		if (d->out->len >= OUT_LIMIT)
			return;
		chunk = job_chunk(job, d->chunk, d->on_chunk, d->chunk_arg);
		if (chunk == NULL && job->is_gone)
			break_off(d, "4.3.0", false,
			    mem_strdup("message content is not available"));
		if (chunk == NULL)
			return;
		content_put(&d->content, buf_slice(chunk), d->out);
		job_drop_chunk(job, d->chunk++);
		d->turn++;
	}
	content_end(&d->content, d->out);
	await(d, AWAITED_DOT);
	d->next = NEXT_NOTHING;
}

static void
send_next(struct dialogue *d)
{
	switch (d->next) {
	case NEXT_RSET:
		buf_put_str(d->out, "RSET\r\n");
		await(d, AWAITED_RSET);
		d->next = NEXT_MAIL;
		break;
	case NEXT_MAIL:
		send_mail(d);
		break;
	case NEXT_RCPT:
		send_rcpt(d);
		break;
	case NEXT_DATA:
		buf_put_str(d->out, "DATA\r\n");
		await(d, AWAITED_DATA);
		d->next = NEXT_NOTHING;
		break;
	case NEXT_BODY:
		send_body(d);
		break;
	case NEXT_NOTHING:
		break;
	}
}

enum dialogue_state
dialogue_write(struct dialogue *d)
{
	unsigned	turn;

	do {
		turn = d->turn;
		if (d->job != NULL && d->state == DIALOGUE_BUSY &&
		    may_send(d))
			send_next(d);
	} while (d->turn != turn && d->next != NEXT_BODY);
	return d->state;
}

/* Without MAIL: the server has told its limit. */
static bool
is_too_big(struct dialogue *d, struct job *job)
{
	struct job_result	 result = {
		.kind = OUTCOME_FAILED,
		.dsn = "5.3.4",
		.relay = d->relay,
		.use = d->use,
	};
	char			*reason;

	if (d->offer.size_limit == 0 || job->size <= d->offer.size_limit)
		return false;
	reason = mem_printf("message size %llu exceeds size limit %llu of "
	    "server %s", (unsigned long long)job->size,
	    (unsigned long long)d->offer.size_limit, d->peer);
	result.reason = reason;
	job_decide_all(job, &result, OUTCOME_SITE_ALIVE);
	mem_free(reason);
	return true;
}

void
dialogue_start(struct dialogue *d, struct job *job)
{
	d->use++;
	if (is_too_big(d, job))
		return;
	d->job = job;
	job->tries++;
	job->times.ready_us = clock_wall_us();
	d->state = DIALOGUE_BUSY;
	d->next = d->is_open ? NEXT_RSET : NEXT_MAIL;
	d->is_open = d->is_refused = d->has_reply = false;
	d->next_rcpt = d->reply_rcpt = d->accepted = 0;
	d->chunk = 0;
	content_init(&d->content, d->conf->smtp_line_length_limit);
	job_rewind(job);
	dialogue_write(d);
}

void
dialogue_quit(struct dialogue *d)
{
	buf_put_str(d->out, "QUIT\r\n");
	await(d, AWAITED_QUIT);
	d->state = DIALOGUE_BUSY;
}

/* ---- receiving ----------------------------------------------------------- */

static void
send_hello(struct dialogue *d, enum awaited_kind kind)
{
	buf_printf(d->out, "%s %s\r\n",
	    kind == AWAITED_EHLO ? "EHLO" : "HELO", d->conf->smtp_helo_name);
	await(d, kind);
}

static void
refuse_to_talk(struct dialogue *d, enum awaited_kind kind)
{
	bool	is_permanent = d->answer.code / 100 == 5;
	char	dsn[ANSWER_DSN_SIZE];

	answer_dsn(&d->answer, dsn);
	if (kind == AWAITED_GREETING && d->conf->smtp_skip_5xx_greeting) {
		is_permanent = false;
		dsn[0] = '4';
	}
	break_off(d, dsn, is_permanent,
	    mem_printf("host %s refused to talk to me: %s", d->peer,
	    buf_cstr(&d->answer.text)));
}

static void
take_greeting(struct dialogue *d)
{
	if (d->answer.code / 100 == 2)
		send_hello(d, AWAITED_EHLO);
	else
		refuse_to_talk(d, AWAITED_GREETING);
}

static void
take_hello(struct dialogue *d, enum awaited_kind kind)
{
	/* RFC 5321 section 3.2: an old server gets HELO. */
	if (kind == AWAITED_EHLO && d->answer.code / 100 == 5) {
		send_hello(d, AWAITED_HELO);
		return;
	}
	if (d->answer.code / 100 != 2) {
		refuse_to_talk(d, kind);
		return;
	}
	if (kind == AWAITED_EHLO && offer_parse(d->conf,
	    buf_slice(&d->answer.lines), &d->offer) < 0) {
		break_off(d, "5.4.6", true, mem_printf("mail for %s loops "
		    "back to myself", d->peer));
		return;
	}
	d->state = DIALOGUE_READY;
}

static void
take_mail(struct dialogue *d)
{
	if (d->answer.code / 100 == 2) {
		d->is_open = true;
		return;
	}
	d->is_refused = true;
	decide(d, AWAITED_MAIL, NULL);
	if (!d->offer.has_pipelining)
		end_job(d);
}

static void
take_rcpt(struct dialogue *d)
{
	struct job_rcpt	*rcpt = &d->job->recipients[d->reply_rcpt++];

	if (d->answer.code / 100 == 2 && !d->is_refused) {
		d->accepted++;
	} else if (!d->is_refused) {
		decide(d, AWAITED_RCPT, rcpt);
	}
	if (!d->offer.has_pipelining && d->reply_rcpt == d->job->count &&
	    d->accepted == 0)
		end_job(d);
}

static void
take_data(struct dialogue *d)
{
	switch (d->answer.code / 100) {
	case 2:
		/* Success without content is none. */
		break_step(d);
		return;
	case 3:
		if (d->accepted > 0) {
			d->next = NEXT_BODY;
			return;
		}
		/* RFC 2920 section 3.1: content for nobody is empty. */
		buf_put_str(d->out, ".\r\n");
		await(d, AWAITED_DOT);
		return;
	default:
		if (d->accepted > 0)
			decide(d, AWAITED_DATA, NULL);
		end_job(d);
	}
}

static void
take_dot(struct dialogue *d)
{
	d->is_open = false;
	if (d->accepted > 0)
		decide(d, AWAITED_DOT, NULL);
	end_job(d);
}

static void
take_reply(struct dialogue *d, enum awaited_kind kind)
{
	switch (kind) {
	case AWAITED_GREETING:
		take_greeting(d);
		break;
	case AWAITED_EHLO:
	case AWAITED_HELO:
		take_hello(d, kind);
		break;
	case AWAITED_RSET:
		break;
	case AWAITED_MAIL:
		take_mail(d);
		break;
	case AWAITED_RCPT:
		take_rcpt(d);
		break;
	case AWAITED_DATA:
		take_data(d);
		break;
	case AWAITED_DOT:
		take_dot(d);
		break;
	case AWAITED_QUIT:
		d->state = DIALOGUE_CLOSED;
		break;
	}
}

/*
 * A good reply to a command that has not left yet is none: the server
 * speaks ahead, or somebody else does (K09).
 */
static bool
is_premature(const struct dialogue *d, enum awaited_kind kind)
{
	return d->answer.code < 400 && d->awaited.count == 0 &&
	    d->out->len > 0 && kind != AWAITED_QUIT;
}

static void
take_answer(struct dialogue *d)
{
	enum awaited_kind	kind = awaited_take(&d->awaited);
	char			dsn[ANSWER_DSN_SIZE];

	d->turn++;
	if (d->job != NULL)
		d->has_reply = true;
	/* RFC 5321 section 3.8: the server closes the connection. */
	if (d->answer.code == 421 && kind >= AWAITED_RSET &&
	    kind != AWAITED_QUIT)
		break_off(d, answer_dsn(&d->answer, dsn), false,
		    said(d, kind));
	else if (is_premature(d, kind))
		break_step(d);
	else
		take_reply(d, kind);
}

/*
 * A reply that nothing waits for: a server that takes no more of the
 * content may say so early; else the dialogue is out of step.
 */
static void
take_unasked(struct dialogue *d)
{
	char	dsn[ANSWER_DSN_SIZE];

	if (d->next != NEXT_BODY || d->answer.code < 400) {
		break_step(d);
		return;
	}
	break_off(d, answer_dsn(&d->answer, dsn), d->answer.code / 100 == 5,
	    said(d, AWAITED_DOT));
}

enum dialogue_state
dialogue_read(struct dialogue *d, struct buf *in)
{
	const char	*why;
	int		 got;

	while (d->state != DIALOGUE_BROKEN && d->state != DIALOGUE_CLOSED &&
	    in->len > 0) {
		got = answer_next(&d->answer, in, &why);
		if (got == 0)
			break;
		if (got < 0)
			break_off(d, "4.5.0", false, mem_printf(
			    "host %s: %s while %s", d->peer, why, doing(d)));
		else if (d->awaited.count == 0)
			take_unasked(d);
		else
			take_answer(d);
	}
	return dialogue_write(d);
}

struct job *
dialogue_release(struct dialogue *d)
{
	struct job		*job = d->job;
	struct job_result	 result = {
		.kind = d->fault.is_permanent ? OUTCOME_FAILED :
		    OUTCOME_DEFERRED,
		.dsn = d->fault.dsn,
		.reason = d->reason,
		.relay = d->relay,
		.use = d->use,
	};

	if (job == NULL)
		return NULL;
	d->job = NULL;
	job_forget_waiter(job);
	/* A kept connection that the server had closed meanwhile. */
	if (d->use > 1 && !d->has_reply && job->tries < TRY_LIMIT)
		return job;
	job_decide_all(job, &result, OUTCOME_SITE_UNKNOWN);
	return NULL;
}
