#ifndef QMGR_STORE_RESERVE_H
#define QMGR_STORE_RESERVE_H

/*
 * Free pages that a table keeps for ever.  When the library frees the last
 * page of a file, it flushes its log and shortens the file, in the middle of
 * a batch: under load, that was every third flush.  So something stands
 * behind free pages, and is never removed.
 */

#include "qmgr/store_db.h"

/* Once in the life of a table, before anything else is put there. */
void	store_reserve_make(struct store_db *db, enum store_db_table table);

#endif
