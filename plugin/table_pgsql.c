/*
 * pgsql:/file.cf: a query to servers of PostgreSQL.
 */

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <string.h>

#include "mail/table_backend.h"
#include "mail/table_type.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/version.h"

struct connection {
	PGconn	*pg;
	int64_t	 timeout_ms;
};

static void
disconnect(void *arg)
{
	struct connection	*connection = arg;

	PQfinish(connection->pg);
	mem_free(connection);
}

static void
on_notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* The library's texts end in newlines. */
static void
put_error(struct buf *why, const char *what, PGconn *pg)
{
	struct slice	text = slice_trim(slice_str(PQerrorMessage(pg)));

	buf_printf(why, "%s: ", what);
	for (size_t i = 0; i < text.len; i++)
		buf_put_u8(why, text.data[i] == '\n' ? ' ' : text.data[i]);
}

/* 0, or -1 when the time is over. */
static int
wait_for(PGconn *pg, short events, int64_t deadline)
{
	struct pollfd	p = { PQsocket(pg), events, 0 };
	int64_t		left;
	int		got;

	do {
		left = deadline - clock_now_ms();
		if (left <= 0)
			return -1;
		got = poll(&p, 1, (int)left);
	} while (got == 0 || (got < 0 && errno == EINTR));
	return got > 0 ? 0 : -1;
}

/* ---- connecting ---------------------------------------------------------- */

/* "unix:/folder", "inet:host:port", "host:port", "host"; or a URI. */
struct place {
	char	*host, *port;
};

static struct place
split_host(const char *text)
{
	struct slice	s = slice_str(text);
	ptrdiff_t	colon;

	if (slice_has_prefix(s, "unix:"))
		return (struct place){ mem_strdup(text + 5), NULL };
	if (slice_has_prefix(s, "inet:"))
		s = slice_after(s, 5);
	colon = slice_find_last(s, ':');
	if (colon < 0)
		return (struct place){ slice_dup(s), NULL };
	return (struct place){ slice_dup(slice_first(s, (size_t)colon)),
	    slice_dup(slice_after(s, (size_t)colon + 1)) };
}

static PGconn *
start(const struct table_cf *cf, const char *host)
{
	static const char *const	names[] = {
		"dbname", "host", "port", "user", "password",
		"client_encoding", "application_name", NULL,
	};
	bool		 is_uri = strstr(host, "://") != NULL;
	struct place	 place = { NULL, NULL };
	const char	*values[8] = { NULL };
	PGconn		*pg;

	if (!is_uri)
		place = split_host(host);
	/* A URI is where the name of the database would be. */
	values[0] = is_uri ? host : table_cf_text(cf, "dbname", NULL);
	values[1] = place.host;
	values[2] = place.port;
	values[3] = table_cf_text(cf, "user", NULL);
	values[4] = table_cf_text(cf, "password", NULL);
	values[5] = table_cf_text(cf, "encoding", "UTF8");
	values[6] = "tern";
	pg = PQconnectStartParams(names, values, is_uri);
	mem_free(place.host);
	mem_free(place.port);
	return pg;
}

static void *
connect_server(const struct table_cf *cf, const char *host,
    int64_t timeout_ms, struct buf *why)
{
	struct connection		*connection;
	int64_t				 deadline = clock_now_ms() +
					    timeout_ms;
	PGconn				*pg = start(cf, host);
	PostgresPollingStatusType	 status = PGRES_POLLING_WRITING;

	while (pg != NULL && PQstatus(pg) != CONNECTION_BAD &&
	    status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		if (wait_for(pg, status == PGRES_POLLING_READING ? POLLIN :
		    POLLOUT, deadline) < 0) {
			buf_printf(why, "connect to %s: timed out", host);
			PQfinish(pg);
			return NULL;
		}
		status = PQconnectPoll(pg);
	}
	if (pg == NULL || status != PGRES_POLLING_OK) {
		put_error(why, "connect", pg);
		PQfinish(pg);
		return NULL;
	}
	PQsetNoticeProcessor(pg, on_notice, NULL);
	PQsetnonblocking(pg, 1);
	connection = mem_new(sizeof(*connection));
	*connection = (struct connection){ pg, 1000 * table_cf_number(cf,
	    "timeout", 10) };
	return connection;
}

/* ---- asking -------------------------------------------------------------- */

/* The library knows the encoding of the connection, where it matters. */
static int
quote(void *arg, struct slice bytes, struct buf *into)
{
	struct connection	*connection = arg;
	unsigned char		*room = buf_reserve(into,
				    bytes.len * 2 + 1);
	size_t			 len;
	int			 error = 0;

	len = PQescapeStringConn(connection->pg, (char *)room,
	    (const char *)bytes.data, bytes.len, &error);
	if (error != 0)
		return -1;
	buf_commit(into, len);
	return 0;
}

static void
take_rows(PGresult *result, table_backend_fn fn, void *arg)
{
	for (int row = 0; row < PQntuples(result); row++)
		for (int i = 0; i < PQnfields(result); i++)
			if (!PQgetisnull(result, row, i))
				fn(slice_str(PQgetvalue(result, row, i)),
				    arg);
}

/* Until there is a result; 0, or -1 when the connection is no good. */
static int
wait_result(PGconn *pg, int64_t deadline, struct buf *why)
{
	int	unsent;

	for (;;) {
		if ((unsent = PQflush(pg)) < 0)
			return -1;
		if (unsent == 0 && !PQisBusy(pg))
			return 0;
		if (wait_for(pg, unsent > 0 ? POLLIN | POLLOUT : POLLIN,
		    deadline) < 0) {
			buf_put_str(why, "query: timed out");
			return -1;
		}
		if (PQconsumeInput(pg) == 0)
			return -1;
	}
}

static enum table_backend_answer
query(void *arg, const struct slice *texts, table_backend_fn fn,
    void *fn_arg, struct buf *why)
{
	struct connection		*connection = arg;
	PGconn				*pg = connection->pg;
	int64_t				 deadline = clock_now_ms() +
					    connection->timeout_ms;
	enum table_backend_answer	 answer = TABLE_BACKEND_DONE;
	PGresult			*result;

	/* In this way of asking there can be one statement only. */
	if (PQsendQueryParams(pg, (const char *)texts[0].data, 0, NULL, NULL,
	    NULL, NULL, 0) == 0) {
		put_error(why, "query", pg);
		return TABLE_BACKEND_LOST;
	}
	while (wait_result(pg, deadline, why) == 0) {
		if ((result = PQgetResult(pg)) == NULL)
			return answer;
		if (PQresultStatus(result) == PGRES_TUPLES_OK) {
			take_rows(result, fn, fn_arg);
		} else {
			put_error(why, "query", pg);
			answer = TABLE_BACKEND_WRONG;
		}
		PQclear(result);
		if (PQstatus(pg) == CONNECTION_BAD)
			return TABLE_BACKEND_LOST;
	}
	if (why->len == 0)
		put_error(why, "query", pg);
	return TABLE_BACKEND_LOST;
}

static const struct table_backend backend = {
	.hosts = "hosts", .hosts_default = "localhost", .timeout_s = 10,
	.texts = { { "query", NULL, quote } },
	.connect = connect_server, .disconnect = disconnect, .query = query,
};

TABLE_TYPE_EXPORT const struct table_type table_pgsql = {
	.name = "pgsql", .suffix = "", .backend = &backend,
	.version = VERSION,
};
