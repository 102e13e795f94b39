#include "util/clock.h"

#include <CUnit/CUnit.h>
#include <time.h>

static void
never_back(void)
{
	int64_t	last_us = clock_now_us(), last_ms = clock_now_ms();

	for (int i = 0; i < 100000; i++) {
		int64_t	us = clock_now_us(), ms = clock_now_ms();

		if (us < last_us || ms < last_ms)
			CU_FAIL("the clock went back");
		last_us = us;
		last_ms = ms;
	}
	CU_PASS("never back");
}

/* Both count one time, in their units. */
static void
units(void)
{
	int64_t		before_ms = clock_now_ms();
	int64_t		us = clock_now_us();
	int64_t		after_ms = clock_now_ms();
	struct timespec	wait = { 0, 5000000 };
	int64_t		begin_us = clock_now_us();

	CU_ASSERT(before_ms <= us / 1000);
	CU_ASSERT(us / 1000 <= after_ms);
	while (nanosleep(&wait, &wait) < 0)
		continue;
	CU_ASSERT(clock_now_us() - begin_us >= 5000);
	CU_ASSERT(clock_now_ms() - before_ms >= 5);
}

static void
wall(void)
{
	time_t	before = time(NULL);
	int64_t	us = clock_wall_us();
	time_t	after = time(NULL);

	/* time() may be a tick of the kernel behind. */
	CU_ASSERT(us / 1000000 >= before);
	CU_ASSERT(us / 1000000 <= after + 1);
}

void	clock_test(void);

void
clock_test(void)
{
	CU_pSuite	suite = CU_add_suite("clock", NULL, NULL);

	CU_add_test(suite, "never back", never_back);
	CU_add_test(suite, "units", units);
	CU_add_test(suite, "wall", wall);
}
