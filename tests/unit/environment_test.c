#include "master/environment.h"

#include <CUnit/CUnit.h>
#include <string.h>

static int
has(char **list, const char *variable)
{
	int	count = 0;

	for (; *list != NULL; list++)
		count += strcmp(*list, variable) == 0;
	return count;
}

static void
keeps_little(void)
{
	static char	tz[] = "TZ=UTC", path[] = "PATH=/tmp/evil";
	static char	preload[] = "LD_PRELOAD=x.so", crash[] = "TERN_X=1";
	static char	folder[] = "MAIL_CONFIG=/elsewhere", almost[] = "TZX=1";
	char		*from[] = { tz, path, preload, crash, folder, almost,
			    NULL };
	char		**list = environment_new("/etc/tern", from);
	size_t		count = 0;

	while (list[count] != NULL)
		count++;
	CU_ASSERT_EQUAL(count, 5);
	CU_ASSERT_EQUAL(has(list, "TZ=UTC"), 1);
	CU_ASSERT_EQUAL(has(list, "TERN_X=1"), 1);
	CU_ASSERT_EQUAL(has(list, "LANG=C"), 1);
	CU_ASSERT_EQUAL(has(list, "MAIL_CONFIG=/etc/tern"), 1);
	CU_ASSERT_EQUAL(has(list, "PATH=/tmp/evil"), 0);
	environment_free(&list);
	CU_ASSERT_PTR_NULL(list);
	environment_free(&list);
}

void	environment_test(void);

void
environment_test(void)
{
	CU_pSuite	suite = CU_add_suite("environment", NULL, NULL);

	CU_ADD_TEST(suite, keeps_little);
}
