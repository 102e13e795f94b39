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
	RECIPIENT_RELAYED,	/* sent, and its report is owed */
};

struct recipient {
	uint32_t		 number;
	enum recipient_state	 state;
	bool			 is_written;	/* the result, to the store */
	bool			 is_elsewhere;	/* best_mx_transport has it */
	const char		*report;	/* REPORT_*, begun; or NULL */
	char			*address;
	char			*original;
	char			*transport;	/* "": not known */
	char			*nexthop;
	uint32_t		 notify;	/* RCPT_NOTIFY_* */
	char			*orcpt;
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
	char			*envid;
	char			*filter;	/* where all of it goes; "" */
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
	bool			 has_failed;	/* or a report is owed */

	/* reports to the sender (qmgr/returns.h) */
	bool			 has_expired;
	bool			 has_warned;	/* of a delay */
	bool			 is_report_owed;

	/* results that the store does not know, while others are awaited */
	bool			 is_unwritten;
	struct active		*next, *prev;	/* of manager's unwritten */

	/* what the administrator wants; deliveries in flight go on */
	bool			 wants_removal;	/* it is removed already */
	bool			 wants_hold;
	bool			 wants_retry;	/* at once, also what failed */
	bool			 is_fresh;	/* its attempts are forgotten */
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

/* Load a message from the store and activate it, if it is due by then. */
void	active_load(struct manager *manager, uint64_t id, uint64_t until_us);

/*
 * Give the store all results that it does not have: a message with one slow
 * recipient must not forget who was served (S3 -> S3).
 */
void	active_write_all(struct manager *manager);

/*
 * What the store was told about a message that is just being loaded: it is
 * not activated by that.
 */
void	active_cancel_load(struct manager *manager, uint64_t id);

/*
 * The administrator has put it on hold, removed it, or wants it tried anew
 * (and with is_fresh, as if it had just come); the store was told.  What no
 * agent has got yet is taken back: it may be gone when this returns.
 */
void	active_hold(struct active *active);
void	active_forget(struct active *active);
void	active_retry(struct active *active, bool is_fresh);

/* One of these: its recipients are not to be tried any more, for now. */
bool	active_is_stopped(const struct active *active);

/* NULL: it is not in the active queue. */
struct active *active_find(const struct manager *manager, uint64_t id);

/*
 * A recipient's result.  When it was the last, the message leaves the
 * active queue: it may be gone when this returns.
 */
void	active_result(struct active *active, struct recipient *recipient,
	    enum outcome_kind kind, struct slice dsn, struct slice reply);

#endif
