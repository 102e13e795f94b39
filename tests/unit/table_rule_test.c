#include "mail/table_rule.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/table_fixture.h"
#include "util/clock.h"
#include "util/log.h"

static void
be_quiet(void)
{
	log_open_fd("unit", open("/dev/null", O_WRONLY | O_CLOEXEC));
}

/* type, text of the file, key, answer. */
static const struct {
	const char	*type, *text, *key, *answer;
} asked[] = {
	{ "cidr", "192.0.2.0/24 a\n192.0.0.0/16 b\n", "192.0.2.1", "=a" },
	{ "cidr", "192.0.2.0/24 a\n192.0.0.0/16 b\n", "192.0.3.1", "=b" },
	{ "cidr", "192.0.2.0/24 a\n", "192.1.2.1", "none" },
	{ "cidr", "192.0.2.7 a b  c\n", "192.0.2.7", "=a b  c" },
	{ "cidr", "2001:db8::/32 six\n", "2001:db8::1", "=six" },
	{ "cidr", "[2001:db8::]/32 six\n", "2001:DB8:1::1", "=six" },
	{ "cidr", "192.0.2.0/24 a\n", "::ffff:192.0.2.1", "=a" },
	{ "cidr", "!192.0.2.0/24 a\n", "192.0.2.1", "none" },
	{ "cidr", "!192.0.2.0/24 a\n", "192.0.3.1", "=a" },
	{ "cidr", "!192.0.2.0/24 a\n", "mail.example", "none" },
	{ "cidr", "0.0.0.0/0 $1\n", "1.2.3.4", "=$1" },
	{ "cidr", "0.0.0.0/0 a\n", "::1", "none" },
	{ "cidr", "if 10.0.0.0/8\n10.1.0.0/16 one\nendif\n0.0.0.0/0 rest\n",
	    "10.1.2.3", "=one" },
	{ "cidr", "if 10.0.0.0/8\n10.1.0.0/16 one\nendif\n0.0.0.0/0 rest\n",
	    "10.2.2.3", "=rest" },
	{ "cidr", "if !10.0.0.0/8\n0.0.0.0/0 out\nendif\n", "10.2.2.3",
	    "none" },
	{ "cidr", "if !10.0.0.0/8\n0.0.0.0/0 out\nendif\n", "11.2.2.3",
	    "=out" },
	/* A wrong condition never holds, nor does its opposite. */
	{ "cidr", "if 10.0.0.1/8\n0.0.0.0/0 a\nendif\n0.0.0.0/0 b\n",
	    "10.0.0.1", "=b" },
	{ "cidr", "if !10.0.0.1/8\n0.0.0.0/0 a\nendif\n0.0.0.0/0 b\n",
	    "10.0.0.1", "=b" },
	{ "cidr", "10.0.0.1/8 a\n10.0.0.0/8 b\n", "10.0.0.1", "=b" },
	{ "cidr", "endif\n10.0.0.0/8 b\n", "10.0.0.1", "=b" },
	{ "cidr", "if 10.0.0.0/8\n0.0.0.0/0 b\n", "10.0.0.1", "=b" },
	{ "cidr", "if 10.0.0.0/8\n0.0.0.0/0 b\n", "11.0.0.1", "none" },
	{ "regexp", "/^a/ x\n/b$/ y\n", "aob", "=x" },
	{ "regexp", "/^a/ x\n/b$/ y\n", "oob", "=y" },
	{ "regexp", "/^a/ x\n", "Ab", "=x" },
	{ "regexp", "/^a/i x\n", "Ab", "none" },
	{ "regexp", "/^a/ii x\n", "Ab", "=x" },
	{ "regexp", "/(a+)/x x\n", "aa", "none" },
	{ "regexp", "/a\\(b\\)/x x$1\n", "ab", "=xb" },
	{ "regexp", "/^(.*)@(.*)$/ $2 ${1}-$(2)$$1\n", "u@d",
	    "=d u-d$1" },
	{ "regexp", "/^(a)|(b)/ <$1><$2>\n", "b", "=<><b>" },
	{ "regexp", "!/^a/ x\n", "ab", "none" },
	{ "regexp", "!/^a/ x\n", "b", "=x" },
	{ "regexp", "! /^a/ x\n", "b", "=x" },
	{ "regexp", "!!/^a/ x\n", "a", "=x" },
	{ "regexp", "%a/b% x\n", "a/b", "=x" },
	{ "regexp", "/a\\/b/ x\n", "a/b", "=x" },
	{ "regexp", "/a/   x y \n", "a", "=x y" },
	{ "regexp", "/a/\n  x\n# c\n\n  y\n", "a", "=x  y" },
	{ "regexp", "/a/\n", "a", "=" },
	{ "regexp", "if /@/\nif !/^root@/\n/(.*)/ n $1\nendif\n/./ r\n"
	    "endif\n/./ o\n", "joe@x", "=n joe@x" },
	{ "regexp", "if /@/\nif !/^root@/\n/(.*)/ n $1\nendif\n/./ r\n"
	    "endif\n/./ o\n", "root@x", "=r" },
	{ "regexp", "if /@/\nif !/^root@/\n/(.*)/ n $1\nendif\n/./ r\n"
	    "endif\n/./ o\n", "root", "=o" },
	{ "regexp", "IF/x/\n/./ y\nENDIF\n", "x", "=y" },
	{ "regexp", "/(/ x\n/a/ y\n", "a", "=y" },
	{ "regexp", "/a/ $2\n/a/ $\n/a/ $x\n/a/ $0\n/a/ ${1\n/a/ ok\n", "a",
	    "=ok" },
	{ "regexp", "!/b/ $1\n/a/ ok\n", "a", "=ok" },
	{ "regexp", "/^$/ empty\n", "", "=empty" },
	{ "pcre", "/^a/ x\n", "Ab", "=x" },
	{ "pcre", "/^a/i x\n", "Ab", "none" },
	{ "pcre", "/a.b/ x\n", "a\nb", "=x" },
	{ "pcre", "/a.b/s x\n", "a\nb", "none" },
	{ "pcre", "/^b/ x\n", "a\nb", "none" },
	{ "pcre", "/^b/m x\n", "a\nb", "=x" },
	{ "pcre", "/a b/x x\n", "ab", "=x" },
	{ "pcre", "/b/A x\n", "ab", "none" },
	{ "pcre", "/b/X x\n", "ab", "=x" },
	{ "pcre", "/a$/ x\n", "a\n", "=x" },
	{ "pcre", "/a$/E x\n", "a\n", "none" },
	{ "pcre", "/(a+)/U $1\n", "aaa", "=a" },
	{ "pcre", "/^(\\w+)\\.(?!x)(\\w+)(z)?$/ $2-$1-$3\n", "ab.cd",
	    "=cd-ab-" },
	{ "pcre", "/(1)(2)(3)(4)(5)(6)(7)(8)(9)(0)(.)/ $11$10\n",
	    "1234567890x", "=x0" },
	{ "pcre", "/(/ x\n/a/q x\nx\n/a x\n/a/ y\n", "a", "=y" },
};

