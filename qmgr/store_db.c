/*
 * The gate to Berkeley DB.
 *
 * DB_PRIVATE: no region files that another program's crash could wedge.
 * No DB_INIT_LOCK, no DB_THREAD: one thread, one transaction at a time.
 */

#include "qmgr/store_db.h"

#include <db.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "qmgr/store_crash.h"
#include "qmgr/store_log.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define PAGE_SIZE	16384
#define LOG_BUFFER_MAX	(4 << 20)
#define LOG_FILE_MIN	(1 << 20)

struct store_db_cursor {
	struct store_db	*db;
	DBC		*dbc;		/* NULL: not in use */
	struct record_key	 start;
	DBT		 key, value;
	u_int32_t	 move;		/* DB_SET_RANGE, then DB_NEXT */
};

struct store_db {
	DB_ENV		*env;
	DB		*tables[STORE_DB_TABLES];
	DB_TXN		*txn;		/* NULL: none is open */
	char		*folder;
	char		*error;
	struct buf	 notice;
	struct store_log	*log;
	int64_t		 checkpoint_size;
	/* Two at once are enough: a message's record, and its parts. */
	struct store_db_cursor	 cursors[2];
};

static const char *const	table_names[STORE_DB_TABLES] = {
	"message", "recipient", "content", "due", "meta",
};

/* True when the library's answer is 0; else the failure is kept. */
static bool
is_good(struct store_db *db, const char *what, int answer)
{
	if (answer == 0)
		return true;
	if (db->error != NULL)
		return false;
	db->error = mem_printf("queue %s: %s: %s%s%s", db->folder, what,
	    db_strerror(answer), db->notice.len == 0 ? "" : "; ",
	    buf_cstr(&db->notice));
	return false;
}

static void
on_notice(const DB_ENV *env, const char *prefix, const char *text)
{
	struct store_db	*db = env->app_private;

	(void)prefix;
	/* A library that complains without end must not fill the memory. */
	if (db->notice.len > 1000)
		return;
	buf_printf(&db->notice, "%s%s", db->notice.len == 0 ? "" : ", ",
	    text);
}

char *
store_db_get_notice(struct store_db *db)
{
	char	*text;

	if (db->notice.len == 0)
		return NULL;
	text = mem_printf("queue %s: %s", db->folder, buf_cstr(&db->notice));
	buf_empty(&db->notice);
	return text;
}

const char *
store_db_error(const struct store_db *db)
{
	return db->error;
}

static bool
set_up(struct store_db *db, const struct store_settings *settings)
{
	DB_ENV	*env = db->env;
	int64_t	 file = settings->log_file_size;
	int64_t	 buffer;

	if (file < LOG_FILE_MIN)
		file = LOG_FILE_MIN;
	if (file > UINT32_MAX / 2)
		file = UINT32_MAX / 2;
	/* The library wants a file to be four times the buffer. */
	buffer = file / 4 > LOG_BUFFER_MAX ? LOG_BUFFER_MAX : file / 4;
	return is_good(db, "cache size", env->set_cachesize(env,
	    (u_int32_t)(settings->cache_size >> 30),
	    (u_int32_t)(settings->cache_size & ((1 << 30) - 1)), 1)) &&
	    is_good(db, "log buffer size",
	    env->set_lg_bsize(env, (u_int32_t)buffer)) &&
	    is_good(db, "log file size",
	    env->set_lg_max(env, (u_int32_t)file)) &&
	    is_good(db, "log configuration",
	    env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1));
}

static bool
open_table(struct store_db *db, enum store_db_table table)
{
	char	 what[64];
	DB	*handle;

	snprintf(what, sizeof(what), "open %s", table_names[table]);
	if (!is_good(db, what, db_create(&handle, db->env, 0)))
		return false;
	db->tables[table] = handle;
	return is_good(db, what, handle->set_pagesize(handle, PAGE_SIZE)) &&
	    is_good(db, what, handle->open(handle, NULL, table_names[table],
	    NULL, DB_BTREE, DB_CREATE | DB_AUTO_COMMIT, 0600));
}

