#include "mail/queue_lock.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mem.h"
#include "util/path.h"

static char	folder[] = "/tmp/queue-lock.XXXXXX";

static int
set_up(void)
{
	char	*path;
	int	 result;

	if (mkdtemp(folder) == NULL || chmod(folder, 0755) < 0)
		return -1;
	path = path_join(folder, "db");
	result = mkdir(path, 0700);
	mem_free(path);
	return result;
}

static int
tear_down(void)
{
	char	*path = path_join(folder, "db");

	rmdir(path);
	mem_free(path);
	return rmdir(folder);
}

static void
one_master_or_tools(void)
{
	int	master, tools[2];

	master = queue_lock_take(folder);
	CU_ASSERT(master >= 0);
	CU_ASSERT_EQUAL(queue_lock_take(folder), -1);
	CU_ASSERT_EQUAL(errno, EWOULDBLOCK);
	CU_ASSERT_EQUAL(queue_lock_share(folder), -1);
	CU_ASSERT_EQUAL(errno, EWOULDBLOCK);
	close(master);

	tools[0] = queue_lock_share(folder);
	tools[1] = queue_lock_share(folder);
	CU_ASSERT(tools[0] >= 0);
	CU_ASSERT(tools[1] >= 0);
	close(tools[0]);
	close(tools[1]);
	master = queue_lock_take(folder);
	CU_ASSERT(master >= 0);
	close(master);
}

/* What he cannot open, a stranger cannot lock. */
static void
strangers_may_not(void)
{
	if (geteuid() != 0)
		return;
	CU_ASSERT_EQUAL(seteuid(64323), 0);
	CU_ASSERT_EQUAL(queue_lock_share(folder), -1);
	CU_ASSERT_EQUAL(errno, EACCES);
	CU_ASSERT_EQUAL(queue_lock_take(folder), -1);
	CU_ASSERT_EQUAL(errno, EACCES);
	CU_ASSERT_EQUAL(seteuid(0), 0);
}

static void
no_queue(void)
{
	CU_ASSERT_EQUAL(queue_lock_take("/nonexistent"), -1);
	CU_ASSERT_EQUAL(errno, ENOENT);
	CU_ASSERT_EQUAL(queue_lock_share("/nonexistent"), -1);
	CU_ASSERT_EQUAL(errno, ENOENT);
}

void	queue_lock_test(void);

void
queue_lock_test(void)
{
	CU_pSuite	suite = CU_add_suite("queue_lock", set_up, tear_down);

	CU_ADD_TEST(suite, one_master_or_tools);
	CU_ADD_TEST(suite, strangers_may_not);
	CU_ADD_TEST(suite, no_queue);
}
