/*
 * The session machine: lines in, commands dispatched, replies out.
 */

#include "smtpd/session.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "mail/header.h"
#include "mail/ipc.h"
#include "smtpd/ahead.h"
#include "smtpd/closing.h"
#include "smtpd/cmd.h"
#include "smtpd/gate.h"
#include "smtpd/login.h"
#include "smtpd/question.h"
#include "smtpd/receive.h"
#include "smtpd/reply.h"
#include "smtpd/secured.h"
#include "smtpd/session_log.h"
#include "smtpd/substitute.h"
#include "smtpd/transaction.h"
#include "smtpd/verb.h"
#include "util/ascii.h"
#include "util/log.h"
#include "util/mem.h"

#define LIST_SEPARATORS	", \t\r\n"

static const char *const state_names[] = {
#define S(name)	[STATE_NUMBER_##name] = #name,
	SESSION_STATES(S)
#undef S
};

static const char *
state_name(enum session_state state)
{
	for (unsigned i = 0; i < sizeof(state_names) / sizeof(*state_names);
	    i++)
		if (state == 1u << i)
			return state_names[i];
	return "?";
}

void
session_enter(struct session *s, enum session_state state)
{
	log_debug("session %p: %s -> %s", (void *)s, state_name(s->state),
	    state_name(state));
	s->state = state;
}

void
session_enter_idle(struct session *s)
{
	session_enter(s, s->helo == NULL ? STATE_START : STATE_HELLO);
}

struct session *
session_new(struct gate *gate, const struct addr *peer, struct buf *out,
    void (*wake)(void *), void *arg)
{
	struct session	*s = mem_new(sizeof(*s));

	s->gate = gate;
	s->peer = *peer;
	addr_format_ip(peer, s->addr);
	s->name = mem_strdup("unknown");
	s->reverse_name = mem_strdup("unknown");
	s->bare_lf = gate->bare_lf;
	s->has_auth = gate->auth != NULL;
	s->number = ++gate->last_number;
	s->out = s->replies = out;
	s->wake = wake;
	s->wake_arg = arg;
	s->state = STATE_START;
	s->last = "CONNECT";
	return s;
}

void
session_free(struct session **sp)
{
	struct session	*s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	transaction_free(&s->txn);
	closing_free_all(s);
	question_free(&s->welcome);
	question_free(&s->question);
	secured_free(&s->secured);
	login_forget(s);
	mem_free(s->name);
	mem_free(s->reverse_name);
	mem_free(s->helo);
	mem_free(s->old_helo);
	buf_clear(&s->late);
	mem_free(s);
}

bool
session_is_idle(const struct session *s)
{
	return !s->is_waiting && s->txn == NULL && s->closing == NULL;
}

bool
session_is_in_content(const struct session *s)
{
	return s->state == STATE_BODY || s->state == STATE_CHUNK;
}

const char *
session_client(const struct session *s, char *text)
{
	char	port[8] = "";

	if (s->gate->conf->smtpd_client_port_logging)
		snprintf(port, sizeof(port), ":%u", addr_port(&s->peer));
	snprintf(text, SESSION_CLIENT_SIZE, "%.255s[%s]%s", s->name,
	    s->addr, port);
	return text;
}

/* ---- ends ---------------------------------------------------------------- */

enum step
session_hang_up(struct session *s)
{
	transaction_free(&s->txn);
	question_free(&s->question);
	login_free(&s->login);
	session_enter(s, STATE_END);
	return STEP_HANGUP;
}

enum step
session_timeout(struct session *s)
{
	session_log_loss(s, "timeout");
	reply_put(s, 421, "4.4.2", "%s Error: timeout exceeded",
	    s->gate->conf->myhostname);
	return session_hang_up(s);
}

enum step
session_shutdown(struct session *s)
{
	reply_put(s, 421, "4.3.2", "%s Service shutting down",
	    s->gate->conf->myhostname);
	return session_hang_up(s);
}

/* Who was refused may go on with his password (RFC 4954) all the same. */
static struct slice
shown(const struct session *s, struct slice line)
{
	if (s->total[verb_find(SLICE_LIT("AUTH")) - verb_table()] > 0)
		return SLICE_LIT("(not shown)");
	return slice_first(line, 100);
}

