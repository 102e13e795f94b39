#include "mail/table.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "mail/table_type.h"
#include "tests/unit/table_fixture.h"
#include "util/log.h"

/* Where the log of these tests goes: nobody wants to read it. */
static void
be_quiet(void)
{
	log_open_fd("unit", open("/dev/null", O_WRONLY | O_CLOEXEC));
}

/* spec, key, answer. */
static const struct {
	const char	*spec, *key, *answer;
} asked[] = {
	{ "static:all", "x", "=all" },
	{ "static:", "x", "=" },
	{ "static:{ a b }", "", "=a b" },
	{ "proxy:static:x", "y", "=x" },
	{ "proxy:proxy:static:x", "y", "=x" },
	{ "fail:now", "x", "trouble: fail:now always fails" },
	{ "internal:x", "y", "none" },
	{ "inline:{a=b}", "a", "=b" },
	{ "inline:{a=b}", "A", "=b" },
	{ "inline:{A=b}", "a", "=b" },
	{ "inline:{a=b}", "b", "none" },
	{ "inline:{a=b}", "", "none" },
	{ "inline:{ a=b, c=d e=f }", "c", "=d" },
	{ "inline:{ a=b, c=d e=f }", "e", "=f" },
	{ "inline:{ {a = b c}, {d={e}} }", "a", "=b c" },
	{ "inline:{ {a = b c}, {d={e}} }", "d", "={e}" },
	{ "inline:{ a=b=c }", "a", "=b=c" },
	{ "inline:{ a= }", "a", "=" },
	{ "inline:{ a=1, a=2 }", "a", "=1" },
	{ "inline:{ }", "a", "none" },
	{ "unionmap:{inline:{a=1},inline:{a=2,b=3}}", "a", "=1,2" },
	{ "unionmap:{inline:{a=1},inline:{a=2,b=3}}", "b", "=3" },
	{ "unionmap:{inline:{a=1},inline:{a=2,b=3}}", "c", "none" },
	{ "unionmap:{inline:{a=1},fail:x,static:y}", "a",
	    "trouble: fail:x always fails" },
	{ "pipemap:{inline:{a=b},inline:{b=c}}", "a", "=c" },
	{ "pipemap:{inline:{a=b},inline:{b=c}}", "b", "none" },
	{ "pipemap:{inline:{a=b},fail:x}", "a",
	    "trouble: fail:x always fails" },
	{ "pipemap:{inline:{a=b},fail:x}", "b", "none" },
	{ "pipemap:{regexp:{{/(.*)@/ $1}},{inline:{U=v}}}", "U@d", "=v" },
	{ "randmap:{one}", "a", "=one" },
	{ "randmap:{{one two}}", "a", "=one two" },
	{ "environ:", "TERN_TABLE_TEST", "=here" },
	{ "environ:", "TERN_NO_SUCH_TEST", "none" },
	{ "unix:passwd.byname", "root", "=root:x:0:0:root:/root:/bin/bash" },
	{ "unix:passwd.byname", "Root", "=root:x:0:0:root:/root:/bin/bash" },
	{ "unix:passwd.byname", "no such user", "none" },
	{ "unix:passwd.byname", "", "none" },
	{ "unix:group.byname", "root", "=root:x:0:" },
	{ "unix:group.byname", "no such group", "none" },
};

static void
no_file(void)
{
	setenv("TERN_TABLE_TEST", "here", 1);
	be_quiet();
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		struct table	*table = table_fixture_new(asked[i].spec, 0);

		CU_ASSERT_STRING_EQUAL(table_spec(table), asked[i].spec);
		TABLE_ASK(table, asked[i].key, asked[i].answer);
		table_free(&table);
		CU_ASSERT_PTR_NULL(table);
	}
}

