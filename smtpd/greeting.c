/*
 * The beginning of a session.
 */

#include "smtpd/greeting.h"

#include "conf/conf.h"
#include "smtpd/gate.h"
#include "smtpd/question.h"
#include "smtpd/reply.h"
#include "smtpd/session_log.h"
#include "util/mem.h"

static void
set_text(char **to, const char *text)
{
	mem_free(*to);
	*to = mem_strdup(text);
}

static void
take_flags(struct session *s, uint32_t flags)
{
	s->name_flags = flags & (JUDGE_NAME_TROUBLE | JUDGE_REVERSE_TROUBLE);
	s->is_local = (flags & JUDGE_LOCAL) != 0;
	s->is_near = (flags & JUDGE_NETWORK) != 0;
	s->has_pipe_connect = (flags & JUDGE_PIPECONNECT) != 0;
	s->has_verp = (flags & JUDGE_VERP) != 0;
	if (flags & JUDGE_NO_AUTH)
		s->has_auth = false;
	if (flags & JUDGE_BARE_LF)
		s->bare_lf = BARE_LF_ACCEPT;
}

static void
on_identified(struct question *question)
{
	struct session	*s = question->session;

	if (question->name != NULL) {
		set_text(&s->name, question->name);
		set_text(&s->reverse_name, question->reverse_name);
		take_flags(s, question->flags);
	}
	session_log_begin(s);
	s->is_counted = question->is_judged;
	s->is_waiting = false;
	s->wake(s->wake_arg);
}

enum step
greeting_identify(struct session *s)
{
	s->is_waiting = true;
	s->welcome = question_new(s, JUDGE_CONNECT, "", on_identified);
	return STEP_WAIT;
}

/* The verdict on who connects; without one that could be had, he may. */
static enum step
greet_denied(struct session *s)
{
	const struct question	*question = s->welcome;

	if (question == NULL || !question->is_judged)
		return STEP_DONE;
	reply_log_notes(question);
	if (question->code == 250)
		return STEP_DONE;
	s->is_denied = true;
	reply_refuse(question);
	return question->code == 421 || question->code == 521 ?
	    session_hang_up(s) : STEP_DONE;
}

enum step
greeting_send(struct session *s, struct slice early)
{
	enum step	step = STEP_DONE;

	if (early.len > 0 && !s->has_pipe_connect)
		step = session_refuse_pipelining(s, early);
	if (step == STEP_DONE)
		step = greet_denied(s);
	if (step == STEP_DONE && !s->is_denied)
		reply_put(s, 220, NULL, "%s", s->gate->conf->smtpd_banner);
	question_free(&s->welcome);
	return step;
}
