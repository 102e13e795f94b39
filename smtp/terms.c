/*
 * Terms of next hops.
 */

#include "smtp/terms.h"

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "mail/tls_client.h"
#include "smtp/job.h"
#include "smtp/relays.h"
#include "smtp/sender.h"
#include "smtp/site.h"
#include "smtp/tls_policy.h"
#include "util/log.h"
#include "util/mem.h"

#define PEER_WAIT_MS	10000	/* for a lookup that is restarting */
#define ANSWER_WAIT_MS	240000

/* Of one next hop. */
struct term {
	struct terms		*terms;
	char			*nexthop;
	struct peer_wait	*wait;
	struct ipc_call		*call;
	uint32_t		 code;		/* 0: none came */
	char			*text;		/* NULL: none of its own */
	struct buf		 anchors;
};

struct terms {
	struct job		*job;
	struct term		*list;		/* by turn */
	size_t			 count;
	size_t			 pending;	/* questions */
};

void
terms_free(struct terms **termsp)
{
	struct terms	*terms = *termsp;

	if (terms == NULL)
		return;
	*termsp = NULL;
	for (size_t i = 0; i < terms->count; i++) {
		struct term	*term = &terms->list[i];

		peer_wait_cancel(&term->wait);
		ipc_cancel(&term->call);
		buf_clear(&term->anchors);
		mem_free(term->nexthop);
		mem_free(term->text);
	}
	mem_free(terms->list);
	mem_free(terms);
}

/* Lengths stand before texts: no two sets of terms have the same key. */
void
terms_put_key(const struct terms *terms, struct buf *key)
{
	for (size_t i = 0; terms != NULL && i < terms->count; i++) {
		const struct term	*term = &terms->list[i];

		if (term->text == NULL) {
			buf_put_str(key, "\n-");
			continue;
		}
		buf_printf(key, "\n%zu %zu %s", slice_str(term->text).len,
		    term->anchors.len, term->text);
		buf_put_slice(key, buf_slice(&term->anchors));
	}
}

/* ---- policies ------------------------------------------------------------ */

struct making {
	const struct terms	*terms;
	const struct sender	*sender;
	struct tls_policy	*policies;
};

static void
make_policy(const char *nexthop, size_t turn, void *arg)
{
	const struct making	*making = arg;
	const struct term	*term = NULL;
	struct slice		 anchors;

	if (making->terms != NULL && turn < making->terms->count)
		term = &making->terms->list[turn];
	anchors = term != NULL && term->anchors.len > 0 ?
	    buf_slice(&term->anchors) :
	    buf_slice(&making->sender->tls->anchors);
	tls_policy_init(&making->policies[turn], making->sender->conf,
	    nexthop, term == NULL ? NULL : term->text, anchors);
}

struct tls_policy *
terms_policies(const struct terms *terms, const struct sender *sender,
    const char *nexthop, size_t *count_r)
{
	struct making	making = { terms, sender, NULL };

	*count_r = relays_each(sender, nexthop, NULL, NULL, NULL);
	making.policies = mem_new_array(*count_r, sizeof(*making.policies));
	relays_each(sender, nexthop, make_policy, &making, NULL);
	return making.policies;
}

/* ---- questions ----------------------------------------------------------- */

static void
finish(struct terms *terms)
{
	struct job		*job = terms->job;
	struct job_result	 result = {
		.kind = OUTCOME_DEFERRED,
		.dsn = "4.3.0",
		.reason = "TLS policy lookup error",
		.relay = "none",
	};

	for (size_t i = 0; i < terms->count; i++)
		if (terms->list[i].code != 250 && terms->list[i].code != 550) {
			job_decide_all(job, &result, OUTCOME_SITE_UNKNOWN);
			return;
		}
	site_add(job->sender, job);
}

static void
answered(struct term *term, uint32_t code)
{
	struct terms	*terms = term->terms;

	term->code = code;
	if (--terms->pending == 0)
		finish(terms);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct term			*term = arg;
	struct msg_tls_site_policy	 m;

	(void)call;
	if (code == 0) {
		term->call = NULL;
		answered(term, 0);
	} else if (code == IPC_CODE_tls_site_policy &&
	    ipc_parse_tls_site_policy(payload, &m) == 0) {
		if (m.code == 250) {
			term->text = slice_dup(m.text);
			buf_put_slice(&term->anchors, m.anchors);
		}
		ipc_cancel(&term->call);
		answered(term, m.code);
	} else {
		log_warn("unexpected reply %#x from lookup", code);
	}
}

static void
on_peer(struct ipc *ipc, void *arg)
{
	struct term		*term = arg;
	struct msg_tls_site	 m = { slice_str(term->nexthop) };

	term->wait = NULL;
	if (ipc == NULL) {
		answered(term, 0);
		return;
	}
	term->call = ipc_call_new(ipc, on_reply, term);
	ipc_call_deadline(term->call, ANSWER_WAIT_MS);
	ipc_send_tls_site(ipc, ipc_call_id(term->call), &m);
}

static void
ask(const char *nexthop, size_t turn, void *arg)
{
	struct terms	*terms = arg;
	struct term	*term = &terms->list[turn];

	term->terms = terms;
	term->nexthop = mem_strdup(nexthop);
	term->wait = peer_wait_new(terms->job->sender->lookup, PEER_WAIT_MS,
	    on_peer, term);
}

void
terms_start(struct job *job)
{
	struct sender	*sender = job->sender;
	struct terms	*terms;

	if (sender->conf->smtp_tls_policy_maps[0] == '\0') {
		site_add(sender, job);
		return;
	}
	job->terms = terms = mem_new(sizeof(*terms));
	terms->job = job;
	terms->count = terms->pending = relays_each(sender, job->nexthop,
	    NULL, NULL, NULL);
	terms->list = mem_new_array(terms->count, sizeof(*terms->list));
	relays_each(sender, job->nexthop, ask, terms, NULL);
}
