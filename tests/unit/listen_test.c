#include "master/listen.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mem.h"

static char	folder[] = "/tmp/listen.XXXXXX";

static struct addr
unix_addr(const char *name)
{
	char		*path = mem_printf("%s/%s", folder, name);
	struct addr	 addr;

	CU_ASSERT_EQUAL(addr_parse_unix(path, &addr), 0);
	mem_free(path);
	return addr;
}

static int
mode_of(const char *name)
{
	char		*path = mem_printf("%s/%s", folder, name);
	struct stat	 st;
	int		 result = stat(path, &st) < 0 ? -1 :
			    (int)(st.st_mode & 07777);

	mem_free(path);
	return result;
}

static void
keeps_what_stays(void)
{
	struct listen_set	set = { NULL };
	struct addr		one, two;
	int			fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	one = unix_addr("one");
	two = unix_addr("two");
	fd = listen_get(&set, &one, 0666, 1);
	CU_ASSERT(fd >= 0);
	CU_ASSERT_EQUAL(mode_of("one"), 0666);
	CU_ASSERT(listen_get(&set, &two, 0600, 1) >= 0);
	CU_ASSERT_EQUAL(mode_of("two"), 0600);
	CU_ASSERT_EQUAL(listen_get(&set, &one, 0666, 1), -1);
	CU_ASSERT_EQUAL(errno, EEXIST);

	/* The next generation has only one of them. */
	CU_ASSERT_EQUAL(listen_get(&set, &one, 0666, 2), fd);
	listen_keep(&set, 2);
	CU_ASSERT_EQUAL(mode_of("one"), 0666);
	CU_ASSERT_EQUAL(mode_of("two"), -1);

	/* One that does not come about: it can be tried again. */
	CU_ASSERT_EQUAL(listen_get(&set, &one, 0666, 3), fd);
	CU_ASSERT(listen_get(&set, &two, 0666, 3) >= 0);
	listen_revert(&set, 3);
	CU_ASSERT_EQUAL(mode_of("two"), -1);
	CU_ASSERT_EQUAL(listen_get(&set, &one, 0666, 3), fd);
	listen_keep(&set, 3);

	listen_clear(&set);
	CU_ASSERT_EQUAL(mode_of("one"), -1);
	rmdir(folder);
}

static void
ports(void)
{
	struct listen_set	set = { NULL }, other = { NULL };
	struct addr		addr;
	socklen_t		len = sizeof(addr.storage);
	int			fd;

	CU_ASSERT_EQUAL(addr_parse_ip(SLICE_LIT("127.0.0.1"), 0, &addr), 0);
	fd = listen_get(&set, &addr, 0, 1);
	CU_ASSERT(fd >= 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&addr.storage,
	    &len), 0);
	CU_ASSERT_EQUAL(listen_get(&other, &addr, 0, 1), -1);
	CU_ASSERT_EQUAL(errno, EADDRINUSE);
	listen_clear(&set);
	CU_ASSERT(listen_get(&other, &addr, 0, 1) >= 0);
	listen_clear(&other);
}

void	listen_test(void);

void
listen_test(void)
{
	CU_pSuite	suite = CU_add_suite("listen", NULL, NULL);

	CU_ADD_TEST(suite, keeps_what_stays);
	CU_ADD_TEST(suite, ports);
}
