/*
 * Runs every suite, or those named: unit [SUITE ...].
 * tests/unit/<stem>_test.c exports <stem>_test(), which registers one.
 * unit_list.h is made from the folder by the Makefile.
 */

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define TEST(stem)	void stem##_test(void);
#include "unit_list.h"
#undef TEST

static void
keep_only(char **names)
{
	CU_pSuite	suite;

	for (int i = 1; (suite = CU_get_suite_at_pos((unsigned)i)) != NULL;
	    i++) {
		char	**name = names;

		while (*name != NULL && strcmp(*name, suite->pName) != 0)
			name++;
		CU_set_suite_active(suite, *name != NULL ? CU_TRUE : CU_FALSE);
	}
	CU_set_fail_on_inactive(CU_FALSE);
}

/* Each resolver has hundreds, and lives as long as its program. */
static void
have_descriptors(void)
{
	struct rlimit	limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int
main(int argc, char **argv)
{
	unsigned	failed, run;

	have_descriptors();
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
#define TEST(stem)	stem##_test();
#include "unit_list.h"
#undef TEST
	if (argc > 1)
		keep_only(argv + 1);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed() +
	    CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	printf("unit: %u passed, %u failed\n", run - failed, failed);
	return failed == 0 && run > 0 ? 0 : 1;
}
