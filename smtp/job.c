/*
 * Jobs: from the queue manager, and their results back to it.
 */

#include "smtp/job.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "mail/queue_id.h"
#include "smtp/credentials.h"
#include "smtp/generic.h"
#include "smtp/sender.h"
#include "smtp/site.h"
#include "smtp/stamp.h"
#include "smtp/status_filter.h"
#include "smtp/terms.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define CHUNKS_AHEAD	4	/* asked for beyond the one being sent */
#define KEEP_CHUNKS	2	/* a message of so many stays in memory */
#define CHUNK_LIMIT	(1u << 22)	/* chunks of one message: 128 GB */
#define OLD_JOB		0x80000000u	/* ids of jobs from before */

static void	wake_waiter(struct job *);

static struct job *
find(struct ipc *ipc, uint32_t id)
{
	struct sender	*sender = peer_arg(ipc_arg(ipc));
	struct job	*job;

	HASH_FIND(hh, sender->jobs, &id, sizeof(id), job);
	return job;
}

static void
free_late(struct job_rcpt *rcpt)
{
	if (rcpt->late == NULL)
		return;
	mem_free(rcpt->late->dsn);
	mem_free(rcpt->late->reason);
	mem_free(rcpt->late);
	rcpt->late = NULL;
}

static void
free_content(struct job *job)
{
	for (uint32_t i = 0; i < job->chunk_count; i++)
		buf_clear(&job->chunks[i]);
	mem_free(job->chunks);
	job->chunks = NULL;
	job->chunk_count = 0;
}

static void
destroy(struct job *job)
{
	struct sender	*sender = job->sender;

	HASH_DEL(sender->jobs, job);
	for (size_t i = 0; i < job->count; i++) {
		free_late(&job->recipients[i]);
		mem_free(job->recipients[i].address);
		mem_free(job->recipients[i].outside);
		mem_free(job->recipients[i].original);
		mem_free(job->recipients[i].orcpt);
	}
	free_content(job);
	generic_free(&job->generic);
	terms_free(&job->terms);
	credentials_cancel(&job->search);
	credentials_free(&job->credentials);
	tried_clear(&job->tried);
	buf_clear(&job->stamp);
	mem_free(job->recipients);
	mem_free(job->nexthop);
	mem_free(job->from);
	mem_free(job->envid);
	mem_free(job->why);
	if (job->is_told)
		DL_DELETE(sender->told, job);
	if (job->is_over)
		sender->over_count--;
	else
		sender->job_count--;
	mem_free(job);
	sender_check_end(sender);
}

/* ---- from the queue manager ---------------------------------------------- */

void	on_deliver(struct ipc *, uint32_t, const struct msg_deliver *);
void	on_deliver_rcpt(struct ipc *, uint32_t,
	    const struct msg_deliver_rcpt *);
void	on_deliver_data(struct ipc *, uint32_t,
	    const struct msg_deliver_data *);

void
on_deliver(struct ipc *ipc, uint32_t id, const struct msg_deliver *m)
{
	struct sender	*sender = peer_arg(ipc_arg(ipc));
	struct job	*job;

	if (find(ipc, id) != NULL || m->recipients == 0 ||
	    m->chunks > CHUNK_LIMIT) {
		log_warn("unusable job %u from the queue manager", id);
		return;
	}
	job = mem_new(sizeof(*job));
	job->sender = sender;
	job->id = id;
	job->queue_id = m->queue_id;
	job->size = m->size;
	job->flags = m->flags;
	job->nexthop = slice_dup(m->nexthop);
	job->window = m->window == 0 ? 1 : m->window;
	job->from = slice_dup(m->sender);
	job->envid = slice_dup(m->envid);
	job->announced = m->recipients;
	job->chunk_count = m->chunks;
	job->chunks = mem_new_array(m->chunks, sizeof(*job->chunks));
	job->times.arrival_us = (int64_t)m->arrival_us;
	job->times.active_us = (int64_t)m->active_us;
	job->times.start_us = clock_wall_us();
	HASH_ADD(hh, sender->jobs, id, sizeof(job->id), job);
	sender->job_count++;
}

void
on_deliver_rcpt(struct ipc *ipc, uint32_t id,
    const struct msg_deliver_rcpt *m)
{
	struct job	*job = find(ipc, id);
	struct job_rcpt	*rcpt;

	if (job == NULL || job->count == job->announced)
		return;
	if ((job->count & (job->count - 1)) == 0)
		job->recipients = mem_resize(job->recipients,
		    (job->count == 0 ? 1 : job->count * 2) * sizeof(*rcpt));
	rcpt = &job->recipients[job->count++];
	memset(rcpt, 0, sizeof(*rcpt));
	rcpt->number = m->number;
	rcpt->address = slice_dup(m->address);
	rcpt->original = slice_dup(m->original);
	rcpt->notify = m->notify;
	rcpt->orcpt = slice_dup(m->orcpt);
	if (job->count == job->announced)
		stamp_start(job);
}

