#ifndef QMGR_STORE_H
#define QMGR_STORE_H

/*
 * The queue on disk: one Berkeley DB environment, opened by qmgr alone.
 *
 * One storage thread does all the work.  The loop's side only gathers
 * operations; while the thread commits one batch (one transaction, one log
 * flush), the next batch gathers.  Each operation ends with its callback,
 * called in the loop, in the order in which the operations were given, and
 * (for one that writes) only after what it wrote is on the disk.
 *
 * Each function names the arrow of doc/queue.md that it walks.
 *
 * A read sees all writes given before it, flushed or not.  A record that is
 * damaged is logged and counts as absent; the rest of the queue is not
 * touched by it.  The message stays on the disk, but store_reschedule takes
 * it out of the due index, so that it does not come back for ever.
 *
 * What the disk refuses (ENOSPC, EIO, a panic of the library) is fatal:
 * nothing was acknowledged, master starts qmgr again, recovery runs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct loop;
struct store;

/*
 * Most bytes of content in one chunk: with its head it fills two pages of
 * the database (16 KB, of which 26 bytes are the page's own).
 */
#define STORE_CHUNK_SIZE	32700

struct store_settings {
	const char	*folder;	/* made, mode 0700, when missing */
	int64_t		 cache_size;	/* bytes of database cache */
	int64_t		 log_file_size;	/* bytes of one log file */
	int64_t		 checkpoint_size; /* bytes of log between checkpoints */
	int64_t		 lazy_ms;	/* longest wait of an unhurried write */
	int64_t		 lock_wait_ms;	/* for a qmgr that leaves; 0: 15 s */
};

enum {
	STORE_HELD = 1,		/* on hold: no due time */
	STORE_EIGHT_BIT = 2,	/* BODY=8BITMIME, or a byte was not ASCII */
	STORE_LOCAL = 4,	/* from a local client (MAIL_LOCAL) */
	STORE_BINARY = 8,	/* BODY=BINARYMIME */
	STORE_UTF8 = 16,	/* SMTPUTF8 */
	STORE_RET_FULL = 32,	/* RET=FULL (RFC 3461) */
	STORE_RET_HDRS = 64,	/* RET=HDRS */
	STORE_FLUSHED = 128,	/* somebody wants a try at once (Q46) */
	STORE_WARNED = 256,	/* its sender knows of the delay (P12) */
	/* The upper half is MAIL_VERP. */
};

struct store_message {
	uint64_t	 id;
	uint64_t	 arrival_us;
	uint64_t	 size;		/* bytes of content */
	uint32_t	 chunk_count;
	uint32_t	 recipient_count; /* when it arrived */
	uint32_t	 flags;
	uint64_t	 due_us;	/* next attempt; 0: none (held) */
	uint32_t	 attempts;
	struct slice	 sender;	/* "" for a bounce */
	struct slice	 reason;	/* why held, or the last delay */
	struct slice	 facts;		/* of the client, for the log */
	struct slice	 envid;		/* ENVID, xtext; empty: none */
	struct slice	 filter;	/* where all of it goes; empty: none */
};

enum store_status {
	STORE_TODO,		/* not tried, or to be tried again */
	STORE_FAILED,		/* for good; its bounce is owed */
	STORE_RELAYED,		/* sent; that it was is to be reported */
};

struct store_recipient {
	uint32_t	 number;	/* from 0, in order of arrival */
	enum store_status status;
	struct slice	 address;
	struct slice	 original;	/* as the client gave it */
	struct slice	 transport;	/* as last resolved; may be empty */
	struct slice	 nexthop;
	uint32_t	 notify;	/* RCPT_NOTIFY_* of mail/ipc.h */
	struct slice	 orcpt;		/* ORCPT; empty: none */
	struct slice	 dsn;		/* of the last reply: "4.4.1" */
	struct slice	 reply;		/* text of the last reply */
};

/* The slices of what a callback is given are borrowed until it returns. */
typedef void (*store_done_fn)(void *arg);
typedef void (*store_commit_fn)(bool is_new, void *arg);
typedef void (*store_load_fn)(const struct store_message *message,
	    const struct store_recipient *recipients, size_t count,
	    void *arg);
typedef void (*store_chunk_fn)(struct slice bytes, void *arg);

/* What a scan of the due index found, in order of time. */
struct store_due {
	uint64_t	due_us;
	uint64_t	id;
};
typedef void (*store_due_fn)(const struct store_due *due, size_t count,
	    void *arg);

