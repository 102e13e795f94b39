/*
 * The SMTP client of a load generator.
 */

#include "load/load_client.h"

#include "net/io.h"
#include "load/load_guard.h"
#include "load/load_message.h"
#include "net/loop.h"
#include "net/smtp_text.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define LINE_LIMIT	8192	/* of a reply */
#define PIECE_SIZE	262144	/* how much of a large body waits in memory */

enum {
	HAS_PIPELINING = 1,
	HAS_CHUNKING = 2,
	HAS_8BITMIME = 4,
	HAS_SIZE = 8,
};

/* What the session sends next, and then whose reply it waits for. */
enum step {
	STEP_BANNER, STEP_EHLO, STEP_HELO, STEP_STARTTLS, STEP_AUTH,
	STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_BODY, STEP_RSET, STEP_QUIT,
	STEP_IDLE,
};

struct load_client {
	struct load_run	*run;
	struct io	*io;		/* NULL: not connected */
	struct loop_timer *timer;	/* NULL unless steps are delayed */
	enum step	 step;
	unsigned	 features;
	uint64_t	 current;	/* number of the message; 0: none */
	uint64_t	 next;		/* its MAIL RCPT DATA are sent; or 0 */
	uint64_t	 replied, accepted;	/* recipients of current */
	uint64_t	 done;		/* messages on this connection */
	size_t		 body_left;	/* bytes of it not yet written */
	int64_t		 begin_us;	/* when current got the session */
	bool		 is_greeted, is_quitting;
};

/* ---- what is sent ------------------------------------------------------ */

static void
put_mail(struct load_client *s, uint64_t number)
{
	struct load_run	*run = s->run;
	struct buf	*out = io_out(s->io);

	buf_put_str(out, "MAIL FROM:<");
	load_message_put_address(run, out, run->sender, number, 0);
	buf_put_str(out, ">");
	if (s->features & HAS_SIZE)
		buf_printf(out, " SIZE=%zu",
		    run->body.len + run->head_start.len + 64);
	if (run->is_8bit && (s->features & HAS_8BITMIME))
		buf_put_str(out, " BODY=8BITMIME");
	buf_put_str(out, "\r\n");
}

static void
put_rcpt(struct load_client *s, uint64_t number, uint64_t recipient)
{
	struct buf	*out = io_out(s->io);

	buf_put_str(out, "RCPT TO:<");
	load_message_put_address(s->run, out, s->run->recipient, number,
	    recipient);
	buf_put_str(out, ">\r\n");
}

static bool
is_pipelining(const struct load_client *s)
{
	return s->run->pipeline == LOAD_PIPELINE_ON ||
	    (s->run->pipeline == LOAD_PIPELINE_AUTO &&
	    (s->features & HAS_PIPELINING));
}

static bool
is_chunking(const struct load_client *s)
{
	return s->run->has_bdat && (s->features & HAS_CHUNKING);
}

static void
put_envelope(struct load_client *s, uint64_t number)
{
	put_mail(s, number);
	for (uint64_t i = 0; i < s->run->recipients; i++)
		put_rcpt(s, number, i);
	if (!is_chunking(s))
		buf_put_str(io_out(s->io), "DATA\r\n");
}

/*
 * What follows the body: the dot and, in the same write when pipelining,
 * the next message's envelope or QUIT.
 */
static void
put_tail(struct load_client *s)
{
	struct load_run	*run = s->run;

	if (is_chunking(s))
		return;
	io_write_slice(s->io, SLICE_LIT(".\r\n"));
	if (!is_pipelining(s))
		return;
	if (run->per_connection == 0 || s->done + 1 < run->per_connection)
		s->next = load_ledger_get(s->run->ledger);
	if (s->next != 0) {
		put_envelope(s, s->next);
	} else {
		io_write_slice(s->io, SLICE_LIT("QUIT\r\n"));
		s->is_quitting = true;
	}
}

