/*
 * Content: from the client to the transaction.
 */

#include "smtpd/receive.h"

#include "conf/conf.h"
#include "smtpd/body.h"
#include "smtpd/gate.h"
#include "smtpd/reply.h"
#include "smtpd/stage.h"
#include "smtpd/transaction.h"

void
receive_start(struct session *s)
{
	session_enter(s, STATE_BODY);
}

void
receive_start_chunk(struct session *s)
{
	/* What is refused in part is refused. */
	if (s->chunk.code != 0)
		transaction_free(&s->txn);
	session_enter(s, STATE_CHUNK);
}

static void
refuse_bare_lf(struct session *s)
{
	session_refuse_bare_lf(s);
	transaction_free(&s->txn);
	session_enter_idle(s);
	session_resume(s);
}

/* The transaction resumes the session with its verdict. */
static void
on_judged(struct session *s, bool ok)
{
	if (ok) {
		transaction_close(s->txn);
		return;
	}
	transaction_free(&s->txn);
	session_enter_idle(s);
	session_resume(s);
}

/* All of the message is there. */
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
	step = stage_ask(s, JUDGE_END, on_judged);
	if (step == STEP_DONE)
		step = transaction_close(s->txn);
	if (step == STEP_WAIT)
		s->is_waiting = true;
	return step;
}

/* After DATA: to the dot. */
static enum step
take_body(struct session *s, struct buf *in)
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

/* ---- chunks -------------------------------------------------------------- */

static void
reply_to_refused(struct session *s)
{
	const struct session_chunk	*chunk = &s->chunk;

	if (chunk->code != 551 || chunk->size == 0) {
		reply_put(s, chunk->code, chunk->dsn, "%s", chunk->text);
		return;
	}
	reply_put(s, chunk->code, chunk->dsn, "Discarded %llu bytes %s",
	    (unsigned long long)chunk->size, chunk->text);
	/* One error of the client, however many chunks it had sent ahead. */
	s->error_count--;
	session_count_junk(s);
}

/* All of the chunk is there, or gone. */
static enum step
finish_chunk(struct session *s)
{
	const struct session_chunk	*chunk = &s->chunk;

	s->has_error = chunk->is_answered;
	if (chunk->code != 0) {
		if (!chunk->is_answered)
			reply_to_refused(s);
		if (chunk->is_last)
			session_enter_idle(s);
		else
			session_enter(s, STATE_SPOILT);
	} else if (chunk->is_last) {
		transaction_put(s->txn, body_rest(&s->txn->body));
		return finish(s);
	} else {
		reply_put(s, 250, "2.0.0", "Ok: %llu bytes",
		    (unsigned long long)chunk->size);
		session_enter(s, STATE_BETWEEN);
	}
	session_resume(s);
	return STEP_DONE;
}

/* After BDAT: as many bytes as it said, each of them content. */
static enum step
take_chunk(struct session *s, struct buf *in)
{
	struct session_chunk	*chunk = &s->chunk;
	struct slice		 rest, piece;
	size_t			 used;

	while (chunk->left > 0 && in->len > 0) {
		rest = slice_first(buf_slice(in), chunk->left < in->len ?
		    (size_t)chunk->left : in->len);
		used = rest.len;
		if (chunk->code == 0) {
			if (transaction_is_full(s->txn))
				break;
			body_next_chunk(&s->txn->body, rest, &piece, &used);
			transaction_put(s->txn, piece);
		}
		buf_drop(in, used);
		chunk->left -= used;
	}
	return chunk->left > 0 ? STEP_DONE : finish_chunk(s);
}

enum step
receive_input(struct session *s, struct buf *in)
{
	return s->state == STATE_CHUNK ? take_chunk(s, in) :
	    take_body(s, in);
}
