#ifndef QMGR_BATCH_H
#define QMGR_BATCH_H

/*
 * A batch: the operations that the storage thread runs in one transaction,
 * and the memory that they and their results stand in, which is taken in
 * blocks and used again by the next batch.  At any moment a batch belongs
 * to one thread: the loop fills it, the storage thread runs it, the loop
 * calls its callbacks.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qmgr/store.h"
#include "util/slice.h"

enum batch_kind {
	BATCH_SPILL,
	BATCH_SWEEP,		/* remove content without a message */
	BATCH_COMMIT,
	BATCH_CROSS_OFF,
	BATCH_UPDATE,
	BATCH_RESCHEDULE,
	BATCH_REMOVE,
	BATCH_LOAD,
	BATCH_READ,
	BATCH_SCAN,
	BATCH_LIST,
};

/* One recipient to be written. */
struct batch_recipient {
	uint32_t	 number;
	struct slice	 value;		/* as in the table recipient */
};

/* One operation.  All that it points at stands in the batch. */
struct batch_op {
	struct batch_op	*next;
	enum batch_kind	 kind;
	bool		 is_abort;	/* a sweep: there was no message */
	bool		 was_held;	/* result of a reschedule */
	bool		 is_twin;	/* result: the id is not new */
	bool		 is_after;	/* a scan: not the entry itself */
	bool		 has_more;	/* result: sweep again */
	bool		 has_rest;	/* result: the list goes on */
	uint32_t	 number;	/* first chunk or recipient */
	uint64_t	 id;
	uint64_t	 due_us;	/* as the caller knows it */
	uint64_t	 until_us;
	size_t		 limit;		/* most results */
	size_t		 count;		/* of recipients, numbers, results */
	struct slice	 value;		/* record of the message */
	struct slice	 content;	/* after room for a chunk's head */
	struct store_message	 message;	/* to reschedule */
	const uint32_t		*numbers;
	struct batch_recipient	*recipients;

	/* Results of reads. */
	struct store_message	*found;		/* NULL: none */
	struct store_recipient	*found_recipients;
	struct store_due	*found_due;
	struct store_listed	*found_list;

	store_done_fn	 done;		/* one of these, or none */
	store_commit_fn	 on_commit;
	store_load_fn	 on_load;
	store_chunk_fn	 on_chunk;
	store_due_fn	 on_due;
	store_list_fn	 on_list;
	void		*arg;
};

struct batch_warning {
	struct batch_warning	*next;
	char			*text;
};

struct batch_block;

struct batch {
	struct batch	*next;
	struct batch_op	*first, *last;
	size_t		 count;		/* of operations */
	size_t		 cost;		/* about their bytes */
	bool		 is_urgent;	/* something waits for it */
	bool		 is_synced;	/* it ends with a flush */
	bool		 has_write;
	const char	*failure;	/* why it failed; else NULL */
	struct batch_warning	*warnings, *last_warning;
	struct batch_block	*blocks;	/* owned; first is in use */
	struct batch_block	*spare;		/* owned */
};

struct batch	*batch_new(void);
void		 batch_free(struct batch **batch);

/* Forget everything, keep some of the memory. */
void		 batch_empty(struct batch *batch);

/* Memory in the batch, not zeroed, aligned for any object. */
void		*batch_alloc(struct batch *batch, size_t size);
struct slice	 batch_copy(struct batch *batch, struct slice bytes);

/* A zeroed operation at the end. */
struct batch_op	*batch_add(struct batch *batch, enum batch_kind kind);

/* A text for the log, which only the loop may write. */
void		 batch_warn(struct batch *batch, const char *format, ...)
		    __attribute__((format(printf, 2, 3)));
void		 batch_write_warnings(const struct batch *batch);

#endif