static const struct {
	const char	*spec, *why;
} refused[] = {
	{ "", ": expected \"type:name\"" },
	{ "/etc/x", "/etc/x: expected \"type:name\"" },
	{ "nosuch:/x", "nosuch:/x: there is no table type \"nosuch\"" },
	{ "proxy:/x", "proxy:/x: expected \"type:name\"" },
	{ "texthash:", "texthash:: no file name" },
	{ "texthash:{a}", "texthash:{a}: a table of type texthash is not "
	    "written in place" },
	{ "static:{a", "static:{a: bad syntax: expected \"{ value }\"" },
	{ "inline:a", "inline:a: bad syntax: expected \"{ key=value ... }\"" },
	{ "inline:{a}", "inline:{a}: bad syntax: \"a\": expected key=value" },
	{ "inline:{=a}",
	    "inline:{=a}: bad syntax: \"=a\": expected key=value" },
	{ "unionmap:{}", "unionmap:{}: no tables" },
	{ "unionmap:a", "unionmap:a: bad syntax: expected "
	    "\"{ type:name, ... }\"" },
	{ "pipemap:{static:a, nosuch:b}", "pipemap:{static:a, nosuch:b}: "
	    "nosuch:b: there is no table type \"nosuch\"" },
	{ "randmap:{}", "randmap:{}: no values" },
	{ "unix:shadow.byname", "unix:shadow.byname: expected passwd.byname "
	    "or group.byname" },
	{ "tcp:x", "tcp:x: bad address: expected \"inet:host:port\" or "
	    "\"unix:path\"" },
	{ "socketmap:x", "socketmap:x: expected \"inet:host:port:name\" or "
	    "\"unix:path:name\"" },
	{ "socketmap:unix:x:", "socketmap:unix:x:: expected "
	    "\"inet:host:port:name\" or \"unix:path:name\"" },
	{ "inline:{a=b} c",
	    "inline:{a=b} c: bad syntax: expected \"{ key=value ... }\"" },
};

static void
bad_names(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		char		*why = NULL;
		struct table	*table = table_new(refused[i].spec, 0, &why);

		CU_ASSERT_PTR_NULL(table);
		CU_ASSERT_STRING_EQUAL(why, refused[i].why);
		mem_free(why);
		table_free(&table);
	}
}

static void
whole_keys(void)
{
	static const struct {
		const char	*spec;
		bool		 is_whole;
	} specs[] = {
		{ "static:x", false }, { "hash:/x", false },
		{ "pcre:/x", true }, { "cidr:/x", true },
		{ "socketmap:unix:/x:y", true },
		{ "unionmap:{static:x}", false },
		{ "unionmap:{static:x,pcre:/x}", true },
		{ "pipemap:{unionmap:{pcre:/x}}", true },
	};

	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		struct table	*table = table_fixture_new(specs[i].spec, 0);

		CU_ASSERT_EQUAL(table_is_whole_key(table), specs[i].is_whole);
		table_free(&table);
	}
}

/* Every value of a randmap comes at some time. */
static void
random_values(void)
{
	struct table	*table = table_fixture_new("randmap:{a,b,c}", 0);
	struct buf	 value = BUF_INIT;
	int		 seen[3] = { 0 };

	for (int i = 0; i < 300; i++) {
		buf_empty(&value);
		CU_ASSERT_EQUAL(table_find(table, SLICE_LIT("x"), &value),
		    TABLE_FOUND);
		seen[buf_slice(&value).data[0] - 'a']++;
	}
	CU_ASSERT(seen[0] > 50 && seen[1] > 50 && seen[2] > 50);
	buf_clear(&value);
	table_free(&table);
}

/* A check looks into the tables that a table is made of. */
static void
check_inside(void)
{
	char		*why = NULL;
	struct table	*table = table_fixture_new(
			    "unionmap:{static:x,pipemap:{texthash:/no/t}}", 0);

	CU_ASSERT_EQUAL(table_check(table, &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "open /no/t: No such file or directory");
	mem_free(why);
	table_free(&table);
}

static void
keep_case(void)
{
	struct table	*table = table_fixture_new("inline:{Aa=b}",
			    TABLE_KEEP_CASE);

	TABLE_ASK(table, "Aa", "=b");
	TABLE_ASK(table, "aa", "none");
	table_free(&table);
}

/* Found, changed, gone, broken, there again: each by the next question. */
static void
change(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "t");
	char		*spec = mem_printf("texthash:%s", file);
	char		*gone = mem_printf("trouble: %s is unavailable. open "
			    "%s: No such file or directory", spec, file);
	struct table	*table = table_fixture_new(spec, 0);
	char		 text[32];

	TABLE_ASK(table, "a", gone);
	/* Of the same size, within a step of the clock. */
	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "a %d\n", 1000 + i);
		table_fixture_write(file, text);
		snprintf(text, sizeof(text), "=%d", 1000 + i);
		TABLE_ASK(table, "a", text);
	}
	CU_ASSERT_EQUAL(path_replace(file, "a x\n", 4), 0);
	TABLE_ASK(table, "a", "=x");
	CU_ASSERT_EQUAL(unlink(file), 0);
	TABLE_ASK(table, "a", gone);
	table_fixture_write(file, "a y\n");
	TABLE_ASK(table, "A", "=y");
	CU_ASSERT_EQUAL(unlink(file), 0);
	CU_ASSERT_EQUAL(mkdir(file, 0700), 0);
	mem_free(gone);
	gone = mem_printf("trouble: %s is unavailable. open %s: Is a "
	    "directory", spec, file);
	TABLE_ASK(table, "a", gone);
	table_free(&table);
	mem_free(gone);
	mem_free(spec);
	mem_free(file);
	table_fixture_remove(folder);
}