enum step
session_refuse_pipelining(struct session *s, struct slice behind)
{
	char		client[SESSION_CLIENT_SIZE];
	struct buf	text = BUF_INIT;

	if (!s->has_noted_pipelining) {
		buf_put_escaped(&text, shown(s, behind));
		log_info("improper command pipelining after %s from %s: %s",
		    s->last, session_client(s, client), buf_cstr(&text));
		buf_clear(&text);
	}
	s->has_noted_pipelining = true;
	if (!s->gate->conf->smtpd_forbid_unauth_pipelining)
		return STEP_DONE;
	reply_put(s, 554, "5.5.0", "Error: SMTP protocol synchronization");
	return session_hang_up(s);
}

/* ---- commands ------------------------------------------------------------ */

/*
 * Before a command.  After smtpd_soft_error_limit errors the reply to it
 * waits in s->late, whatever it is (S64).
 */
static void
begin_command(struct session *s, const struct verb *verb)
{
	const struct conf	*conf = s->gate->conf;

	s->verb = verb;
	s->has_error = false;
	s->is_utf8 = s->txn != NULL && (s->txn->flags & MAIL_UTF8) != 0;
	s->is_late = s->error_count >= conf->smtpd_soft_error_limit &&
	    conf->smtpd_error_sleep_time > 0;
	if (verb != NULL)
		s->total[verb - verb_table()]++;
}

/* When the last error allowed has had its reply, the session ends (S64). */
static enum step
check_errors(struct session *s, enum step step)
{
	const struct conf	*conf = s->gate->conf;

	if (step == STEP_DONE && s->is_leaving)
		step = session_hang_up(s);
	if (step == STEP_DONE &&
	    s->error_count >= conf->smtpd_hard_error_limit) {
		session_log_loss(s, "too many errors");
		reply_put(s, 421, "4.7.0", "%s Error: too many errors",
		    conf->myhostname);
		step = session_hang_up(s);
	}
	return step;
}

/* After a command, or a part of it that has replied. */
static enum step
end_command(struct session *s, enum step step)
{
	if (step == STEP_WAIT)
		return step;
	/* DATA, BDAT, AUTH count when what follows has its reply. */
	if (s->verb != NULL && !s->has_error && !session_is_in_content(s) &&
	    s->state != STATE_AUTH)
		s->good[s->verb - verb_table()]++;
	step = check_errors(s, step);
	if (s->late.len == 0)
		return step;
	s->pause_ms = (int)s->gate->conf->smtpd_error_sleep_time;
	s->is_waiting = true;
	return STEP_WAIT;
}

void
session_unpause(struct session *s)
{
	buf_put_slice(s->out, buf_slice(&s->late));
	buf_clear(&s->late);
	s->pause_ms = 0;
	s->is_late = false;
	s->is_waiting = false;
}

void
session_resume(struct session *s)
{
	bool	was_waiting = s->is_waiting;

	s->is_waiting = false;
	end_command(s, STEP_DONE);
	if (was_waiting)
		s->wake(s->wake_arg);
}

void
session_settled(struct session *s)
{
	s->is_urgent = true;
	/* Nor is there a reply to what still waits for one. */
	if (s->is_leaving)
		s->is_waiting = false;
	if (!s->is_waiting && s->state != STATE_END)
		check_errors(s, STEP_DONE);
	s->wake(s->wake_arg);
}

/* S34: not a mail client. */
static bool
is_foreign(const struct session *s, struct slice line, struct slice word)
{
	struct slice	list =
	    slice_str(s->gate->conf->smtpd_forbidden_commands);
	struct slice	name;

	if (!ascii_is_alpha(word.data[0]))
		return true;
	/* "Subject: x" is a header, not a command. */
	if (header_name_len(line) > 0)
		return true;
	while (slice_get_word(&list, LIST_SEPARATORS, &name) == 0)
		if (slice_equal_nocase(word, name))
			return true;
	return false;
}

static bool
is_noop(const struct session *s, struct slice word)
{
	struct slice	list = slice_str(s->gate->conf->smtpd_noop_commands);
	struct slice	name;

	while (slice_get_word(&list, LIST_SEPARATORS, &name) == 0)
		if (slice_equal_nocase(word, name))
			return true;
	return false;
}

void
session_count_junk(struct session *s)
{
	if (++s->junk_count > s->gate->conf->smtpd_junk_command_limit)
		s->error_count++;
}

