#include "mail/match_list.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/table_fixture.h"
#include "util/log.h"

#define STRING	MATCH_LIST_STRING
#define DOMAIN	MATCH_LIST_DOMAIN
#define HOST	MATCH_LIST_HOST
#define PARENTS	MATCH_LIST_PARENTS
#define YES	MATCH_LIST_YES
#define NO	MATCH_LIST_NO
#define TROUBLE	MATCH_LIST_TROUBLE

static const struct {
	const char		*text;
	enum match_list_kind	 kind;
	unsigned		 how;
	const char		*name, *addr;
	enum match_list_answer	 answer;
} asked[] = {
	{ "", STRING, 0, "a", NULL, NO },
	{ " , ,", STRING, 0, "a", NULL, NO },
	{ "a", STRING, 0, "a", NULL, YES },
	{ "a, b c", STRING, 0, "C", NULL, YES },
	{ "A", STRING, 0, "a", NULL, YES },
	{ "a", STRING, 0, "", NULL, NO },
	{ ".a", STRING, 0, "b.a", NULL, NO },
	{ "a", STRING, PARENTS, "b.a", NULL, NO },
	{ "!a, a", STRING, 0, "a", NULL, NO },
	{ "a, !a", STRING, 0, "a", NULL, YES },
	{ "!a, static:all", STRING, 0, "b", NULL, YES },
	{ "!!a", STRING, 0, "a", NULL, YES },
	{ "!a", STRING, 0, "b", NULL, NO },
	{ "[192.0.2.1]", STRING, 0, "[192.0.2.1]", NULL, YES },
	{ "[IPv6:::1]", DOMAIN, 0, "[ipv6:::1]", NULL, YES },
	{ "a/b", STRING, 0, "a/b", NULL, YES },
	{ "inline:{b=x, c=y} d", STRING, 0, "c", NULL, YES },
	{ "inline:{b=x, c=y} d", STRING, 0, "d", NULL, YES },
	{ "inline:{b=x, c=y} d", STRING, 0, "x", NULL, NO },
	{ "!inline:{b=x}, b", STRING, 0, "b", NULL, NO },
	{ "fail:x", STRING, 0, "b", NULL, TROUBLE },
	{ "!fail:x", STRING, 0, "b", NULL, TROUBLE },
	{ "b fail:x", STRING, 0, "b", NULL, YES },
	{ "!b fail:x", STRING, 0, "b", NULL, NO },
	{ "texthash:/no/such/file b", STRING, 0, "b", NULL, TROUBLE },
	{ "/no/such/file b", STRING, 0, "b", NULL, TROUBLE },
	{ "b /no/such/file", STRING, 0, "b", NULL, YES },
	{ "example.com", DOMAIN, 0, "example.com", NULL, YES },
	{ "example.com", DOMAIN, 0, "a.example.com", NULL, NO },
	{ ".example.com", DOMAIN, 0, "a.example.com", NULL, YES },
	{ ".example.com", DOMAIN, 0, "a.b.Example.com", NULL, YES },
	{ ".example.com", DOMAIN, 0, "example.com", NULL, NO },
	{ "example.com", DOMAIN, PARENTS, "a.example.com", NULL, YES },
	{ "example.com", DOMAIN, PARENTS, "aexample.com", NULL, NO },
	{ "example.com", DOMAIN, PARENTS, ".example.com", NULL, YES },
	{ ".example.com", DOMAIN, PARENTS, "a.example.com", NULL, NO },
	{ "inline:{example.com=x}", DOMAIN, 0, "a.example.com", NULL, NO },
	{ "inline:{.example.com=x}", DOMAIN, 0, "b.a.example.com", NULL,
	    YES },
	{ "inline:{.com=x}", DOMAIN, 0, "b.a.example.com", NULL, YES },
	{ "inline:{com=x}", DOMAIN, PARENTS, "b.a.example.com", NULL, YES },
	{ "inline:{.com=x}", DOMAIN, PARENTS, "b.a.example.com", NULL, NO },
	{ "regexp:{{/^com$/ x}}", DOMAIN, PARENTS, "a.com", NULL, NO },
	{ "regexp:{{/com$/ x}}", DOMAIN, PARENTS, "a.com", NULL, YES },
	{ "192.0.2.1", HOST, 0, "h.example", "192.0.2.1", YES },
	{ "192.0.2.1", HOST, 0, "", "192.0.2.1", YES },
	{ "192.0.2.1", HOST, 0, "192.0.2.1", NULL, NO },
	{ "192.0.2.0/24", HOST, 0, "h.example", "192.0.2.1", YES },
	{ "192.0.2.0/24", HOST, 0, "h.example", "192.0.3.1", NO },
	{ "!192.0.2.1 192.0.2.0/24", HOST, 0, "", "192.0.2.1", NO },
	{ "!192.0.2.1 192.0.2.0/24", HOST, 0, "", "192.0.2.2", YES },
	{ "[::1]/128", HOST, 0, "", "::1", YES },
	{ "[::1]", HOST, 0, "", "::1", YES },
	{ "[::1]", HOST, 0, "", "::2", NO },
	{ "[2001:db8::]/32", HOST, 0, "", "2001:db8:1::", YES },
	{ "[127.0.0.1]", HOST, 0, "", "127.0.0.1", YES },
	{ "192.0.2.0/24", HOST, 0, "", "::ffff:192.0.2.1", YES },
	{ "host.example", HOST, 0, "Host.Example", "192.0.2.1", YES },
	{ ".example", HOST, 0, "Host.Example", "192.0.2.1", YES },
	{ "example", HOST, PARENTS, "Host.Example", "192.0.2.1", YES },
	{ "inline:{192.0.2.1=x}", HOST, 0, "h.example", "192.0.2.1", YES },
	{ "inline:{h.example=x}", HOST, 0, "h.example", "192.0.2.1", YES },
	{ "cidr:{{192.0.2.0/24 x}}", HOST, 0, "h", "192.0.2.1", YES },
	{ "inline:{0.2.1=x,.1=y}", HOST, 0, "", "192.0.2.1", NO },
	{ "static:all", HOST, 0, "", "192.0.2.1", YES },
};

