#include "auth/userdb.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "mail/table_db.h"
#include "tests/unit/table_fixture.h"
#include "util/haste.h"
#include "util/mem.h"

static char	*folder, *file;

static struct slice
key_of(const char *user, struct buf *key)
{
	buf_empty(key);
	buf_printf(key, "%s%cexample%cuserPassword", user, 0, 0);
	return buf_slice(key);
}

/* A database with that user, in place of the one that there is. */
static void
write_user(const char *user)
{
	char		*other = mem_printf("%s.new", file);
	struct buf	 key = BUF_INIT, why = BUF_INIT;
	struct table_db	*db = table_db_create(other, TABLE_DB_HASH, &why);

	CU_ASSERT_PTR_NOT_NULL_FATAL(db);
	CU_ASSERT_EQUAL(table_db_put(db, key_of(user, &key),
	    SLICE_LIT("secret")), 0);
	CU_ASSERT_EQUAL(table_db_close(&db), 0);
	CU_ASSERT_EQUAL(rename(other, file), 0);
	buf_clear(&key);
	buf_clear(&why);
	mem_free(other);
}

static int
find(void *users, const char *user)
{
	struct buf	key = BUF_INIT, value = BUF_INIT;
	int		found = userdb_reader.find(users,
			    key_of(user, &key), &value);

	if (found > 0)
		CU_ASSERT_STRING_EQUAL(buf_cstr(&value), "secret");
	buf_clear(&key);
	buf_clear(&value);
	return found;
}

static void
begin(const char *user)
{
	folder = table_fixture_folder();
	file = path_join(folder, "sasldb");
	write_user(user);
}

static void
end(void)
{
	mem_free(file);
	table_fixture_remove(folder);
}

static void
finds(void)
{
	void	*users;

	begin("joe");
	users = userdb_reader.open(file);
	CU_ASSERT_EQUAL(find(users, "joe"), 1);
	CU_ASSERT_EQUAL(find(users, "ann"), 0);
	write_user("ann");
	CU_ASSERT_EQUAL(find(users, "ann"), 1);
	CU_ASSERT_EQUAL(find(users, "joe"), 0);
	unlink(file);
	CU_ASSERT_EQUAL(find(users, "joe"), -1);
	end();
}

static void *
write_soon(void *arg)
{
	usleep(10000);
	write_user(arg);
	return NULL;
}

/* While it is being written nobody is unknown, and it is not damaged. */
static void
waits_for_writers(void)
{
	char		name[] = "joe";
	pthread_t	thread;
	void		*users;

	begin("ann");
	users = userdb_reader.open(file);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_soon,
	    name), 0);
	CU_ASSERT_EQUAL(find(users, "joe"), 1);
	pthread_join(thread, NULL);
	table_fixture_write(file, "half of it");
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_soon,
	    name), 0);
	CU_ASSERT_EQUAL(find(users, "joe"), 1);
	pthread_join(thread, NULL);
	end();
}

/* Nor does an event loop wait for that. */
static void
waits_not_in_haste(void)
{
	void	*users;

	begin("joe");
	users = userdb_reader.open(file);
	usleep(30000);
	CU_ASSERT_EQUAL(find(users, "joe"), 1);
	haste_begin();
	CU_ASSERT_EQUAL(find(users, "joe"), 1);
	CU_ASSERT_EQUAL(find(users, "ann"), 0);
	CU_ASSERT_TRUE(haste_end());
	write_user("ann");
	haste_begin();
	CU_ASSERT_EQUAL(find(users, "ann"), -1);
	CU_ASSERT_FALSE(haste_end());
	end();
}

void	userdb_test(void);

void
userdb_test(void)
{
	CU_pSuite	suite = CU_add_suite("userdb", NULL, NULL);

	CU_add_test(suite, "finds", finds);
	CU_add_test(suite, "waits for writers", waits_for_writers);
	CU_add_test(suite, "waits not in haste", waits_not_in_haste);
}
