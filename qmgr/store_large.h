#ifndef QMGR_STORE_LARGE_H
#define QMGR_STORE_LARGE_H

/*
 * The content of large messages from chunk STORE_LARGE_FIRST on: a file
 * each, in the folder "large" of the environment.  In a table each byte is
 * written three times (to the log, to the table, and to the log again when
 * it is removed), which for much content is what it costs.
 *
 * A file is on the disk before the record that speaks of it is, and goes
 * after that record's removal is on the disk.  So a file without a message
 * is nobody's, and opening removes it.
 *
 * For the storage thread; any thread may read.  The first failure is kept,
 * and after it nothing is written.
 */

#include <stdbool.h>
#include <stdint.h>

#include "qmgr/store.h"
#include "util/slice.h"

#define STORE_LARGE_FIRST	8

struct store_large;

/* NULL and *why_r (caller frees) when the folder cannot be made. */
struct store_large *store_large_open(const char *folder, char **why_r);
void		 store_large_close(struct store_large **large);

/* Why it cannot go on; NULL while all is well. */
const char	*store_large_error(const struct store_large *large);

/* Chunk number of a message, at least STORE_LARGE_FIRST; not flushed. */
void		 store_large_put(struct store_large *large, uint64_t id,
		    uint32_t number, struct slice bytes);

/* All that was put of this message is on the disk after it. */
void		 store_large_flush(struct store_large *large, uint64_t id);

/*
 * Read a chunk into bytes, STORE_CHUNK_SIZE of them; the number read, 0
 * when there is none.
 */
size_t		 store_large_read(const struct store_large *large,
		    uint64_t id, uint32_t number, unsigned char *bytes);

/* Remove it now: no record speaks of it.  No matter whether it is there. */
void		 store_large_remove(struct store_large *large, uint64_t id);

/* It goes with the next store_large_clean. */
void		 store_large_drop(struct store_large *large, uint64_t id);

/* What was done to the tables is flushed: remove what was dropped. */
void		 store_large_clean(struct store_large *large);

/* Remove every file whose message is not there. */
void		 store_large_sweep(struct store_large *large,
		    bool (*is_there)(uint64_t id, void *arg), void *arg);

#endif
