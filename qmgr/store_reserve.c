/*
 * Free pages at the end of a table.
 */

#include "qmgr/store_reserve.h"

#include "util/mem.h"

/* 512 messages in one page each. */
#define FREE_SIZE	((size_t)8 << 20)
#define END_SIZE	((size_t)16384)		/* a page of its own */

/* Shorter than keys of messages are, and before all of them. */
static const struct record_key	key_of_free = { .data = "\0", .len = 1 };
static const struct record_key	key_of_end = { .data = "\0", .len = 2 };

void
store_reserve_make(struct store_db *db, enum store_db_table table)
{
	struct slice	 found;
	unsigned char	*zeros;

	if (store_db_find(db, table, key_of_end, &found))
		return;
	zeros = mem_new(FREE_SIZE);
	store_db_begin(db);
	store_db_put(db, table, key_of_free, slice_from(zeros, FREE_SIZE));
	store_db_put(db, table, key_of_end, slice_from(zeros, END_SIZE));
	store_db_remove(db, table, key_of_free);
	store_db_commit(db, false);
	mem_free(zeros);
}
