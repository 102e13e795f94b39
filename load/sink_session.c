/*
 * A session of the test server.
 */

#include "load/sink_session.h"

#include <string.h>
#include <utlist.h>

#include "net/io.h"
#include "load/sink_dump.h"
#include "load/sink_keyword.h"
#include "net/smtp_text.h"
#include "net/tls.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/mem.h"

/* What a peer can make a session hold. */
#define LINE_LIMIT	4096
#define HEAD_LIMIT	16384	/* of a message, searched for its number */
#define ENVELOPE_LIMIT	1048576
#define RCPT_LIMIT	10000
#define UNREAD_LIMIT	65536	/* replies the peer does not read */
#define GROUPS		16	/* of replies, waiting for their moment */

enum place { PLACE_COMMAND, PLACE_DATA, PLACE_BDAT };

/* Replies made in one go: they leave together, delay_ms later. */
struct group {
	int64_t	due_ms;
	size_t	len;
};

struct sink_session {
	struct sink_run	*run;
	struct io	*io;		/* NULL: over */
	struct loop_timer *timer;	/* NULL unless replies are delayed */
	struct buf	 held;		/* replies delayed */
	struct group	 groups[GROUPS];
	unsigned	 group_count;
	enum place	 place;
	enum smtp_text_place text_place;
	uint64_t	 chunk_left;
	bool		 is_last_chunk;
	bool		 has_sender, has_replied, is_leaving, is_hanging;
	bool		 has_body;	/* BDAT has begun */
	bool		 has_head;	/* all of it, or all we look at */
	uint64_t	 rcpts, size, done;
	struct buf	 sender;	/* argument of MAIL */
	struct buf	 envelope;	/* empty unless someone wants it */
	struct buf	 head;
	struct sink_dump *dump;		/* NULL when not kept */
	struct sink_session *prev, *next;
};

/* ---- the transaction --------------------------------------------------- */

static void
end_transaction(struct sink_session *s)
{
	s->has_sender = s->has_body = s->has_head = false;
	s->rcpts = s->size = 0;
	s->place = PLACE_COMMAND;
	buf_clear(&s->sender);
	buf_clear(&s->envelope);
	buf_clear(&s->head);
	sink_dump_free(&s->dump);
}

static void
on_free(void *arg)
{
	struct sink_session	*s = arg;

	buf_clear(&s->held);
	mem_free(s);
}

static void
leave(struct sink_session *s)
{
	if (s->io == NULL)
		return;
	end_transaction(s);
	io_free(&s->io);
	loop_timer_free(&s->timer);
	DL_DELETE(s->run->sessions, s);
	s->run->open--;
	loop_defer(s->run->loop, on_free, s);
	s->run->on_left(s->run->arg);
}

/* ---- replies ----------------------------------------------------------- */

/* "250 2.1.0 Ok", which loses its 2.1.0 where that is not announced. */
static void
reply(struct sink_session *s, const char *text)
{
	struct buf	*out = s->run->delay_ms > 0 ? &s->held :
			    io_out(s->io);

	s->has_replied = true;
	if (!s->run->has_enhanced && strlen(text) > 6 && text[5] == '.') {
		buf_put(out, text, 4);
		text += 4 + strcspn(text + 4, " ");
		text += *text == ' ';
	}
	buf_put_str(out, text);
	buf_put_str(out, "\r\n");
}

/*
 * Answer at a step, as the rules want it or else with text; true when the
 * answer is yes.
 */
static bool
answer(struct sink_session *s, const char *step, struct slice about,
    const char *text)
{
	const char	*wanted = NULL;

	switch (sink_rule_find(s->run->rules, step, about, &wanted)) {
	case SINK_NOTHING:
		break;
	case SINK_REPLY:
		reply(s, wanted);
		s->is_leaving = s->is_leaving || memcmp(wanted, "421", 3) == 0;
		return wanted[0] == '2' || wanted[0] == '3';
	case SINK_CLOSE:
		/* What was answered before has left. */
		io_flush(s->io);
		leave(s);
		return false;
	case SINK_HANG:
		s->is_hanging = true;
		return false;
	}
	reply(s, text);
	return true;
}

static void
send_group(struct sink_session *s)
{
	io_write_slice(s->io, slice_first(buf_slice(&s->held),
	    s->groups[0].len));
	buf_drop(&s->held, s->groups[0].len);
	s->group_count--;
	memmove(s->groups, s->groups + 1, s->group_count * sizeof(*s->groups));
	if (s->held.len == 0)
		buf_clear(&s->held);
}

