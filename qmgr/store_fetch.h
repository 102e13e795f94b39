#ifndef QMGR_STORE_FETCH_H
#define QMGR_STORE_FETCH_H

/*
 * The operations of the store that only read.  Runs in the storage thread;
 * what is found is copied into the batch.
 */

#include "qmgr/batch.h"
#include "qmgr/record.h"
#include "qmgr/store_op.h"

/*
 * The record of a message, taken apart: 1, 0 when there is none, -1 when
 * it is damaged (warned).  Borrowed until the next read of that table.
 */
int	store_fetch_message(struct store_op_state *state,
	    struct batch *batch, uint64_t id,
	    struct record_message *record_r);

/* Run one operation of the kinds that read. */
void	store_fetch_run(struct store_op_state *state, struct batch *batch,
	    struct batch_op *op);

#endif