/* What a list found. */
#define STORE_LIST_RECIPIENTS	1000
struct store_listed {
	struct store_message		 message;
	const struct store_recipient	*recipients;
	size_t				 count;		/* of those */
};
typedef void (*store_list_fn)(const struct store_listed *list, size_t count,
	    bool has_rest, void *arg);

/*
 * Open (make, recover, sweep what was arriving) and start the thread.
 * NULL and *why_r (caller frees) when it cannot be, among that when another
 * qmgr keeps the queue for longer than lock_wait_ms.
 */
struct store	*store_open(struct loop *loop,
		    const struct store_settings *settings, char **why_r);

/*
 * No id above it was ever spilled or committed: exact after a store_close
 * and while the store is open; after a crash up to 2^32 too high.
 */
uint64_t	 store_last_id(const struct store *store);

/*
 * Finish all operations (their callbacks run), checkpoint, close.  Not from
 * a callback of the store.
 */
void		 store_close(struct store **store);

/* Bytes of operations not finished: the caller's back-pressure. */
size_t		 store_pending(const struct store *store);

/*
 * A chunk of a message that is still arriving, all of STORE_CHUNK_SIZE
 * but the last; not flushed.  Number 0 comes first: it marks the message as
 * arriving, for the sweep.  Where there is a message with that id already,
 * nothing is done.  S0 -> S1, S1 -> S1.
 */
void		 store_spill(struct store *store, uint64_t id,
		    uint32_t number, struct slice bytes);

/*
 * The client went away; also when nothing was spilled.  A message that is
 * there stays whole.  S1 -> S0.
 */
void		 store_abort(struct store *store, uint64_t id);

/*
 * Commit a message: envelope, recipients, and the content that was not
 * spilled, cut into chunks from number first_chunk on (the spilled ones
 * were 0 to first_chunk - 1).  S0, S1 -> S2, on hold -> S5.
 * fn is called after the flush: only then may a 250 leave.  With is_new
 * false there is a message with that id already: it is left as it is.
 */
void		 store_commit(struct store *store,
		    const struct store_message *message,
		    const struct store_recipient *recipients, size_t count,
		    struct slice content, uint32_t first_chunk,
		    store_commit_fn fn, void *arg);

/* Recipients that are done are crossed off (S3 -> S3); lazy. */
void		 store_cross_off(struct store *store, uint64_t id,
		    const uint32_t *numbers, size_t count);

/* Status, dsn and reply of recipients, and no more of them; lazy. */
void		 store_update(struct store *store, uint64_t id,
		    const struct store_recipient *recipients, size_t count);

/*
 * New due time, flags, attempts, reason and filter of a message whose due
 * time was old_due_us (believed only if the record cannot be read).
 * S3 -> S4, S4 -> S4, any -> S5, S5 -> S2.  Lazy when done is NULL.  A
 * message that is gone stays gone.
 */
void		 store_reschedule(struct store *store,
		    const struct store_message *message, uint64_t old_due_us,
		    store_done_fn done, void *arg);

/*
 * All of a message, due at due_us (believed only if the record cannot be
 * read).  Lazy when done is NULL.  A large content goes in pieces, in the
 * batches that follow, or at the next open.  S2, S3, S4, S5 -> S6.
 */
void		 store_remove(struct store *store, uint64_t id,
		    uint64_t due_us, store_done_fn done, void *arg);

/*
 * Read: the message and at most count of its recipients from number first
 * on; message is NULL when there is none.
 */
void		 store_load(struct store *store, uint64_t id, uint32_t first,
		    size_t count, store_load_fn fn, void *arg);

/*
 * One chunk of content that is there: committed, or spilled and settled;
 * empty when there is none.  Several may come in any order.
 */
void		 store_read(struct store *store, uint64_t id, uint32_t number,
		    store_chunk_fn fn, void *arg);

/*
 * At most count entries of the due index after *after (NULL: from the
 * start) up to until_us.
 */
void		 store_scan(struct store *store, const struct store_due *after,
		    uint64_t until_us, size_t count, store_due_fn fn,
		    void *arg);

/*
 * A page of messages whose ids are larger than after, whatever their state:
 * at most count, fewer when they are large.  Of each at most the first
 * STORE_LIST_RECIPIENTS recipients; where there may be more of them, the
 * page ends.  has_rest: it is not known to be the last page.
 */
void		 store_list(struct store *store, uint64_t after, size_t count,
		    store_list_fn fn, void *arg);

#endif
