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

static enum step
refuse_bare_lf(struct session *s)
{
	transaction_free(&s->txn);
	session_enter(s, STATE_HELLO);
	reply_put(s, (int)s->gate->conf->smtpd_forbid_bare_newline_reject_code,
	    "5.5.2", "%s Error: bare <LF> received",
	    s->gate->conf->myhostname);
	session_enter(s, STATE_END);
	return STEP_HANGUP;
}

static enum step
finish(struct session *s)
{
	bool		has_bare_lf = s->txn->body.has_bare_lf;
	enum step	step;

	if (has_bare_lf && s->gate->bare_lf != BARE_LF_ACCEPT) {
		s->has_bare_lf = true;
		if (s->gate->bare_lf == BARE_LF_REJECT && !s->is_local)
			return refuse_bare_lf(s);
	}
	s->has_error = false;
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
