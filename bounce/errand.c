/*
 * Errands: from the queue manager, and their results back to it.
 */

#include "bounce/errand.h"

#include <string.h>
#include <utlist.h>

#include "bounce/notice.h"
#include "bounce/returner.h"
#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/outcome.h"
#include "mail/peer.h"
#include "net/loop.h"
#include "util/log.h"
#include "util/mem.h"

#define REPLY_LIMIT	1000	/* bytes of a reply that are told */
#define REPLY_LEAST	100
#define HEADER_LIMIT	102400	/* of a header that is returned alone */
#define OLD_ERRAND	0x80000000u	/* ids of those from before */

static struct errand *
find(struct ipc *ipc, uint32_t id)
{
	struct returner	*returner = peer_arg(ipc_arg(ipc));
	struct errand	*errand;

	HASH_FIND(hh, returner->errands, &id, sizeof(id), errand);
	return errand;
}

static void
destroy(struct errand *errand)
{
	struct returner	*returner = errand->returner;

	HASH_DEL(returner->errands, errand);
	for (size_t i = 0; i < errand->count; i++) {
		mem_free(errand->recipients[i].address);
		mem_free(errand->recipients[i].original);
		mem_free(errand->recipients[i].orcpt);
		mem_free(errand->recipients[i].dsn);
		mem_free(errand->recipients[i].reply);
	}
	notice_free(&errand->notice);
	buf_clear(&errand->content);
	mem_free(errand->recipients);
	mem_free(errand->sender);
	mem_free(errand->envid);
	mem_free(errand->why);
	if (errand->is_told)
		DL_DELETE(returner->told, errand);
	if (errand->is_over)
		returner->over_count--;
	else
		returner->errand_count--;
	mem_free(errand);
	returner_check_end(returner);
}

/*
 * A thousand replies stand in one report, each twice: where messages are to
 * be small, so must they be.
 */
static size_t
reply_limit(const struct errand *errand)
{
	int64_t	limit = errand->returner->conf->message_size_limit /
		    (int64_t)(8 * errand->announced);

	if (limit <= 0 || limit > REPLY_LIMIT)
		return REPLY_LIMIT;
	return limit < REPLY_LEAST ? REPLY_LEAST : (size_t)limit;
}

/* ---- content ------------------------------------------------------------- */

/*
 * RFC 3461 section 4.3: RET is for reports of failure, others have the
 * header at most.  A body that is no text stays here, too: a report of
 * BINARYMIME would not get far.
 */
static bool
is_whole_wanted(const struct errand *errand)
{
	const struct conf	*conf = errand->returner->conf;
	uint64_t		 limit = (uint64_t)conf->bounce_size_limit;

	/* Room for what the report says itself. */
	if (conf->message_size_limit > 0 &&
	    (uint64_t)conf->message_size_limit / 2 < limit)
		limit = (uint64_t)conf->message_size_limit / 2;
	return errand->kind == REPORT_OF_FAILURE && errand->size <= limit &&
	    (errand->flags & (MAIL_RET_HDRS | MAIL_BINARY)) == 0;
}

static void
check_content(struct errand *errand)
{
	bool	is_complete = true;

	if (errand->next_chunk < errand->chunk_count) {
		if (errand->is_whole)
			return;
		report_header(buf_slice(&errand->content), &is_complete);
		if (!is_complete && errand->content.len < HEADER_LIMIT)
			return;
	}
	if (!errand->is_whole && errand->content.len > HEADER_LIMIT)
		buf_truncate(&errand->content, HEADER_LIMIT);
	errand->has_content = true;
}

static void
go_on(struct errand *errand)
{
	struct ipc		*qmgr = returner_qmgr(errand->returner);
	struct msg_content_get	 m = { errand->queue_id, errand->next_chunk };

	if (errand->count < errand->announced || errand->is_over ||
	    errand->notice != NULL)
		return;
	check_content(errand);
	if (errand->has_content)
		errand->notice = notice_new(errand);
	else if (qmgr != NULL)
		ipc_send_content_get(qmgr, errand->id, &m);
}

/* ---- from the queue manager ---------------------------------------------- */

void	errand_on_deliver(struct ipc *, uint32_t, const struct msg_deliver *);
void	errand_on_deliver_rcpt(struct ipc *, uint32_t,
	    const struct msg_deliver_rcpt *);
void	errand_on_deliver_data(struct ipc *, uint32_t,
	    const struct msg_deliver_data *);
void	errand_on_deliver_kept(struct ipc *, uint32_t,
	    const struct msg_deliver_kept *);

void
errand_on_deliver(struct ipc *ipc, uint32_t id, const struct msg_deliver *m)
{
	struct returner	*returner = peer_arg(ipc_arg(ipc));
	struct errand	*errand;

	if (find(ipc, id) != NULL || m->recipients == 0 ||
	    m->recipients > REPORT_WINDOW) {
		log_warn("unusable job %u from the queue manager", id);
		return;
	}
	errand = mem_new(sizeof(*errand));
	errand->returner = returner;
	errand->id = id;
	errand->queue_id = m->queue_id;
	errand->arrival_us = m->arrival_us;
	errand->size = m->size;
	errand->flags = m->flags;
	errand->kind = slice_is(m->nexthop, REPORT_DELAYED) ?
	    REPORT_OF_DELAY : slice_is(m->nexthop, REPORT_RELAYED) ?
	    REPORT_OF_RELAY : REPORT_OF_FAILURE;
	errand->sender = slice_dup(m->sender);
	errand->envid = slice_dup(m->envid);
	errand->announced = m->recipients;
	errand->recipients = mem_new_array(m->recipients,
	    sizeof(*errand->recipients));
	errand->chunk_count = m->chunks;
	errand->is_whole = is_whole_wanted(errand);
	HASH_ADD(hh, returner->errands, id, sizeof(errand->id), errand);
	returner->errand_count++;
}

