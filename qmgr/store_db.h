#ifndef QMGR_STORE_DB_H
#define QMGR_STORE_DB_H

/*
 * Berkeley DB: the environment, its tables, one transaction at a time.
 * Used by one thread at a time, so nothing here locks.
 *
 * The first failure is kept (store_db_error) and everything after it does
 * and finds nothing: who works through a batch asks once, at its end.
 */

#include <stdbool.h>
#include <stdint.h>

#include "qmgr/record.h"
#include "qmgr/store.h"
#include "util/slice.h"

enum store_db_table {
	STORE_DB_MESSAGE,
	STORE_DB_RECIPIENT,
	STORE_DB_CONTENT,
	STORE_DB_DUE,
	STORE_DB_META,
	STORE_DB_TABLES,	/* how many */
};

struct store_db;
struct store_db_cursor;

/* NULL and *why_r (caller frees) when it cannot be opened. */
struct store_db	*store_db_open(const struct store_settings *settings,
		    char **why_r);

/* Checkpoint (unless something failed), close. */
void		 store_db_close(struct store_db **db);

/* Why it cannot go on; NULL while all is well. */
const char	*store_db_error(const struct store_db *db);

/* What the library said meanwhile; NULL: nothing.  Caller frees. */
char		*store_db_get_notice(struct store_db *db);

void		 store_db_begin(struct store_db *db);
void		 store_db_commit(struct store_db *db, bool is_synced);

/* Flush what was committed unflushed. */
void		 store_db_flush(struct store_db *db);

/*
 * What is to be done between batches: room at the end of the log, and a
 * checkpoint when the log has grown enough since the last.
 */
void		 store_db_tidy(struct store_db *db);

/* Values are borrowed until the next call on the same table. */
bool		 store_db_find(struct store_db *db, enum store_db_table table,
		    struct record_key key, struct slice *value_r);
void		 store_db_put(struct store_db *db, enum store_db_table table,
		    struct record_key key, struct slice value);

/* No matter whether it is there. */
void		 store_db_remove(struct store_db *db,
		    enum store_db_table table, struct record_key key);

/*
 * A cursor at the first key not smaller than key.  store_db_step gives the
 * entry it stands on and moves on, false at the end.  Close it before the
 * transaction ends.
 */
struct store_db_cursor *store_db_seek(struct store_db *db,
		    enum store_db_table table, struct record_key key,
		    bool keys_only);
bool		 store_db_step(struct store_db_cursor *cursor,
		    struct slice *key_r, struct slice *value_r);
/* Remove the entry that was just given. */
void		 store_db_remove_here(struct store_db_cursor *cursor);
void		 store_db_end(struct store_db_cursor **cursor);

/* The largest key of the table. */
bool		 store_db_find_last(struct store_db *db,
		    enum store_db_table table, struct record_key *key_r);

#endif
