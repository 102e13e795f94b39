#include "mail/snapshot.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "util/buf.h"

static struct conf *
make_conf(void)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	CU_ASSERT_EQUAL(conf_source_load(source, "main.cf",
	    SLICE_LIT("myhostname = a.example\nmyorigin = $myhostname\n"),
	    &why), 0);
	return conf_new(source, &why);
}

/* Who reads it has the same text. */
static void
is_the_configuration(void)
{
	struct conf		*conf = make_conf();
	struct conf_source	*copy = conf_source_new();
	struct buf		 text = BUF_INIT;
	struct stat		 st;
	int			 fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
	fd = snapshot_new(conf);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CU_ASSERT_EQUAL(fstat(fd, &st), 0);
	CU_ASSERT_EQUAL(pread(fd, buf_reserve(&text, (size_t)st.st_size),
	    (size_t)st.st_size, 0), st.st_size);
	buf_commit(&text, (size_t)st.st_size);
	CU_ASSERT_EQUAL(conf_source_parse(copy, buf_slice(&text)), 0);
	CU_ASSERT_STRING_EQUAL(conf_source_find(copy, "myhostname"),
	    "a.example");
	CU_ASSERT_STRING_EQUAL(conf_source_find(copy, "myorigin"),
	    "$myhostname");
	CU_ASSERT_STRING_EQUAL(conf_source_where(copy, "myorigin"),
	    "main.cf:2");
	close(fd);
	buf_clear(&text);
	conf_source_free(&copy);
	conf_free(&conf);
}

static void
nobody_can_change_it(void)
{
	struct conf	*conf = make_conf();
	int		 fd = snapshot_new(conf);

	CU_ASSERT_EQUAL(pwrite(fd, "x", 1, 0), -1);
	CU_ASSERT_EQUAL(errno, EPERM);
	CU_ASSERT_EQUAL(ftruncate(fd, 0), -1);
	CU_ASSERT_EQUAL(ftruncate(fd, 1 << 20), -1);
	CU_ASSERT_PTR_EQUAL(mmap(NULL, 1, PROT_WRITE, MAP_SHARED, fd, 0),
	    MAP_FAILED);
	CU_ASSERT_EQUAL(fcntl(fd, F_ADD_SEALS, 0), -1);
	close(fd);
	conf_free(&conf);
}

void	snapshot_test(void);

void
snapshot_test(void)
{
	CU_pSuite	suite = CU_add_suite("snapshot", NULL, NULL);

	CU_add_test(suite, "is the configuration", is_the_configuration);
	CU_add_test(suite, "nobody can change it", nobody_can_change_it);
}
