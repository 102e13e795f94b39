#include "mail/queue_id.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

static void
round_trips(void)
{
	char		text[QUEUE_ID_TEXT_SIZE], before[QUEUE_ID_TEXT_SIZE];
	uint64_t	id, got, time_us = 1795429515000000;

	srandom(1);
	for (int i = 0; i < 20000; i++) {
		time_us += (uint64_t)random() % 2000000 + 1;
		id = queue_id_make(time_us, (uint32_t)random() % 4096);
		queue_id_format(id, text);
		CU_ASSERT_EQUAL(queue_id_parse(slice_str(text), &got), 0);
		CU_ASSERT_EQUAL(got, id);
		CU_ASSERT_EQUAL(queue_id_time_us(id), time_us);
		/* Log readers know Postfix's long ids by this. */
		CU_ASSERT_EQUAL(strspn(text, "0123456789BCDFGHJKLMNPQRSTVWXYZ"
		    "bcdfghjklmnpqrstvwxyz"), strlen(text));
		if (i > 0)
			CU_ASSERT(strncmp(before, text, 10) <= 0 ||
			    strlen(before) < strlen(text));
		memcpy(before, text, sizeof(before));
	}
}

static void
refuses(void)
{
	static const char *const	bad[] = {
		"", "z", "4jY1Cg5tB0", "4jY1Cg5tB0z", "A", "4jY1Cg5tB0zz",
		"4jY1Cg5tB0zzzzzzzzzzzzzzzzzzzzzz", "aeiou1Cg5tBz0",
		"4jY1Cg5tB0z0 ", " 4jY1Cg5tB0z0", "04jY1Cg5tB0z0",
		"zzzzzzzzzzzzz0", "../../../etcz0", "4jY1Cg zzzz0",
	};
	uint64_t	id;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_EQUAL(queue_id_parse(slice_str(bad[i]), &id), -1);
}

void	queue_id_test(void);

void
queue_id_test(void)
{
	CU_pSuite	suite = CU_add_suite("queue_id", NULL, NULL);

	CU_add_test(suite, "round trips", round_trips);
	CU_add_test(suite, "refuses", refuses);
}
