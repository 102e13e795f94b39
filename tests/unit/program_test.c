#include "master/program.h"

#include <CUnit/CUnit.h>
#include <string.h>

static const char	*const names[] = { "smtpd", "cleanup", "qmgr", "smtp",
			    "lookup", "auth", "bounce", "local", "pickup" };

static bool
reaches(const char *from, const char *to)
{
	return program_can_reach(program_get(from), to);
}

static void
rows(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct program	*program = program_get(names[i]);

		CU_ASSERT_STRING_EQUAL(program->name, names[i]);
		/* Whoever needs files cannot live without them. */
		CU_ASSERT_FALSE((program->flags & PROGRAM_GATE) &&
		    (program->flags & PROGRAM_FILES));
	}
	CU_ASSERT(program_get("qmgr")->flags & PROGRAM_SINGLE);
	CU_ASSERT(program_get("smtpd")->flags & PROGRAM_GATE);
	CU_ASSERT(program_get("smtp")->flags & PROGRAM_GATE);
}

/* A stranger gets nothing. */
static void
strangers(void)
{
	static const char *const	strange[] = { "", "nosuch", "smtpd2",
					    "SMTPD", "smtp d", "qmg" };

	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
		const struct program	*program = program_get(strange[i]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(program);
		CU_ASSERT_FALSE(program->flags & (PROGRAM_GATE |
		    PROGRAM_RESIDENT | PROGRAM_PUBLIC | PROGRAM_SINGLE));
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			CU_ASSERT_FALSE(program_can_reach(program, names[k]));
	}
}

static void
who_may_reach_whom(void)
{
	CU_ASSERT(reaches("smtpd", "cleanup"));
	CU_ASSERT(reaches("cleanup", "qmgr"));
	CU_ASSERT(reaches("smtp", "qmgr"));
	/* What talks to the network does not reach the queue's intake. */
	CU_ASSERT_FALSE(reaches("smtpd", "qmgr"));
	CU_ASSERT_FALSE(reaches("smtpd", "smtp"));
	CU_ASSERT_FALSE(reaches("smtp", "cleanup"));
	CU_ASSERT_FALSE(reaches("lookup", "qmgr"));
	CU_ASSERT_FALSE(reaches("auth", "qmgr"));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		CU_ASSERT_FALSE(reaches(names[i], "smtpd"));
		CU_ASSERT_FALSE(reaches(names[i], names[i]));
		/* Whole names only. */
		CU_ASSERT_FALSE(reaches(names[i], ""));
		CU_ASSERT_FALSE(reaches(names[i], " "));
		CU_ASSERT_FALSE(reaches(names[i], "qmg"));
		CU_ASSERT_FALSE(reaches(names[i], "mgr"));
		CU_ASSERT_FALSE(reaches(names[i], "qmgr lookup"));
	}
}

static void
foreign(void)
{
	CU_ASSERT(program_is_foreign("anvil"));
	CU_ASSERT(program_is_foreign("virtual"));
	CU_ASSERT_FALSE(program_is_foreign("smtpd"));
	CU_ASSERT_FALSE(program_is_foreign("qmgr"));
	CU_ASSERT_FALSE(program_is_foreign(""));
	CU_ASSERT_FALSE(program_is_foreign("anvi"));
	CU_ASSERT_FALSE(program_is_foreign("anvil bounce"));
}

void	program_test(void);

void
program_test(void)
{
	CU_pSuite	suite = CU_add_suite("program", NULL, NULL);

	CU_add_test(suite, "rows", rows);
	CU_add_test(suite, "strangers", strangers);
	CU_add_test(suite, "who may reach whom", who_may_reach_whom);
	CU_add_test(suite, "foreign", foreign);
}
