/*
 * Room at the end of the log.
 */

#include "qmgr/store_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "util/mem.h"

#define STEP		(512 << 10)	/* zeros written at a time */
#define LOW		(128 << 10)	/* when less than this is left */

/*
 * What one batch adds at most where waiting counts.  Larger ones share
 * their flush among many messages, and zeros would only be more to write.
 */
#define SMALL		(128 << 10)

struct store_log {
	char		*folder;
	unsigned char	*zeros;		/* STEP of them */
	int		 fd;		/* of file number; -1: none */
	uint32_t	 number;
	uint32_t	 offset;	/* when it was last looked at */
	uint64_t	 end;		/* of the zeros */
};

struct store_log *
store_log_new(const char *folder)
{
	struct store_log	*log = mem_new(sizeof(*log));

	log->folder = mem_strdup(folder);
	log->zeros = mem_new(STEP);
	log->fd = -1;
	return log;
}

static void
close_file(struct store_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

void
store_log_free(struct store_log **log)
{
	if (*log == NULL)
		return;
	close_file(*log);
	mem_free((*log)->zeros);
	mem_free((*log)->folder);
	mem_free(*log);
	*log = NULL;
}

/* The library has begun a new file. */
static void
open_file(struct store_log *log, uint32_t number)
{
	char		*path = mem_printf("%s/log.%010u", log->folder,
			    (unsigned)number);

	close_file(log);
	log->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	/* Where the library has not made it yet: the next time. */
	log->number = log->fd < 0 ? 0 : number;
	log->offset = 0;
	log->end = 0;
	mem_free(path);
}

void
store_log_prepare(struct store_log *log, uint32_t number, uint32_t offset,
    uint32_t size)
{
	uint64_t	grown, start, len;
	ssize_t		written;

	if (number != log->number)
		open_file(log, number);
	grown = offset - log->offset;
	log->offset = offset;
	start = log->end > offset ? log->end : offset;
	if (log->fd < 0 || grown > SMALL || start >= offset + (uint64_t)LOW ||
	    start >= size)
		return;
	len = size - start < STEP ? size - start : STEP;
	written = pwrite(log->fd, log->zeros, (size_t)len, (off_t)start);
	if (written > 0)
		log->end = start + (uint64_t)written;
	else
		close_file(log);
}
