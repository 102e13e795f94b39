#include "master/service.h"

#include <CUnit/CUnit.h>

#include "master/program.h"

static void
waits_longer_and_longer(void)
{
	static const int64_t	never_ready[] = {
		100, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000
	};
	static const int64_t	was_ready[] = {
		0, 100, 200, 400, 800, 1000, 1000, 1000
	};

	CU_ASSERT_EQUAL(service_delay_ms(0, true, 60000), 0);
	for (size_t i = 0; i < sizeof(never_ready) / sizeof(*never_ready);
	    i++)
		CU_ASSERT_EQUAL(service_delay_ms((int)i + 1, false, 60000),
		    never_ready[i]);
	for (size_t i = 0; i < sizeof(was_ready) / sizeof(*was_ready); i++)
		CU_ASSERT_EQUAL(service_delay_ms((int)i + 1, true, 60000),
		    was_ready[i]);
	CU_ASSERT_EQUAL(service_delay_ms(1000000, false, 5000), 5000);
	CU_ASSERT_EQUAL(service_delay_ms(1000000, true, 500), 500);
}

static void
may_reach(void)
{
	const struct program	*smtpd = program_get("smtpd");
	const struct program	*unknown = program_get("unknown");

	CU_ASSERT_TRUE(program_can_reach(smtpd, "cleanup"));
	CU_ASSERT_TRUE(program_can_reach(program_get("smtp"), "qmgr"));
	CU_ASSERT_FALSE(program_can_reach(smtpd, "qmgr"));
	CU_ASSERT_FALSE(program_can_reach(smtpd, "clean"));
	CU_ASSERT_FALSE(program_can_reach(smtpd, ""));
	CU_ASSERT_FALSE(program_can_reach(smtpd, "cleanup lookup"));
	CU_ASSERT_FALSE(program_can_reach(unknown, "qmgr"));
	CU_ASSERT_FALSE(unknown->flags & PROGRAM_RESIDENT);
	CU_ASSERT_TRUE(program_is_foreign("trivial-rewrite"));
	CU_ASSERT_FALSE(program_is_foreign("smtpd"));
	CU_ASSERT_FALSE(program_is_foreign(""));
}

void	service_test(void);

void
service_test(void)
{
	CU_pSuite	suite = CU_add_suite("service", NULL, NULL);

	CU_ADD_TEST(suite, waits_longer_and_longer);
	CU_ADD_TEST(suite, may_reach);
}
