#include "util/log_limit.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/log.h"

static int
lines(int fd, const char *what)
{
	struct buf	 text = BUF_INIT;
	const char	*p;
	ssize_t		 n;
	int		 count = 0;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf_reserve(&text, 4096), 4096)) > 0)
		buf_commit(&text, (size_t)n);
	p = buf_cstr(&text);
	while ((p = strstr(p, what)) != NULL) {
		count++;
		p++;
	}
	buf_clear(&text);
	return count;
}

static void
tells_some_of_many(void)
{
	char			path[] = "/tmp/tern-limit-XXXXXX";
	int			fd = mkostemp(path, O_APPEND);
	struct log_limit	limit = { 0, 0 };

	unlink(path);
	log_open_fd("unit", fd);
	for (int i = 0; i < 100000; i++)
		log_limit_warn(&limit, "number %d of uid %ld", i, 7L);
	CU_ASSERT_EQUAL(lines(fd, "warning: number "), LOG_LIMIT_LINES);
	CU_ASSERT_EQUAL(lines(fd, "number 0 of uid 7\n"), 1);
	CU_ASSERT_EQUAL(lines(fd, "number 9 of uid 7 (more "), 1);

	/* The next period tells how many there were. */
	limit.until_ms = 0;
	log_limit_warn(&limit, "again");
	log_limit_warn(&limit, "again");
	CU_ASSERT_EQUAL(lines(fd, "warning: 99990 warnings like the next one "
	    "were left out\n"), 1);
	CU_ASSERT_EQUAL(lines(fd, "warning: again\n"), 2);

	/* And tells nothing where nothing was left out. */
	limit.until_ms = 0;
	log_limit_warn(&limit, "later");
	CU_ASSERT_EQUAL(lines(fd, "left out\n"), 1);
	log_open_fd("unit", STDERR_FILENO);
	close(fd);
}

void	log_limit_test(void);

void
log_limit_test(void)
{
	CU_pSuite	suite = CU_add_suite("log_limit", NULL, NULL);

	CU_ADD_TEST(suite, tells_some_of_many);
}