static void
on_due(void *arg)
{
	struct sink_session	*s = arg;
	int64_t			 now = loop_now_ms(s->run->loop);

	while (s->group_count > 0 && s->groups[0].due_ms <= now)
		send_group(s);
	if (s->group_count > 0)
		loop_timer_start(s->timer, s->groups[0].due_ms - now);
	else if (s->is_leaving)
		io_shutdown(s->io);
	io_resume(s->io);
	io_again(s->io);
}

/* The input has run dry: what was answered to it is one group. */
static void
end_group(struct sink_session *s)
{
	size_t	len = s->held.len;

	if (s->io == NULL || !s->has_replied)
		return;
	s->has_replied = false;
	s->run->waits++;
	if (s->run->delay_ms <= 0) {
		io_flush_later(s->io);
		if (s->is_leaving)
			io_shutdown(s->io);
		return;
	}
	for (unsigned i = 0; i < s->group_count; i++)
		len -= s->groups[i].len;
	if (s->timer == NULL)
		s->timer = loop_timer_new(s->run->loop, on_due, s);
	if (!loop_timer_is_running(s->timer))
		loop_timer_start(s->timer, s->run->delay_ms);
	s->groups[s->group_count++] = (struct group){
		loop_now_ms(s->run->loop) + s->run->delay_ms, len };
}

/* ---- the message ------------------------------------------------------- */

static void
take_head(struct sink_session *s, struct slice part)
{
	size_t		 old = s->head.len < 3 ? 0 : s->head.len - 3;
	struct slice	 all;
	unsigned char	*end;

	buf_put_slice(&s->head, slice_first(part, HEAD_LIMIT - s->head.len));
	all = buf_slice(&s->head);
	end = memmem(all.data + old, all.len - old, "\r\n\r\n", 4);
	if (end != NULL)
		buf_truncate(&s->head, (size_t)(end - all.data) + 2);
	s->has_head = end != NULL || s->head.len == HEAD_LIMIT;
}

static void
on_part(struct slice part, void *arg)
{
	struct sink_session	*s = arg;

	s->size += part.len;
	if (s->run->numbers != NULL && !s->has_head)
		take_head(s, part);
	if (s->dump != NULL)
		sink_dump_add(s->dump, part);
}

static void
begin_body(struct sink_session *s)
{
	s->has_body = true;
	s->size = 0;
	s->text_place = SMTP_TEXT_START;
	if (s->run->dump_folder != NULL)
		s->dump = sink_dump_new(s->run->dump_folder,
		    buf_slice(&s->envelope));
}

static void
record(struct sink_session *s, uint64_t recipients)
{
	struct sink_run	*run = s->run;

	s->done++;
	run->messages++;
	run->recipients += recipients;
	run->bytes += s->size;
	run->last_us = clock_now_us();
	if (run->numbers != NULL)
		sink_numbers_add(run->numbers, buf_slice(&s->head));
	if (s->dump != NULL)
		sink_dump_keep(&s->dump, run->messages);
	run->on_message(run->arg);
}

/* LMTP answers once for each recipient (RFC 2033 section 4.2). */
static uint64_t
answer_each(struct sink_session *s)
{
	struct slice	envelope = buf_slice(&s->envelope), line;
	uint64_t	taken = 0;

	while (s->io != NULL && !s->is_hanging &&
	    slice_get_word(&envelope, "\n", &line) == 0)
		if (slice_has_prefix(line, "RCPT") &&
		    answer(s, "DOT", line, "250 2.0.0 Ok: taken"))
			taken++;
	return taken;
}

static void
end_message(struct sink_session *s)
{
	uint64_t	taken = 0;

	if (s->run->size > 0 && s->size > s->run->size)
		reply(s, "552 5.3.4 Message too big");
	else if (s->run->has_lmtp)
		taken = answer_each(s);
	else if (answer(s, "DOT", buf_slice(&s->sender),
	    "250 2.0.0 Ok: taken"))
		taken = s->rcpts;
	if (taken > 0)
		record(s, taken);
	if (s->io == NULL)
		return;
	end_transaction(s);
	if (taken > 0 && s->done == s->run->close_after) {
		io_flush(s->io);
		leave(s);
	}
}

static void
take_text(struct sink_session *s)
{
	struct slice	from = buf_slice(io_in(s->io)), all = from;
	int		is_end = smtp_text_unstuff(&s->text_place, &from,
			    on_part, s);

	buf_drop(io_in(s->io), all.len - from.len);
	if (is_end)
		end_message(s);
}