/* A large body goes in pieces, as the kernel takes them. */
static void
put_body(struct load_client *s)
{
	struct slice	body = buf_slice(is_chunking(s) ?
			    &s->run->body : &s->run->stuffed);

	while (s->body_left > 0 && io_pending(s->io) < PIECE_SIZE) {
		struct slice	piece = slice_first(slice_after(body,
				    body.len - s->body_left), PIECE_SIZE);

		io_write_slice(s->io, piece);
		s->body_left -= piece.len;
	}
	if (s->body_left == 0)
		put_tail(s);
}

static void
put_message(struct load_client *s)
{
	struct load_run	*run = s->run;

	load_message_make_head(run, s->current);
	s->body_left = run->stuffed.len;
	if (is_chunking(s)) {
		s->body_left = run->body.len;
		buf_printf(io_out(s->io), "BDAT %zu LAST\r\n",
		    run->head.len + run->body.len);
	}
	io_write_slice(s->io, buf_slice(&run->head));
	put_body(s);
}

static void
put_transaction(struct load_client *s)
{
	if (!is_pipelining(s)) {
		put_mail(s, s->current);
		return;
	}
	put_envelope(s, s->current);
	if (is_chunking(s))
		put_message(s);
}

static void
send_step(struct load_client *s)
{
	struct buf	*out = io_out(s->io);

	switch (s->step) {
	case STEP_EHLO:
		buf_put_str(out, "EHLO ternsource.example\r\n");
		break;
	case STEP_HELO:
		buf_put_str(out, "HELO ternsource.example\r\n");
		break;
	case STEP_STARTTLS:
		buf_put_str(out, "STARTTLS\r\n");
		break;
	case STEP_AUTH:
		buf_put_slice(out, buf_slice(&s->run->login));
		break;
	case STEP_MAIL:
		put_transaction(s);
		break;
	case STEP_RCPT:
		put_rcpt(s, s->current, s->replied);
		break;
	case STEP_DATA:
		buf_put_str(out, "DATA\r\n");
		break;
	case STEP_BODY:
		put_message(s);
		break;
	case STEP_RSET:
		buf_put_str(out, "RSET\r\n");
		break;
	case STEP_QUIT:
		buf_put_str(out, "QUIT\r\n");
		break;
	case STEP_BANNER:
	case STEP_IDLE:
		break;
	}
	io_flush_later(s->io);
}

static void
on_delayed(void *arg)
{
	struct load_client	*s = arg;

	if (s->io != NULL)
		send_step(s);
}

static void
go(struct load_client *s, enum step step)
{
	s->step = step;
	if (s->timer != NULL)
		loop_timer_start(s->timer, s->run->step_delay_ms);
	else
		send_step(s);
}

/* ---- messages come and go ---------------------------------------------- */

/* The current message has met its fate, or will be tried again. */
static void
settle(struct load_client *s, enum load_fate fate, bool can_retry)
{
	struct load_run	*run = s->run;
	int64_t		 now_us = clock_now_us();

	s->done++;
	if (s->current == 0)
		return;
	if (can_retry && run->has_retry)
		load_ledger_put(run->ledger, s->current);
	else
		load_ledger_settle(run->ledger, s->current, fate,
		    now_us - s->begin_us);
	s->current = 0;
	s->begin_us = now_us;
}

/* The connection has gone; what it carried is lost, given back, or done. */
static void
leave(struct load_client *s)
{
	struct load_run	*run = s->run;

	load_guard_leave(run->guard, s->io);
	io_free(&s->io);
	if (s->timer != NULL)
		loop_timer_stop(s->timer);
	if (s->next != 0)
		load_ledger_put(run->ledger, s->next);
	s->next = 0;
	if (s->current != 0 || run->is_idle)
		run->lost++;
	settle(s, LOAD_FAILED, true);
	run->on_left(s, s->is_greeted, run->arg);
}

/* The current message is settled: on to the next one. */
static void
proceed(struct load_client *s)
{
	struct load_run	*run = s->run;

	s->replied = s->accepted = 0;
	s->current = s->next;
	s->next = 0;
	if (s->current != 0) {
		s->step = STEP_MAIL;	/* its envelope is sent already */
		return;
	}
	if (s->is_quitting) {
		s->step = STEP_QUIT;
		return;
	}
	if (run->per_connection == 0 || s->done < run->per_connection)
		s->current = load_ledger_get(run->ledger);
	go(s, s->current != 0 ? STEP_MAIL : STEP_QUIT);
}

