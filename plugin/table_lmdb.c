/*
 * lmdb:/file: a database of LMDB in /file.lmdb.
 *
 * Opened without its locks: the file is never written to, but replaced.
 */

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/table_type.h"
#include "util/mem.h"
#include "util/version.h"

#define FLAGS		(MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS)
/* Of a new file: pages are at worst half full, and there are some more. */
#define SIZE_FACTOR	3
#define SIZE_MORE	((size_t)16 << 20)
#define ENTRY_MORE	64

struct lmdb {
	MDB_env	*env;
	MDB_dbi	 dbi;
};

static int
fail(struct buf *why, const char *what, const char *file, int error)
{
	buf_printf(why, "%s database %s: %s", what, file,
	    mdb_strerror(error));
	return -1;
}

static void
close_lmdb(void *content)
{
	struct lmdb	*lmdb = content;

	mdb_env_close(lmdb->env);
	mem_free(lmdb);
}

static int
open_dbi(struct lmdb *lmdb)
{
	MDB_txn	*txn;
	int	 error = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn);

	if (error != 0)
		return error;
	if ((error = mdb_dbi_open(txn, NULL, 0, &lmdb->dbi)) == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return error;
}

/*
 * The file ends where its pages do: one that is being copied, or was cut off,
 * is not mapped, for whoever looked behind its end would die of it.
 */
static int
check_size(const struct lmdb *lmdb, const char *file)
{
	MDB_envinfo	info;
	MDB_stat	stats;
	struct stat	st;
	int		error = mdb_env_info(lmdb->env, &info);

	if (error == 0)
		error = mdb_env_stat(lmdb->env, &stats);
	if (error == 0 && stat(file, &st) < 0)
		error = errno;
	if (error == 0 && (uint64_t)st.st_size / stats.ms_psize <=
	    info.me_last_pgno)
		error = MDB_CORRUPTED;
	return error;
}

static int
open_lmdb(const struct table_source *source, void **content_r,
    struct buf *why)
{
	struct lmdb	*lmdb = mem_new(sizeof(*lmdb));
	char		*file = mem_printf("%s.lmdb", source->name);
	int		 error = mdb_env_create(&lmdb->env);

	if (error == 0 && (error = mdb_env_open(lmdb->env, file,
	    FLAGS | MDB_RDONLY, 0)) == 0 &&
	    (error = check_size(lmdb, file)) == 0)
		error = open_dbi(lmdb);
	if (error != 0) {
		fail(why, "open", file, error);
		close_lmdb(lmdb);
		lmdb = NULL;
	}
	mem_free(file);
	*content_r = lmdb;
	return error == 0 ? 0 : -1;
}

static struct slice
without_nul(const MDB_val *val)
{
	struct slice	bytes = slice_from(val->mv_data, val->mv_size);
	ptrdiff_t	nul = slice_find(bytes, '\0');

	return nul < 0 ? bytes : slice_first(bytes, (size_t)nul);
}

static int
get(const struct lmdb *lmdb, MDB_txn *txn, struct slice key,
    struct buf *value)
{
	MDB_val	name = { key.len, (void *)(uintptr_t)key.data }, found;
	int	error = mdb_get(txn, lmdb->dbi, &name, &found);

	if (error == 0)
		buf_put_slice(value, without_nul(&found));
	/* Too long a key, or an empty one, is in no file. */
	return error == MDB_BAD_VALSIZE ? MDB_NOTFOUND : error;
}

