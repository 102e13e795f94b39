/*
 * Processes of master.  They are shell scripts: a packet of the control
 * channel is what one printf writes.
 */

#include "master/child.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail/ipc.h"
#include "net/loop.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"

#define PATIENCE_MS	20000
#define READY		"printf V$VERSION >&3; "

static struct loop	*loop;
static struct child	*child;
static int		 words;		/* what it writes to its log */
static struct buf	 events = BUF_INIT;
static struct buf	 said = BUF_INIT;

static void
on_child(struct child *c, enum child_event event, const char *text,
    void *arg)
{
	CU_ASSERT_PTR_EQUAL(c, child);
	CU_ASSERT_PTR_EQUAL(arg, &events);
	buf_printf(&events, "%s(%s) ", event == CHILD_READY ? "ready" :
	    "wish", text);
}

static void
begin_path(const char *path, const char *script)
{
	char			 version[32];
	char			*argv[] = { "sh", "-c",
				    (char *)(uintptr_t)script, NULL };
	char			*environment[] = { version, NULL };
	int			 ends[2];
	int			 flags = O_RDONLY | O_CLOEXEC;
	int			 listeners[] = { open("/dev/null", flags),
				    open("/dev/zero", flags) };
	struct child_plan	 plan = { path, argv, environment, -1,
				    open("/dev/null", flags), listeners, 2 };

	snprintf(version, sizeof(version), "VERSION=%d", IPC_VERSION);
	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	plan.error_fd = ends[1];
	words = ends[0];
	buf_empty(&events);
	buf_empty(&said);
	loop = loop_new();
	child = child_new(loop, &plan, on_child, &events);
	CU_ASSERT_PTR_NOT_NULL_FATAL(child);
	close(ends[1]);
	close(plan.snapshot_fd);
	close(listeners[0]);
	close(listeners[1]);
}

static void
begin(const char *script)
{
	begin_path("/bin/sh", script);
}

/* How it ended, as waitpid says. */
static int
end(void)
{
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;
	pid_t	pid = child_pid(child);
	int	status = -1;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_now_ms() > end_ms)
			kill(pid, SIGTERM);
		loop_tick(loop, 5);
	}
	child_free(&child);
	CU_ASSERT_PTR_NULL(child);
	child_free(&child);
	loop_tick(loop, 0);
	loop_free(&loop);
	close(words);
	return status;
}

static bool
killed_by(int status, int signal)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

/* Tick until it has sent that. */
static bool
sends(const char *event)
{
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;

	while (strstr(buf_cstr(&events), event) == NULL &&
	    clock_now_ms() < end_ms)
		loop_tick(loop, 50);
	return strstr(buf_cstr(&events), event) != NULL;
}

/* Wait until it has written that. */
static bool
says(const char *text)
{
	int64_t		end_ms = clock_now_ms() + PATIENCE_MS;
	struct pollfd	p = { words, POLLIN, 0 };
	ssize_t		n = 1;

	while (strstr(buf_cstr(&said), text) == NULL && n != 0 &&
	    clock_now_ms() < end_ms) {
		poll(&p, 1, 100);
		n = read(words, buf_reserve(&said, 1000), 1000);
		if (n > 0)
			buf_commit(&said, (size_t)n);
	}
	return strstr(buf_cstr(&said), text) != NULL;
}

/*
 * Signals 32 and 33 are the C library's own: posix_spawn, and so make,
 * leaves them ignored, and no program can set them.
 */
#define LIBRARY_SIGNALS	0x180000000ULL

static unsigned long long
ignored(void)
{
	const char	*line = strstr(buf_cstr(&said), "SigIgn:\t");

	return line == NULL ? ULLONG_MAX :
	    strtoull(line + strlen("SigIgn:\t"), NULL, 16);
}

/* It has its descriptors and nothing else of ours. */
static void
starts(void)
{
	sigset_t	blocked;

	/* Whatever other tests have left open is not meant. */
	CU_ASSERT_EQUAL(close_range(7, ~0U, CLOSE_RANGE_CLOEXEC), 0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGUSR1, SIG_IGN);
	begin("for i in 0 1 2 3 4 5 6 7 8 9 20 50 100; do "
	    "test -e /proc/$$/fd/$i && printf ' %d' $i >&2; done; "
	    "readlink /proc/$$/fd/6 >&2; "
	    "echo home=$HOME >&2; "
	    "exec grep -e SigBlk -e SigIgn /proc/self/status >&2");
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	signal(SIGUSR1, SIG_DFL);
	CU_ASSERT(says("SigIgn"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&said),
	    " 0 1 2 3 4 5 6/dev/zero\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&said),
	    "SigBlk:\t0000000000000000\n"));
	CU_ASSERT_EQUAL(ignored() & ~LIBRARY_SIGNALS, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&said), "home=\n"));
	CU_ASSERT_FALSE(child_is_ready(child));
	CU_ASSERT_FALSE(child_is_doomed(child));
	CU_ASSERT(child_age_ms(child) >= 0);
	CU_ASSERT_EQUAL(end(), 0);
}

