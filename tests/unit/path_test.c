#include "util/path.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mem.h"

static char	folder[] = "/tmp/tern-path-XXXXXX";
static char	name_of[2][200];

static int
set_up(void)
{
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
tear_down(void)
{
	char	command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* A name in the folder; the last two are good at a time. */
static const char *
in(const char *name)
{
	static int	turn;
	char		*to = name_of[turn ^= 1];

	snprintf(to, sizeof(name_of[0]), "%s/%s", folder, name);
	return to;
}

static void
put(const char *name, const char *text, mode_t mode)
{
	int	fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
}

static mode_t
mode_of(const char *name)
{
	struct stat	st;

	CU_ASSERT_EQUAL(stat(in(name), &st), 0);
	return st.st_mode & 07777;
}

/* The content of a file in the folder. */
static bool
holds(const char *name, const char *text)
{
	struct buf	buf = BUF_INIT;
	bool		result = path_read(in(name), 1000, &buf) == 0 &&
			    slice_is(buf_slice(&buf), text);

	buf_clear(&buf);
	return result;
}

static void
joins(void)
{
	char	*path = path_join("/a/b", "c");

	CU_ASSERT_STRING_EQUAL(path, "/a/b/c");
	mem_free(path);
}

static void
makes_folders(void)
{
	mode_t	old = umask(077);

	/* The mode is the one asked for, whatever the umask. */
	CU_ASSERT_EQUAL(path_make_folder(in("p/q/r"), 0751, (uid_t)-1, 0), 0);
	CU_ASSERT_EQUAL(mode_of("p/q/r"), 0751);
	CU_ASSERT_EQUAL(mode_of("p"), 0755);
	CU_ASSERT_EQUAL(mode_of("p/q"), 0755);
	umask(old);
	/* What is there stays as it is. */
	CU_ASSERT_EQUAL(path_make_folder(in("p/q/r"), 0700, (uid_t)-1, 0), 0);
	CU_ASSERT_EQUAL(mode_of("p/q/r"), 0751);

	put("file", "x", 0600);
	CU_ASSERT_EQUAL(path_make_folder(in("file"), 0700, (uid_t)-1, 0), -1);
	CU_ASSERT_EQUAL(errno, ENOTDIR);
	CU_ASSERT_EQUAL(path_make_folder(in("file/x"), 0700, (uid_t)-1, 0),
	    -1);
	CU_ASSERT_EQUAL(errno, ENOTDIR);
	CU_ASSERT(holds("file", "x"));
}

static void
makes_folders_for_others(void)
{
	struct stat	st;
	int		result = path_make_folder(in("o/p"), 0700,
			    geteuid() == 0 ? 12345 : getuid(), getgid());

	CU_ASSERT_EQUAL(result, 0);
	CU_ASSERT_EQUAL(stat(in("o/p"), &st), 0);
	CU_ASSERT_EQUAL(st.st_uid, geteuid() == 0 ? 12345 : getuid());
	CU_ASSERT_EQUAL(stat(in("o"), &st), 0);
	CU_ASSERT_EQUAL(st.st_uid, geteuid());
}

/* At most limit bytes: below, at, above. */
static void
reads_up_to_a_limit(void)
{
	struct buf	buf = BUF_INIT;

	put("ten", "0123456789", 0600);
	CU_ASSERT_EQUAL(path_read(in("ten"), 11, &buf), 0);
	CU_ASSERT_EQUAL(path_read(in("ten"), 10, &buf), 0);
	CU_ASSERT(slice_is(buf_slice(&buf), "01234567890123456789"));
	CU_ASSERT_EQUAL(path_read(in("ten"), 9, &buf), -1);
	CU_ASSERT_EQUAL(errno, EFBIG);
	CU_ASSERT_EQUAL(path_read(in("ten"), 0, &buf), -1);
	CU_ASSERT_EQUAL(path_read("/dev/zero", 100000, &buf), -1);
	CU_ASSERT_EQUAL(errno, EFBIG);
	buf_empty(&buf);
	put("empty", "", 0600);
	CU_ASSERT_EQUAL(path_read(in("empty"), 0, &buf), 0);
	CU_ASSERT_EQUAL(buf.len, 0);
	CU_ASSERT_EQUAL(path_read(in("none"), 10, &buf), -1);
	CU_ASSERT_EQUAL(errno, ENOENT);
	CU_ASSERT_EQUAL(path_read(folder, 10, &buf), -1);
	CU_ASSERT_EQUAL(errno, EISDIR);
	buf_clear(&buf);
}

static void
replaces(void)
{
	struct stat	before, after;

	CU_ASSERT_EQUAL(path_replace(in("new"), "one", 3), 0);
	CU_ASSERT(holds("new", "one"));
	CU_ASSERT_EQUAL(chmod(in("new"), 0640), 0);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(chown(in("new"), 12345, 54321), 0);
	CU_ASSERT_EQUAL(stat(in("new"), &before), 0);
	/* A second name keeps the old content: it is another file. */
	CU_ASSERT_EQUAL(link(in("new"), in("old")), 0);
	CU_ASSERT_EQUAL(path_replace(in("new"), "", 0), 0);
	CU_ASSERT(holds("new", ""));
	CU_ASSERT(holds("old", "one"));
	CU_ASSERT_EQUAL(stat(in("new"), &after), 0);
	CU_ASSERT_EQUAL(after.st_mode, before.st_mode);
	CU_ASSERT_EQUAL(after.st_uid, before.st_uid);
	CU_ASSERT_EQUAL(after.st_gid, before.st_gid);
	CU_ASSERT_EQUAL(access(in("new.tmp"), F_OK), -1);
}

/* All or nothing. */
static void
replaces_nothing(void)
{
	CU_ASSERT_EQUAL(path_replace(in("none/x"), "a", 1), -1);
	CU_ASSERT_EQUAL(errno, ENOENT);
	/* A folder cannot be replaced. */
	CU_ASSERT_EQUAL(mkdir(in("dir"), 0700), 0);
	CU_ASSERT_EQUAL(path_replace(in("dir"), "a", 1), -1);
	CU_ASSERT_EQUAL(errno, EISDIR);
	CU_ASSERT_EQUAL(access(in("dir.tmp"), F_OK), -1);
}

/* A link in the way of the temporary file is not followed. */
static void
replaces_through_no_trap(void)
{
	put("victim", "keep", 0600);
	CU_ASSERT_EQUAL(symlink(in("victim"), in("trap.tmp")), 0);
	CU_ASSERT_EQUAL(path_replace(in("trap"), "new", 3), 0);
	CU_ASSERT(holds("victim", "keep"));
	CU_ASSERT(holds("trap", "new"));
}

static void
opens_to_append(void)
{
	mode_t	old = umask(0);
	int	fd = path_open_append(in("log"));

	umask(old);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(mode_of("log"), 0600);
	CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CU_ASSERT_EQUAL(write(fd, "a", 1), 1);
	close(fd);
	fd = path_open_append(in("log"));
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_SET), 0);
	CU_ASSERT_EQUAL(write(fd, "b", 1), 1);
	close(fd);
	CU_ASSERT(holds("log", "ab"));
}

