#ifndef TESTS_UNIT_CHILD_FIXTURE_H
#define TESTS_UNIT_CHILD_FIXTURE_H

/*
 * A program in a process of its own, as master would start it; the test is
 * its master.  The program writes what happens to it into a pipe, in words.
 */

#include "mail/daemon.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail/control.h"
#include "mail/snapshot.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define CHILD_PATIENCE_MS	20000
#define CHILD_REPORT_FD		30	/* where it reports */

static struct {
	pid_t			 pid;
	int			 control;	/* our end */
	int			 report;	/* our end */
	int			 log;		/* our end of its log */
	char			 folder[40];
	struct addr		 addr;		/* its Unix socket */
	struct control_packet	 packet;	/* the last that came */
	struct buf		 said;
} child = { .control = -1, .report = -1, .log = -1 };

/* ---- in the program ------------------------------------------------------ */

static inline void __attribute__((format(printf, 1, 2)))
report(const char *format, ...)
{
	char	text[200];
	int	len;
	va_list	args;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)!write(CHILD_REPORT_FD, text, (size_t)len);
}

/* First out of the way of each other, then to their places. */
static inline int
child_become(const struct daemon_program *program, const int *fds,
    char **argv)
{
	static const int	places[] = { STDERR_FILENO, DAEMON_CONTROL_FD,
				    DAEMON_CONF_FD, DAEMON_LISTEN_FD,
				    CHILD_REPORT_FD };
	int			far[5], argc = 0;

	for (int i = 0; i < 5; i++)
		far[i] = fcntl(fds[i], F_DUPFD, 100);
	for (int i = 0; i < 5; i++)
		dup2(far[i], places[i]);
	for (int i = DAEMON_LISTEN_FD + 1; i < 200; i++)
		if (i != CHILD_REPORT_FD)
			close(i);
	while (argv[argc] != NULL)
		argc++;
	optind = 1;
	return daemon_run(program, argc, argv);
}

/* ---- in the test --------------------------------------------------------- */

/* A sealed memory file of that main.cf. */
static inline int
child_snapshot(const char *text)
{
	struct conf_source	*source = conf_source_new();
	struct conf		*conf;
	char			*why = NULL;
	int			 fd;

	CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
	    slice_str(text), &why), 0);
	conf = conf_new(source, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
	fd = snapshot_new(conf);
	conf_free(&conf);
	return fd;
}

static inline int
child_listen(void)
{
	char	path[64];
	int	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(child.folder, sizeof(child.folder), "/tmp/tern-child-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(child.folder));
	snprintf(path, sizeof(path), "%s/socket", child.folder);
	CU_ASSERT_EQUAL(addr_parse_unix(path, &child.addr), 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&child.addr.storage,
	    child.addr.len), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 10), 0);
	return fd;
}

/* snapshot is closed; argv as master makes it. */
static inline void
child_start_with(const struct daemon_program *program, int snapshot,
    char **argv)
{
	int	control[2], words[2], lines[2], listener = child_listen();
	int	fds[5];

	CU_ASSERT_EQUAL_FATAL(control_pair(control), 0);
	CU_ASSERT_EQUAL_FATAL(pipe2(words, O_CLOEXEC | O_NONBLOCK), 0);
	CU_ASSERT_EQUAL_FATAL(pipe2(lines, O_CLOEXEC | O_NONBLOCK), 0);
	fds[0] = lines[1];
	fds[1] = control[1];
	fds[2] = snapshot;
	fds[3] = listener;
	fds[4] = words[1];
	child.pid = fork();
	if (child.pid == 0)
		_exit(child_become(program, fds, argv));
	for (int i = 0; i < 5; i++)
		close(fds[i]);
	child.control = control[0];
	child.report = words[0];
	child.log = lines[0];
	buf_empty(&child.said);
}

static inline void
child_start(const struct daemon_program *program, const char *conf)
{
	char	*argv[] = { "program", "-n", "service", "-t", "unix", "-s",
		    "1", "-u", "-c", "-o", "myorigin=option.example", NULL };

	child_start_with(program, child_snapshot(conf), argv);
}

/* Read what there is, or wait for it; false: there will be no more. */
static inline bool
child_read(int fd, struct buf *into, int64_t wait_ms)
{
	struct pollfd	p = { fd, POLLIN, 0 };
	ssize_t		n;

	poll(&p, 1, (int)wait_ms);
	n = read(fd, buf_reserve(into, 1000), 1000);
	if (n > 0)
		buf_commit(into, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Wait until it has said that. */
static inline bool
child_says(const char *words)
{
	int64_t	end_ms = clock_now_ms() + CHILD_PATIENCE_MS;

	while (strstr(buf_cstr(&child.said), words) == NULL)
		if (clock_now_ms() >= end_ms ||
		    !child_read(child.report, &child.said, 100))
			break;
	return strstr(buf_cstr(&child.said), words) != NULL;
}

/* The next packet of that type, others left out. */
static inline bool
child_sends(enum control_type type)
{
	int64_t		end_ms = clock_now_ms() + CHILD_PATIENCE_MS;
	struct pollfd	p = { child.control, POLLIN, 0 };
	int		got;

	while (clock_now_ms() < end_ms) {
		poll(&p, 1, 100);
		got = control_receive(child.control, &child.packet);
		if (got < 0)
			return false;
		if (got > 0 && child.packet.type == type)
			return true;
	}
	return false;
}

static inline void
child_tell_it(enum control_type type, const char *text, int fd)
{
	CU_ASSERT_EQUAL(control_send(child.control, type, text, fd), 0);
}

static inline bool
child_logs(const char *words)
{
	struct buf	log = BUF_INIT;
	int64_t		end_ms = clock_now_ms() + CHILD_PATIENCE_MS;
	bool		result;

	while (strstr(buf_cstr(&log), words) == NULL &&
	    clock_now_ms() < end_ms && child_read(child.log, &log, 100))
		continue;
	result = strstr(buf_cstr(&log), words) != NULL;
	buf_clear(&log);
	return result;
}

/* A client of it; -1: nobody listens. */
static inline int
child_connect(void)
{
	int	fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&child.addr.storage,
	    child.addr.len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Its exit status; it must end by itself. */
static inline int
child_end(void)
{
	int64_t	end_ms = clock_now_ms() + CHILD_PATIENCE_MS;
	int	status = 0;
	pid_t	pid;
	char	path[64];

	while ((pid = waitpid(child.pid, &status, WNOHANG)) == 0 &&
	    clock_now_ms() < end_ms)
		usleep(2000);
	if (pid == 0) {
		CU_FAIL("the program does not end");
		kill(child.pid, SIGKILL);
		waitpid(child.pid, &status, 0);
	}
	/* What it said at last. */
	while (child_read(child.report, &child.said, 0) &&
	    errno != EAGAIN)
		continue;
	if (child.control >= 0)
		close(child.control);
	close(child.report);
	close(child.log);
	snprintf(path, sizeof(path), "%s/socket", child.folder);
	unlink(path);
	rmdir(child.folder);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

#endif
