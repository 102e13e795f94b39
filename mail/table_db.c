/*
 * The gate to Berkeley DB for tables.
 *
 * Each file has an environment of its own, in memory, with a cache and
 * nothing else.  Its home can be no folder, so that the library reads no
 * DB_CONFIG of whoever owns the current one (CVE-2017-10140).
 */

#include "mail/table_db.h"

#include <db.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mem.h"
#include "util/path.h"

#define HOME		"/dev/null"
#define CACHE_MIN	(256 << 10)
#define CACHE_MAX	(16 << 20)
#define VALUE_GUESS	512	/* bytes; most values are shorter */

/* What ends the keys of a file, once one was found. */
enum form { FORM_UNKNOWN, FORM_NUL, FORM_PLAIN };

struct table_db {
	DB_ENV		*env;
	DB		*db;
	char		*file;		/* absolute, for home is nowhere */
	atomic_int	 form;
	bool		 has_failed;
};

/* The library would write to stderr; its answer says enough. */
static void
on_notice(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)env;
	(void)prefix;
	(void)text;
}

static char *
make_absolute(const char *file)
{
	char	folder[4096];

	if (*file == '/' || getcwd(folder, sizeof(folder)) == NULL)
		return mem_strdup(file);
	return path_join(folder, file);
}

/* A small file fits into its cache; a large one is the kernel's to cache. */
static u_int32_t
cache_size(const char *file)
{
	struct stat	st;

	if (stat(file, &st) < 0 || st.st_size > CACHE_MAX / 2)
		return CACHE_MAX;
	if (st.st_size < CACHE_MIN / 2)
		return CACHE_MIN;
	return (u_int32_t)st.st_size * 2;
}

static int
open_all(struct table_db *db, enum table_db_kind kind, u_int32_t flags)
{
	DBTYPE	type = kind == TABLE_DB_HASH ? DB_HASH : DB_BTREE;
	int	answer;

	if ((answer = db_env_create(&db->env, 0)) != 0) {
		db->env = NULL;
		return answer;
	}
	db->env->set_errcall(db->env, on_notice);
	if ((answer = db->env->set_cachesize(db->env, 0,
	    cache_size(db->file), 1)) != 0 ||
	    (answer = db->env->open(db->env, HOME, DB_CREATE | DB_PRIVATE |
	    DB_INIT_MPOOL | DB_THREAD, 0600)) != 0)
		return answer;
	if ((answer = db_create(&db->db, db->env, 0)) != 0) {
		db->db = NULL;
		return answer;
	}
	return db->db->open(db->db, NULL, db->file, NULL, type,
	    flags | DB_THREAD, 0600);
}

/*
 * The library trusts the pages it reads: of a file that is half-written it
 * can go in circles for ever.  So pages must be linked as they should; order
 * is not looked at, for that it takes every key.
 */
static int
verify(const char *file)
{
	DB	*db;
	int	 answer = db_create(&db, NULL, 0);

	if (answer != 0)
		return answer;
	db->set_errcall(db, on_notice);
	/* The handle is gone after that. */
	return db->verify(db, file, NULL, NULL, DB_NOORDERCHK);
}

static struct table_db *
open_flags(const char *file, enum table_db_kind kind, u_int32_t flags,
    struct buf *why)
{
	struct table_db	*db = mem_new(sizeof(*db));
	int		 answer;

	db->file = make_absolute(file);
	answer = open_all(db, kind, flags);
	if (answer == 0 && (flags & DB_RDONLY) && verify(db->file) != 0)
		answer = EINVAL;
	if (answer == 0)
		return db;
	buf_printf(why, "open database %s: %s", file, answer == EINVAL ?
	    "it is damaged, or of another type" : db_strerror(answer));
	db->has_failed = true;
	table_db_close(&db);
	return NULL;
}

struct table_db *
table_db_open(const char *file, enum table_db_kind kind, struct buf *why)
{
	return open_flags(file, kind, DB_RDONLY, why);
}

struct table_db *
table_db_create(const char *file, enum table_db_kind kind, struct buf *why)
{
	return open_flags(file, kind, DB_CREATE | DB_EXCL, why);
}

int
table_db_close(struct table_db **dbp)
{
	struct table_db	*db = *dbp;
	int		 result;

	if (db == NULL)
		return 0;
	if (db->db != NULL && db->db->close(db->db, 0) != 0)
		db->has_failed = true;
	if (db->env != NULL && db->env->close(db->env, 0) != 0)
		db->has_failed = true;
	result = db->has_failed ? -1 : 0;
	mem_free(db->file);
	mem_free(db);
	*dbp = NULL;
	return result;
}

static DBT
make_dbt(struct slice bytes)
{
	return (DBT){ .data = (void *)(uintptr_t)bytes.data,
	    .size = (u_int32_t)bytes.len };
}

/* ---- questions ----------------------------------------------------------- */

/* The library's answer; the value is appended. */
static int
get_bytes(struct table_db *db, struct slice key, struct buf *value)
{
	DBT		 name = make_dbt(key), bytes;
	u_int32_t	 room = VALUE_GUESS;
	int		 answer;

	do {
		bytes = (DBT){ .data = buf_reserve(value, room),
		    .ulen = room, .flags = DB_DBT_USERMEM };
		answer = db->db->get(db->db, NULL, &name, &bytes, 0);
		room = bytes.size;
	} while (answer == DB_BUFFER_SMALL && bytes.ulen < room);
	if (answer == 0)
		buf_commit(value, bytes.size);
	return answer;
}

