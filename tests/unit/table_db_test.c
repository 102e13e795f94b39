#include "mail/table_db.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "tests/unit/table_fixture.h"
#include "util/log.h"

/* Entries "key=value", each ended by a NUL in the file if with_nul. */
static void
build(const char *file, enum table_db_kind kind, bool with_nul,
    const char *entries)
{
	struct buf	 why = BUF_INIT;
	struct slice	 rest = slice_str(entries), word;
	char		*temporary = mem_printf("%s.new", file);
	struct table_db	*db = table_db_create(temporary, kind, &why);

	CU_ASSERT_PTR_NOT_NULL_FATAL(db);
	while (slice_get_word(&rest, " ", &word) == 0) {
		char	*copy = slice_dup(word), *value = strchr(copy, '=');

		*value++ = '\0';
		CU_ASSERT_EQUAL(table_db_put(db,
		    slice_from(copy, strlen(copy) + with_nul),
		    slice_from(value, strlen(value) + with_nul)), 0);
		mem_free(copy);
	}
	CU_ASSERT_EQUAL(table_db_close(&db), 0);
	CU_ASSERT_EQUAL(rename(temporary, file), 0);
	mem_free(temporary);
	buf_clear(&why);
}

static const struct {
	enum table_db_kind	 kind;
	const char		*type;
} kinds[] = {
	{ TABLE_DB_HASH, "hash" }, { TABLE_DB_BTREE, "btree" },
};

static void
find_in(const char *folder, int kind, bool with_nul)
{
	char		*file = path_join(folder, "t.db");
	char		*spec = mem_printf("%s:%s/t", kinds[kind].type,
			    folder);
	struct table	*table;
	struct buf	 value = BUF_INIT;

	build(file, kinds[kind].kind, with_nul, "a=1 b= domain.example=ok");
	table = table_fixture_new(spec, 0);
	TABLE_ASK(table, "none", "none");
	TABLE_ASK(table, "", "none");
	TABLE_ASK(table, "a", "=1");
	TABLE_ASK(table, "b", "=");
	TABLE_ASK(table, "Domain.Example", "=ok");
	TABLE_ASK(table, "domain", "none");
	CU_ASSERT_EQUAL(table_find(table, SLICE_LIT("a\0"), &value),
	    TABLE_NONE);
	CU_ASSERT_EQUAL(value.len, 0);
	/* Replaced: the next question sees it. */
	build(file, kinds[kind].kind, !with_nul, "a=2");
	TABLE_ASK(table, "a", "=2");
	TABLE_ASK(table, "b", "none");
	table_free(&table);
	mem_free(spec);
	mem_free(file);
}

static void
find_both(void)
{
	char	*folder = table_fixture_folder();

	for (int kind = 0; kind < 2; kind++)
		for (int with_nul = 0; with_nul < 2; with_nul++)
			find_in(folder, kind, with_nul);
	table_fixture_remove(folder);
}

static void
long_values(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "t.db");
	char		*spec = mem_printf("hash:%s/t", folder);
	char		*entries = mem_new(100003);
	struct table	*table = table_fixture_new(spec, 0);

	memset(entries, 'x', 100002);
	for (size_t len = 510; len < 100000; len = len < 514 ? len + 1 :
	    len * 3) {
		memcpy(entries, "a=", 2);
		entries[len + 2] = '\0';
		build(file, TABLE_DB_HASH, true, entries);
		TABLE_ASK(table, "a", entries + 1);
		entries[len + 2] = 'x';
	}
	table_free(&table);
	mem_free(entries);
	mem_free(spec);
	mem_free(file);
	table_fixture_remove(folder);
}

static bool
is_trouble(struct table *table, const char *text)
{
	struct buf	answer = BUF_INIT;
	bool		has_text;

	table_fixture_ask(table, "a", &answer);
	has_text = slice_has_prefix(buf_slice(&answer), "trouble") &&
	    strstr(buf_cstr(&answer), text) != NULL;
	if (!has_text)
		printf("\n%s\n", buf_cstr(&answer));
	buf_clear(&answer);
	return has_text;
}

/* Missing, of another type, cut, overwritten by rubbish; and mended. */
static void
bad_files(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "t.db");
	char		*spec = mem_printf("hash:%s/t", folder);
	struct table	*table = table_fixture_new(spec, 0);
	char		*why = NULL;

	log_open_fd("unit", open("/dev/null", O_WRONLY | O_CLOEXEC));
	CU_ASSERT(is_trouble(table, "No such file"));
	build(file, TABLE_DB_BTREE, true, "a=1");
	CU_ASSERT(is_trouble(table, "of another type"));
	CU_ASSERT_EQUAL(table_check(table, &why), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "of another type"));
	mem_free(why);
	build(file, TABLE_DB_HASH, true, "a=1");
	TABLE_ASK(table, "a", "=1");
	CU_ASSERT_EQUAL(truncate(file, 100), 0);
	CU_ASSERT(is_trouble(table, "open database"));
	table_fixture_write(file, "rubbish");
	CU_ASSERT(is_trouble(table, "open database"));
	build(file, TABLE_DB_HASH, true, "a=2");
	TABLE_ASK(table, "a", "=2");
	CU_ASSERT_EQUAL(table_check(table, &why), 0);
	table_free(&table);
	mem_free(spec);
	mem_free(file);
	table_fixture_remove(folder);
}