static void
opens_no_trap(void)
{
	int	fd;

	put("target", "keep", 0600);
	CU_ASSERT_EQUAL(symlink(in("target"), in("symbolic")), 0);
	CU_ASSERT_EQUAL(path_open_append(in("symbolic")), -1);
	CU_ASSERT_EQUAL(symlink(in("absent"), in("dangling")), 0);
	CU_ASSERT_EQUAL(path_open_append(in("dangling")), -1);
	CU_ASSERT_EQUAL(access(in("absent"), F_OK), -1);
	CU_ASSERT_EQUAL(link(in("target"), in("hard")), 0);
	CU_ASSERT_EQUAL(path_open_append(in("hard")), -1);
	CU_ASSERT_EQUAL(path_open_append(in("target")), -1);
	CU_ASSERT_EQUAL(path_open_append(folder), -1);
	CU_ASSERT_EQUAL(path_open_append(in("none/x")), -1);
	CU_ASSERT_EQUAL(errno, ENOENT);

	fd = path_open_append("/dev/null");
	CU_ASSERT(fd >= 0);
	CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

/* A pipe without reader would hold up who opens it. */
static void
opens_no_pipe(void)
{
	alarm(20);
	CU_ASSERT_EQUAL(mkfifo(in("pipe"), 0600), 0);
	CU_ASSERT_EQUAL(path_open_append(in("pipe")), -1);
	alarm(0);
}

void	path_test(void);

void
path_test(void)
{
	CU_pSuite	suite = CU_add_suite("path", set_up, tear_down);

	CU_add_test(suite, "joins", joins);
	CU_add_test(suite, "makes folders", makes_folders);
	CU_add_test(suite, "makes folders for others",
	    makes_folders_for_others);
	CU_add_test(suite, "reads up to a limit", reads_up_to_a_limit);
	CU_add_test(suite, "replaces", replaces);
	CU_add_test(suite, "replaces nothing", replaces_nothing);
	CU_add_test(suite, "replaces through no trap",
	    replaces_through_no_trap);
	CU_add_test(suite, "opens to append", opens_to_append);
	CU_add_test(suite, "opens no trap", opens_no_trap);
	CU_add_test(suite, "opens no pipe", opens_no_pipe);
}
