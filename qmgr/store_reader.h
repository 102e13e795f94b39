#ifndef QMGR_STORE_READER_H
#define QMGR_STORE_READER_H

/*
 * Chunks of large content (qmgr/store_large.h), read in a thread of their
 * own: what leaves need not wait for the flush of what comes.
 */

#include "net/loop.h"
#include "qmgr/store.h"
#include "qmgr/store_large.h"

struct store_reader;

/* large is the caller's. */
struct store_reader *store_reader_new(struct loop *loop,
		    const struct store_large *large);

/* What is asked for still is answered: there is none.  Accepts NULL. */
void		 store_reader_free(struct store_reader **reader);

/*
 * As store_read, of a message whose commit is over; number is at least
 * STORE_LARGE_FIRST.
 */
void		 store_reader_get(struct store_reader *reader, uint64_t id,
		    uint32_t number, store_chunk_fn fn, void *arg);

#endif
