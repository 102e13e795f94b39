#include "load/sink_numbers.h"

#include <CUnit/CUnit.h>

static void
counts_numbers_and_twins(void)
{
	static const char	*heads[] = {
		"X-Tern-Run: a\r\nX-Tern-Number: 1\r\n",
		"Received: x\r\n\ty\r\nx-tern-number:  70000\r\n"
		    "X-Tern-Run: a\r\n",
		"X-Tern-Run: b\r\nX-Tern-Number: 1\r\n",
		"X-Tern-Run: a\r\nX-Tern-Number: 1",
		/* none of these has a number we take */
		"", "X-Tern-Run: a\r\n", "X-Tern-Number: x\r\n",
		"X-Tern-Number: 0\r\n", "X-Tern-Number: 99999999999999\r\n",
	};
	struct loop		*loop = loop_new();
	struct sink_numbers	*numbers = sink_numbers_new(loop);

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		sink_numbers_add(numbers, slice_str(heads[i]));
	CU_ASSERT_EQUAL(sink_numbers_count(numbers), 3);
	CU_ASSERT_EQUAL(sink_numbers_twins(numbers), 1);
	sink_numbers_free(&numbers);
	loop_free(&loop);
}

void	sink_numbers_test(void);

void
sink_numbers_test(void)
{
	CU_pSuite	suite = CU_add_suite("sink_numbers", NULL, NULL);

	CU_add_test(suite, "counts numbers and twins",
	    counts_numbers_and_twins);
}