static void
ask_all(void)
{
	char	*folder = table_fixture_folder();
	char	*file = path_join(folder, "rules");

	be_quiet();
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		char		*spec = mem_printf("%s:%s", asked[i].type,
				    file);
		struct table	*table = table_fixture_new(spec, 0);

		table_fixture_write(file, asked[i].text);
		TABLE_ASK(table, asked[i].key, asked[i].answer);
		CU_ASSERT(table_is_whole_key(table));
		table_free(&table);
		mem_free(spec);
	}
	mem_free(file);
	table_fixture_remove(folder);
}

static const struct {
	const char	*spec, *key, *answer;
} placed[] = {
	{ "regexp:{ {/x/ y} }", "x", "=y" },
	{ "regexp:{{/x{2}/ y}, {/x/ z w}}", "xx", "=y" },
	{ "regexp:{{/x{2}/ y}, {/x/ z w}}", "x", "=z w" },
	{ "pcre:{ {if /@/}, {/^(.)/ ${1}1}, {endif} }", "a@b", "=a1" },
	{ "pcre:{ {if /@/}, {/^(.)/ ${1}1}, {endif} }", "ab", "none" },
	{ "cidr:{ {10.0.0.0/8 a}, {!10.0.0.0/8 b} }", "10.1.1.1", "=a" },
	{ "cidr:{ {10.0.0.0/8 a}, {!10.0.0.0/8 b} }", "11.1.1.1", "=b" },
};

