#include "util/process.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void
tells_processes_apart(void)
{
	int64_t	ours = process_start(getpid());
	int	ends[2];
	char	byte;
	pid_t	pid;

	CU_ASSERT(ours > 0);
	CU_ASSERT_EQUAL(process_start(getpid()), ours);
	CU_ASSERT(process_start(1) < ours);
	/* Longer than a tick. */
	usleep(30000);
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		prctl(PR_SET_NAME, ") R 1 1 (");
		(void)!write(ends[1], "", 1);
		pause();
	}
	CU_ASSERT_EQUAL(read(ends[0], &byte, 1), 1);
	CU_ASSERT(process_start(pid) > ours);
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	CU_ASSERT_EQUAL(process_start(pid), 0);
	CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
	CU_ASSERT_EQUAL(process_start(pid), -1);
	close(ends[0]);
	close(ends[1]);
}

void	process_test(void);

void
process_test(void)
{
	CU_pSuite	suite = CU_add_suite("process", NULL, NULL);

	CU_ADD_TEST(suite, tells_processes_apart);
}
