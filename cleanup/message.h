#ifndef CLEANUP_MESSAGE_H
#define CLEANUP_MESSAGE_H

/*
 * One message on its way through cleanup.  It has its queue id as soon as
 * it is opened; the queue manager hears of it when its content begins, so a
 * queue manager that is restarted in between is not noticed.
 *
 * What a feeder (smtpd) says of its messages comes in by cleanup/feed.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "cleanup/deposit.h"
#include "cleanup/fate.h"
#include "cleanup/fixup.h"
#include "cleanup/recipients.h"
#include "util/slice.h"

struct feeder;
struct msg_mail_open;
struct passage;
struct rewriting;
struct routing;

struct message {
	struct feeder		*feeder;
	uint32_t		 id;		/* of the feeder's frames */
	UT_hash_handle		 hh;		/* by id */
	uint64_t		 queue_id;
	uint64_t		 arrival_us;
	uint32_t		 flags;		/* MAIL_* */
	char			*sender;
	char			*facts;		/* client name[address] */
	char			*envid;
	struct fixup_client	 client;
	struct recipients	 recipients;
	struct fate		 fate;
	size_t			 kept_bytes;	/* of what came to open it */
	size_t			 held_bytes;	/* the feeder's of it all */

	/* before the content passes on */
	struct rewriting	*rewriting;	/* NULL: over, or not wanted */
	size_t			 asked_bytes;	/* kept by it */
	bool			 has_begun;
	bool			 is_ended;	/* said the feeder, and: */
	uint64_t		 end_size;

	/* content */
	struct passage		*passage;	/* NULL before it begins */
	uint64_t		 received;	/* bytes from the feeder */
	struct deposit		 deposit;
	bool			 is_closed;	/* the feeder has said all */
	struct routing		*routing;	/* is_closed: of the rest */
	bool			 is_refused;	/* the verdict was given */
};

/* A new one, or NULL: there are too many, and the feeder was told. */
struct message *message_open(struct feeder *feeder, uint32_t id,
	    const struct msg_mail_open *open);

/* Early no: the feeder stops, its close or abort ends the message. */
void	message_refuse(struct message *m, uint32_t code, const char *dsn,
	    const char *text);

/*
 * What it holds has grown: when all that its feeder has in progress is too
 * much, it is refused.
 */
void	message_check_memory(struct message *m);

/* Content, as the rewriting (if any) has made it; then its end. */
void	message_put(struct message *m, struct slice bytes);

/* The feeder has said all; the message may be gone when this returns. */
void	message_finish(struct message *m);

/* Its addresses are as they are to be, or are not wanted any more. */
void	message_end_rewriting(struct message *m);

/* It is gone, also for the queue manager. */
void	message_forget(struct message *m, const char *reason);

/*
 * The queue manager is there again, or the time to wait for it is over:
 * what was held goes on, or is refused.
 */
void	message_release_all(struct feeder *feeder);

/* The feeder is gone: what it had not closed is forgotten. */
void	message_abort_all(struct feeder *feeder);

#endif