static void
greeted(struct load_client *s)
{
	s->is_greeted = true;
	if (s->run->is_idle) {
		s->step = STEP_IDLE;
		io_set_timeout(s->io, 0);
	} else if (s->run->is_visit) {
		settle(s, LOAD_ACKNOWLEDGED, false);
		go(s, STEP_QUIT);
	} else {
		s->begin_us = clock_now_us();
		go(s, STEP_MAIL);
	}
	s->run->on_greeted(s, s->run->arg);
}

/* The server has said what it can do: TLS and a login come before mail. */
static void
introduced(struct load_client *s)
{
	if (s->run->guard != NULL && !io_is_secured(s->io))
		go(s, STEP_STARTTLS);
	else if (s->run->login.len > 0)
		go(s, STEP_AUTH);
	else
		greeted(s);
}

/* ---- replies ----------------------------------------------------------- */

static bool
is_good(int code)
{
	return code >= 200 && code <= 299;
}

static void
refused(struct load_client *s, int code)
{
	settle(s, LOAD_REFUSED, code < 500);
}

static void
on_mail_reply(struct load_client *s, int code)
{
	if (is_pipelining(s)) {
		s->step = STEP_RCPT;
	} else if (is_good(code)) {
		go(s, STEP_RCPT);
	} else {
		refused(s, code);
		proceed(s);
	}
}

static void
on_rcpt_reply(struct load_client *s, int code)
{
	s->replied++;
	if (is_good(code))
		s->accepted++;
	else
		s->run->refused_recipients++;
	if (s->replied < s->run->recipients) {
		if (!is_pipelining(s))
			go(s, STEP_RCPT);
	} else if (is_pipelining(s)) {
		s->step = is_chunking(s) ? STEP_BODY : STEP_DATA;
	} else if (s->accepted == 0) {
		refused(s, code);
		go(s, STEP_RSET);
	} else {
		go(s, is_chunking(s) ? STEP_BODY : STEP_DATA);
	}
}

static void
on_data_reply(struct load_client *s, int code)
{
	if (code != 354) {
		refused(s, code);
		go(s, STEP_RSET);
	} else if (s->accepted == 0) {
		/* RFC 2920 section 3.1: no recipient stands, but DATA does */
		s->step = STEP_BODY;
		io_write_slice(s->io, SLICE_LIT(".\r\n"));
	} else {
		go(s, STEP_BODY);
	}
}

static void
on_body_reply(struct load_client *s, int code)
{
	if (s->body_left > 0) {
		/* An answer before the question: nothing more can be said. */
		refused(s, code);
		leave(s);
		return;
	}
	if (is_good(code) && s->accepted > 0)
		settle(s, LOAD_ACKNOWLEDGED, false);
	else
		refused(s, is_good(code) ? 554 : code);
	/* RFC 3030 section 2: after a failed BDAT only RSET is certain */
	if (is_chunking(s) && !is_good(code))
		go(s, STEP_RSET);
	else
		proceed(s);
}

/* What a session cannot do without. */
static void
on_needed_reply(struct load_client *s, int code)
{
	if (!is_good(code)) {
		refused(s, code);
		leave(s);
	} else if (s->step == STEP_STARTTLS) {
		load_guard_start(s->run->guard, s->io, s->run->reply_ms);
	} else if (s->step == STEP_HELO) {
		introduced(s);
	} else {
		greeted(s);
	}
}

