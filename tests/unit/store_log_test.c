/*
 * Room that the store keeps: at the end of its log, and in its tables.
 */

#include "qmgr/store_log.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/store_fixture.h"

#define LOG_SIZE	(1 << 20)

static struct stat
look_at(const char *name)
{
	struct stat	 st = { .st_size = 0 };
	char		*path = mem_printf("%s/%s", folder, name);

	CU_ASSERT_EQUAL(stat(path, &st), 0);
	mem_free(path);
	return st;
}

/* A file of the log as the library makes it: of its size, and empty. */
static int
make_log(void)
{
	char	*path = mem_printf("%s/log.0000000007", folder);
	int	 fd;

	empty_folder();
	CU_ASSERT_EQUAL(mkdir(folder, 0700), 0);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	CU_ASSERT_EQUAL(ftruncate(fd, LOG_SIZE), 0);
	mem_free(path);
	return fd;
}

static void
zeros_behind_the_end(void)
{
	struct store_log	*log;
	int			 fd = make_log();
	unsigned char		 found[4096];

	CU_ASSERT_EQUAL(pwrite(fd, body, 20000, 0), 20000);
	log = store_log_new(folder);
	store_log_prepare(log, 7, 20000, LOG_SIZE);
	/* What was written stays, what follows has its blocks. */
	CU_ASSERT_EQUAL(pread(fd, found, sizeof(found), 20000 - 4096), 4096);
	CU_ASSERT_EQUAL(memcmp(found, body + 20000 - 4096, 4096), 0);
	CU_ASSERT(look_at("log.0000000007").st_blocks * 512 >= 500000);
	CU_ASSERT_EQUAL(look_at("log.0000000007").st_size, LOG_SIZE);
	/* Not while there is room, and never beyond the file's end. */
	CU_ASSERT_EQUAL(pwrite(fd, body, 20000, 20000), 20000);
	store_log_prepare(log, 7, 40000, LOG_SIZE);
	CU_ASSERT(look_at("log.0000000007").st_blocks * 512 < 700000);
	for (uint32_t at = 40000; at < LOG_SIZE; at += 100000)
		store_log_prepare(log, 7, at, LOG_SIZE);
	CU_ASSERT_EQUAL(look_at("log.0000000007").st_size, LOG_SIZE);
	CU_ASSERT_EQUAL(pread(fd, found, sizeof(found), 30000), 4096);
	CU_ASSERT_EQUAL(memcmp(found, body + 10000, 4096), 0);
	store_log_free(&log);
	close(fd);
}

static void
none_under_load(void)
{
	struct store_log	*log;
	int			 fd = make_log();

	log = store_log_new(folder);
	store_log_prepare(log, 7, 500000, LOG_SIZE);
	/* Nor where there is no such file: it may come later. */
	store_log_prepare(log, 8, 100, LOG_SIZE);
	CU_ASSERT_EQUAL(look_at("log.0000000007").st_blocks, 0);
	store_log_prepare(log, 7, 600, LOG_SIZE);
	CU_ASSERT(look_at("log.0000000007").st_blocks * 512 >= 500000);
	store_log_free(&log);
	close(fd);
}

/* A queue that runs empty does not shrink its file with each message. */
static void
table_keeps_pages(void)
{
	off_t	size;

	fresh_store();
	close_store();
	size = look_at("message").st_size;
	CU_ASSERT(size >= 8 << 20);
	open_store();
	CU_ASSERT_EQUAL(store_last_id(store), 0);
	for (uint64_t id = 1; id <= 50; id++)
		commit(id, 1, 10000, 0, NULL);
	settle();
	CU_ASSERT_EQUAL(store_last_id(store), 50);
	for (uint64_t id = 50; id >= 1; id--)
		store_remove(store, id, id, on_done, NULL);
	close_store();
	CU_ASSERT_EQUAL(look_at("message").st_size, size);
}

void	store_log_test(void);

void
store_log_test(void)
{
	CU_pSuite	suite = CU_add_suite("room in the store", set_up,
			    empty_folder);

	CU_add_test(suite, "zeros behind the end of the log",
	    zeros_behind_the_end);
	CU_add_test(suite, "none under load", none_under_load);
	CU_add_test(suite, "a table keeps its pages", table_keeps_pages);
}
