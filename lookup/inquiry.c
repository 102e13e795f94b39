/*
 * One question: taken by the loop, answered there or in a thread, sent by the
 * loop.
 * A question whose asker has gone meanwhile is forgotten.
 */

#include <utlist.h>

#include "lookup/adviser.h"
#include "lookup/judge.h"
#include "lookup/profile.h"
#include "lookup/rate.h"
#include "lookup/resolve.h"
#include "lookup/tls_site.h"
#include "lookup/verdict.h"
#include "mail/ipc.h"
#include "net/loop.h"
#include "util/mem.h"

struct inquiry {
	struct asker		*asker;
	struct profile		*profile;	/* kept */
	uint32_t		 id;
	struct verdict		 verdict;

	/* what is asked: one of these */
	struct judge_question	 question;
	char			*sender;	/* of a route, of a lead */
	char			*address;
	struct buf		 addresses;	/* to rewrite, as they came */

	/* a TLS policy */
	enum table_answer	 answer;
	struct buf		 text, anchors;
};

static struct inquiry *
make(struct ipc *ipc, uint32_t id)
{
	struct asker	*asker = ipc_arg(ipc);
	struct inquiry	*inquiry = mem_new(sizeof(*inquiry));

	inquiry->asker = asker;
	inquiry->profile = profile_keep(adviser_profile(asker));
	inquiry->id = id;
	adviser_begin(asker);
	return inquiry;
}

static void
end(struct inquiry *inquiry)
{
	profile_drop(&inquiry->profile);
	judge_clear(&inquiry->question);
	verdict_clear(&inquiry->verdict);
	mem_free(inquiry->sender);
	mem_free(inquiry->address);
	buf_clear(&inquiry->addresses);
	buf_clear(&inquiry->text);
	buf_clear(&inquiry->anchors);
	adviser_end(inquiry->asker);
	mem_free(inquiry);
}

/* As if it had not been tried in haste. */
static void
forget(void *arg)
{
	struct inquiry	*inquiry = arg;

	verdict_clear(&inquiry->verdict);
	if (inquiry->question.m != NULL)
		judge_again(&inquiry->question);
	buf_empty(&inquiry->text);
	buf_empty(&inquiry->anchors);
}

static void
ask(struct inquiry *inquiry, unsigned kind, loop_fn run, loop_fn done)
{
	adviser_ask(inquiry->asker, kind, run, forget, done, inquiry);
}

/* ---- may it be? ---------------------------------------------------------- */

static void
judge(void *arg)
{
	struct inquiry	*inquiry = arg;

	judge_run(inquiry->profile, &inquiry->question, &inquiry->verdict);
}

static void
on_judged(void *arg)
{
	struct inquiry	*inquiry = arg;

	if (inquiry->asker->ipc != NULL)
		verdict_send(&inquiry->verdict, inquiry->asker->ipc,
		    inquiry->id);
	end(inquiry);
}

/*
 * At once, and not in a thread: what was counted first came first, and who
 * has left had come before.
 */
static void
count(struct inquiry *inquiry)
{
	struct judge_question	*question = &inquiry->question;
	const struct addr	*client;
	struct rate		*rate = inquiry->profile->rate;

	client = question->has_client ? &question->client : NULL;
	rate_count(rate, question->m, client,
	    loop_now_ms(inquiry->asker->adviser->loop), &question->numbers);
	if (question->m->stage == JUDGE_CONNECT && client != NULL)
		question->numbers.connections = rate_enter(rate,
		    &inquiry->asker->guests, client);
}

void	on_judge(struct ipc *, uint32_t, const struct msg_judge *);

void
on_judge(struct ipc *ipc, uint32_t id, const struct msg_judge *m)
{
	struct inquiry	*inquiry = make(ipc, id);

	judge_init(&inquiry->question, m);
	count(inquiry);
	ask(inquiry, ADVISER_JUDGE + m->stage, judge, on_judged);
}

/* ---- where does it go? --------------------------------------------------- */

static void
route(void *arg)
{
	struct inquiry	*inquiry = arg;

	resolve_route(inquiry->profile, slice_str(inquiry->sender),
	    slice_str(inquiry->address), &inquiry->verdict);
}

static void
on_routed(void *arg)
{
	struct inquiry			*inquiry = arg;
	const struct verdict		*verdict = &inquiry->verdict;
	const struct verdict_rcpt	*to = verdict->rcpts;
	struct msg_routed		 m = { .code = 250 };

	if (verdict->code != 0) {
		m.code = (uint32_t)verdict->code;
		m.text = buf_slice(&verdict->text);
	} else if (to != NULL) {
		m.transport = slice_str(to->transport);
		m.nexthop = slice_str(to->nexthop);
	}
	if (inquiry->asker->ipc != NULL)
		ipc_send_routed(inquiry->asker->ipc, inquiry->id, &m);
	end(inquiry);
}

