/*
 * Messages on their last step.
 */

#include "smtpd/closing.h"

#include <utlist.h>

#include "conf/conf.h"
#include "smtpd/gate.h"
#include "smtpd/transaction.h"
#include "smtpd/verb.h"

/* Of one session, at a time. */
#define LIMIT		32
#define REPLIES_LIMIT	8192	/* bytes kept back behind one of them */
#define CONTENT_LIMIT	32768	/* bytes that wait for cleanup, of all */

static struct transaction *
last(const struct session *s)
{
	return s->closing == NULL ? NULL : s->closing->prev;
}

static void
set_replies(struct session *s)
{
	s->replies = s->closing == NULL ? s->out : &last(s)->behind;
}

/* Its verdict has changed what was counted before the others closed. */
static void
count_errors(struct session *s, int errors, int junk)
{
	struct transaction	*other;

	DL_FOREACH(s->closing, other) {
		other->errors += errors;
		other->junk += junk;
	}
}

/* The verdict, whatever command is running now, and what stands behind it. */
static void
tell(struct session *s, struct transaction *txn)
{
	bool	had_error = s->has_error, was_utf8 = s->is_utf8;
	bool	was_leaving = s->is_leaving;
	int	errors = s->error_count, junk = s->junk_count;

	s->replies = s->out;
	s->is_utf8 = (txn->flags & MAIL_UTF8) != 0;
	s->is_leaving = false;
	transaction_tell(txn);
	if (txn->code == 250 && txn->verb != NULL)
		s->good[txn->verb - verb_table()]++;
	s->has_error = had_error;
	s->is_utf8 = was_utf8;
	count_errors(s, s->error_count - errors, s->junk_count - junk);
	/* After a 421 there is nothing more (RFC 5321 section 3.8). */
	if (s->is_leaving)
		closing_free_all(s);
	else
		buf_put_slice(s->out, buf_slice(&txn->behind));
	s->is_leaving = s->is_leaving || was_leaving;
}

void
closing_settle(struct session *s)
{
	struct transaction	*txn;
	bool			 was_told = false;

	while ((txn = s->closing) != NULL && txn->code != 0) {
		DL_DELETE(s->closing, txn);
		s->closing_count--;
		tell(s, txn);
		transaction_free(&txn);
		was_told = true;
	}
	set_replies(s);
	if (was_told)
		session_settled(s);
}

void
closing_add(struct session *s)
{
	struct transaction	*txn = s->txn;

	s->txn = NULL;
	/* It counts when it has its reply. */
	txn->verb = s->verb;
	s->verb = NULL;
	DL_APPEND(s->closing, txn);
	s->closing_count++;
	set_replies(s);
	session_enter_idle(s);
	if (s->is_waiting)
		session_resume(s);
	closing_settle(s);
}

/*
 * Each of them may be an error.  If they all were, would the client still be
 * served at once (S64)?
 */
static bool
has_credit(const struct session *s)
{
	const struct conf	*conf = s->gate->conf;
	int64_t			 limit = conf->smtpd_hard_error_limit;

	if (conf->smtpd_error_sleep_time > 0 &&
	    conf->smtpd_soft_error_limit < limit)
		limit = conf->smtpd_soft_error_limit;
	return s->error_count + (int64_t)s->closing_count < limit;
}

bool
closing_is_full(const struct session *s)
{
	const struct transaction	*txn;
	size_t				 bytes = 0;

	DL_FOREACH(s->closing, txn)
		bytes += txn->chunk.len;
	return bytes >= CONTENT_LIMIT;
}

bool
closing_lets(const struct session *s, struct slice in)
{
	ptrdiff_t		 end = slice_find(in, '\n');
	const struct verb	*verb;

	if (!s->is_esmtp || s->is_skipping || !has_credit(s) ||
	    s->closing_count >= LIMIT ||
	    last(s)->behind.len > REPLIES_LIMIT || closing_is_full(s))
		return false;
	/* It may become another command. */
	if (s->gate->commands != NULL)
		return false;
	if (end < 0)
		return in.len < (size_t)s->gate->conf->line_length_limit;
	verb = verb_find(verb_word(slice_trim(slice_first(in,
	    (size_t)end))));
	return verb != NULL && (verb->flags & VERB_MESSAGE) != 0;
}

void
closing_free_all(struct session *s)
{
	struct transaction	*txn;

	while ((txn = s->closing) != NULL) {
		DL_DELETE(s->closing, txn);
		transaction_free(&txn);
	}
	s->closing_count = 0;
	set_replies(s);
}