static bool
open_all(struct store_db *db, const struct store_settings *settings)
{
	if (!is_good(db, "environment", db_env_create(&db->env, 0)))
		return false;
	db->env->app_private = db;
	db->env->set_errcall(db->env, on_notice);
	if (!set_up(db, settings) ||
	    !is_good(db, "open and recover", db->env->open(db->env,
	    db->folder, DB_CREATE | DB_INIT_TXN | DB_INIT_LOG |
	    DB_INIT_MPOOL | DB_PRIVATE | DB_RECOVER, 0600)))
		return false;
	for (int i = 0; i < STORE_DB_TABLES; i++)
		if (!open_table(db, (enum store_db_table)i))
			return false;
	return true;
}

struct store_db *
store_db_open(const struct store_settings *settings, char **why_r)
{
	struct store_db	*db = mem_new(sizeof(*db));

	db->folder = mem_strdup(settings->folder);
	db->log = store_log_new(settings->folder);
	db->checkpoint_size = settings->checkpoint_size;
	if (open_all(db, settings))
		return db;
	*why_r = mem_strdup(db->error);
	store_db_close(&db);
	return NULL;
}

void
store_db_close(struct store_db **dbp)
{
	struct store_db	*db = *dbp;
	bool		 has_failed;

	if (db == NULL)
		return;
	has_failed = db->error != NULL;
	if (!has_failed)
		is_good(db, "last checkpoint", db->env->txn_checkpoint(
		    db->env, 0, 0, DB_FORCE));
	for (int i = 0; i < STORE_DB_TABLES; i++)
		if (db->tables[i] != NULL)
			is_good(db, "close", db->tables[i]->close(
			    db->tables[i], 0));
	if (db->env != NULL)
		is_good(db, "close", db->env->close(db->env, 0));
	/* Nothing is lost: the next open recovers from the log. */
	if (!has_failed && db->error != NULL)
		log_warn("%s", db->error);
	store_log_free(&db->log);
	buf_clear(&db->notice);
	mem_free(db->error);
	mem_free(db->folder);
	mem_free(db);
	*dbp = NULL;
}

void
store_db_begin(struct store_db *db)
{
	if (db->error == NULL)
		is_good(db, "begin", db->env->txn_begin(db->env, NULL,
		    &db->txn, 0));
}

void
store_db_commit(struct store_db *db, bool is_synced)
{
	DB_TXN	*txn = db->txn;

	db->txn = NULL;
	if (db->error == NULL)
		is_good(db, "commit", txn->commit(txn,
		    is_synced ? DB_TXN_SYNC : DB_TXN_NOSYNC));
	/*
	 * A transaction that changed nothing flushes nothing, and what was
	 * committed before it is still to be flushed.
	 */
	if (is_synced)
		store_db_flush(db);
}

void
store_db_flush(struct store_db *db)
{
	if (db->error == NULL)
		is_good(db, "flush", db->env->log_flush(db->env, NULL));
}

void
store_db_tidy(struct store_db *db)
{
	DB_LOG_STAT	*stat;
	int64_t		 grown;

	if (db->error != NULL || !is_good(db, "look at the log",
	    db->env->log_stat(db->env, &stat, 0)))
		return;
	grown = (int64_t)stat->st_wc_mbytes * 1024 * 1024 +
	    (int64_t)stat->st_wc_bytes;
	store_log_prepare(db->log, stat->st_cur_file, stat->st_cur_offset,
	    stat->st_lg_size);
	/* The library has allocated it, with malloc. */
	mem_free(stat);
	if (grown < db->checkpoint_size)
		return;
	store_crash_point("checkpoint");
	is_good(db, "checkpoint",
	    db->env->txn_checkpoint(db->env, 0, 0, 0));
}

static DBT
make_dbt(struct slice bytes)
{
	return (DBT){ .data = (void *)(uintptr_t)bytes.data,
	    .size = (u_int32_t)bytes.len };
}

bool
store_db_find(struct store_db *db, enum store_db_table table,
    struct record_key key, struct slice *value_r)
{
	DB	*handle = db->tables[table];
	DBT	 name = make_dbt(record_key_slice(&key));
	DBT	 value = { .data = NULL };
	int	 answer;

