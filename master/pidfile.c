/*
 * The lock and the state of master.
 */

#include "master/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/path.h"

/*
 * Somebody may hold the lock for a moment, only to see whether it is held,
 * and a tool shares it with others for as long as it has the queue open.
 */
#define LOCK_PAUSE_MS	30
#define LOCK_MS		300	/* for another master */
#define TOOL_MS		5000	/* for a tool */

static int
lock(int fd)
{
	int64_t	began_ms = clock_now_ms(), waited_ms = 0;
	int	error = EWOULDBLOCK;

	while (waited_ms < (error == EBUSY ? TOOL_MS : LOCK_MS)) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		error = EWOULDBLOCK;
		if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
			flock(fd, LOCK_UN);
			error = EBUSY;
		}
		poll(NULL, 0, LOCK_PAUSE_MS);
		waited_ms = clock_now_ms() - began_ms;
	}
	errno = error;
	return -1;
}

static pid_t
read_pid(int fd)
{
	char	text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

static void
put(const struct pidfile *pidfile)
{
	struct buf	text = BUF_INIT;

	buf_printf(&text, "%ld\ngeneration %d %s\n", (long)getpid(),
	    pidfile->generation, pidfile->is_ready ? "ready" : "starting");
	if (pidfile->refused > 0)
		buf_printf(&text, "refused %d %s\n", pidfile->refused,
		    pidfile->reason);
	/* In place: the lock is on the file, not on its name. */
	if (pwrite(pidfile->fd, buf_slice(&text).data, text.len, 0) >= 0 &&
	    ftruncate(pidfile->fd, (off_t)text.len) < 0)
		(void)text;
	buf_clear(&text);
}

int
pidfile_open(struct pidfile *pidfile, const char *folder, pid_t *other_r)
{
	char	*path = path_join(folder, PIDFILE_PATH);
	int	 error;
	pid_t	 last;

	*pidfile = (struct pidfile){ .fd = -1 };
	*other_r = 0;
	pidfile->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0644);
	mem_free(path);
	if (pidfile->fd < 0)
		return -1;
	last = read_pid(pidfile->fd);
	if (lock(pidfile->fd) < 0) {
		error = errno;
		*other_r = last;
		close(pidfile->fd);
		errno = error;
		return -1;
	}
	/* Readable for all, whatever the umask: "tern status". */
	fchmod(pidfile->fd, 0644);
	pidfile->was_killed = last > 0;
	put(pidfile);
	return 0;
}

void
pidfile_set(struct pidfile *pidfile, int generation, bool is_ready)
{
	pidfile->generation = generation;
	pidfile->is_ready = is_ready;
	put(pidfile);
}

void
pidfile_refuse(struct pidfile *pidfile, const char *reason)
{
	mem_free(pidfile->reason);
	pidfile->reason = mem_strdup(reason);
	pidfile->refused++;
	put(pidfile);
}

void
pidfile_close(struct pidfile *pidfile)
{
	if (ftruncate(pidfile->fd, 0) == 0)
		close(pidfile->fd);
	mem_free(pidfile->reason);
	*pidfile = (struct pidfile){ .fd = -1 };
}
