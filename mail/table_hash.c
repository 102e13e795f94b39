/*
 * hash:/file: a hash of Berkeley DB in /file.db.
 */

#include "mail/table_db.h"
#include "mail/table_type.h"

static int
open_hash(const struct table_source *source, void **content_r,
    struct buf *why)
{
	return table_db_open_source(source, TABLE_DB_HASH, content_r, why);
}

static int
build_hash(const char *file, const struct table_entries *entries,
    struct buf *why)
{
	return table_db_build(file, TABLE_DB_HASH, entries, why);
}

const struct table_type table_hash = {
	.name = "hash", .suffix = ".db", .open = open_hash,
	.find = table_db_find_content, .close = table_db_close_content,
	.check = table_db_check_content,
	.each = table_db_each_content, .build = build_hash,
};