static void
in_place(void)
{
	char	*why = NULL;

	for (size_t i = 0; i < sizeof(placed) / sizeof(*placed); i++) {
		struct table	*table = table_fixture_new(placed[i].spec, 0);

		TABLE_ASK(table, placed[i].key, placed[i].answer);
		table_free(&table);
	}
	CU_ASSERT_PTR_NULL(table_new("regexp:{/x/ y", 0, &why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "bad syntax"));
	mem_free(why);
	CU_ASSERT_PTR_NULL(table_new("pcre:{ {/x/ y} } }", 0, &why));
	mem_free(why);
}

static void
complaints(const char *type, const char *text, unsigned how, const char *want)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "r");
	char		*spec = mem_printf("%s:%s", type, file);
	struct table	*table = table_fixture_new(spec, how);
	char		*why = NULL, *line, *found;

	table_fixture_write(file, text);
	CU_ASSERT_EQUAL(table_check(table, &why), *want == '\0' ? 0 : -1);
	/* Without the folder, whose name is not known before. */
	for (line = why; line != NULL && (found = strstr(line, folder)) !=
	    NULL; line = found)
		memmove(found, found + strlen(folder) + 1,
		    strlen(found + strlen(folder) + 1) + 1);
	CU_ASSERT_STRING_EQUAL(why == NULL ? "" : why, want);
	if (why != NULL && strcmp(why, want) != 0)
		printf("\n%s\n", why);
	mem_free(why);
	table_free(&table);
	mem_free(spec);
	mem_free(file);
	table_fixture_remove(folder);
}

static void
wrong_lines(void)
{
	complaints("cidr", "10.0.0.0/8 x\n", 0, "");
	complaints("cidr", "# c\n10.0.0.1/8 x\n\nfoo x\n10.0.0.0/8\nendif\n",
	    0, "r:2: \"10.0.0.1/8\": bits are set beyond the prefix length: "
	    "skipping this rule\n"
	    "r:4: \"foo\": not an IP address or network: skipping this rule\n"
	    "r:5: no result: skipping this rule\n"
	    "r:6: endif without if");
	complaints("regexp", " /a/ b\nif /a/\n/b/ c\nif /b/ d\n/a/\n"
	    "/a/q d\n/a\nfoo\n", 0,
	    "r:1: starts with white space, but there is no line before it to "
	    "go on with\n"
	    "r:4: ignoring what is behind the pattern of if\n"
	    "r:5: no result: using an empty one\n"
	    "r:6: unknown regexp option \"q\": skipping this rule\n"
	    "r:7: no closing \"/\": skipping this rule\n"
	    "r:8: expected \"/pattern/flags result\": skipping this rule\n"
	    "r:4: if without endif\nr:2: if without endif");
	complaints("pcre", "/(a/ b\n/a/ $1\n!/(a)/ $1\n/(a)/ $\n", 0,
	    "r:1: error in pattern at offset 2: missing closing parenthesis: "
	    "skipping this rule\n"
	    "r:2: there is no group $1: skipping this rule\n"
	    "r:3: a group in the result of a negated pattern: skipping this "
	    "rule\n"
	    "r:4: \"$\" without the number of a group (write \"$$\"): "
	    "skipping this rule");
	complaints("texthash", "a b\nc\n\"d e f\nA x\nd\\ e f\n", 0,
	    "r:2: expected format: key whitespace value -- ignoring this "
	    "line\n"
	    "r:3: a double quote without another -- ignoring this line\n"
	    "r:4: duplicate entry: \"A\"");
}

