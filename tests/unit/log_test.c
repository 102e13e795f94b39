#include "util/log.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/ascii.h"
#include "util/buf.h"

static int		fd = -1;
static struct buf	seen = BUF_INIT;

static int
set_up(void)
{
	char	path[] = "/tmp/tern-log-XXXXXX";

	if ((fd = mkostemp(path, O_APPEND)) < 0)
		return -1;
	unlink(path);
	log_open_fd("tern/unit", fd);
	return 0;
}

static int
tear_down(void)
{
	log_set_gather(false);
	log_set_verbose(false);
	log_open_fd("unit", STDERR_FILENO);
	buf_clear(&seen);
	return close(fd);
}

/* What has been written since the last call. */
static const char *
written(void)
{
	ssize_t	n;

	buf_empty(&seen);
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf_reserve(&seen, 4096), 4096)) > 0)
		buf_commit(&seen, (size_t)n);
	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	return buf_cstr(&seen);
}

/* The text of the one line written, without its prefix. */
static const char *
text(void)
{
	const char	*line = written(), *begin = strstr(line, "]: ");
	const char	*end = strchr(line, '\n');

	CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	CU_ASSERT_EQUAL(end[1], '\0');
	buf_truncate(&seen, (size_t)(end - line));
	return buf_cstr(&seen) + (begin + 3 - line);
}

/* Mon dd hh:mm:ss host tern/unit[pid]: text */
static void
shape(void)
{
	char		 month[4], host[65], rest[200];
	int		 day, hour, minute, second, pid;
	const char	*line;
	struct tm	 tm;
	struct utsname	 us;
	time_t		 now = time(NULL);
	char		 today[32];

	log_info("from=<%s>, size=%d", "a@b", 12);
	line = written();
	CU_ASSERT_EQUAL(sscanf(line, "%3s %2d %2d:%2d:%2d %64s "
	    "tern/unit[%d]: %199[^\n]", month, &day, &hour, &minute, &second,
	    host, &pid, rest), 8);
	CU_ASSERT_EQUAL(pid, getpid());
	CU_ASSERT_STRING_EQUAL(rest, "from=<a@b>, size=12");
	CU_ASSERT_EQUAL(uname(&us), 0);
	us.nodename[strcspn(us.nodename, ".")] = '\0';
	CU_ASSERT_STRING_EQUAL(host, us.nodename);
	/* The day may end while we look, but not twice. */
	localtime_r(&now, &tm);
	strftime(today, sizeof(today), "%b %e ", &tm);
	if (strncmp(line, today, strlen(today)) != 0) {
		now += 1;
		localtime_r(&now, &tm);
		strftime(today, sizeof(today), "%b %e ", &tm);
	}
	CU_ASSERT_NSTRING_EQUAL(line, today, strlen(today));
}

static void
severities(void)
{
	log_info("a");
	CU_ASSERT_STRING_EQUAL(text(), "a");
	log_warn("b %d", 1);
	CU_ASSERT_STRING_EQUAL(text(), "warning: b 1");
	CU_ASSERT_FALSE(log_is_verbose());
	log_debug("c");
	CU_ASSERT_STRING_EQUAL(written(), "");
	log_set_verbose(true);
	CU_ASSERT(log_is_verbose());
	log_debug("d");
	CU_ASSERT_STRING_EQUAL(text(), "d");
	log_set_verbose(false);
}

static void
keeps_errno(void)
{
	errno = ENOTDIR;
	log_info("a");
	CU_ASSERT_EQUAL(errno, ENOTDIR);
	CU_ASSERT_STRING_EQUAL(text(), "a");
}

static const struct {
	const char	*said, *logged;
} said[] = {
	{ "a\r\nb: fatal: c", "a??b: fatal: c" },
	{ "\x1b[2J\x7f\x01\t", "?[2J???" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\xe2\x82\xac \xf0\x9f\x93\xa7", "\xe2\x82\xac \xf0\x9f\x93\xa7" },
	/* stray, cut, overlong, surrogate, too large, C1 controls */
	{ "\x80\xff\xc3", "???" },
	{ "\xe2\x82", "??" },
	{ "\xc0\xaf\xe0\x80\xaf", "?????" },
	{ "\xed\xa0\x80", "???" },
	{ "\xf4\x90\x80\x80", "????" },
	{ "\xc2\x9b" "x\xc2\xa0", "??x\xc2\xa0" },
	{ "100%n%s", "100%n%s" },
};

static void
nothing_raw(void)
{
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		log_info("%s", said[i].said);
		CU_ASSERT_STRING_EQUAL(text(), said[i].logged);
	}
}