static void
take_chunk(struct sink_session *s)
{
	struct slice	part = slice_first(buf_slice(io_in(s->io)),
			    s->chunk_left);

	if (s->rcpts > 0)
		on_part(part, s);
	s->chunk_left -= part.len;
	buf_drop(io_in(s->io), part.len);
	if (s->chunk_left > 0)
		return;
	s->place = PLACE_COMMAND;
	if (s->rcpts == 0)
		reply(s, "503 5.5.1 RCPT first");
	else if (s->is_last_chunk)
		end_message(s);
	else
		reply(s, "250 2.0.0 Ok: chunk");
}

/* ---- commands ---------------------------------------------------------- */

static void
do_hello(struct sink_session *s, struct slice arg)
{
	end_transaction(s);
	answer(s, "HELO", arg, "250 ternsink");
}

static void
do_ehlo(struct sink_session *s, struct slice arg)
{
	struct buf	text = BUF_INIT;

	end_transaction(s);
	if (!s->run->has_esmtp) {
		reply(s, "502 5.5.1 Not implemented");
		return;
	}
	sink_keyword_put(s->run, io_tls(s->io) != NULL, &text);
	answer(s, "EHLO", arg, buf_cstr(&text));
	buf_clear(&text);
}

static bool
is_too_big(const struct sink_session *s, struct slice arg)
{
	struct slice	word;
	uint64_t	size;

	while (slice_get_word(&arg, " ", &word) == 0)
		if (slice_has_prefix_nocase(word, "SIZE=") &&
		    slice_parse_u64(slice_after(word, 5), &size) == 0 &&
		    s->run->size > 0 && size > s->run->size)
			return true;
	return false;
}

static void
keep_envelope(struct sink_session *s, const char *verb, struct slice arg)
{
	if (s->run->dump_folder == NULL && !s->run->has_lmtp)
		return;
	buf_printf(&s->envelope, "%s %.*s\n", verb, SLICE_ARG(arg));
}

static void
do_mail(struct sink_session *s, struct slice arg)
{
	if (s->has_sender) {
		reply(s, "503 5.5.1 Nested MAIL");
	} else if (!slice_has_prefix_nocase(arg, "FROM:")) {
		reply(s, "501 5.5.4 MAIL FROM:<address>");
	} else if (is_too_big(s, arg)) {
		reply(s, "552 5.3.4 Message too big");
	} else if (answer(s, "MAIL", arg, "250 2.1.0 Ok")) {
		s->has_sender = true;
		buf_put_slice(&s->sender, arg);
		keep_envelope(s, "MAIL", arg);
	}
}

static void
do_rcpt(struct sink_session *s, struct slice arg)
{
	if (!s->has_sender || s->has_body) {
		reply(s, "503 5.5.1 MAIL first");
	} else if (!slice_has_prefix_nocase(arg, "TO:")) {
		reply(s, "501 5.5.4 RCPT TO:<address>");
	} else if (s->rcpts >= RCPT_LIMIT ||
	    s->envelope.len + arg.len > ENVELOPE_LIMIT) {
		reply(s, "452 4.5.3 Too many recipients");
	} else if (answer(s, "RCPT", arg, "250 2.1.5 Ok")) {
		s->rcpts++;
		keep_envelope(s, "RCPT", arg);
	}
}

static void
do_data(struct sink_session *s, struct slice arg)
{
	(void)arg;
	if (s->rcpts == 0 || s->has_body) {
		reply(s, "503 5.5.1 RCPT first");
	} else if (answer(s, "DATA", buf_slice(&s->sender),
	    "354 End data with <CR><LF>.<CR><LF>")) {
		s->place = PLACE_DATA;
		begin_body(s);
	}
}

static void
do_bdat(struct sink_session *s, struct slice arg)
{
	struct slice	word;

	if (!s->run->has_chunking) {
		reply(s, "502 5.5.1 Not implemented");
		s->is_leaving = true;	/* what follows is no command */
		return;
	}
	if (slice_get_word(&arg, " ", &word) < 0 ||
	    slice_parse_u64(word, &s->chunk_left) < 0) {
		reply(s, "501 5.5.4 BDAT size [LAST]");
		s->is_leaving = true;	/* likewise */
		return;
	}
	s->is_last_chunk = slice_get_word(&arg, " ", &word) == 0 &&
	    slice_is_nocase(word, "LAST");
	s->place = PLACE_BDAT;
	if (s->rcpts > 0 && !s->has_body)
		begin_body(s);
	/* A chunk of no bytes is over at once. */
	if (s->chunk_left == 0)
		take_chunk(s);
}

