#include "mail/outcome.h"

#include <CUnit/CUnit.h>

static void
names(void)
{
	CU_ASSERT_STRING_EQUAL(outcome_name(OUTCOME_SENT), "sent");
	CU_ASSERT_STRING_EQUAL(outcome_name(OUTCOME_DEFERRED), "deferred");
	CU_ASSERT_STRING_EQUAL(outcome_name(OUTCOME_FAILED), "bounced");
	CU_ASSERT_STRING_EQUAL(outcome_name(OUTCOME_ELSEWHERE), "elsewhere");
}

void	outcome_test(void);

void
outcome_test(void)
{
	CU_pSuite	suite = CU_add_suite("outcome", NULL, NULL);

	CU_add_test(suite, "names", names);
}
