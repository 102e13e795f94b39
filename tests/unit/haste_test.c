/*
 * Work that must not wait, and what gives up in it.
 */

#include "util/haste.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "lookup/query.h"
#include "mail/watched.h"
#include "net/loop.h"
#include "tests/unit/judge_fixture.h"
#include "tests/unit/table_fixture.h"
#include "util/log.h"

static void
refuses(void)
{
	CU_ASSERT_FALSE(haste_refuses());
	haste_begin();
	CU_ASSERT_TRUE(haste_end());
	haste_begin();
	CU_ASSERT_TRUE(haste_refuses());
	CU_ASSERT_FALSE(haste_end());
	CU_ASSERT_FALSE(haste_refuses());
	haste_begin();
	CU_ASSERT_TRUE(haste_end());
}

static void *
look(void *arg)
{
	*(bool *)arg = haste_refuses();
	return NULL;
}

static void
is_of_its_thread(void)
{
	pthread_t	thread;
	bool		refused = true;

	haste_begin();
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, look, &refused),
	    0);
	pthread_join(thread, NULL);
	CU_ASSERT_FALSE(refused);
	CU_ASSERT_TRUE(haste_end());
}

/* The line would be there twice: the work is done again. */
static void
logs_nothing(void)
{
	char	path[] = "/tmp/tern-haste-XXXXXX";
	int	fd = mkostemp(path, O_APPEND);

	CU_ASSERT_FATAL(fd >= 0);
	unlink(path);
	log_open_fd("unit", fd);
	haste_begin();
	log_warn("in haste");
	CU_ASSERT_FALSE(haste_end());
	haste_begin();
	log_info("in haste");
	CU_ASSERT_FALSE(haste_end());
	haste_begin();
	log_debug("not even at leisure");
	CU_ASSERT_TRUE(haste_end());
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END), 0);
	log_warn("at leisure");
	CU_ASSERT(lseek(fd, 0, SEEK_END) > 0);
	log_open_fd("unit", STDERR_FILENO);
	close(fd);
}

/* ---- tables -------------------------------------------------------------- */

static bool
is_found_in_haste(struct table *table, const char *key)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer;

	haste_begin();
	answer = table_find(table, slice_str(key), &value);
	buf_clear(&value);
	if (haste_end())
		return answer == TABLE_FOUND;
	CU_ASSERT_EQUAL(answer, TABLE_TROUBLE);
	return false;
}

