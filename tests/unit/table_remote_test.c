#include "mail/table_remote.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/table_fixture.h"
#include "util/clock.h"

/*
 * Servers that are only pretended, by name: "up" echoes the query, each
 * word a value; "down" takes no connection, "slow" takes 200 ms for each
 * answer, "fickle" loses every connection at its second query, "wrong"
 * understands nothing.
 */
struct connection {
	const char	*host;
	int		 queries;
};

/* One process, one test at a time. */
static atomic_int	connects, disconnects;

static void *
connect_host(const struct table_cf *cf, const char *host, int64_t timeout_ms,
    struct buf *why)
{
	struct connection	*connection;

	(void)cf;
	CU_ASSERT(timeout_ms > 0);
	connects++;
	if (strcmp(host, "down") == 0) {
		buf_put_str(why, "it is down");
		return NULL;
	}
	connection = mem_new(sizeof(*connection));
	connection->host = strcmp(host, "slow") == 0 ? "slow" :
	    strcmp(host, "fickle") == 0 ? "fickle" :
	    strcmp(host, "wrong") == 0 ? "wrong" : "up";
	return connection;
}

static void
disconnect(void *connection)
{
	disconnects++;
	mem_free(connection);
}

static enum table_backend_answer
query(void *arg, const struct slice *texts, table_backend_fn fn,
    void *fn_arg, struct buf *why)
{
	struct connection	*connection = arg;
	struct slice		 rest = texts[0], word;

	connection->queries++;
	if (strcmp(connection->host, "slow") == 0)
		poll(NULL, 0, 200);
	if (strcmp(connection->host, "fickle") == 0 &&
	    connection->queries == 2) {
		/* Half an answer, which must not be kept. */
		fn(SLICE_LIT("half"), fn_arg);
		buf_put_str(why, "lost");
		return TABLE_BACKEND_LOST;
	}
	if (strcmp(connection->host, "wrong") == 0) {
		buf_put_str(why, "what?");
		return TABLE_BACKEND_WRONG;
	}
	while (slice_get_word(&rest, " ", &word) == 0)
		fn(word, fn_arg);
	return TABLE_BACKEND_DONE;
}

static const struct table_backend backend = {
	.hosts = "hosts", .hosts_default = "up", .timeout_s = 10,
	.texts = { { "query", NULL, NULL } },
	.connect = connect_host, .disconnect = disconnect, .query = query,
};

/* The content of a .cf file with that text; NULL and why. */
static void *
open_text(const char *text, struct buf *why)
{
	char			*folder = table_fixture_folder();
	char			*file = path_join(folder, "t.cf");
	struct table_source	 source = { "x:t.cf", file, 0 };
	void			*content = NULL;

	table_fixture_write(file, text);
	if (table_remote_open(&source, &backend, &content, why) < 0)
		content = NULL;
	mem_free(file);
	table_fixture_remove(folder);
	connects = disconnects = 0;
	return content;
}

static void
ask(void *content, const char *key, const char *want)
{
	struct buf		value = BUF_INIT, got = BUF_INIT;
	enum table_answer	answer;

	buf_put_str(&value, "x");
	answer = table_remote_find(content, slice_str(key), &value);
	buf_printf(&got, "%s%s", answer == TABLE_FOUND ? "=" :
	    answer == TABLE_NONE ? "none" : "trouble: ",
	    buf_cstr(&value) + 1);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), want);
	if (strcmp(buf_cstr(&got), want) != 0)
		printf("\n%s: %s, not %s\n", key, buf_cstr(&got), want);
	buf_clear(&value);
	buf_clear(&got);
}

static const struct {
	const char	*text, *key, *answer;
} asked[] = {
	{ "query = %s", "k", "=k" },
	{ "query = a %s b", "k", "=a,k,b" },
	{ "query =", "k", "none" },
	{ "query = %d", "k", "none" },
	{ "query = %s", "", "none" },
	{ "query = a b c\nexpansion_limit = 3", "k", "=a,b,c" },
	{ "query = a b c\nexpansion_limit = 2", "k",
	    "trouble: more values than expansion_limit" },
	{ "query = a j@d\nresult_format = smtp:%d", "k", "=smtp:d" },
	{ "query = v\nresult_format = %s-%U", "a@b", "=v-a" },
	{ "query = v\nresult_filter = <%s>", "a@b", "=<v>" },
	{ "query = v\ndomain = b, c", "a@B", "=v" },
	{ "query = v\ndomain = b, c", "a@d", "none" },
	{ "query = v\ndomain = b, c", "b", "none" },
	{ "query = v\ndomain = b, c", "@b", "none" },
	{ "query = v\ndomain = fail:x", "a@b",
	    "trouble: fail:x: fail:x always fails" },
	{ "hosts = wrong\nquery = v", "a", "trouble: what?" },
	{ "hosts = down\nquery = v", "a", "trouble: it is down" },
	{ "hosts = down, up\nquery = v", "a", "=v" },
};