/* How many lines are in the log that fd is. */
static int
count_lines(int fd)
{
	char	text[8192];
	ssize_t	n = pread(fd, text, sizeof(text), 0);
	int	count = 0;

	for (ssize_t i = 0; i < n; i++)
		count += text[i] == '\n';
	return count;
}

static void
log_once(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "t");
	char		*spec = mem_printf("texthash:%s", file);
	struct table	*table = table_fixture_new(spec, 0);
	FILE		*log = tmpfile();
	struct buf	 text = BUF_INIT;

	log_open_fd("unit", fileno(log));
	for (int i = 0; i < 10; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(table_fixture_ask(table, "a",
		    &text), "unavailable"));
	buf_clear(&text);
	CU_ASSERT_EQUAL(count_lines(fileno(log)), 1);
	table_fixture_write(file, "a b\nbad\nb c\n");
	for (int i = 0; i < 10; i++)
		TABLE_ASK(table, "a", "=b");
	CU_ASSERT_EQUAL(count_lines(fileno(log)), 2);
	table_fixture_write(file, "a b\n");
	TABLE_ASK(table, "a", "=b");
	CU_ASSERT_EQUAL(count_lines(fileno(log)), 2);
	be_quiet();
	fclose(log);
	table_free(&table);
	mem_free(spec);
	mem_free(file);
	table_fixture_remove(folder);
}

static void
put_name(const char *name, void *arg)
{
	buf_printf(arg, " %s ", name);
}

static void
types(void)
{
	struct buf	names = BUF_INIT;

	table_type_each(put_name, &names);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&names), " texthash "));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&names), " static "));
	buf_clear(&names);
}

/* ---- threads ------------------------------------------------------------- */

#define ASKERS	4
#define ROUNDS	200
#define KEYS	50

struct shared {
	struct table	*table;
	atomic_int	 round;		/* what is surely in the file */
	atomic_int	 bad;
	atomic_bool	 is_over;
};

static void *
ask(void *arg)
{
	struct shared	*shared = arg;
	struct buf	 value = BUF_INIT;
	char		 key[16];

	for (unsigned i = 0; !shared->is_over; i++) {
		int	least = shared->round;

		buf_empty(&value);
		snprintf(key, sizeof(key), "k%u", i % KEYS);
		if (table_find(shared->table, slice_str(key), &value) !=
		    TABLE_FOUND || atoi(buf_cstr(&value)) < least)
			shared->bad++;
	}
	buf_clear(&value);
	return NULL;
}

static void
write_round(const char *file, int round)
{
	struct buf	text = BUF_INIT;

	for (int i = 0; i < KEYS; i++)
		buf_printf(&text, "k%d %d\n", i, round);
	CU_ASSERT_EQUAL(path_replace(file, buf_cstr(&text), text.len), 0);
	buf_clear(&text);
}

/* Nobody gets an old answer once the new file is in its place. */
static void
threads(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "t");
	char		*spec = mem_printf("texthash:%s", file);
	struct shared	 shared = { .table = table_fixture_new(spec, 0) };
	pthread_t	 ids[ASKERS];

	write_round(file, 0);
	for (int i = 0; i < ASKERS; i++)
		pthread_create(&ids[i], NULL, ask, &shared);
	for (int i = 1; i <= ROUNDS; i++) {
		write_round(file, i);
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

void	table_test(void);

void
table_test(void)
{
	CU_pSuite	suite = CU_add_suite("table", NULL, NULL);

	CU_add_test(suite, "tables without a file", no_file);
	CU_add_test(suite, "names that are none", bad_names);
	CU_add_test(suite, "who is asked with whole keys", whole_keys);
	CU_add_test(suite, "randmap", random_values);
	CU_add_test(suite, "tables in tables are checked", check_inside);
	CU_add_test(suite, "keys as they are written", keep_case);
	CU_add_test(suite, "the next question sees the change", change);
	CU_add_test(suite, "each trouble is logged once", log_once);
	CU_add_test(suite, "the types there are", types);
	CU_add_test(suite, "threads and a file that changes", threads);
}
