/*
 * Runs every suite: tests/unit/<stem>_test.c exports <stem>_test(), which
 * registers one.  unit_list.h is made from the folder by the Makefile.
 */

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>

#define TEST(stem)	void stem##_test(void);
#include "unit_list.h"
#undef TEST

int
main(void)
{
	unsigned	failed, run;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
#define TEST(stem)	stem##_test();
#include "unit_list.h"
#undef TEST
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed() +
	    CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	printf("unit: %u passed, %u failed\n", run - failed, failed);
	return failed == 0 && run > 0 ? 0 : 1;
}