static enum step
run_unknown(struct session *s, struct slice line, struct slice word)
{
	char	client[SESSION_CLIENT_SIZE];

	if (is_noop(s, word)) {
		session_count_junk(s);
		reply_put(s, 250, "2.0.0", "Ok");
		return STEP_DONE;
	}
	s->last = "UNKNOWN";
	if (word.len == 0) {
		reply_put(s, 500, "5.5.2", "Error: bad syntax");
		return STEP_DONE;
	}
	s->unknown_count++;
	if (is_foreign(s, line, word)) {
		log_warn("non-SMTP command from %s: %.*s",
		    session_client(s, client), SLICE_ARG(shown(s, line)));
		reply_put(s, 221, "2.7.0",
		    "Error: I can break rules, too. Goodbye.");
		return session_hang_up(s);
	}
	reply_put(s, 500, "5.5.2", "Error: command not recognized");
	return STEP_DONE;
}

/*
 * May other commands stand behind this one in its group?  Without EHLO
 * nothing allows it (RFC 2920 section 3.1).
 */
static bool
may_be_followed(const struct session *s)
{
	if (s->has_pipe_connect && s->helo == NULL &&
	    s->verb == verb_find(SLICE_LIT("EHLO")))
		return true;
	return s->is_esmtp && (s->verb->flags & VERB_LAST) == 0;
}

/* Denied, out of order, or not implemented. */
static void
refuse_verb(struct session *s)
{
	char	client[SESSION_CLIENT_SIZE];

	if (s->is_denied)
		reply_put(s, 503, "5.7.0", "Error: access denied for %s",
		    session_client(s, client));
	else if (s->verb->run == NULL)
		reply_put(s, 502, "5.5.1", "Error: command not implemented");
	else if ((s->state & (STATE_BETWEEN | STATE_SPOILT)) != 0)
		reply_put(s, 503, "5.5.1", "Error: %s after BDAT",
		    s->verb->name);
	else
		reply_put(s, 503, "5.5.1", "Error: %s", s->verb->order);
}

static enum step
run_verb(struct session *s, struct slice args, struct slice behind)
{
	const struct verb	*verb = s->verb;
	const char		*lack = secured_lack(s);
	enum step		 step = STEP_DONE;

	s->last = verb->name;
	s->is_followed = behind.len > 0;
	if (behind.len > 0 && !may_be_followed(s))
		step = session_refuse_pipelining(s, behind);
	if (step != STEP_DONE)
		return step;
	if (verb->flags & VERB_JUNK)
		session_count_junk(s);
	if (lack != NULL && (verb->flags & VERB_PLAIN) == 0)
		reply_put(s, 530, "5.7.0", "%s", lack);
	else if (verb->run == NULL || (verb->states & s->state) == 0 ||
	    (s->is_denied && verb->run != cmd_quit))
		refuse_verb(s);
	else
		step = verb->run(s, args);
	return step;
}

struct slice
session_filter(const struct session *s, struct slice line,
    struct buf *scratch)
{
	return substitute_command(s->gate->commands, slice_trim(line),
	    (size_t)s->gate->conf->line_length_limit, scratch);
}

static enum step
run_line(struct session *s, struct slice line, struct slice behind)
{
	struct slice	word, args;
	enum step	step;

	line = slice_trim(line);
	word = verb_word(line);
	args = slice_trim(slice_after(line, word.len));
	begin_command(s, is_noop(s, word) ? NULL : verb_find(word));
	step = s->verb == NULL ? run_unknown(s, line, word) :
	    run_verb(s, args, behind);
	if (step == STEP_WAIT)
		s->is_waiting = true;
	return end_command(s, step);
}

/* S52 */
static enum step
run_filtered(struct session *s, struct slice line, struct slice behind)
{
	struct buf	other = BUF_SECRET;
	enum step	step = run_line(s, session_filter(s, line, &other),
			    behind);

	buf_clear(&other);
	return step;
}

/* Not a command, but of the AUTH that is running. */
static enum step
run_answer(struct session *s, struct slice line, bool is_followed)
{
	enum step	step;

	s->is_followed = is_followed;
	step = login_answer(s, slice_trim(line));
	if (step == STEP_WAIT)
		s->is_waiting = true;
	return end_command(s, step);
}

/* ---- lines --------------------------------------------------------------- */

