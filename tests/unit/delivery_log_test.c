#include "mail/delivery_log.h"

#include <CUnit/CUnit.h>

static const struct {
	int64_t		 us;
	const char	*text;
} times[] = {
	{ -5, "0" }, { 0, "0" }, { 4999, "0" }, { 5000, "0.01" },
	{ 50000, "0.05" }, { 99000, "0.1" }, { 100000, "0.1" },
	{ 123456, "0.12" }, { 994999, "0.99" }, { 1000000, "1" },
	{ 1234567, "1.2" }, { 1250000, "1.3" }, { 9940000, "9.9" },
	{ 10000000, "10" }, { 12345678, "12" }, { 100000000, "100" },
	{ 3600000000, "3600" },
};

static void
formats_times(void)
{
	char	text[DELIVERY_TIME_SIZE];

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		CU_ASSERT_STRING_EQUAL(delivery_log_time(times[i].us, text),
		    times[i].text);
}

void	delivery_log_test(void);

void
delivery_log_test(void)
{
	CU_pSuite	suite = CU_add_suite("delivery_log", NULL, NULL);

	CU_add_test(suite, "times", formats_times);
}
