/*
 * The lock of a queue directory.
 */

#include "mail/queue_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/file.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/mem.h"
#include "util/path.h"

/* A tool shares the lock with others for as long as it has the queue open. */
#define PAUSE_MS	30
#define MASTER_MS	300	/* for another master, which is just ending */
#define TOOL_MS		5000	/* for a tool */

static int
open_folder(const char *queue_folder)
{
	char	*path = path_join(queue_folder, "db");
	int	 fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
		    O_NOFOLLOW);

	mem_free(path);
	return fd;
}

static int
lock(int fd)
{
	int64_t	began_ms = clock_now_ms(), waited_ms = 0;
	int	error = EWOULDBLOCK;

	while (waited_ms < (error == EBUSY ? TOOL_MS : MASTER_MS)) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		error = EWOULDBLOCK;
		if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
			flock(fd, LOCK_UN);
			error = EBUSY;
		}
		poll(NULL, 0, PAUSE_MS);
		waited_ms = clock_now_ms() - began_ms;
	}
	errno = error;
	return -1;
}

static int
close_failed(int fd)
{
	int	error = errno;

	close(fd);
	errno = error;
	return -1;
}

int
queue_lock_take(const char *queue_folder)
{
	int	fd = open_folder(queue_folder);

	return fd < 0 || lock(fd) == 0 ? fd : close_failed(fd);
}

int
queue_lock_share(const char *queue_folder)
{
	int	fd = open_folder(queue_folder);

	return fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 ? fd :
	    close_failed(fd);
}
