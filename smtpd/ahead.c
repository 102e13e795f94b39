/*
 * Asking ahead.
 */

#include "smtpd/ahead.h"

#include "conf/conf.h"
#include "smtpd/cmd.h"
#include "smtpd/question.h"
#include "smtpd/transaction.h"
#include "smtpd/verb.h"

/* Questions of one session at a time. */
#define LIMIT	200

/* One line: is it a command whose question can be asked? */
static bool
ask_command(struct session *s, struct slice line)
{
	const struct verb	*verb;
	struct slice		 word;

	line = slice_trim(line);
	word = verb_word(line);
	verb = verb_find(word);
	return verb != NULL && (verb->flags & VERB_OVERLAP) != 0 &&
	    cmd_rcpt_ahead(s, slice_trim(slice_after(line, word.len)));
}

static bool
ask(struct session *s, struct slice line)
{
	struct buf	other = BUF_SECRET;
	bool		was_asked = ask_command(s, session_filter(s, line,
			    &other));

	buf_clear(&other);
	return was_asked;
}

void
ahead_look(struct session *s, struct slice in)
{
	size_t		room = LIMIT;
	ptrdiff_t	at;

	if (s->txn == NULL || s->txn->asked == NULL || s->ahead >= in.len)
		return;
	for (const struct question *q = s->txn->ahead; q != NULL && room > 0;
	    q = q->next)
		room--;
	in = slice_after(in, s->ahead);
	while (room-- > 0 && (at = slice_find(in, '\n')) >= 0 &&
	    at < s->gate->conf->line_length_limit &&
	    ask(s, slice_first(in, (size_t)at))) {
		s->ahead += (size_t)at + 1;
		in = slice_after(in, (size_t)at + 1);
	}
}

void
ahead_drop(struct session *s, size_t bytes)
{
	s->ahead -= bytes < s->ahead ? bytes : s->ahead;
}