static int
count(struct slice key, struct slice value, void *arg)
{
	CU_ASSERT_EQUAL(key.len, 1);
	CU_ASSERT_EQUAL(value.len, 2);
	return ++*(int *)arg == 2 ? -1 : 0;
}

static void
entries(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "t.db");
	struct buf	 why = BUF_INIT;
	struct table_db	*db = table_db_create(file, TABLE_DB_BTREE, &why);
	int		 seen = 0;

	CU_ASSERT_EQUAL(table_db_put(db, SLICE_LIT("a"), SLICE_LIT("12")), 0);
	CU_ASSERT_EQUAL(table_db_put(db, SLICE_LIT("a"), SLICE_LIT("x")), 1);
	CU_ASSERT_EQUAL(table_db_each(db, count, &seen), 0);
	CU_ASSERT_EQUAL(seen, 1);
	CU_ASSERT_EQUAL(table_db_put(db, SLICE_LIT("b"), SLICE_LIT("34")), 0);
	seen = 0;
	CU_ASSERT_EQUAL(table_db_each(db, count, &seen), -1);
	CU_ASSERT_EQUAL(table_db_close(&db), 0);
	CU_ASSERT_PTR_NULL(table_db_create(file, TABLE_DB_BTREE, &why));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&why), "File exists"));
	buf_clear(&why);
	mem_free(file);
	table_fixture_remove(folder);
}

/*
 * CVE-2017-10140: a DB_CONFIG in the current folder is not read.  One with
 * a file name of its own making would send the library elsewhere.
 */
static void
no_db_config(void)
{
	char		*folder = table_fixture_folder();
	char		*config = path_join(folder, "DB_CONFIG");
	char		*file = path_join(folder, "t.db");
	struct table	*table;
	int		 here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	build(file, TABLE_DB_HASH, true, "a=1");
	table_fixture_write(config, "this is no line of DB_CONFIG\n");
	CU_ASSERT_EQUAL(chdir(folder), 0);
	table = table_fixture_new("hash:t", 0);
	TABLE_ASK(table, "a", "=1");
	CU_ASSERT_EQUAL(fchdir(here), 0);
	close(here);
	table_free(&table);
	mem_free(file);
	mem_free(config);
	table_fixture_remove(folder);
}

/* ---- threads ------------------------------------------------------------- */

#define ASKERS	4
#define ROUNDS	100

struct shared {
	struct table	*table;
	atomic_int	 round, bad;
	atomic_bool	 is_over;
};

static void *
ask(void *arg)
{
	struct shared	*shared = arg;
	struct buf	 value = BUF_INIT;

	while (!shared->is_over) {
		int	least = shared->round;

		buf_empty(&value);
		if (table_find(shared->table, SLICE_LIT("a"), &value) !=
		    TABLE_FOUND || atoi(buf_cstr(&value)) < least)
			shared->bad++;
	}
	buf_clear(&value);
	return NULL;
}

static void
threads(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "t.db");
	char		*spec = mem_printf("hash:%s/t", folder);
	struct shared	 shared = { .table = table_fixture_new(spec, 0) };
	pthread_t	 ids[ASKERS];
	char		 text[32];

	build(file, TABLE_DB_HASH, true, "a=0");
	for (int i = 0; i < ASKERS; i++)
		pthread_create(&ids[i], NULL, ask, &shared);
	for (int i = 1; i <= ROUNDS; i++) {
		snprintf(text, sizeof(text), "b=x a=%d", i);
		build(file, TABLE_DB_HASH, i % 2, text);
		shared.round = i;
	}
	shared.is_over = true;
	for (int i = 0; i < ASKERS; i++)
		pthread_join(ids[i], NULL);
	CU_ASSERT_EQUAL(shared.bad, 0);
	table_free(&shared.table);
	mem_free(spec);
	mem_free(file);
	table_fixture_remove(folder);
}

void	table_db_test(void);

void
table_db_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_db", NULL, NULL);

	CU_add_test(suite, "hash and btree, with a NUL or without", find_both);
	CU_add_test(suite, "long values", long_values);
	CU_add_test(suite, "bad files, mended", bad_files);
	CU_add_test(suite, "entries", entries);
	CU_add_test(suite, "no DB_CONFIG is read", no_db_config);
	CU_add_test(suite, "threads and a file that changes", threads);
}
