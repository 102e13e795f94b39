/*
 * The time that a server has.
 */

#include "smtp/patience.h"

#include "conf/conf.h"
#include "net/io.h"
#include "net/loop.h"
#include "net/pace.h"
#include "smtp/dialogue.h"

static void
set_timer(struct patience *p, int64_t now)
{
	io_set_timeout(p->io, p->deadline_ms > now ? p->deadline_ms - now : 1);
}

void
patience_renew(struct patience *p)
{
	int64_t	limit_ms = dialogue_timeout_ms(p->dialogue);

	p->turn = dialogue_turn(p->dialogue);
	p->is_body = dialogue_is_in_body(p->dialogue);
	p->deadline_ms = loop_now_ms(p->loop) + limit_ms;
	p->sent = io_sent(p->io);
	io_set_timeout(p->io, limit_ms);
}

/* Content is being sent as before, chunk by chunk maybe: one request. */
static bool
is_same_body(const struct patience *p)
{
	return p->conf->smtp_per_request_deadline && p->is_body &&
	    dialogue_is_in_body(p->dialogue);
}

void
patience_check(struct patience *p)
{
	if (p->turn != dialogue_turn(p->dialogue) && !is_same_body(p))
		patience_renew(p);
}

/* By what the server has taken since. */
static void
earn(struct patience *p, int64_t now)
{
	uint64_t	bytes = io_sent(p->io) - p->sent;

	p->sent += bytes;
	p->deadline_ms = pace_earn(p->deadline_ms, bytes,
	    p->conf->smtp_min_data_rate,
	    now + dialogue_timeout_ms(p->dialogue));
	set_timer(p, now);
}

void
patience_note_drained(struct patience *p)
{
	p->drained_ms = loop_now_ms(p->loop);
	if (is_same_body(p))
		earn(p, p->drained_ms);
	else if (!p->conf->smtp_per_request_deadline)
		patience_renew(p);
}

/* That we waited for content is not the server's fault. */
void
patience_note_chunk(struct patience *p)
{
	int64_t	now = loop_now_ms(p->loop);

	if (io_pending(p->io) > 0)
		return;
	if (!is_same_body(p)) {
		patience_renew(p);
		return;
	}
	p->deadline_ms += now - p->drained_ms;
	p->drained_ms = now;
	set_timer(p, now);
}

bool
patience_is_over(struct patience *p)
{
	int64_t	now = loop_now_ms(p->loop);

	if (!dialogue_is_in_body(p->dialogue) || io_sent(p->io) == p->sent)
		return true;
	if (!is_same_body(p)) {
		patience_renew(p);
		return false;
	}
	earn(p, now);
	return p->deadline_ms <= now;
}
