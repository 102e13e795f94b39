/*
 * The log file.
 */

#include "master/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"
#include "util/mem.h"
#include "util/path.h"

/* How much of the file is read to find a last word. */
#define READ_LIMIT	((size_t)1 << 20)

static int
open_path(const char *path)
{
	/* By its name, a stdout that is a socket could not be opened. */
	if (strcmp(path, "/dev/stdout") == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (strcmp(path, "/dev/stderr") == 0)
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return path_open_append(path);
}

static void
use_fd(struct logfile *logfile, int fd)
{
	struct stat	st = { .st_ino = 0 };

	fstat(fd, &st);
	log_open_fd(logfile->tag, fd);
	if (logfile->fd >= 0)
		close(logfile->fd);
	logfile->fd = fd;
	logfile->device = st.st_dev;
	logfile->inode = st.st_ino;
	logfile->start = st.st_size;
}

int
logfile_open(struct logfile *logfile, const struct conf *conf, char **why_r)
{
	const char	*path = conf->maillog_file;
	struct logfile	 old = *logfile;
	int		 fd = -1;

	if (path[0] != '\0' && (fd = open_path(path)) < 0) {
		*why_r = mem_printf("maillog_file: cannot open %s: %s", path,
		    strerror(errno));
		return -1;
	}
	logfile->path = mem_strdup(path);
	logfile->tag = mem_printf("%s/master", conf->syslog_name);
	logfile->facility = mem_strdup(conf->syslog_facility);
	if (fd >= 0) {
		use_fd(logfile, fd);
	} else {
		log_open_syslog(logfile->tag, logfile->facility);
		if (logfile->fd >= 0)
			close(logfile->fd);
		logfile->fd = -1;
	}
	mem_free(old.path);
	mem_free(old.tag);
	mem_free(old.facility);
	return 0;
}

void
logfile_clear(struct logfile *logfile)
{
	mem_free(logfile->path);
	mem_free(logfile->tag);
	mem_free(logfile->facility);
	if (logfile->fd >= 0)
		close(logfile->fd);
	*logfile = (struct logfile)LOGFILE_INIT;
}

bool
logfile_rotate(struct logfile *logfile)
{
	struct stat	st;
	int		fd;

	if (logfile->fd < 0 || strncmp(logfile->path, "/dev/", 5) == 0)
		return false;
	if (stat(logfile->path, &st) == 0 && st.st_ino == logfile->inode &&
	    st.st_dev == logfile->device)
		return false;
	/* Until it can be opened, the old one is better than none. */
	if ((fd = open_path(logfile->path)) < 0)
		return false;
	use_fd(logfile, fd);
	return true;
}

static char *
find_in(struct slice text, pid_t pid)
{
	char		*mark = mem_printf("[%ld]: ", (long)pid);
	char		*result = NULL;
	struct slice	 line;

	while (slice_get_word(&text, "\n", &line) == 0) {
		const char	*copy = slice_dup(line);
		const char	*said = strstr(copy, mark);

		if (said != NULL && result == NULL) {
			said += strlen(mark);
			if (strncmp(said, "fatal: ", 7) == 0 ||
			    strncmp(said, "panic: ", 7) == 0)
				result = mem_strdup(said + 7);
		}
		mem_free((void *)(size_t)copy);
	}
	mem_free(mark);
	return result;
}

char *
logfile_find_fatal(const struct logfile *logfile, pid_t pid)
{
	struct buf	 text = BUF_INIT;
	char		*result;
	ssize_t		 n;
	int		 fd;

	if (logfile->fd < 0 || strncmp(logfile->path, "/dev/", 5) == 0 ||
	    (fd = open(logfile->path, O_RDONLY | O_CLOEXEC)) < 0)
		return NULL;
	n = pread(fd, buf_reserve(&text, READ_LIMIT), READ_LIMIT,
	    logfile->start);
	close(fd);
	if (n > 0)
		buf_commit(&text, (size_t)n);
	result = find_in(buf_slice(&text), pid);
	buf_clear(&text);
	return result;
}