static enum match_list_answer
find(struct match_list *list, const char *name, const char *addr)
{
	struct addr		parsed;
	struct buf		why = BUF_INIT;
	enum match_list_answer	answer;

	if (addr != NULL)
		CU_ASSERT_EQUAL(addr_parse_ip(slice_str(addr), 0, &parsed), 0);
	answer = match_list_find_host(list, slice_str(name),
	    addr == NULL ? NULL : &parsed, &why);
	CU_ASSERT((answer == TROUBLE) == (why.len > 0));
	buf_clear(&why);
	return answer;
}

static struct match_list *
make(const char *text, enum match_list_kind kind, unsigned how)
{
	char			*why = NULL;
	struct match_list	*list = match_list_new(text, kind, how, &why);

	if (list == NULL)
		printf("\n%s\n", why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	return list;
}

static void
ask_all(void)
{
	log_open_fd("unit", open("/dev/null", O_WRONLY | O_CLOEXEC));
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		struct match_list	*list = make(asked[i].text,
					    asked[i].kind, asked[i].how);
		enum match_list_answer	 answer;

		answer = find(list, asked[i].name, asked[i].addr);
		if (answer != asked[i].answer)
			printf("\n%s: %s\n", asked[i].text, asked[i].name);
		CU_ASSERT_EQUAL(answer, asked[i].answer);
		match_list_free(&list);
		CU_ASSERT_PTR_NULL(list);
	}
}

static const struct {
	const char		*text;
	enum match_list_kind	 kind;
	const char		*why;
} refused[] = {
	{ "a !", STRING, "no pattern after \"!\"" },
	{ "nosuch:x", STRING,
	    "nosuch:x: there is no table type \"nosuch\"" },
	{ "::1", HOST, "::1: there is no table type \"\" (an IPv6 address is "
	    "written in brackets)" },
	{ "192.0.2.1/24", HOST,
	    "\"192.0.2.1/24\": bits are set beyond the prefix length" },
	{ "192.0.2", HOST, "\"192.0.2\": not an IP address or network" },
	{ "[::1", HOST, "[::1\": not" },
	{ "inline:{a=b", STRING, "braces do not match" },
};

