/*
 * The lock and the state of master.
 */

#include "master/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/queue_lock.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/path.h"
#include "util/process.h"

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

	buf_printf(&text, "%ld\nstarted %lld\ngeneration %d %s\n",
	    (long)getpid(), (long long)process_start(getpid()),
	    pidfile->generation, pidfile->is_ready ? "ready" : "starting");
	if (pidfile->refused > 0)
		buf_printf(&text, "refused %d %s\n", pidfile->refused,
		    pidfile->reason);
	/* In place: who reads it sees all of one text or of the other. */
	if (pwrite(pidfile->fd, buf_slice(&text).data, text.len, 0) >= 0 &&
	    ftruncate(pidfile->fd, (off_t)text.len) < 0)
		(void)text;
	buf_clear(&text);
}

int
pidfile_open(struct pidfile *pidfile, const char *folder, pid_t *other_r)
{
	char	*path = path_join(folder, PIDFILE_PATH);
	int	 fd, error;
	pid_t	 last;

	*pidfile = PIDFILE_INIT;
	*other_r = 0;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	mem_free(path);
	if (fd < 0)
		return -1;
	last = read_pid(fd);
	if ((pidfile->lock = queue_lock_take(folder)) < 0) {
		error = errno;
		*other_r = last;
		close(fd);
		errno = error;
		return -1;
	}
	pidfile->fd = fd;
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
	/* While the lock is ours, the file is. */
	if (ftruncate(pidfile->fd, 0) == 0)
		close(pidfile->fd);
	close(pidfile->lock);
	mem_free(pidfile->reason);
	*pidfile = PIDFILE_INIT;
}