static void
on_reply(struct load_client *s, int code)
{
	if (code == 421 || (s->step == STEP_BANNER && !is_good(code))) {
		if (s->step == STEP_BANNER)
			refused(s, code);
		leave(s);
		return;
	}
	switch (s->step) {
	case STEP_BANNER:
		go(s, STEP_EHLO);
		break;
	case STEP_EHLO:
		if (!is_good(code))
			go(s, STEP_HELO);
		else
			introduced(s);
		break;
	case STEP_HELO:
	case STEP_STARTTLS:
	case STEP_AUTH:
		on_needed_reply(s, code);
		break;
	case STEP_MAIL:
		on_mail_reply(s, code);
		break;
	case STEP_RCPT:
		on_rcpt_reply(s, code);
		break;
	case STEP_DATA:
		on_data_reply(s, code);
		break;
	case STEP_BODY:
		on_body_reply(s, code);
		break;
	case STEP_RSET:
		proceed(s);
		break;
	case STEP_QUIT:
	case STEP_IDLE:
		leave(s);
		break;
	}
}

/* ---- input ------------------------------------------------------------- */

static void
note_keyword(struct load_client *s, struct slice text)
{
	static const struct {
		const char	*name;
		unsigned	 feature;
	} keywords[] = {
		{ "PIPELINING", HAS_PIPELINING },
		{ "CHUNKING", HAS_CHUNKING },
		{ "8BITMIME", HAS_8BITMIME },
		{ "SIZE", HAS_SIZE },
	};
	struct slice	word;

	if (slice_get_word(&text, " ", &word) < 0)
		return;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (slice_is_nocase(word, keywords[i].name))
			s->features |= keywords[i].feature;
}

/* 0, or -1 when this is no reply of RFC 5321. */
static int
on_line(struct load_client *s, struct slice line)
{
	uint64_t	code;

	if (slice_parse_u64(slice_first(line, 3), &code) < 0 ||
	    code < 200 || code > 599 ||
	    (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-'))
		return -1;
	if (s->step == STEP_EHLO && code == 250)
		note_keyword(s, slice_after(line, 4));
	if (line.len == 3 || line.data[3] == ' ')
		on_reply(s, (int)code);
	return 0;
}

static void
on_input(struct load_client *s)
{
	struct slice	line;
	int		result = 0;

	if (s->step != STEP_IDLE)
		io_set_timeout(s->io, s->run->reply_ms);
	while (s->io != NULL && (result = smtp_text_line(io_in(s->io),
	    LINE_LIMIT, &line)) > 0)
		if ((result = on_line(s, line)) < 0)
			break;
	if (result < 0 && s->io != NULL) {
		log_warn("not a reply: %.*s", SLICE_ARG(slice_first(line, 80)));
		leave(s);
	}
}

static void
on_io(struct io *io, enum io_event event, void *arg)
{
	struct load_client	*s = arg;

	switch (event) {
	case IO_CONNECTED:
		break;
	case IO_SECURED:
		/* RFC 3207 section 4.2: what was known is forgotten */
		s->features = 0;
		io_set_timeout(io, s->run->reply_ms);
		go(s, STEP_EHLO);
		break;
	case IO_INPUT:
		on_input(s);
		break;
	case IO_DRAINED:
		if (s->body_left > 0)
			put_body(s);
		break;
	case IO_ERROR:
		if (s->run->lost == 0)
			log_warn("connection: %s", io_error(io));
		leave(s);
		break;
	case IO_CLOSED:
	case IO_TIMEOUT:
		leave(s);
		break;
	}
}

struct load_client *
load_client_new(struct load_run *run)
{
	struct load_client	*s = mem_new(sizeof(*s));

	s->run = run;
	if (run->step_delay_ms > 0)
		s->timer = loop_timer_new(run->loop, on_delayed, s);
	return s;
}

void
load_client_free(struct load_client **s)
{
	if (*s == NULL)
		return;
	io_free(&(*s)->io);
	loop_timer_free(&(*s)->timer);
	mem_free(*s);
	*s = NULL;
}

void
load_client_open(struct load_client *s, uint64_t number)
{
	struct load_run	*run = s->run;

	s->current = number;
	s->next = s->replied = s->accepted = s->done = 0;
	s->body_left = 0;
	s->features = 0;
	s->is_greeted = s->is_quitting = false;
	s->step = STEP_BANNER;
	s->begin_us = clock_now_us();
	run->connections++;
	s->io = io_connect(run->loop, &run->addr, NULL, on_io, s);
	io_set_timeout(s->io, run->reply_ms);
}
