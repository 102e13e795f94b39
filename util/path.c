/*
 * Files and folders.
 */

#include "util/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mem.h"

char *
path_join(const char *folder, const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

char *
path_program_folder(void)
{
	char	 path[4096];
	ssize_t	 n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char	*slash;

	path[n < 0 ? 0 : n] = '\0';
	if ((slash = strrchr(path, '/')) != NULL)
		*slash = '\0';
	return mem_strdup(path);
}

static int
make_one(const char *folder, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(folder, mode) < 0)
		return errno == EEXIST ? 0 : -1;
	/* mkdir is subject to the umask. */
	if (chmod(folder, mode) < 0)
		return -1;
	return uid == (uid_t)-1 ? 0 : chown(folder, uid, gid);
}

int
path_make_folder(const char *folder, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat	 st;
	char		*copy, *slash;
	int		 result = 0;

	if (stat(folder, &st) == 0) {
		errno = ENOTDIR;
		return S_ISDIR(st.st_mode) ? 0 : -1;
	}
	copy = mem_strdup(folder);
	for (slash = strchr(copy + 1, '/'); slash != NULL && result == 0;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (stat(copy, &st) < 0)
			result = make_one(copy, 0755, (uid_t)-1, (gid_t)-1);
		*slash = '/';
	}
	if (result == 0)
		result = make_one(copy, mode, uid, gid);
	mem_free(copy);
	return result;
}

int
path_read_open(int fd, size_t limit, struct buf *into)
{
	size_t	total = 0;
	ssize_t	n;

	while ((n = read(fd, buf_reserve(into, 8192), 8192)) > 0) {
		buf_commit(into, (size_t)n);
		if ((total += (size_t)n) > limit) {
			errno = EFBIG;
			return -1;
		}
	}
	return n < 0 ? -1 : 0;
}

int
path_read(const char *file, size_t limit, struct buf *into)
{
	int	fd = open(file, O_RDONLY | O_CLOEXEC);
	int	result;

	if (fd < 0)
		return -1;
	result = path_read_open(fd, limit, into);
	close(fd);
	return result;
}

static int
write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		ssize_t	n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int
path_replace(const char *file, const void *data, size_t len)
{
	struct stat	 st;
	char		*temporary = mem_printf("%s.tmp", file);
	bool		 has_old = stat(file, &st) == 0;
	int		 fd, result = -1;

	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0) {
		result = write_all(fd, data, len);
		if (result == 0 && has_old)
			result = fchmod(fd, st.st_mode & 07777);
		if (result == 0 && has_old && geteuid() == 0)
			result = fchown(fd, st.st_uid, st.st_gid);
		if (result == 0)
			result = fsync(fd);
		if (close(fd) < 0)
			result = -1;
		if (result == 0)
			result = rename(temporary, file);
		if (result < 0)
			unlink(temporary);
	}
	mem_free(temporary);
	return result;
}

int
path_open_append(const char *file)
{
	bool		is_device = strncmp(file, "/dev/", 5) == 0;
	int		flags = O_WRONLY | O_APPEND | O_CLOEXEC;
	struct stat	st;
	int		fd;

	/*
	 * /dev/stdout is a symbolic link by nature.  A pipe is refused, not
	 * waited for; a regular file does not know O_NONBLOCK.
	 */
	if (!is_device)
		flags |= O_CREAT | O_NOFOLLOW | O_NONBLOCK;
	fd = open(file, flags, 0600);
	if (fd < 0 || is_device)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1) {
		close(fd);
		errno = EMLINK;
		return -1;
	}
	return fd;
}
