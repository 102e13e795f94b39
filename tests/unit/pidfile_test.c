#include "master/pidfile.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/mem.h"
#include "util/path.h"
#include "util/process.h"

static void
holds_lock_and_state(void)
{
	char		 folder[] = "/tmp/pidfile.XXXXXX";
	struct pidfile	 pidfile, second;
	struct buf	 text = BUF_INIT;
	char		*path, *expected;
	pid_t		 other;
	int		 stranger;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	path = path_join(folder, "pid");
	CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
	mem_free(path);
	path = path_join(folder, "db");
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	CU_ASSERT_EQUAL(pidfile_open(&pidfile, folder, &other), 0);
	CU_ASSERT_FALSE(pidfile.was_killed);
	CU_ASSERT_EQUAL(pidfile_open(&second, folder, &other), -1);
	CU_ASSERT_EQUAL(errno, EWOULDBLOCK);
	CU_ASSERT_EQUAL(other, getpid());

	pidfile_set(&pidfile, 3, true);
	pidfile_refuse(&pidfile, "one");
	pidfile_refuse(&pidfile, "two");
	mem_free(path);
	path = path_join(folder, PIDFILE_PATH);
	expected = mem_printf("%ld\nstarted %lld\ngeneration 3 ready\n"
	    "refused 2 two\n", (long)getpid(),
	    (long long)process_start(getpid()));
	CU_ASSERT_EQUAL(path_read(path, 1000, &text), 0);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&text), expected);
	mem_free(expected);
	buf_clear(&text);

	/* Who can read it and locks it is in nobody's way. */
	stranger = open(path, O_RDONLY);
	CU_ASSERT_EQUAL(flock(stranger, LOCK_EX | LOCK_NB), 0);

	/* As a killed master leaves it. */
	close(pidfile.fd);
	close(pidfile.lock);
	mem_free(pidfile.reason);
	CU_ASSERT_EQUAL(pidfile_open(&pidfile, folder, &other), 0);
	CU_ASSERT_TRUE(pidfile.was_killed);
	close(stranger);
	pidfile_close(&pidfile);
	CU_ASSERT_EQUAL(path_read(path, 1000, &text), 0);
	CU_ASSERT_EQUAL(text.len, 0);
	buf_clear(&text);
	unlink(path);
	mem_free(path);
	path = path_join(folder, "db");
	rmdir(path);
	mem_free(path);
	path = path_join(folder, "pid");
	rmdir(path);
	rmdir(folder);
	mem_free(path);
}

void	pidfile_test(void);

void
pidfile_test(void)
{
	CU_pSuite	suite = CU_add_suite("pidfile", NULL, NULL);

	CU_ADD_TEST(suite, holds_lock_and_state);
}