static bool
is_clean(const char *s)
{
	size_t	len = strlen(s), n;

	for (size_t i = 0; i < len; i += n) {
		n = ascii_utf8_len((const unsigned char *)s + i, len - i);
		if (n == 0 || (n == 1 && !ascii_is_print(s[i])))
			return false;
	}
	return true;
}

static void
random_bytes(void)
{
	char	bytes[300];

	srandom(5);
	for (int i = 0; i < 1000; i++) {
		size_t	len = (size_t)random() % sizeof(bytes);

		for (size_t k = 0; k < len; k++)
			bytes[k] = (char)(random() % 255 + 1);
		log_info("<%.*s>", (int)len, bytes);
		CU_ASSERT(is_clean(text()));
		CU_ASSERT_EQUAL(seen.data[seen.start + seen.len - 1], '>');
	}
}

/* Cut, and not through a character. */
static void
long_lines(void)
{
	static char	text_3[30000];

	for (size_t shift = 0; shift < 4; shift++) {
		memset(text_3, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof(text_3); i += 3)
			memcpy(text_3 + i, "\xe2\x82\xac", 3);
		log_info("%s", text_3);
		CU_ASSERT(is_clean(text()));
		CU_ASSERT(seen.len > 500);
		CU_ASSERT(seen.len < 4096);
	}
}

static void
gathers(void)
{
	int	lines = 0;

	log_set_gather(true);
	log_info("a");
	log_info("b");
	CU_ASSERT_STRING_EQUAL(written(), "");
	log_flush();
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "]: b\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&seen), "]: a\n"));
	while (lines < 1000 && *written() == '\0')
		log_info("line %d", lines++);
	CU_ASSERT(lines < 1000);
	CU_ASSERT(seen.len >= 16384);
	CU_ASSERT(seen.len < 16384 + 200);
	/* Changing where it goes loses nothing. */
	log_info("last");
	log_open_fd("tern/unit", fd);
	CU_ASSERT_STRING_EQUAL(text(), "last");
	log_set_gather(false);
}

/* A pipe without reader: the line is lost, the program goes on. */
static void
lost_reader(void)
{
	int	ends[2];

	signal(SIGPIPE, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	close(ends[0]);
	log_open_fd("tern/unit", ends[1]);
	log_info("nobody");
	log_open_fd("tern/unit", fd);
	close(ends[1]);
	CU_ASSERT_STRING_EQUAL(written(), "");
	log_info("back");
	CU_ASSERT_STRING_EQUAL(text(), "back");
}

/* How a process ends that says this. */
static int
ending(void (*say)(const char *, ...))
{
	pid_t	pid = fork();
	int	status = 0;

	if (pid == 0) {
		log_set_gather(true);
		log_info("before");
		say("the %s", "end");
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return status;
}

static void
endings(void)
{
	int	status = ending(log_fatal);

	CU_ASSERT(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "]: before\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&seen), "]: fatal: the end\n"));

	status = ending(log_panic);
	CU_ASSERT(WIFSIGNALED(status));
	CU_ASSERT_EQUAL(WTERMSIG(status), SIGABRT);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "]: panic: the end\n"));
}

static void
facilities(void)
{
	CU_ASSERT(log_is_facility("mail"));
	CU_ASSERT(log_is_facility("local0"));
	CU_ASSERT(log_is_facility("local7"));
	CU_ASSERT_FALSE(log_is_facility("local8"));
	CU_ASSERT_FALSE(log_is_facility("Mail"));
	CU_ASSERT_FALSE(log_is_facility(""));
}

void	log_test(void);

void
log_test(void)
{
	CU_pSuite	suite = CU_add_suite("log", set_up, tear_down);

	CU_add_test(suite, "shape", shape);
	CU_add_test(suite, "severities", severities);
	CU_add_test(suite, "keeps errno", keeps_errno);
	CU_add_test(suite, "nothing raw", nothing_raw);
	CU_add_test(suite, "random bytes", random_bytes);
	CU_add_test(suite, "long lines", long_lines);
	CU_add_test(suite, "gathers", gathers);
	CU_add_test(suite, "lost reader", lost_reader);
	CU_add_test(suite, "endings", endings);
	CU_add_test(suite, "facilities", facilities);
}