void
session_refuse_bare_lf(struct session *s)
{
	int	code =
	    (int)s->gate->conf->smtpd_forbid_bare_newline_reject_code;

	reply_reject(s, NULL, code, code < 500 ? "4.5.2" : "5.5.2",
	    "%s Error: bare <LF> received", s->gate->conf->myhostname);
}

static void
drop(struct session *s, struct buf *in, size_t bytes)
{
	buf_drop(in, bytes);
	ahead_drop(s, bytes);
}

/* The rest of a line that was too long goes by without being kept. */
static enum step
skip_line(struct session *s, struct buf *in)
{
	ptrdiff_t	at = slice_find(buf_slice(in), '\n');

	s->is_skipping = at < 0;
	drop(s, in, at < 0 ? in->len : (size_t)at + 1);
	if (at < 0)
		return STEP_DONE;
	if (s->is_long_auth) {
		s->is_long_auth = false;
		login_refuse_line(s);
		return end_command(s, STEP_DONE);
	}
	begin_command(s, NULL);
	s->last = "UNKNOWN";
	s->unknown_count++;
	reply_put(s, 500, "5.5.2", "Error: command line too long");
	return end_command(s, STEP_DONE);
}

static enum step
take_line(struct session *s, struct buf *in)
{
	struct slice	line = buf_slice(in);
	ptrdiff_t	at = slice_find(line, '\n');
	size_t		size = at < 0 ? line.len : (size_t)at + 1;
	enum step	step = STEP_DONE;
	bool		bare;

	if (size > login_line_limit(s, line)) {
		s->is_skipping = true;
		s->is_long_auth = login_is_line(s, line);
		return STEP_DONE;
	}
	bare = size < 2 || line.data[size - 2] != '\r';
	if (bare && s->bare_lf != BARE_LF_ACCEPT)
		s->has_bare_lf = true;
	if (bare && s->bare_lf == BARE_LF_REJECT) {
		login_end(s);
		begin_command(s, NULL);
		s->last = "UNKNOWN";
		s->unknown_count++;
		session_refuse_bare_lf(s);
		drop(s, in, size);
		return end_command(s, STEP_DONE);
	}
	if (s->state == STATE_AUTH)
		step = run_answer(s, slice_first(line, size),
		    line.len > size);
	else
		step = run_filtered(s, slice_first(line, size),
		    slice_after(line, size));
	drop(s, in, size);
	return step;
}

static bool
has_line(const struct session *s, const struct buf *in)
{
	return s->is_skipping || slice_find(buf_slice(in), '\n') >= 0 ||
	    in->len > login_line_limit(s, buf_slice(in));
}

/* An empty one needs no input to end. */
static bool
has_whole_chunk(const struct session *s)
{
	return s->state == STATE_CHUNK && s->chunk.left == 0;
}

enum step
session_input(struct session *s, struct buf *in)
{
	enum step	step = STEP_DONE;
	bool		is_blocked = false;

	if (s->state == STATE_END && !s->is_waiting)
		return s->closing == NULL ? STEP_HANGUP : STEP_WAIT;
	if (s->has_auth)
		in->keeps_secrets = true;
	while (step == STEP_DONE && (in->len > 0 || has_whole_chunk(s)) &&
	    !s->is_waiting && !s->is_securing && !is_blocked) {
		if (session_is_in_content(s)) {
			size_t	before = in->len;

			step = receive_input(s, in);
			if (step == STEP_DONE && in->len == before &&
			    session_is_in_content(s))
				break;
		} else if (s->closing != NULL &&
		    !closing_lets(s, buf_slice(in))) {
			is_blocked = true;
		} else if (s->is_skipping) {
			step = skip_line(s, in);
		} else if (has_line(s, in)) {
			step = take_line(s, in);
		} else {
			break;
		}
		/* The reply to the content may have been the last. */
		if (step == STEP_DONE && s->state == STATE_END)
			step = STEP_HANGUP;
	}
	/* S27: what stands behind STARTTLS is nothing to act upon. */
	if (s->is_securing)
		buf_empty(in);
	if (s->is_waiting)
		ahead_look(s, buf_slice(in));
	/* The last replies come behind those of messages. */
	if (s->is_waiting || is_blocked ||
	    (step == STEP_HANGUP && s->closing != NULL))
		return STEP_WAIT;
	return s->is_securing && step == STEP_DONE ? STEP_SECURE : step;
}
