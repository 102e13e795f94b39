/*
 * Generic addresses.
 */

#include "smtp/generic.h"

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/letterhead.h"
#include "mail/wording.h"
#include "smtp/credentials.h"
#include "smtp/job.h"
#include "smtp/sender.h"
#include "smtp/terms.h"
#include "util/mem.h"

struct generic {
	struct letterhead	 head;		/* of the first chunk */
	struct wording		*wording;	/* while lookup is asked */
	struct buf		 first;		/* the chunk as it leaves */
};

void
generic_free(struct generic **genericp)
{
	struct generic	*generic = *genericp;

	if (generic == NULL)
		return;
	*genericp = NULL;
	letterhead_clear(&generic->head);
	wording_free(&generic->wording);
	buf_clear(&generic->first);
	mem_free(generic);
}

void
generic_take_chunk(struct job *job)
{
	const struct generic	*generic = job->generic;

	if (generic == NULL || generic->first.len == 0 ||
	    job->chunks[0].len == 0)
		return;
	buf_empty(&job->chunks[0]);
	buf_put_slice(&job->chunks[0], buf_slice(&generic->first));
}

/* ---- answers ------------------------------------------------------------- */

static void
set(char **text, const char *to)
{
	mem_free(*text);
	*text = mem_strdup(to);
}

static void
take_answers(struct job *job)
{
	struct generic	*generic = job->generic;
	size_t		 n = 0;

	if (job->from[0] != '\0')
		set(&job->from, wording_get(generic->wording, n++));
	for (size_t i = 0; i < job->count; i++)
		set(&job->recipients[i].outside,
		    wording_get(generic->wording, n++));
	for (size_t i = 0; i < generic->head.count; i++)
		set(&generic->head.items[i].wanted,
		    wording_get(generic->wording, n++));
	letterhead_format(&generic->head, &generic->first);
	letterhead_clear(&generic->head);
	generic_take_chunk(job);
}

static void
on_answers(void *arg, bool ok)
{
	struct job		*job = arg;
	struct job_result	 result = {
		.kind = OUTCOME_DEFERRED,
		.dsn = "4.3.0",
		.reason = "address rewriting service is not ready",
		.relay = "none",
	};

	if (ok)
		take_answers(job);
	wording_free(&job->generic->wording);
	if (ok)
		terms_start(job);
	else
		job_decide_all(job, &result, OUTCOME_SITE_UNKNOWN);
}

/* ---- questions ----------------------------------------------------------- */

static void
ask(struct job *job)
{
	struct generic	*generic = job->generic;

	letterhead_read(&generic->head);
	generic->wording = wording_new(job->sender->lookup, on_answers, job);
	if (job->from[0] != '\0')
		wording_add(generic->wording, PLACE_OUTSIDE, job->from);
	for (size_t i = 0; i < job->count; i++)
		wording_add(generic->wording, PLACE_OUTSIDE,
		    job->recipients[i].address);
	for (size_t i = 0; i < generic->head.count; i++)
		wording_add(generic->wording, PLACE_OUTSIDE,
		    generic->head.items[i].address);
	wording_start(generic->wording);
}

/* The header is there, as far as it is in the first chunk. */
static void
on_chunk(void *arg)
{
	struct job	*job = arg;
	struct buf	*chunk;

	if (!job_first_chunk(job, on_chunk, &chunk))
		return;
	if (chunk != NULL)
		letterhead_put(&job->generic->head, buf_slice(chunk));
	ask(job);
}

static void
start(struct job *job)
{
	if (job->sender->conf->smtp_generic_maps[0] == '\0') {
		terms_start(job);
		return;
	}
	job->generic = mem_new(sizeof(*job->generic));
	on_chunk(job);
}

/* ---- whose login it leaves with ------------------------------------------ */

static void
on_credentials(bool is_known, struct credentials *found, void *arg)
{
	struct job		*job = arg;
	struct job_result	 result = {
		.kind = OUTCOME_DEFERRED,
		.dsn = "4.3.0",
		.reason = "password lookup service is not ready",
		.relay = "none",
	};

	job->search = NULL;
	job->credentials = found;
	if (is_known)
		start(job);
	else
		job_decide_all(job, &result, OUTCOME_SITE_UNKNOWN);
}

/*
 * smtp_sender_dependent_authentication: by the sender as it is here, before
 * it is written anew.
 */
void
generic_start(struct job *job)
{
	struct sender	*sender = job->sender;

	if (job->from[0] != '\0' && credentials_are_used(sender) &&
	    sender->conf->smtp_sender_dependent_authentication)
		job->search = credentials_find(sender, job->from, "", "",
		    on_credentials, job);
	else
		start(job);
}