void	on_route(struct ipc *, uint32_t, const struct msg_route *);

void
on_route(struct ipc *ipc, uint32_t id, const struct msg_route *m)
{
	struct inquiry	*inquiry = make(ipc, id);

	inquiry->sender = slice_dup(m->sender);
	inquiry->address = slice_dup(m->address);
	ask(inquiry, ADVISER_ROUTE, route, on_routed);
}

/* As of a recipient that smtpd was given, but may it be there? */
static void
lead(void *arg)
{
	struct inquiry	*inquiry = arg;

	resolve_recipient(inquiry->profile, slice_str(inquiry->sender),
	    slice_str(inquiry->address), &inquiry->verdict);
}

void	on_lead(struct ipc *, uint32_t, const struct msg_lead *);

void
on_lead(struct ipc *ipc, uint32_t id, const struct msg_lead *m)
{
	struct inquiry	*inquiry = make(ipc, id);

	inquiry->sender = slice_dup(m->sender);
	inquiry->address = slice_dup(m->recipient);
	ask(inquiry, ADVISER_LEAD, lead, on_judged);
}

/* ---- how is it written? -------------------------------------------------- */

/* The answers are recipients without a route. */
static void
rewrite(void *arg)
{
	struct inquiry	*inquiry = arg;
	struct slice	 rest = buf_slice(&inquiry->addresses), text;
	uint8_t		 place;
	uint16_t	 len;

	while (inquiry->verdict.code == 0 &&
	    slice_get_u8(&rest, &place) == 0 &&
	    slice_get_u16(&rest, &len) == 0 &&
	    slice_get_bytes(&rest, len, &text) == 0)
		resolve_writing(inquiry->profile, place, text,
		    &inquiry->verdict);
}

static void
on_rewritten(void *arg)
{
	struct inquiry			*inquiry = arg;
	const struct verdict_rcpt	*one;
	struct ipc			*ipc = inquiry->asker->ipc;
	struct msg_rewritten		 m = { .code = 250 };

	if (ipc != NULL && inquiry->verdict.code != 0) {
		m.code = (uint32_t)inquiry->verdict.code;
	} else if (ipc != NULL) {
		DL_FOREACH(inquiry->verdict.rcpts, one) {
			struct msg_rewrite_to	to = {
				slice_str(one->address),
			};

			ipc_send_rewrite_to(ipc, inquiry->id, &to);
		}
	}
	if (ipc != NULL)
		ipc_send_rewritten(ipc, inquiry->id, &m);
	end(inquiry);
}

void	on_rewrite(struct ipc *, uint32_t, const struct msg_rewrite *);

void
on_rewrite(struct ipc *ipc, uint32_t id, const struct msg_rewrite *m)
{
	struct inquiry	*inquiry = make(ipc, id);

	buf_put_slice(&inquiry->addresses, m->addresses);
	ask(inquiry, ADVISER_REWRITE, rewrite, on_rewritten);
}

/* ---- which TLS has it? --------------------------------------------------- */

static void
find_tls(void *arg)
{
	struct inquiry	*inquiry = arg;

	inquiry->answer = tls_site_find(inquiry->profile,
	    slice_str(inquiry->address), &inquiry->text, &inquiry->anchors);
}

static void
on_tls_found(void *arg)
{
	static const uint32_t		 codes[] = {
		[TABLE_FOUND] = 250, [TABLE_NONE] = 550,
		[TABLE_TROUBLE] = 451,
	};
	struct inquiry			*inquiry = arg;
	struct msg_tls_site_policy	 m = {
		.code = codes[inquiry->answer],
		.text = buf_slice(&inquiry->text),
		.anchors = buf_slice(&inquiry->anchors),
	};

	if (inquiry->asker->ipc != NULL)
		ipc_send_tls_site_policy(inquiry->asker->ipc, inquiry->id,
		    &m);
	end(inquiry);
}

void	on_tls_site(struct ipc *, uint32_t, const struct msg_tls_site *);

void
on_tls_site(struct ipc *ipc, uint32_t id, const struct msg_tls_site *m)
{
	struct inquiry	*inquiry = make(ipc, id);

	inquiry->address = slice_dup(m->nexthop);
	ask(inquiry, ADVISER_TLS, find_tls, on_tls_found);
}