static void
cannot_start(void)
{
	int	status;

	begin_path("/nonexistent/program", "");
	status = end();
	CU_ASSERT(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 1);
}

static void
is_heard(void)
{
	begin(READY "printf B >&3; printf Ccleanup >&3; printf Cqmgr >&3; "
	    "exec sleep 60");
	CU_ASSERT(sends("wish(qmgr) "));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&events),
	    "wish(cleanup) wish(qmgr) "));
	CU_ASSERT(child_is_ready(child));
	child_kill(child);
	CU_ASSERT(child_is_doomed(child));
	CU_ASSERT(killed_by(end(), SIGKILL));
}

/* What it said before its end is not lost. */
static void
is_heard_to_the_end(void)
{
	int	status = -1;
	pid_t	pid;

	begin("printf Clast >&3; exit 3");
	pid = child_pid(child);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 3);
	child_hear(child);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&events), "wish(last) ");
	child_free(&child);
	loop_tick(loop, 0);
	loop_free(&loop);
	close(words);
}

/* Of another version, it has no business here. */
static void
wrong_version(void)
{
	begin("printf V999 >&3; exec sleep 60");
	CU_ASSERT(killed_by(end(), SIGKILL));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&events), "ready"));
}

static void
is_told(void)
{
	begin(READY "for i in 1 2; do until dd bs=300 count=1 <&3 >&2 "
	    "2>/dev/null; do sleep .01; done; echo . >&2; done");
	CU_ASSERT(sends("ready"));
	child_tell(child, CONTROL_CONNECTED, "cleanup", -1);
	child_tell(child, CONTROL_DRAIN, "", -1);
	CU_ASSERT(says("Fcleanup.\nD.\n"));
	CU_ASSERT_EQUAL(end(), 0);
}

/* Whatever it says: others are heard too, and the log stays small. */
static void
says_too_much(void)
{
	int64_t	end_ms;

	begin(READY "while :; do printf Cqmgr >&3; done 2>/dev/null");
	CU_ASSERT(sends("wish(qmgr) "));
	end_ms = clock_now_ms() + 1500;
	while (clock_now_ms() < end_ms)
		loop_tick(loop, 5);
	/* A hundred in a second. */
	CU_ASSERT(events.len <= 200 * strlen("wish(qmgr) "));
	child_kill(child);
	CU_ASSERT(killed_by(end(), SIGKILL));
}

/* Who reads nothing cannot be told to end. */
static void
reads_nothing(void)
{
	begin(READY "exec sleep 60");
	CU_ASSERT(sends("ready"));
	for (int i = 0; i < 100000 && !child_is_doomed(child); i++)
		child_tell(child, CONTROL_CONNECTED, "cleanup", -1);
	CU_ASSERT(child_is_doomed(child));
	CU_ASSERT(killed_by(end(), SIGKILL));
}

/* Silent for too long, it is aborted, if it was ready. */
static void
watchdog(void)
{
	begin("exec sleep 60");
	usleep(3000);
	child_watch(child, 1);
	CU_ASSERT_FALSE(child_is_doomed(child));
	child_kill(child);
	end();

	begin(READY "exec sleep 60");
	CU_ASSERT(sends("ready"));
	child_watch(child, 60000);
	CU_ASSERT_FALSE(child_is_doomed(child));
	usleep(30000);
	child_forgive(child);
	child_watch(child, 29);
	CU_ASSERT_FALSE(child_is_doomed(child));
	usleep(40000);
	child_watch(child, 29);
	CU_ASSERT(child_is_doomed(child));
	CU_ASSERT(killed_by(end(), SIGABRT));
}

/* And killed, when it does not mind that. */
static void
deaf(void)
{
	begin("trap '' ABRT; " READY "while :; do sleep 60; done");
	CU_ASSERT(sends("ready"));
	usleep(3000);
	child_watch(child, 1);
	CU_ASSERT(child_is_doomed(child));
	CU_ASSERT(killed_by(end(), SIGKILL));
}

/* The warnings that these tests provoke are no news. */
static int
quiet(void)
{
	log_open_fd("test", open("/dev/null", O_WRONLY | O_CLOEXEC));
	return 0;
}

static int
loud(void)
{
	log_open_fd("unit", STDERR_FILENO);
	buf_clear(&events);
	buf_clear(&said);
	return 0;
}

void	child_test(void);

void
child_test(void)
{
	CU_pSuite	suite = CU_add_suite("child", quiet, loud);

	CU_add_test(suite, "starts", starts);
	CU_add_test(suite, "cannot start", cannot_start);
	CU_add_test(suite, "is heard", is_heard);
	CU_add_test(suite, "is heard to the end", is_heard_to_the_end);
	CU_add_test(suite, "wrong version", wrong_version);
	CU_add_test(suite, "is told", is_told);
	CU_add_test(suite, "says too much", says_too_much);
	CU_add_test(suite, "reads nothing", reads_nothing);
	CU_add_test(suite, "watchdog", watchdog);
	CU_add_test(suite, "deaf", deaf);
}