/* The same up to a NUL if there is one. */
static int
get(struct table_db *db, struct slice key, struct buf *value)
{
	size_t		before = value->len;
	int		answer = get_bytes(db, key, value);
	ptrdiff_t	nul;

	if (answer == 0) {
		nul = slice_find(slice_after(buf_slice(value), before), '\0');
		if (nul >= 0)
			buf_truncate(value, before + (size_t)nul);
	}
	return answer;
}

/* Keys with a NUL behind them, then without, until one of them was found. */
static int
get_either(struct table_db *db, struct slice key, struct buf *value)
{
	struct buf	with_nul = BUF_INIT;
	int		form = db->form, answer = DB_NOTFOUND;

	if (form != FORM_PLAIN) {
		buf_put_slice(&with_nul, key);
		buf_put_u8(&with_nul, '\0');
		answer = get(db, buf_slice(&with_nul), value);
		buf_clear(&with_nul);
		if (answer == 0)
			db->form = FORM_NUL;
	}
	if (answer == DB_NOTFOUND && form != FORM_NUL) {
		answer = get(db, key, value);
		if (answer == 0)
			db->form = FORM_PLAIN;
	}
	return answer;
}

static enum table_answer
tell(const struct table_db *db, int answer, struct buf *value)
{
	if (answer == 0)
		return TABLE_FOUND;
	if (answer == DB_NOTFOUND)
		return TABLE_NONE;
	buf_printf(value, "read database %s: %s", db->file,
	    db_strerror(answer));
	return TABLE_TROUBLE;
}

enum table_answer
table_db_find(struct table_db *db, struct slice key, struct buf *value)
{
	/* In a file of keys with NULs this would be another key. */
	if (slice_find(key, '\0') >= 0)
		return TABLE_NONE;
	return tell(db, get_either(db, key, value), value);
}

enum table_answer
table_db_get(struct table_db *db, struct slice key, struct buf *value)
{
	return tell(db, get_bytes(db, key, value), value);
}

/* ---- entries ------------------------------------------------------------- */

int
table_db_put(struct table_db *db, struct slice key, struct slice value)
{
	DBT	name = make_dbt(key), bytes = make_dbt(value);
	int	answer;

	answer = db->db->put(db->db, NULL, &name, &bytes, DB_NOOVERWRITE);
	if (answer == DB_KEYEXIST)
		return 1;
	if (answer != 0)
		db->has_failed = true;
	return answer == 0 ? 0 : -1;
}

static struct slice
without_nul(const DBT *dbt)
{
	struct slice	bytes = slice_from(dbt->data, dbt->size);
	ptrdiff_t	nul = slice_find(bytes, '\0');

	return nul < 0 ? bytes : slice_first(bytes, (size_t)nul);
}

int
table_db_each(struct table_db *db, table_entry_fn fn, void *arg)
{
	DBT	 key = { .flags = DB_DBT_REALLOC };
	DBT	 value = { .flags = DB_DBT_REALLOC };
	DBC	*cursor;
	int	 answer, result = 0;

	if (db->db->cursor(db->db, NULL, &cursor, 0) != 0)
		return -1;
	while ((answer = cursor->get(cursor, &key, &value, DB_NEXT)) == 0 &&
	    result == 0)
		result = fn(without_nul(&key), without_nul(&value), arg);
	cursor->close(cursor);
	/* The library has allocated them, with malloc. */
	mem_free(key.data);
	mem_free(value.data);
	return result == 0 && answer == DB_NOTFOUND ? 0 : -1;
}

/* ---- as a type of table -------------------------------------------------- */

int
table_db_open_source(const struct table_source *source,
    enum table_db_kind kind, void **content_r, struct buf *why)
{
	char	*file = mem_printf("%s.db", source->name);

	*content_r = table_db_open(file, kind, why);
	mem_free(file);
	return *content_r == NULL ? -1 : 0;
}

enum table_answer
table_db_find_content(void *content, struct slice key, struct buf *value)
{
	return table_db_find(content, key, value);
}

void
table_db_close_content(void *content)
{
	struct table_db	*db = content;

	table_db_close(&db);
}

static int
skip(struct slice key, struct slice value, void *arg)
{
	(void)key;
	(void)value;
	(void)arg;
	return 0;
}

void
table_db_check_content(void *content, struct buf *why)
{
	struct table_db	*db = content;

	if (table_db_each(db, skip, NULL) < 0)
		buf_printf(why, "read database %s: it is damaged\n",
		    db->file);
}

int
table_db_each_content(void *content, table_entry_fn fn, void *arg)
{
	return table_db_each(content, fn, arg);
}

static int
put_all(struct table_db *db, const struct table_entries *entries)
{
	struct buf	text = BUF_INIT;
	int		result = 0;

	for (size_t i = 0; i < entries->count && result == 0; i++) {
		struct slice	key = entries->list[i].key;
		struct slice	value = entries->list[i].value;
		size_t		nul = entries->with_nul ? 1 : 0;

		buf_empty(&text);
		buf_put_slice(&text, key);
		buf_put_u8(&text, '\0');
		buf_put_slice(&text, value);
		buf_put_u8(&text, '\0');
		result = table_db_put(db, slice_first(buf_slice(&text),
		    key.len + nul), slice_first(slice_after(buf_slice(&text),
		    key.len + 1), value.len + nul));
	}
	buf_clear(&text);
	return result;
}

int
table_db_build(const char *file, enum table_db_kind kind,
    const struct table_entries *entries, struct buf *why)
{
	struct table_db	*db = table_db_create(file, kind, why);
	int		 result;

	if (db == NULL)
		return -1;
	result = put_all(db, entries);
	if (table_db_close(&db) < 0 || result != 0) {
		buf_printf(why, "write database %s: %s", file,
		    strerror(errno));
		return -1;
	}
	return 0;
}
