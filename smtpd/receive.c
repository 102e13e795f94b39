/*
 * Content: from the client to the transaction.
 */

#include "smtpd/receive.h"

#include "conf/conf.h"
#include "smtpd/body.h"
#include "smtpd/gate.h"
#include "smtpd/reply.h"
#include "smtpd/transaction.h"

void
receive_start(struct session *s)
{
	s->txn->body = (struct body)BODY_INIT;
	session_enter(s, STATE_BODY);
}

static void
refuse_bare_lf(struct session *s)
{
	session_refuse_bare_lf(s);
	transaction_free(&s->txn);
	session_enter_idle(s);
	session_resume(s);
}

static enum step
finish(struct session *s)
{
	bool		has_bare_lf = s->txn->body.has_bare_lf;
	enum step	step;

	s->has_error = false;
	s->last = SESSION_END_OF_MESSAGE;
	if (has_bare_lf && s->bare_lf != BARE_LF_ACCEPT)
		s->has_bare_lf = true;
	if (has_bare_lf && s->bare_lf == BARE_LF_REJECT) {
		refuse_bare_lf(s);
		return STEP_DONE;
	}
	step = transaction_close(s->txn);
	if (step == STEP_WAIT)
		s->is_waiting = true;
	return step;
}

enum step
receive_input(struct session *s, struct buf *in)
{
	enum body_next	next = BODY_PIECE;
	struct slice	piece;
	size_t		used;

	while (next == BODY_PIECE && !transaction_is_full(s->txn)) {
		next = body_next(&s->txn->body, buf_slice(in), &piece, &used);
		if (next == BODY_PIECE)
			transaction_put(s->txn, piece);
		buf_drop(in, used);
		if (next == BODY_END)
			return finish(s);
	}
	transaction_flush(s->txn);
	return STEP_DONE;
}
