#ifndef MAIL_TABLE_DB_H
#define MAIL_TABLE_DB_H

/*
 * A file of Berkeley DB, hash or btree, such as Postfix makes and reads.
 *
 * One that is there already is only read, by any number of threads at a
 * time; a new one is written by one thread, and is good when table_db_close
 * says so.
 */

#include <stdbool.h>

#include "mail/table.h"
#include "mail/table_type.h"
#include "util/buf.h"
#include "util/slice.h"

enum table_db_kind {
	TABLE_DB_HASH,
	TABLE_DB_BTREE,
};

struct table_db;

/* NULL and what is wrong in why. */
struct table_db	*table_db_open(const char *file, enum table_db_kind kind,
		    struct buf *why);
struct table_db	*table_db_create(const char *file, enum table_db_kind kind,
		    struct buf *why);

/* 0, or -1 when something could not be written.  Accepts NULL. */
int		 table_db_close(struct table_db **db);

/*
 * The value of key, whether or not the file was written with a NUL at the
 * end of its keys and values.
 */
enum table_answer table_db_find(struct table_db *db, struct slice key,
		    struct buf *value);

/* The same of a key as it is, NULs and all; so is the value. */
enum table_answer table_db_get(struct table_db *db, struct slice key,
		    struct buf *value);

/* Bytes as they are.  1: the key is there already and stays; 0; or -1. */
int		 table_db_put(struct table_db *db, struct slice key,
		    struct slice value);

/* Call fn for each entry, without NULs, until it returns -1.  0 or -1. */
int		 table_db_each(struct table_db *db, table_entry_fn fn,
		    void *arg);

/* Of table_hash and table_btree: source's name.db as a content. */
int		 table_db_open_source(const struct table_source *source,
		    enum table_db_kind kind, void **content_r,
		    struct buf *why);
enum table_answer table_db_find_content(void *content, struct slice key,
		    struct buf *value);
void		 table_db_close_content(void *content);
/* Reads all of it: half a file opens well, and fails later. */
void		 table_db_check_content(void *content, struct buf *why);
int		 table_db_each_content(void *content, table_entry_fn fn,
		    void *arg);
int		 table_db_build(const char *file, enum table_db_kind kind,
		    const struct table_entries *entries, struct buf *why);

#endif
