#ifndef QMGR_STORE_OP_H
#define QMGR_STORE_OP_H

/*
 * What each operation of the store does to the tables.  Runs in the
 * storage thread, inside the transaction of the batch.
 */

#include <stdint.h>

#include "qmgr/batch.h"
#include "qmgr/store_db.h"
#include "qmgr/store_large.h"
#include "util/buf.h"

struct store_op_state {
	struct store_db	*db;
	struct store_large *large;
	uint64_t	 id_mark;	/* no id above it was ever used */
	struct buf	 scratch;
};

/* Read the mark of used ids; remove what was arriving.  Opening only. */
void	store_op_start(struct store_op_state *state, struct batch *batch);

/* Put down exactly which id was the last.  Closing only. */
void	store_op_finish(struct store_op_state *state, uint64_t last_id);

/* Why it cannot go on; NULL while all is well. */
const char *store_op_error(const struct store_op_state *state);

/* Run one operation; results and warnings go to the batch. */
void	store_op_run(struct store_op_state *state, struct batch *batch,
	    struct batch_op *op);

#endif
