/*
 * Asking ahead.
 */

#include "smtpd/ahead.h"

#include "conf/conf.h"
#include "smtpd/cmd.h"
#include "smtpd/question.h"
#include "smtpd/transaction.h"
#include "smtpd/verb.h"
#include "util/ascii.h"

/* Questions of one session at a time. */
#define LIMIT	200

/* One line: is it a command whose question can be asked? */
static bool
ask_command(struct session *s, struct slice line)
{
	const struct verb	*verb;
	size_t			 len = 0;

	line = slice_trim(line);
	while (len < line.len && !ascii_is_space(line.data[len]))
		len++;
	verb = verb_find(slice_first(line, len));
	return verb != NULL && (verb->flags & VERB_OVERLAP) != 0 &&
	    cmd_rcpt_ahead(s, slice_trim(slice_after(line, len)));
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
