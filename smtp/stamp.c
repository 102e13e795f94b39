/*
 * Headers of the delivery.
 */

#include "smtp/stamp.h"

#include <string.h>

#include "smtp/generic.h"
#include "smtp/job.h"
#include "smtp/sender.h"
#include "util/log.h"
#include "util/mem.h"

unsigned
stamp_parse(char *const *arguments)
{
	unsigned	flags = 0;

	for (; *arguments != NULL; arguments++) {
		const char	*p = *arguments;

		if (strncmp(p, "flags=", 6) != 0)
			log_fatal("unknown argument %s", p);
		for (p += 6; *p != '\0'; p++) {
			if (*p == 'D')
				flags |= STAMP_DELIVERED;
			else if (*p == 'O')
				flags |= STAMP_ORIGINAL;
			else if (*p == 'R')
				flags |= STAMP_RETURN;
			else if (*p != 'X')
				log_fatal("unknown flag in %s", *arguments);
		}
	}
	return flags;
}

static void
put(struct job *job)
{
	const struct job_rcpt	*rcpt = &job->recipients[0];
	unsigned		 flags = job->sender->stamps;

	if (flags & STAMP_RETURN)
		buf_printf(&job->stamp, "Return-Path: <%s>\r\n", job->from);
	if (flags & STAMP_ORIGINAL)
		buf_printf(&job->stamp, "X-Original-To: %s\r\n",
		    rcpt->original[0] != '\0' ? rcpt->original :
		    rcpt->address);
	if (flags & STAMP_DELIVERED)
		buf_printf(&job->stamp, "Delivered-To: %s\r\n",
		    rcpt->address);
	job->size += job->stamp.len;
}

/* The first chunk of a message, as it came: was it delivered there before? */
static bool
is_loop(struct slice text, const char *address)
{
	struct slice	line;

	for (ptrdiff_t end; (end = slice_find(text, '\n')) >= 0;
	    text = slice_after(text, (size_t)end + 1)) {
		line = slice_trim(slice_first(text, (size_t)end));
		if (line.len == 0)
			break;
		if (slice_has_prefix_nocase(line, "Delivered-To:") &&
		    slice_is_nocase(slice_trim(slice_after(line, 13)),
		    address))
			return true;
	}
	return false;
}

static void
refuse_loop(struct job *job)
{
	char			*reason = mem_printf("mail forwarding loop "
				    "for %s", job->recipients[0].address);
	struct job_result	 result = {
		.kind = OUTCOME_FAILED,
		.dsn = "5.4.6",
		.reason = reason,
		.relay = "none",
	};

	job_decide_all(job, &result, OUTCOME_SITE_UNKNOWN);
	mem_free(reason);
}

static void
on_chunk(void *arg)
{
	struct job	*job = arg;
	struct buf	*chunk;

	if (!job_first_chunk(job, on_chunk, &chunk))
		return;
	if (chunk != NULL && is_loop(slice_after(buf_slice(chunk),
	    job->stamp.len), job->recipients[0].address))
		refuse_loop(job);
	else
		generic_start(job);
}

void
stamp_start(struct job *job)
{
	unsigned			 flags = job->sender->stamps;
	static const struct job_result	 result = {
		.kind = OUTCOME_DEFERRED,
		.dsn = "4.3.5",
		.reason = "mail system configuration error",
		.relay = "none",
	};

	/* Each recipient would see the others. */
	if ((flags & (STAMP_DELIVERED | STAMP_ORIGINAL)) && job->count > 1) {
		log_warn("flags=D or O take "
		    "transport_destination_recipient_limit = 1");
		job_decide_all(job, &result, OUTCOME_SITE_UNKNOWN);
		return;
	}
	put(job);
	if (flags & STAMP_DELIVERED)
		on_chunk(job);
	else
		generic_start(job);
}
