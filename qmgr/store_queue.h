#ifndef QMGR_STORE_QUEUE_H
#define QMGR_STORE_QUEUE_H

/*
 * The way to the storage thread and back: operations are gathered into
 * batches, batches go to the thread one at a time, and come back to have
 * their callbacks called in the loop.
 *
 *	batch = store_queue_get(queue);
 *	op = batch_add(batch, BATCH_...);
 *	...
 *	store_queue_put(queue, batch, bytes, STORE_QUEUE_...);
 */

#include <stddef.h>
#include <stdint.h>

#include "net/loop.h"
#include "qmgr/batch.h"
#include "qmgr/store_op.h"

/* How long an operation may wait. */
enum store_queue_hurry {
	STORE_QUEUE_LAZY,	/* a write, flushed within lazy_ms */
	STORE_QUEUE_RUN,	/* run at the end of the tick, no flush */
	STORE_QUEUE_FLUSH,	/* and flushed at once */
};

struct store_queue;

/* Starts the thread, which has state for its own from now on. */
struct store_queue *store_queue_new(struct loop *loop,
		    struct store_op_state *state, int64_t lazy_ms);

/* Runs everything, calls all callbacks, ends the thread. */
void		 store_queue_free(struct store_queue **queue);

/* The batch that takes the next operation; borrowed. */
struct batch	*store_queue_get(struct store_queue *queue);

/* The operation at the end of batch is complete; cost: about its bytes. */
void		 store_queue_put(struct store_queue *queue,
		    struct batch *batch, size_t cost,
		    enum store_queue_hurry hurry);

/* Bytes of operations that are not finished. */
size_t		 store_queue_cost(const struct store_queue *queue);

#endif