/* X02: who must not choose the result does not. */
static void
no_substitution(void)
{
	static const char	*const types[] = { "regexp", "pcre" };

	for (int i = 0; i < 2; i++) {
		struct table	*table;
		char		*spec = mem_printf("%s:{ {/^(.*)x/ /$1}, "
				    "{/./ b$$} }", types[i]);

		complaints(types[i], "/(a)/ b\n/(a)/ $1\n/(a)/ $$1\n",
		    TABLE_NO_SUBSTITUTION, "r:2: a part of the key is not "
		    "allowed in the result, for what this table is used for: "
		    "skipping this rule");
		table = table_fixture_new(spec, TABLE_NO_SUBSTITUTION);
		TABLE_ASK(table, "etcx", "=b$");
		table_free(&table);
		table = table_fixture_new(spec, 0);
		TABLE_ASK(table, "etcx", "=/etc");
		table_free(&table);
		mem_free(spec);
	}
}

static void
exploding_pattern(void)
{
	struct table	*table = table_fixture_new(
			    "pcre:{ {/^(a+)+$/ bad}, {/b/ good} }", 0);
	char		 key[4002];
	int64_t		 began = clock_now_ms();

	memset(key, 'a', 40);
	key[40] = 'b';
	key[41] = '\0';
	TABLE_ASK(table, key, "=good");
	memset(key, 'a', 4000);
	key[4000] = 'b';
	key[4001] = '\0';
	TABLE_ASK(table, key, "=good");
	CU_ASSERT(clock_now_ms() - began < 5000);
	table_free(&table);
}

static void
deep_ifs(void)
{
	struct buf	 text = BUF_INIT;
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "r");
	char		*spec = mem_printf("cidr:%s", file);
	struct table	*table = table_fixture_new(spec, 0);

	for (int i = 0; i < 100000; i++)
		buf_put_str(&text, "if 0.0.0.0/0\n");
	buf_put_str(&text, "0.0.0.0/0 deep\n");
	CU_ASSERT_EQUAL(path_replace(file, buf_cstr(&text), text.len), 0);
	TABLE_ASK(table, "1.2.3.4", "=deep");
	table_free(&table);
	buf_clear(&text);
	mem_free(spec);
	mem_free(file);
	table_fixture_remove(folder);
}

/* ---- threads ------------------------------------------------------------- */

struct shared {
	struct table	*tables[3];
	atomic_int	 bad;
};

static void *
ask(void *arg)
{
	struct shared	*shared = arg;
	struct buf	 value = BUF_INIT;

	for (int i = 0; i < 3000; i++) {
		buf_empty(&value);
		if (table_find(shared->tables[i % 3], SLICE_LIT("10.1.2.3"),
		    &value) != TABLE_FOUND || atoi(buf_cstr(&value)) != 10)
			shared->bad++;
	}
	buf_clear(&value);
	return NULL;
}

static void
threads(void)
{
	struct shared	shared = { .tables = {
		table_fixture_new("cidr:{ {10.0.0.0/8 10} }", 0),
		table_fixture_new("regexp:{ {/^(1.)\\./ $1} }", 0),
		table_fixture_new("pcre:{ {/^(1.)\\./ $1} }", 0),
	} };
	pthread_t	ids[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&ids[i], NULL, ask, &shared);
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	CU_ASSERT_EQUAL(shared.bad, 0);
	for (int i = 0; i < 3; i++)
		table_free(&shared.tables[i]);
}

void	table_rule_test(void);

void
table_rule_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_rule", NULL, NULL);

	CU_add_test(suite, "rules of files", ask_all);
	CU_add_test(suite, "rules in place", in_place);
	CU_add_test(suite, "each wrong line is named", wrong_lines);
	CU_add_test(suite, "no part of the key in the result",
	    no_substitution);
	CU_add_test(suite, "a pattern that explodes", exploding_pattern);
	CU_add_test(suite, "deep conditions", deep_ifs);
	CU_add_test(suite, "threads", threads);
}