/* What comes with it is there before anything is asked for. */
static void
on_complete(void *arg)
{
	struct errand	*errand, *next;
	struct returner	*returner = arg;

	HASH_ITER(hh, returner->errands, errand, next)
		if (errand->next_chunk == 0)
			go_on(errand);
}

void
errand_on_deliver_rcpt(struct ipc *ipc, uint32_t id,
    const struct msg_deliver_rcpt *m)
{
	struct errand		*errand = find(ipc, id);
	struct report_rcpt	*rcpt;

	if (errand == NULL || errand->count == errand->announced)
		return;
	rcpt = &errand->recipients[errand->count++];
	rcpt->number = m->number;
	rcpt->address = slice_dup(m->address);
	rcpt->original = slice_dup(m->original);
	rcpt->orcpt = slice_dup(m->orcpt);
	rcpt->notify = m->notify;
	rcpt->dsn = slice_dup(m->dsn);
	rcpt->reply = slice_dup(slice_first(m->reply, reply_limit(errand)));
	if (errand->count == errand->announced)
		loop_defer(errand->returner->loop, on_complete,
		    errand->returner);
}

void
errand_on_deliver_data(struct ipc *ipc, uint32_t id,
    const struct msg_deliver_data *m)
{
	struct errand	*errand = find(ipc, id);

	/* Asked for twice, it comes twice. */
	if (errand == NULL || errand->is_over || errand->has_content ||
	    m->number != errand->next_chunk)
		return;
	if (m->bytes.len == 0) {
		errand_end(errand, false, "its content cannot be read");
		return;
	}
	errand->next_chunk++;
	buf_put_slice(&errand->content, m->bytes);
	go_on(errand);
}

void
errand_drop_partial(struct returner *returner)
{
	struct errand	*errand, *next;

	HASH_ITER(hh, returner->errands, errand, next)
		if (errand->count < errand->announced)
			destroy(errand);
}

/* ---- results ------------------------------------------------------------- */

/*
 * The next queue manager knows that it has failed, and takes a delay for
 * one of its delivery: it is told nothing then.
 */
static void
send_results(const struct errand *errand)
{
	struct ipc			*qmgr =
					    returner_qmgr(errand->returner);
	struct msg_deliver_result	 m = {
		.queue_id = errand->queue_id,
		.kind = errand->is_done ? OUTCOME_SENT : OUTCOME_DEFERRED,
		.dsn = slice_str(errand->is_done ? "2.0.0" : "4.3.0"),
		.text = slice_str(errand->why),
	};

	if (errand->is_old && (!errand->is_done ||
	    errand->kind == REPORT_OF_DELAY))
		return;
	for (size_t i = 0; i < errand->count; i++) {
		m.number = errand->recipients[i].number;
		ipc_send_deliver_result(qmgr, errand->id, &m);
	}
}

static void
tell_end(struct errand *errand)
{
	struct ipc		*qmgr = returner_qmgr(errand->returner);
	struct msg_deliver_done	 m = {
		.queue_id = errand->queue_id,
		.site = errand->is_done ? OUTCOME_SITE_ALIVE :
		    OUTCOME_SITE_UNKNOWN,
		.text = slice_str(errand->why),
	};

	if (qmgr == NULL)
		return;
	send_results(errand);
	ipc_send_deliver_done(qmgr, errand->id, &m);
	errand->is_told = true;
	DL_APPEND(errand->returner->told, errand);
}

void
errand_end(struct errand *errand, bool is_done, const char *why)
{
	notice_free(&errand->notice);
	buf_clear(&errand->content);
	errand->is_over = true;
	errand->is_done = is_done;
	errand->why = is_done ? NULL : mem_strdup(why);
	errand->returner->errand_count--;
	errand->returner->over_count++;
	tell_end(errand);
	returner_check_end(errand->returner);
}

void
errand_on_deliver_kept(struct ipc *ipc, uint32_t id,
    const struct msg_deliver_kept *m)
{
	struct returner	*returner = peer_arg(ipc_arg(ipc));

	(void)id;
	while (returner->told != NULL && returner->kept_count != m->count) {
		returner->kept_count++;
		destroy(returner->told);
	}
}

static void
hold(const struct errand *errand)
{
	struct msg_agent_holds	m = { errand->queue_id, errand->id };

	ipc_send_agent_holds(returner_qmgr(errand->returner), errand->id, &m);
}

void
errand_tell_all(struct returner *returner)
{
	struct errand	*errand, *next, *errands = returner->errands;

	/* Ids of the new queue manager must not meet those of the old. */
	returner->errands = returner->told = NULL;
	returner->kept_count = 0;
	HASH_ITER(hh, errands, errand, next) {
		errand->is_told = false;
		errand->is_old = true;
		HASH_DEL(errands, errand);
		errand->id = OLD_ERRAND | ++returner->last_old_id;
		HASH_ADD(hh, returner->errands, id, sizeof(errand->id),
		    errand);
		hold(errand);
	}
	/* Only then: with its last end a message may be tried again. */
	HASH_ITER(hh, returner->errands, errand, next)
		if (errand->is_over)
			tell_end(errand);
		else
			go_on(errand);
}