static void
do_rset(struct sink_session *s, struct slice arg)
{
	end_transaction(s);
	answer(s, "RSET", arg, "250 2.0.0 Ok");
}

static void
do_noop(struct sink_session *s, struct slice arg)
{
	answer(s, "NOOP", arg, "250 2.0.0 Ok");
}

/* At once, whatever the delay: what comes next is the handshake. */
static void
do_starttls(struct sink_session *s, struct slice arg)
{
	struct sink_run	*run = s->run;

	(void)arg;
	if (run->tls == NULL || io_tls(s->io) != NULL) {
		reply(s, "502 5.5.1 Not implemented");
		return;
	}
	end_transaction(s);
	run->waits++;
	io_write_slice(s->io, SLICE_LIT("220 2.0.0 Ready to start TLS\r\n"));
	io_start_tls(s->io, tls_new_server(run->tls), run->idle_ms);
}

static void
do_quit(struct sink_session *s, struct slice arg)
{
	answer(s, "QUIT", arg, "221 2.0.0 Bye");
	s->is_leaving = true;
}

static const struct verb {
	const char	*name;
	void		(*run)(struct sink_session *, struct slice);
} verbs[] = {
	{ "RCPT", do_rcpt },
	{ "MAIL", do_mail },
	{ "DATA", do_data },
	{ "BDAT", do_bdat },
	{ "EHLO", do_ehlo },
	{ "LHLO", do_ehlo },
	{ "HELO", do_hello },
	{ "RSET", do_rset },
	{ "NOOP", do_noop },
	{ "STARTTLS", do_starttls },
	{ "QUIT", do_quit },
};

static void
take_command(struct sink_session *s, struct slice line)
{
	struct slice	word, arg = line;

	if (slice_get_word(&arg, " ", &word) < 0)
		word = line;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (slice_is_nocase(word, verbs[i].name)) {
			verbs[i].run(s, slice_trim(arg));
			return;
		}
	reply(s, "500 5.5.2 Unknown command");
}

/* ---- input ------------------------------------------------------------- */

static bool
is_ready(const struct sink_session *s)
{
	return s->io != NULL && !s->is_leaving && !s->is_hanging &&
	    io_pending(s->io) < UNREAD_LIMIT && s->held.len < UNREAD_LIMIT;
}

static void
on_input(struct sink_session *s)
{
	struct slice	line;
	int		result = 1;

	io_set_timeout(s->io, s->run->idle_ms);
	/* The last place in groups is for what this input is answered. */
	if (s->group_count == GROUPS) {
		io_pause(s->io);
		return;
	}
	while (result > 0 && is_ready(s)) {
		if (s->place == PLACE_COMMAND) {
			result = smtp_text_line(io_in(s->io), LINE_LIMIT,
			    &line);
			if (result > 0)
				take_command(s, line);
		} else if (io_in(s->io)->len == 0) {
			result = 0;
		} else if (s->place == PLACE_DATA) {
			take_text(s);
		} else {
			take_chunk(s);
		}
	}
	if (result < 0) {
		reply(s, "500 5.5.6 Line too long");
		s->is_leaving = true;
	}
	end_group(s);
	if (s->io == NULL)
		return;
	if (s->is_hanging || s->is_leaving)
		buf_empty(io_in(s->io));
	else if (!is_ready(s))
		io_pause(s->io);
}

static void
on_io(struct io *io, enum io_event event, void *arg)
{
	struct sink_session	*s = arg;

	if (event == IO_INPUT) {
		on_input(s);
	} else if (event == IO_SECURED) {
		io_set_timeout(io, s->run->idle_ms);
	} else if (event == IO_DRAINED && !s->is_leaving) {
		io_resume(io);
		if (io_in(io)->len > 0)
			io_again(io);
	} else if (event != IO_DRAINED || s->group_count == 0) {
		leave(s);	/* all is said, or nobody listens */
	}
}

void
sink_session_start(struct sink_run *run, int fd)
{
	struct sink_session	*s = mem_new(sizeof(*s));

	s->run = run;
	s->io = io_new(run->loop, fd, on_io, s);
	DL_APPEND(run->sessions, s);
	run->open++;
	run->connections++;
	if (run->first_us == 0)
		run->first_us = clock_now_us();
	io_set_timeout(s->io, run->idle_ms);
	answer(s, "CONNECT", SLICE_LIT(""), run->has_banner_esmtp ?
	    "220 ternsink ESMTP" : "220 ternsink");
	end_group(s);
}

void
sink_session_stop_all(struct sink_run *run)
{
	while (run->sessions != NULL)
		leave(run->sessions);
}
