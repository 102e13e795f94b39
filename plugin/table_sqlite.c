/*
 * sqlite:/file.cf: a query to a database of SQLite.
 */

#include <sqlite3.h>
#include <string.h>

#include "mail/table_backend.h"
#include "mail/table_type.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/version.h"

struct connection {
	sqlite3	*db;
	int64_t	 timeout_ms;
	int64_t	 deadline;	/* of the query; monotonic, ms */
};

static void
disconnect(void *arg)
{
	struct connection	*connection = arg;

	sqlite3_close(connection->db);
	mem_free(connection);
}

/* A query that takes too long is stopped. */
static int
is_late(void *arg)
{
	const struct connection	*connection = arg;

	return clock_now_ms() > connection->deadline;
}

static void *
connect_file(const struct table_cf *cf, const char *host, int64_t timeout_ms,
    struct buf *why)
{
	struct connection	*connection = mem_new(sizeof(*connection));
	int			 error;

	(void)cf;
	/* Each thread has its own: no locks are needed. */
	error = sqlite3_open_v2(host, &connection->db,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (error != SQLITE_OK) {
		buf_printf(why, "open %s: %s", host,
		    sqlite3_errmsg(connection->db));
		disconnect(connection);
		return NULL;
	}
	connection->timeout_ms = timeout_ms;
	sqlite3_busy_timeout(connection->db, (int)timeout_ms);
	sqlite3_progress_handler(connection->db, 10000, is_late, connection);
	return connection;
}

static int
quote(void *connection, struct slice bytes, struct buf *into)
{
	(void)connection;
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] == '\'')
			buf_put_u8(into, '\'');
		buf_put_u8(into, bytes.data[i]);
	}
	return 0;
}

static void
take_row(sqlite3_stmt *statement, table_backend_fn fn, void *arg)
{
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const unsigned char	*text = sqlite3_column_text(statement,
					    i);

		if (text != NULL)
			fn(slice_str((const char *)text), arg);
	}
}

static enum table_backend_answer
query(void *arg, const struct slice *texts, table_backend_fn fn,
    void *fn_arg, struct buf *why)
{
	struct connection	*connection = arg;
	sqlite3_stmt		*statement = NULL;
	int			 error;

	connection->deadline = clock_now_ms() + connection->timeout_ms;
	/* Of several statements, the first alone. */
	error = sqlite3_prepare_v2(connection->db,
	    (const char *)texts[0].data, (int)texts[0].len, &statement,
	    NULL);
	if (error == SQLITE_OK) {
		while ((error = sqlite3_step(statement)) == SQLITE_ROW)
			take_row(statement, fn, fn_arg);
		if (error == SQLITE_DONE)
			error = SQLITE_OK;
	}
	if (error != SQLITE_OK)
		buf_printf(why, "query: %s", sqlite3_errmsg(connection->db));
	sqlite3_finalize(statement);
	return error == SQLITE_OK ? TABLE_BACKEND_DONE :
	    error == SQLITE_CANTOPEN || error == SQLITE_IOERR ||
	    error == SQLITE_NOTADB || error == SQLITE_CORRUPT ?
	    TABLE_BACKEND_LOST : TABLE_BACKEND_WRONG;
}

static const struct table_backend backend = {
	.hosts = "dbpath", .hosts_default = "", .timeout_s = 10,
	.texts = { { "query", NULL, quote } },
	.connect = connect_file, .disconnect = disconnect, .query = query,
};

TABLE_TYPE_EXPORT const struct table_type table_sqlite = {
	.name = "sqlite", .suffix = "", .backend = &backend,
	.version = VERSION,
};
