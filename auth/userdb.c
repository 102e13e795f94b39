/*
 * The reader of a sasldb.
 */

#include "auth/userdb.h"

#include <unistd.h>

#include "mail/table_db.h"
#include "mail/watched.h"
#include "util/haste.h"
#include "util/mem.h"

#define TRY_LIMIT	4	/* for what is being written */
#define TRY_PAUSE_US	30000	/* more than it takes to be settled */

struct userdb {
	char			*file;
	struct watched_maker	 maker;
	struct watched		*watched;
};

static int
open_file(void *arg, void **data_r, struct buf *why)
{
	const struct userdb	*userdb = arg;

	*data_r = table_db_open(userdb->file, TABLE_DB_HASH, why);
	return *data_r == NULL ? -1 : 0;
}

/* A library that is built with another kind of database reads that itself. */
static bool
can_read(const char *file)
{
	struct buf	 why = BUF_INIT;
	struct table_db	*db;
	bool		 is_good;

	if (access(file, F_OK) < 0)
		return true;
	db = table_db_open(file, TABLE_DB_HASH, &why);
	is_good = db != NULL;
	table_db_close(&db);
	buf_clear(&why);
	return is_good;
}

static void *
open_users(const char *file)
{
	struct userdb	*userdb;

	if (!can_read(file))
		return NULL;
	userdb = mem_new(sizeof(*userdb));
	userdb->file = mem_strdup(file);
	userdb->maker = (struct watched_maker){ open_file,
	    table_db_close_content };
	userdb->watched = watched_new(file, file, &userdb->maker, userdb);
	return userdb;
}

static enum table_answer
find_once(struct userdb *userdb, struct slice key, struct buf *value,
    bool *is_doubtful_r)
{
	const struct watched_content	*content =
	    watched_hold(userdb->watched);
	enum table_answer		 answer = TABLE_TROUBLE;

	if (content->data == NULL)
		buf_put_str(value, content->why);
	else
		answer = table_db_get(content->data, key, value);
	*is_doubtful_r = answer != TABLE_FOUND &&
	    watched_is_doubtful(userdb->watched, content);
	watched_release(userdb->watched, content);
	return answer;
}

/*
 * saslpasswd2 writes into the file as it is: who is not found meanwhile, or
 * what is no database, may be there in a moment.
 */
static int
find(void *database, struct slice key, struct buf *value)
{
	enum table_answer	answer;
	bool			is_doubtful;
	int			tries = 1;

	answer = find_once(database, key, value, &is_doubtful);
	while (is_doubtful && tries++ < TRY_LIMIT && !haste_refuses()) {
		usleep(TRY_PAUSE_US);
		buf_empty(value);
		answer = find_once(database, key, value, &is_doubtful);
	}
	if (answer == TABLE_TROUBLE)
		return -1;
	return answer == TABLE_FOUND ? 1 : 0;
}

const struct sasl_secrets_reader	userdb_reader = { open_users, find };