static void
bad_lists(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		char	*why = NULL;

		CU_ASSERT_PTR_NULL(match_list_new(refused[i].text,
		    refused[i].kind, 0, &why));
		CU_ASSERT_PTR_NOT_NULL_FATAL(why);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, refused[i].why));
		if (strstr(why, refused[i].why) == NULL)
			printf("\n%s\n", why);
		mem_free(why);
	}
}

/* Files in lists; each change is seen by the next question. */
static void
files(void)
{
	char			*folder = table_fixture_folder();
	char			*a = path_join(folder, "a");
	char			*b = path_join(folder, "b");
	char			*text = mem_printf("first %s last", a);
	char			*inner = mem_printf("# more\none, two\n"
				    "!three\n  four\n!%s\n", b);
	char			*why = NULL;
	struct match_list	*list = make(text, STRING, 0);

	CU_ASSERT_EQUAL(find(list, "first", NULL), YES);
	CU_ASSERT_EQUAL(find(list, "last", NULL), TROUBLE);
	table_fixture_write(a, inner);
	table_fixture_write(b, "five !six\n");
	CU_ASSERT_EQUAL(find(list, "one", NULL), YES);
	CU_ASSERT_EQUAL(find(list, "three", NULL), NO);
	CU_ASSERT_EQUAL(find(list, "four", NULL), YES);
	CU_ASSERT_EQUAL(find(list, "five", NULL), NO);
	CU_ASSERT_EQUAL(find(list, "six", NULL), YES);
	CU_ASSERT_EQUAL(find(list, "last", NULL), YES);
	CU_ASSERT_EQUAL(match_list_check(list, &why), 0);
	table_fixture_write(b, "last\n");
	CU_ASSERT_EQUAL(find(list, "last", NULL), NO);
	/* In itself, and wrong. */
	table_fixture_write(b, b);
	CU_ASSERT_EQUAL(find(list, "last", NULL), TROUBLE);
	CU_ASSERT_EQUAL(match_list_check(list, &why), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "too many files in files"));
	mem_free(why);
	table_fixture_write(b, "x\n!\n");
	CU_ASSERT_EQUAL(find(list, "last", NULL), TROUBLE);
	CU_ASSERT_EQUAL(match_list_check(list, &why), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "b:2: no pattern after \"!\""));
	mem_free(why);
	table_fixture_write(b, "x\n");
	CU_ASSERT_EQUAL(find(list, "last", NULL), YES);
	match_list_free(&list);
	mem_free(inner);
	mem_free(text);
	mem_free(a);
	mem_free(b);
	table_fixture_remove(folder);
}

/* ---- threads ------------------------------------------------------------- */

struct shared {
	struct match_list	*list;
	atomic_int		 bad;
	atomic_bool		 is_over;
};

static void *
ask(void *arg)
{
	struct shared	*shared = arg;
	struct buf	 why = BUF_INIT;

	while (!shared->is_over) {
		if (match_list_find(shared->list, SLICE_LIT("in"), &why) !=
		    YES || match_list_find(shared->list, SLICE_LIT("out"),
		    &why) != NO)
			shared->bad++;
	}
	buf_clear(&why);
	return NULL;
}

static void
threads(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "a");
	char		*text;
	struct shared	 shared = { .list = make(file, STRING, 0) };
	pthread_t	 ids[4];

	CU_ASSERT_EQUAL(path_replace(file, "in", 2), 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&ids[i], NULL, ask, &shared);
	for (int i = 0; i < 100; i++) {
		text = mem_printf("x%d !out in", i);
		CU_ASSERT_EQUAL(path_replace(file, text, strlen(text)), 0);
		mem_free(text);
	}
	shared.is_over = true;
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	CU_ASSERT_EQUAL(shared.bad, 0);
	match_list_free(&shared.list);
	mem_free(file);
	table_fixture_remove(folder);
}

void	match_list_test(void);

void
match_list_test(void)
{
	CU_pSuite	suite = CU_add_suite("match_list", NULL, NULL);

	CU_add_test(suite, "lists", ask_all);
	CU_add_test(suite, "what is no list", bad_lists);
	CU_add_test(suite, "files in lists", files);
	CU_add_test(suite, "threads and a file that changes", threads);
}
