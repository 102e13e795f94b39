#ifndef QMGR_ACTIVE_H
#define QMGR_ACTIVE_H

/*
 * Messages in the active queue (S3): in memory from activation until every
 * recipient that was to be tried has its result.  A message with very many
 * recipients is worked off in windows of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "mail/outcome.h"
#include "util/buf.h"

struct job;
struct manager;
struct store_message;
struct store_recipient;

enum recipient_state {
	RECIPIENT_TODO,
	RECIPIENT_SENT,
	RECIPIENT_DEFERRED,
	RECIPIENT_FAILED,
};

struct recipient {
	uint32_t		 number;
	enum recipient_state	 state;
	char			*address;
	char			*original;
	char			*dsn;		/* of the result; NULL: none */
	char			*reply;
};

struct active {
	struct manager		*manager;
	UT_hash_handle		 hh;		/* by id */
	uint64_t		 id;
	uint64_t		 arrival_us;
	uint64_t		 active_us;
	uint64_t		 due_us;	/* its key in the due index */
	uint64_t		 size;
	uint32_t		 chunk_count;
	uint32_t		 recipient_total; /* when it arrived */
	uint32_t		 flags;		/* STORE_* */
	uint32_t		 attempts;
	char			*sender;
	char			*facts;
	char			*reason;	/* of the last delay; or NULL */
	struct buf		 content;	/* cached; empty: on disk */

	struct job		*jobs;		/* not handed out (schedule) */

	/* the window */
	struct recipient	*recipients;
	size_t			 count;
	size_t			 todo;		/* without a result yet */
	uint32_t		 next_number;	/* the next window's first */
	bool			 has_more;
	bool			 has_deferred;	/* in this window or before */
	bool			 has_failed;

	/* what the administrator wants when deliveries are over */
	bool			 wants_removal;
	bool			 wants_hold;
};

/*
 * A message was just committed: activate it from memory, or leave it to
 * the due index when the active queue is full.  content, when not NULL, is
 * taken over where it can be cached.
 */
void	active_add_fresh(struct manager *manager,
	    const struct store_message *message,
	    const struct store_recipient *recipients, size_t count,
	    struct buf *content);

/* Is there room for one more? */
bool	active_has_room(const struct manager *manager);

/* Load a message from the store and activate it. */
void	active_load(struct manager *manager, uint64_t id);

/* NULL: it is not in the active queue. */
struct active *active_find(const struct manager *manager, uint64_t id);

/*
 * A recipient's result.  When it was the last, the message leaves the
 * active queue: it may be gone when this returns.
 */
void	active_result(struct active *active, struct recipient *recipient,
	    enum outcome_kind kind, struct slice dsn, struct slice reply);

#endif
