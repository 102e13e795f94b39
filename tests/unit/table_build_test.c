#include "mail/table_build.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "tests/unit/table_fixture.h"

static const struct table_build_file	plain = {
	0640, (uid_t)-1, (gid_t)-1, true,
};

static struct table_build *
make(const char *spec)
{
	char			*why = NULL;
	struct table_build	*build = table_build_new(spec, &why);

	if (build == NULL)
		printf("\n%s\n", why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(build);
	return build;
}

static void
add(struct table_build *build, const char *key, const char *value)
{
	CU_ASSERT(table_build_add(build, slice_str(key), slice_str(value)));
}

static void
commit(struct table_build *build)
{
	char	*why = NULL;

	CU_ASSERT_EQUAL(table_build_commit(build, &plain, &why), 0);
	table_build_free(&build);
}

static void
each_type(const char *type)
{
	char			*folder = table_fixture_folder();
	char			*spec = mem_printf("%s:%s/t", type, folder);
	struct table		*table = table_fixture_new(spec, 0);
	struct table_build	*build = make(spec);
	struct stat		 st;
	char			*why;

	add(build, "a", "1");
	add(build, "b", "");
	CU_ASSERT(!table_build_add(build, SLICE_LIT("a"), SLICE_LIT("2")));
	CU_ASSERT(!table_build_remove(build, SLICE_LIT("c")));
	commit(build);
	TABLE_ASK(table, "a", "=1");
	TABLE_ASK(table, "b", "=");
	build = make(spec);
	CU_ASSERT_EQUAL(stat(table_build_file(build), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
	CU_ASSERT_EQUAL(table_build_load(build, &why), 0);
	CU_ASSERT(table_build_remove(build, SLICE_LIT("a")));
	add(build, "c", "3");
	/* Not before it is committed. */
	TABLE_ASK(table, "a", "=1");
	commit(build);
	TABLE_ASK(table, "a", "none");
	TABLE_ASK(table, "b", "=");
	TABLE_ASK(table, "c", "=3");
	build = make(spec);
	add(build, "x", "lost");
	table_build_free(&build);
	TABLE_ASK(table, "c", "=3");
	table_free(&table);
	mem_free(spec);
	table_fixture_remove(folder);
}

static void
types(void)
{
	each_type("hash");
	each_type("btree");
}

static void
failures(void)
{
	static const char *const	bad[] = { "static:x", "x", "hash:",
					    "nosuch:x" };
	char			*why = NULL;
	struct table_build	*build;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CU_ASSERT_PTR_NULL(table_build_new(bad[i], &why));
		CU_ASSERT_PTR_NOT_NULL(strstr(why, bad[i]));
		mem_free(why);
	}
	build = make("hash:/no/such/folder/t");
	CU_ASSERT_EQUAL(table_build_load(build, &why), 0);
	CU_ASSERT_EQUAL(table_build_commit(build, &plain, &why), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "No such file"));
	mem_free(why);
	table_build_free(&build);
}

#define BUILDERS	6
#define TURNS		5

/* The specification, and a letter for the keys. */
static void *
add_some(void *arg)
{
	const char	*spec = (const char *)arg + 1;
	char		*why, key[3] = { *(const char *)arg };

	for (int i = 0; i < TURNS; i++) {
		struct table_build	*build = make(spec);

		key[1] = (char)('0' + i);
		CU_ASSERT_EQUAL(table_build_load(build, &why), 0);
		add(build, key, "x");
		CU_ASSERT_EQUAL(table_build_commit(build, &plain, &why), 0);
		table_build_free(&build);
	}
	return NULL;
}

/* Each waits for the one before, or what that one added would be lost. */
static void
one_after_the_other(void)
{
	char		*folder = table_fixture_folder();
	char		*spec = mem_printf("hash:%s/t", folder);
	struct table	*table = table_fixture_new(spec, 0);
	char		*args[BUILDERS], key[3] = "";
	pthread_t	 ids[BUILDERS];

	commit(make(spec));
	for (int i = 0; i < BUILDERS; i++) {
		args[i] = mem_printf("%c%s", 'a' + i, spec);
		pthread_create(&ids[i], NULL, add_some, args[i]);
	}
	for (int i = 0; i < BUILDERS; i++)
		pthread_join(ids[i], NULL);
	for (int i = 0; i < BUILDERS * TURNS; i++) {
		key[0] = (char)('a' + i % BUILDERS);
		key[1] = (char)('0' + i / BUILDERS);
		TABLE_ASK(table, key, "=x");
	}
	for (int i = 0; i < BUILDERS; i++)
		mem_free(args[i]);
	table_free(&table);
	mem_free(spec);
	table_fixture_remove(folder);
}

void	table_build_test(void);

void
table_build_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_build", NULL, NULL);

	CU_add_test(suite, "all or nothing", types);
	CU_add_test(suite, "failures", failures);
	CU_add_test(suite, "one after the other", one_after_the_other);
}
