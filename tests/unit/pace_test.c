#include "net/pace.h"

#include <CUnit/CUnit.h>

#define LATEST	100000

static void
earns(void)
{
	CU_ASSERT_EQUAL(pace_earn(5000, 0, 500, LATEST), 5000);
	CU_ASSERT_EQUAL(pace_earn(5000, 500, 500, LATEST), 6000);
	CU_ASSERT_EQUAL(pace_earn(5000, 5, 500, LATEST), 5010);
	CU_ASSERT_EQUAL(pace_earn(5000, 1, 1000000, LATEST), 5000);
}

/* Who was fast has no more time than who begins. */
static void
earns_no_more(void)
{
	CU_ASSERT_EQUAL(pace_earn(5000, 1 << 30, 500, LATEST), LATEST);
	CU_ASSERT_EQUAL(pace_earn(5000, 1 << 30, 1, LATEST), LATEST);
}

void	pace_test(void);

void
pace_test(void)
{
	CU_pSuite	suite = CU_add_suite("pace", NULL, NULL);

	CU_add_test(suite, "bytes for time", earns);
	CU_add_test(suite, "up to a limit", earns_no_more);
}