static void
answers(void)
{
	struct buf	why = BUF_INIT;

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		void	*content = open_text(asked[i].text, &why);

		CU_ASSERT_PTR_NOT_NULL_FATAL(content);
		ask(content, asked[i].key, asked[i].answer);
		table_remote_close(content);
	}
	buf_clear(&why);
}

static void
bad_files(void)
{
	static const struct {
		const char	*text, *why;
	} bad[] = {
		{ "", "query: is not set" },
		{ "query = %x", "query: \"%\" is followed by none of" },
		{ "query = x\nresult_format = %", "result_format: " },
		{ "query = x\nexpansion_limit = many",
		    "expansion_limit: \"many\" is no number" },
		{ "query = x\nhosts =", "hosts: is not set" },
		{ "query = x\ndomain = !", "domain: no pattern" },
		{ "query", ": " },
	};
	struct buf	why = BUF_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buf_empty(&why);
		CU_ASSERT_PTR_NULL(open_text(bad[i].text, &why));
		CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&why), bad[i].why));
		CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&why), "t.cf"));
	}
	buf_clear(&why);
}

static void
connections(void)
{
	struct buf	 why = BUF_INIT;
	void		*content = open_text("query = %s", &why);

	for (int i = 0; i < 5; i++)
		ask(content, "k", "=k");
	CU_ASSERT_EQUAL(connects, 1);
	CU_ASSERT_EQUAL(disconnects, 0);
	table_remote_close(content);
	CU_ASSERT_EQUAL(disconnects, 1);
	/* Lost at every second question, which is asked again. */
	content = open_text("query = %s\nhosts = fickle", &why);
	for (int i = 0; i < 5; i++)
		ask(content, "k", "=k");
	CU_ASSERT_EQUAL(connects, 5);
	table_remote_close(content);
	CU_ASSERT_EQUAL(disconnects, 5);
	/* Too old to be used again. */
	content = open_text("query = %s\nidle_interval = 0", &why);
	ask(content, "k", "=k");
	poll(NULL, 0, 5);
	ask(content, "k", "=k");
	CU_ASSERT_EQUAL(connects, 2);
	table_remote_close(content);
	buf_clear(&why);
}

/* One that is down is not tried each time. */
static void
down_hosts(void)
{
	struct buf	 why = BUF_INIT;
	void		*content = open_text("query = %s\nhosts = down fickle",
			    &why);

	for (int i = 0; i < 5; i++)
		ask(content, "k", "=k");
	CU_ASSERT_EQUAL(connects, 6);
	table_remote_close(content);
	content = open_text("query = %s\nhosts = down", &why);
	ask(content, "k", "trouble: it is down");
	ask(content, "k", "trouble: no server answers");
	CU_ASSERT_EQUAL(connects, 1);
	poll(NULL, 0, 1100);
	ask(content, "k", "trouble: it is down");
	CU_ASSERT_EQUAL(connects, 2);
	table_remote_close(content);
	buf_clear(&why);
}

static void *
ask_thread(void *content)
{
	ask(content, "k", "=k");
	return NULL;
}

/* Eight slow questions take as long as one. */
static void
threads(void)
{
	struct buf	 why = BUF_INIT;
	void		*content = open_text("query = %s\nhosts = slow",
			    &why);
	pthread_t	 ids[8];
	int64_t		 began = clock_now_ms();

	for (int i = 0; i < 8; i++)
		pthread_create(&ids[i], NULL, ask_thread, content);
	for (int i = 0; i < 8; i++)
		pthread_join(ids[i], NULL);
	CU_ASSERT(clock_now_ms() - began < 800);
	CU_ASSERT_EQUAL(connects, 8);
	table_remote_close(content);
	CU_ASSERT_EQUAL(disconnects, 8);
	buf_clear(&why);
}

void	table_remote_test(void);

void
table_remote_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_remote", NULL, NULL);

	CU_add_test(suite, "answers", answers);
	CU_add_test(suite, "bad files", bad_files);
	CU_add_test(suite, "connections", connections);
	CU_add_test(suite, "hosts that are down", down_hosts);
	CU_add_test(suite, "threads side by side", threads);
}