	if (db->error != NULL)
		return false;
	answer = handle->get(handle, db->txn, &name, &value, 0);
	if (answer == DB_NOTFOUND || !is_good(db, "get", answer))
		return false;
	*value_r = slice_from(value.data, value.size);
	return true;
}

void
store_db_put(struct store_db *db, enum store_db_table table,
    struct record_key key, struct slice value)
{
	DB	*handle = db->tables[table];
	DBT	 name = make_dbt(record_key_slice(&key));
	DBT	 bytes = make_dbt(value);

	if (db->error == NULL)
		is_good(db, "put", handle->put(handle, db->txn, &name, &bytes,
		    0));
}

void
store_db_remove(struct store_db *db, enum store_db_table table,
    struct record_key key)
{
	DB	*handle = db->tables[table];
	DBT	 name = make_dbt(record_key_slice(&key));
	int	 answer;

	if (db->error != NULL)
		return;
	answer = handle->del(handle, db->txn, &name, 0);
	if (answer != DB_NOTFOUND)
		is_good(db, "remove", answer);
}

struct store_db_cursor *
store_db_seek(struct store_db *db, enum store_db_table table,
    struct record_key key, bool keys_only)
{
	struct store_db_cursor	*cursor = &db->cursors[0];
	DB			*handle = db->tables[table];

	if (cursor->dbc != NULL)
		cursor = &db->cursors[1];
	if (cursor->dbc != NULL)
		log_panic("queue: too many cursors");
	cursor->db = db;
	if (db->error != NULL || !is_good(db, "cursor",
	    handle->cursor(handle, db->txn, &cursor->dbc, 0)))
		cursor->dbc = NULL;
	cursor->start = key;
	cursor->key = make_dbt(record_key_slice(&cursor->start));
	/* A partial read of nothing spares the copy of the value. */
	cursor->value = (DBT){ .flags = keys_only ? DB_DBT_PARTIAL : 0 };
	cursor->move = DB_SET_RANGE;
	return cursor;
}

bool
store_db_step(struct store_db_cursor *cursor, struct slice *key_r,
    struct slice *value_r)
{
	int	answer;

	if (cursor->dbc == NULL || cursor->db->error != NULL)
		return false;
	answer = cursor->dbc->get(cursor->dbc, &cursor->key, &cursor->value,
	    cursor->move);
	cursor->move = DB_NEXT;
	if (answer == DB_NOTFOUND || !is_good(cursor->db, "scan", answer))
		return false;
	*key_r = slice_from(cursor->key.data, cursor->key.size);
	*value_r = slice_from(cursor->value.data, cursor->value.size);
	return true;
}

void
store_db_remove_here(struct store_db_cursor *cursor)
{
	if (cursor->dbc != NULL && cursor->db->error == NULL)
		is_good(cursor->db, "remove",
		    cursor->dbc->del(cursor->dbc, 0));
}

void
store_db_end(struct store_db_cursor **cursor)
{
	DBC	*dbc = (*cursor)->dbc;

	(*cursor)->dbc = NULL;
	if (dbc != NULL)
		is_good((*cursor)->db, "end of scan", dbc->close(dbc));
	*cursor = NULL;
}

bool
store_db_find_last(struct store_db *db, enum store_db_table table,
    struct record_key *key_r)
{
	DB	*handle = db->tables[table];
	DBT	 key = { .data = NULL }, value = { .data = NULL };
	DBC	*dbc;
	int	 answer;

	if (db->error != NULL || !is_good(db, "cursor",
	    handle->cursor(handle, db->txn, &dbc, 0)))
		return false;
	answer = dbc->get(dbc, &key, &value, DB_LAST);
	if (answer != DB_NOTFOUND && is_good(db, "last", answer)) {
		key_r->len = key.size < sizeof(key_r->data) ? key.size :
		    sizeof(key_r->data);
		memcpy(key_r->data, key.data, key_r->len);
	}
	is_good(db, "end of scan", dbc->close(dbc));
	return answer == 0 && db->error == NULL;
}