void
on_deliver_data(struct ipc *ipc, uint32_t id,
    const struct msg_deliver_data *m)
{
	struct job	*job = find(ipc, id);

	/* Asked for twice, it may come again when it was sent already. */
	if (job == NULL || m->number < job->needed ||
	    m->number >= job->chunk_count || job->chunks[m->number].len > 0)
		return;
	if (m->bytes.len == 0)
		job->is_gone = true;
	else if (m->number == 0)
		buf_put_slice(&job->chunks[0], buf_slice(&job->stamp));
	buf_put_slice(&job->chunks[m->number], m->bytes);
	if (m->number == 0)
		generic_take_chunk(job);
	if (job->asked <= m->number)
		job->asked = m->number + 1;
	wake_waiter(job);
}

/* Jobs that had not come whole when the queue manager was lost. */
void
job_drop_partial(struct sender *sender)
{
	struct job	*job, *next;

	HASH_ITER(hh, sender->jobs, job, next)
		if (job->count < job->announced)
			destroy(job);
}

/* ---- content ------------------------------------------------------------- */

void
job_rewind(struct job *job)
{
	job->needed = job->asked = 0;
}

struct buf *
job_chunk(struct job *job, uint32_t number, void (*fn)(void *arg), void *arg)
{
	struct ipc		*qmgr = sender_qmgr(job->sender);
	struct msg_content_get	 m = { .queue_id = job->queue_id };

	while (qmgr != NULL && job->asked < job->chunk_count &&
	    job->asked < number + CHUNKS_AHEAD) {
		m.number = job->asked++;
		if (job->chunks[m.number].len == 0)
			ipc_send_content_get(qmgr, job->id, &m);
	}
	if (job->chunks[number].len > 0)
		return &job->chunks[number];
	job->on_chunk = fn;
	job->chunk_arg = arg;
	return NULL;
}

bool
job_first_chunk(struct job *job, void (*fn)(void *job), struct buf **chunk_r)
{
	*chunk_r = NULL;
	if (job->chunk_count > 0 && !job->is_gone)
		return (*chunk_r = job_chunk(job, 0, fn, job)) != NULL;
	return true;
}

void
job_drop_chunk(struct job *job, uint32_t number)
{
	job->needed = number + 1;
	if (job->chunk_count > KEEP_CHUNKS)
		buf_clear(&job->chunks[number]);
}

void
job_forget_waiter(struct job *job)
{
	job->on_chunk = NULL;
}

static void
wake_waiter(struct job *job)
{
	void	(*fn)(void *arg) = job->on_chunk;

	job->on_chunk = NULL;
	if (fn != NULL)
		fn(job->chunk_arg);
}

/* ---- results ------------------------------------------------------------- */

static void
log_result(const struct job *job, const struct job_rcpt *rcpt,
    const struct job_result *result)
{
	struct delivery_log	log = {
		.queue_id = job->queue_id,
		.recipient = rcpt->address,
		.original = rcpt->original,
		.relay = result->relay,
		.use = result->use,
		.tls = result->tls,
		.times = job->times,
		.resolution =
		    job->sender->conf->delay_logging_resolution_limit,
		.dsn = result->dsn,
		.kind = result->kind,
		.reason = result->reason,
	};

	log.is_soft = result->is_soft;
	log.times.end_us = clock_wall_us();
	delivery_log_put(&log);
}

static void
send_result(const struct job *job, const struct job_rcpt *rcpt)
{
	struct ipc			*qmgr = sender_qmgr(job->sender);
	struct msg_deliver_result	 m = {
		.queue_id = job->queue_id,
		.number = rcpt->number,
		.kind = rcpt->late->kind,
		.dsn = slice_str(rcpt->late->dsn),
		.text = slice_str(rcpt->late->reason),
	};

	if (qmgr != NULL)
		ipc_send_deliver_result(qmgr, job->id, &m);
}

/* Why this server is not the last one, as Postfix logs it. */
static void
log_kept(const struct job *job, const char *reason)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	log_info("%s: %s", queue_id_format(job->queue_id, id), reason);
}

static void
keep(struct job *job, struct job_rcpt *rcpt)
{
	if (!rcpt->is_decided)
		rcpt->is_kept = job->has_kept = true;
}

void
job_keep_all(struct job *job, const char *reason)
{
	log_kept(job, reason);
	for (size_t i = 0; i < job->count; i++)
		keep(job, &job->recipients[i]);
}

void
job_forget_server(struct job *job)
{
	job->has_backup = job->has_kept = false;
	for (size_t i = 0; i < job->count; i++)
		job->recipients[i].is_kept = false;
}

