#include "master/logfile.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"
#include "util/mem.h"

static void
rotates_and_finds(void)
{
	char		 path[] = "/tmp/logfile.XXXXXX";
	char		*moved;
	struct conf	 conf = { .maillog_file = path, .syslog_name = "t",
			    .syslog_facility = "mail" };
	struct logfile	 logfile = LOGFILE_INIT;
	char		*why = NULL, *found;
	int		 fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	dprintf(fd, "x t/q[7]: fatal: long ago\n");
	close(fd);
	CU_ASSERT_EQUAL(logfile_open(&logfile, &conf, &why), 0);
	CU_ASSERT_PTR_NULL(logfile_find_fatal(&logfile, 7));
	dprintf(logfile.fd, "x t/q[17]: fatal: other\nx t/q[7]: warning: w\n"
	    "x t/q[7]: fatal: full\n");
	found = logfile_find_fatal(&logfile, 7);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_STRING_EQUAL(found, "full");
	mem_free(found);

	CU_ASSERT_FALSE(logfile_rotate(&logfile));
	moved = mem_printf("%s.1", path);
	CU_ASSERT_EQUAL(rename(path, moved), 0);
	CU_ASSERT_TRUE(logfile_rotate(&logfile));
	CU_ASSERT_FALSE(logfile_rotate(&logfile));
	CU_ASSERT_EQUAL(access(path, F_OK), 0);

	/* What cannot be opened changes nothing. */
	conf.maillog_file = "/nonexistent/log";
	CU_ASSERT_EQUAL(logfile_open(&logfile, &conf, &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "maillog_file: cannot open "
	    "/nonexistent/log: No such file or directory");
	mem_free(why);
	CU_ASSERT_STRING_EQUAL(logfile.path, path);
	unlink(path);
	unlink(moved);
	mem_free(moved);
	log_open_fd("unit", STDERR_FILENO);
	logfile_clear(&logfile);
}

void	logfile_test(void);

void
logfile_test(void)
{
	CU_pSuite	suite = CU_add_suite("logfile", NULL, NULL);

	CU_ADD_TEST(suite, rotates_and_finds);
}