static void
tables(void)
{
	static const struct {
		const char	*spec;
		bool		 is_quick;
	} cases[] = {
		{ "static:x", true }, { "inline:{root=b}", true },
		{ "cidr:{{0.0.0.0/0 x}}", false },	/* root is in none */
		{ "regexp:{{/root/ x}}", false },
		{ "pcre:{{/root/ x}}", false },
		{ "unix:passwd.byname", false },
		{ "pipemap:{inline:{root=b},regexp:{{/b/ x}}}", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct table	*table = table_fixture_new(cases[i].spec, 0);

		CU_ASSERT_EQUAL(is_found_in_haste(table, "root"),
		    cases[i].is_quick);
		table_free(&table);
	}
}

/* A file is read at leisure, and in haste as it was then. */
static void
files(void)
{
	char		*folder = table_fixture_folder();
	char		*file = path_join(folder, "t");
	char		*spec = mem_printf("texthash:%s", file);
	struct table	*table = table_fixture_new(spec, 0);
	struct buf	 value = BUF_INIT;

	table_fixture_write(file, "a b\n");
	usleep(30000);
	CU_ASSERT_FALSE(is_found_in_haste(table, "a"));
	CU_ASSERT_EQUAL(table_find(table, SLICE_LIT("a"), &value),
	    TABLE_FOUND);
	CU_ASSERT_TRUE(is_found_in_haste(table, "a"));
	table_fixture_write(file, "a c\nd e\n");
	usleep(30000);
	CU_ASSERT_FALSE(is_found_in_haste(table, "a"));
	CU_ASSERT_EQUAL(table_find(table, SLICE_LIT("d"), &value),
	    TABLE_FOUND);
	CU_ASSERT_TRUE(is_found_in_haste(table, "d"));
	buf_clear(&value);
	table_free(&table);
	mem_free(spec);
	mem_free(file);
	table_fixture_remove(folder);
}

/* A file that takes as long to read, the second time, as it may. */
struct slow {
	struct watched	*watched;
	sem_t		 end;
	atomic_int	 opened;
	bool		 has_waited;	/* in vain */
};

static int
open_slow(void *arg, void **data_r, struct buf *why)
{
	struct slow	*slow = arg;
	struct timespec	 until;

	(void)why;
	*data_r = slow;
	if (++slow->opened == 1)
		return 0;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 2;
	slow->has_waited = sem_timedwait(&slow->end, &until) != 0;
	return 0;
}

static void
close_slow(void *data)
{
	(void)data;
}

static void *
read_slow(void *arg)
{
	struct slow	*slow = arg;

	watched_release(slow->watched, watched_hold(slow->watched));
	return NULL;
}

/* What was held in haste is let go though somebody reads the file anew. */
static void
releases(void)
{
	static const struct watched_maker	 maker = {
		open_slow, close_slow
	};
	char					*folder, *file;
	struct slow				 slow = { .opened = 0 };
	const struct watched_content		*content;
	pthread_t				 reader;

	folder = table_fixture_folder();
	file = path_join(folder, "t");
	table_fixture_write(file, "a\n");
	usleep(30000);
	sem_init(&slow.end, 0, 0);
	slow.watched = watched_new("slow", file, &maker, &slow);
	read_slow(&slow);
	haste_begin();
	content = watched_hold(slow.watched);
	CU_ASSERT_PTR_EQUAL(content->data, &slow);
	table_fixture_write(file, "a b\n");
	CU_ASSERT_EQUAL_FATAL(pthread_create(&reader, NULL, read_slow,
	    &slow), 0);
	while (slow.opened < 2)
		usleep(1000);
	watched_release(slow.watched, content);
	CU_ASSERT_TRUE(haste_end());
	sem_post(&slow.end);
	pthread_join(reader, NULL);
	CU_ASSERT_FALSE(slow.has_waited);
	watched_free(&slow.watched);
	sem_destroy(&slow.end);
	mem_free(file);
	table_fixture_remove(folder);
}

/* ---- questions ----------------------------------------------------------- */

/* In its own loop a question to the DNS would wait for ever. */
static void
dns(void)
{
	struct loop		*loop = loop_new();
	struct query		*query = query_new(loop, NULL);
	struct dns_answer	 answer = DNS_ANSWER_INIT;

	haste_begin();
	query_ask(query, "name.example", DNS_MX, &answer);
	CU_ASSERT_FALSE(haste_end());
	CU_ASSERT_EQUAL(answer.status, DNS_TROUBLE);
	query_free(&query);
	loop_free(&loop);
}

#define DEFAULT								\
	"mynetworks = 127.0.0.0/8\nrelay_domains = relay.example\n"

/* Whether a recipient is judged in haste with these parameters. */
static bool
is_judged(const char *text)
{
	struct judge_fixture	fixture;
	bool			was_quick;

	judge_fixture_init(&fixture, text, NULL);
	mem_free(judge_fixture_ask(&fixture));
	was_quick = fixture.was_quick;
	judge_fixture_clear(&fixture);
	return was_quick;
}

static void
judged(void)
{
	CU_ASSERT_TRUE(is_judged(DEFAULT));
	CU_ASSERT_TRUE(is_judged(DEFAULT "smtpd_recipient_restrictions = "
	    "check_sender_access inline:{sender.example=REJECT}\n"));
	CU_ASSERT_FALSE(is_judged(DEFAULT "smtpd_recipient_restrictions = "
	    "check_sender_access pcre:{{/sender/ REJECT}}\n"));
	CU_ASSERT_FALSE(is_judged(DEFAULT "smtpd_recipient_restrictions = "
	    "check_policy_service inet:127.0.0.1:1\n"
	    "smtpd_policy_service_try_limit = 1\n"));
	CU_ASSERT_TRUE(is_judged(DEFAULT "smtpd_recipient_restrictions = "
	    "permit_mynetworks, reject\n"));
	CU_ASSERT_TRUE(is_judged(DEFAULT "smtpd_recipient_restrictions = "
	    "warn_if_reject reject\n"));
}

void	haste_test(void);

void
haste_test(void)
{
	CU_pSuite	suite = CU_add_suite("haste", NULL, NULL);

	CU_add_test(suite, "refuses", refuses);
	CU_add_test(suite, "is of its thread", is_of_its_thread);
	CU_add_test(suite, "logs nothing", logs_nothing);
	CU_add_test(suite, "tables", tables);
	CU_add_test(suite, "files", files);
	CU_add_test(suite, "releases", releases);
	CU_add_test(suite, "dns", dns);
	CU_add_test(suite, "judged", judged);
}