/* B11; dsn is what its code is written to. */
static void
soften(const struct job *job, struct job_result *result, struct buf *dsn)
{
	struct buf	soft = BUF_INIT;

	if (result->kind != OUTCOME_FAILED ||
	    !job->sender->conf->soft_bounce)
		return;
	buf_printf(&soft, "4%s", result->dsn + (result->dsn[0] != '\0'));
	buf_clear(dsn);
	*dsn = soft;
	result->dsn = buf_cstr(dsn);
	result->kind = OUTCOME_DEFERRED;
	result->is_soft = true;
}

void
job_decide(struct job *job, struct job_rcpt *rcpt,
    const struct job_result *result)
{
	struct job_result	seen = *result;
	struct buf		dsn = BUF_INIT, reason = BUF_INIT;

	if (rcpt->is_decided || rcpt->is_kept)
		return;
	if (job->has_backup && result->kind == OUTCOME_DEFERRED) {
		log_kept(job, result->reason);
		keep(job, rcpt);
		return;
	}
	rcpt->is_decided = true;
	/* What is elsewhere's has no result yet. */
	if (seen.kind != OUTCOME_ELSEWHERE) {
		if (status_filter_apply(job->sender->status, &seen.kind,
		    result->dsn, result->reason, &dsn, &reason)) {
			seen.dsn = buf_cstr(&dsn);
			seen.reason = buf_cstr(&reason);
		}
		soften(job, &seen, &dsn);
		log_result(job, rcpt, &seen);
	}
	rcpt->late = mem_new(sizeof(*rcpt->late));
	rcpt->late->kind = seen.kind == OUTCOME_SENT && !seen.has_dsn &&
	    (rcpt->notify & RCPT_NOTIFY_SUCCESS) ? OUTCOME_RELAYED :
	    seen.kind;
	rcpt->late->dsn = mem_strdup(seen.dsn);
	rcpt->late->reason = mem_strdup(seen.reason);
	send_result(job, rcpt);
	buf_clear(&dsn);
	buf_clear(&reason);
}

void
job_decide_all(struct job *job, const struct job_result *result,
    enum outcome_site site)
{
	for (size_t i = 0; i < job->count; i++)
		job_decide(job, &job->recipients[i], result);
	job_end(job, site, result->reason);
}

static void
send_done(struct job *job)
{
	struct ipc		*qmgr = sender_qmgr(job->sender);
	struct msg_deliver_done	 m = {
		.queue_id = job->queue_id,
		.site = job->site,
		.text = slice_str(job->why),
	};

	if (qmgr == NULL)
		return;
	ipc_send_deliver_done(qmgr, job->id, &m);
	job->is_told = true;
	DL_APPEND(job->sender->told, job);
}

void	on_deliver_kept(struct ipc *, uint32_t,
	    const struct msg_deliver_kept *);

void
on_deliver_kept(struct ipc *ipc, uint32_t id,
    const struct msg_deliver_kept *m)
{
	struct sender	*sender = peer_arg(ipc_arg(ipc));

	(void)id;
	while (sender->told != NULL && sender->kept_count != m->count) {
		sender->kept_count++;
		destroy(sender->told);
	}
}

/* What is kept goes to the next server. */
static void
go_on(struct job *job)
{
	tried_add(&job->tried, &job->server);
	job_forget_server(job);
	site_add(job->sender, job);
}

void
job_end(struct job *job, enum outcome_site site, const char *why)
{
	if (job->has_kept) {
		go_on(job);
		return;
	}
	free_content(job);
	terms_free(&job->terms);
	credentials_free(&job->credentials);
	job->is_over = true;
	job->site = site;
	job->why = mem_strdup(why);
	job->sender->job_count--;
	job->sender->over_count++;
	send_done(job);
	sender_check_end(job->sender);
}

static void
hold(const struct job *job)
{
	struct msg_agent_holds	m = { job->queue_id, job->id };

	ipc_send_agent_holds(sender_qmgr(job->sender), job->id, &m);
}

static void
tell(struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->recipients[i].late != NULL)
			send_result(job, &job->recipients[i]);
	if (job->is_over) {
		send_done(job);
		return;
	}
	/* Chunks that were on their way are lost. */
	job->asked = job->needed;
	wake_waiter(job);
}

void
job_tell_all(struct sender *sender)
{
	struct job	*job, *next, *jobs = sender->jobs;

	/* Ids of the new queue manager must not meet those of the old. */
	sender->jobs = sender->told = NULL;
	sender->kept_count = 0;
	HASH_ITER(hh, jobs, job, next) {
		job->is_told = false;
		HASH_DEL(jobs, job);
		job->id = OLD_JOB | ++sender->last_old_id;
		HASH_ADD(hh, sender->jobs, id, sizeof(job->id), job);
		hold(job);
	}
	/* Only then: with its last job's end a message may be tried again. */
	HASH_ITER(hh, sender->jobs, job, next)
		tell(job);
}
