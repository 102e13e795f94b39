/*
 * BDAT (RFC 3030 section 2).
 *
 * Whatever the reply, the bytes that are announced are taken from the input
 * and never read as commands.  Where we cannot know how many they are, or
 * will not take so many, the session ends.
 */

#include "conf/conf.h"
#include "smtpd/cmd.h"
#include "smtpd/gate.h"
#include "smtpd/keyword.h"
#include "smtpd/receive.h"
#include "smtpd/reply.h"
#include "smtpd/secured.h"
#include "smtpd/stage.h"
#include "smtpd/transaction.h"

/* "count", "count LAST" */
static int
parse(struct slice args, struct session_chunk *chunk)
{
	struct slice	count, last;

	*chunk = (struct session_chunk){ .code = 0 };
	if (slice_get_word(&args, " \t", &count) < 0 || count.len > 20 ||
	    slice_parse_u64(count, &chunk->size) < 0)
		return -1;
	chunk->left = chunk->size;
	if (slice_get_word(&args, " \t", &last) < 0)
		return 0;
	chunk->is_last = slice_is_nocase(last, "LAST");
	return chunk->is_last && slice_trim(args).len == 0 ? 0 : -1;
}

static void
refuse(struct session_chunk *chunk, int code, const char *dsn,
    const char *text)
{
	chunk->code = code;
	chunk->dsn = dsn;
	chunk->text = text;
}

/* More than limit, with the chunks before it; 0: no limit. */
static bool
exceeds(uint64_t before, uint64_t size, uint64_t limit)
{
	if (limit == 0)
		limit = UINT64_MAX;
	return before > limit || size > limit - before;
}

static void
check(struct session *s, struct session_chunk *chunk)
{
	uint64_t	 limit = (uint64_t)s->gate->conf->message_size_limit;
	const char	*lack = secured_lack(s);

	if (lack != NULL)
		refuse(chunk, 530, "5.7.0", lack);
	else if (s->state == STATE_SPOILT)
		refuse(chunk, 551, "5.0.0", "after an earlier error");
	else if (s->txn == NULL)
		refuse(chunk, 503, "5.5.1", "Error: need MAIL command");
	else if (s->txn->count == 0)
		refuse(chunk, 554, "5.5.1", "Error: no valid recipients");
	else if (chunk->size == 0 && !chunk->is_last)
		refuse(chunk, 551, "5.7.1",
		    "Error: an empty chunk must be the last");
	else if (exceeds(s->txn->announced, chunk->size, limit))
		refuse(chunk, 552, "5.3.4",
		    "Chunk exceeds message size limit");
	else
		s->txn->announced += chunk->size;
}

/* It may be refused, but not thrown away without end (S29). */
static bool
is_endless(const struct session *s, const struct session_chunk *chunk)
{
	uint64_t	limit = (uint64_t)s->gate->conf->message_size_limit;

	return chunk->code != 0 &&
	    exceeds(0, chunk->size, limit + limit / 2);
}

static enum step
hang_up(struct session *s, int code, const char *dsn, const char *text)
{
	transaction_free(&s->txn);
	reply_put(s, code, dsn, "%s", text);
	session_enter(s, STATE_END);
	return STEP_HANGUP;
}

static void
on_ready(struct session *s, bool ok)
{
	if (!ok)
		refuse(&s->chunk, 451, "4.3.0",
		    "Error: mail system is not ready");
	receive_start_chunk(s);
	session_resume(s);
}

/* A chunk that the policy refuses is taken from the input all the same. */
static void
on_judged(struct session *s, bool ok)
{
	if (!ok) {
		refuse(&s->chunk, 554, "5.7.1", "");
		s->chunk.is_answered = true;
	} else if (transaction_open(s->txn, on_ready) == STEP_WAIT) {
		return;
	}
	receive_start_chunk(s);
	session_resume(s);
}

/* The first chunk is what DATA would be. */
static enum step
begin(struct session *s)
{
	if (stage_ask(s, JUDGE_DATA, on_judged) == STEP_WAIT)
		return STEP_WAIT;
	/* cleanup may have been restarted since the first RCPT. */
	return transaction_open(s->txn, on_ready);
}

enum step
cmd_bdat(struct session *s, struct slice args)
{
	struct session_chunk	*chunk = &s->chunk;
	enum step		 step = STEP_DONE;

	if (!s->is_esmtp || !keyword_is_offered(s, "CHUNKING"))
		return hang_up(s, 521, "5.5.1",
		    "Error: command not implemented");
	if (parse(args, chunk) < 0)
		return hang_up(s, 521, "5.5.4", "Syntax: BDAT count [LAST]");
	check(s, chunk);
	if (is_endless(s, chunk))
		return hang_up(s, chunk->code, chunk->dsn, chunk->text);
	if (chunk->code == 0 && s->state != STATE_BETWEEN)
		step = begin(s);
	if (step == STEP_DONE)
		receive_start_chunk(s);
	return step;
}