static enum table_answer
find_lmdb(void *content, struct slice key, struct buf *value)
{
	const struct lmdb	*lmdb = content;
	struct buf		 with_nul = BUF_INIT;
	MDB_txn			*txn;
	int			 error;

	if (slice_find(key, '\0') >= 0)
		return TABLE_NONE;
	if ((error = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn)) == 0) {
		buf_put_slice(&with_nul, key);
		buf_put_u8(&with_nul, '\0');
		error = get(lmdb, txn, buf_slice(&with_nul), value);
		if (error == MDB_NOTFOUND)
			error = get(lmdb, txn, key, value);
		mdb_txn_abort(txn);
		buf_clear(&with_nul);
	}
	if (error == 0 || error == MDB_NOTFOUND)
		return error == 0 ? TABLE_FOUND : TABLE_NONE;
	buf_printf(value, "read database: %s", mdb_strerror(error));
	return TABLE_TROUBLE;
}

static int
each_lmdb(void *content, table_entry_fn fn, void *arg)
{
	const struct lmdb	*lmdb = content;
	MDB_txn			*txn;
	MDB_cursor		*cursor;
	MDB_val			 key, value;
	int			 error, result = 0;

	if (mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn) != 0)
		return -1;
	error = mdb_cursor_open(txn, lmdb->dbi, &cursor);
	while (error == 0 && result == 0 &&
	    (error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
		result = fn(without_nul(&key), without_nul(&value), arg);
	mdb_txn_abort(txn);
	return result == 0 && error == MDB_NOTFOUND ? 0 : -1;
}

/* ---- building ------------------------------------------------------------ */

static int
put_all(MDB_txn *txn, MDB_dbi dbi, const struct table_entries *entries)
{
	size_t		nul = entries->with_nul ? 1 : 0;
	struct buf	text = BUF_INIT;
	int		error = 0;

	for (size_t i = 0; i < entries->count && error == 0; i++) {
		const struct table_entry	*entry = &entries->list[i];
		MDB_val				 key, value;
		char				*bytes;

		buf_empty(&text);
		buf_put_slice(&text, entry->key);
		buf_put_u8(&text, '\0');
		buf_put_slice(&text, entry->value);
		buf_put_u8(&text, '\0');
		bytes = (char *)text.data + text.start;
		key = (MDB_val){ entry->key.len + nul, bytes };
		value = (MDB_val){ entry->value.len + nul,
		    bytes + entry->key.len + 1 };
		error = mdb_put(txn, dbi, &key, &value, 0);
	}
	buf_clear(&text);
	return error;
}

static size_t
guess_size(const struct table_entries *entries)
{
	size_t	size = SIZE_MORE;

	for (size_t i = 0; i < entries->count; i++)
		size += SIZE_FACTOR * (entries->list[i].key.len +
		    entries->list[i].value.len + ENTRY_MORE);
	/* A value that has pages of its own may waste most of one. */
	return (size + 4095) / 4096 * 4096;
}

static int
write_all(MDB_env *env, const char *file, const struct table_entries *entries)
{
	MDB_txn	*txn;
	MDB_dbi	 dbi;
	int	 error;

	if ((error = mdb_env_set_mapsize(env, guess_size(entries))) != 0 ||
	    (error = mdb_env_open(env, file, FLAGS, 0600)) != 0 ||
	    (error = mdb_txn_begin(env, NULL, 0, &txn)) != 0)
		return error;
	if ((error = mdb_dbi_open(txn, NULL, MDB_CREATE, &dbi)) == 0 &&
	    (error = put_all(txn, dbi, entries)) == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return error;
}

static int
build_lmdb(const char *file, const struct table_entries *entries,
    struct buf *why)
{
	MDB_env	*env;
	int	 fd, error;

	/* The library would take what is there. */
	fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(why, "open", file, errno);
	close(fd);
	if ((error = mdb_env_create(&env)) == 0) {
		error = write_all(env, file, entries);
		mdb_env_close(env);
	}
	return error == 0 ? 0 : fail(why, "write", file, error);
}

TABLE_TYPE_EXPORT const struct table_type table_lmdb = {
	.name = "lmdb", .suffix = ".lmdb", .open = open_lmdb,
	.find = find_lmdb, .close = close_lmdb, .each = each_lmdb,
	.build = build_lmdb, .version = VERSION,
};
