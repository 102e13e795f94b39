#ifndef BOUNCE_ERRAND_H
#define BOUNCE_ERRAND_H

/*
 * An errand: a message of which something is to be reported, and its
 * recipients.  As much of its content as a report may have comes with it, or
 * is asked for.
 *
 * What became of it is kept until the queue manager has that on its disk;
 * the next one is told it again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "bounce/report.h"
#include "util/buf.h"

struct notice;
struct returner;

struct errand {
	struct returner		*returner;
	uint32_t		 id;		/* of frames */
	UT_hash_handle		 hh;
	uint64_t		 queue_id;
	uint64_t		 arrival_us;
	uint64_t		 size;
	uint32_t		 flags;		/* MAIL_* */
	enum report_kind	 kind;
	char			*sender;
	char			*envid;
	struct report_rcpt	*recipients;
	size_t			 count;
	size_t			 announced;	/* recipients to come */

	/* content */
	struct buf		 content;
	uint32_t		 chunk_count;
	uint32_t		 next_chunk;
	bool			 is_whole;	/* wanted, not its header */
	bool			 has_content;	/* as much as is wanted */

	struct notice		*notice;	/* what is being done */

	/* over, until the queue manager has it on its disk */
	bool			 is_over;
	bool			 is_done;	/* its sender need not know */
	bool			 is_old;	/* of a queue manager before */
	bool			 is_told;	/* in the returner's list */
	char			*why;		/* not done; or NULL */
	struct errand		*next, *prev;	/* of that list */
};

/* It has come to its end: why says why it is not done. */
void	errand_end(struct errand *errand, bool is_done, const char *why);

/* The queue manager was lost: what came by half is forgotten. */
void	errand_drop_partial(struct returner *returner);

/* There is a new queue manager: tell it what we hold and what is over. */
void	errand_tell_all(struct returner *returner);

#endif
