#include "mail/delivery_log.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"

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
		CU_ASSERT_STRING_EQUAL(delivery_log_time(times[i].us, 2, text),
		    times[i].text);
}

/* delay_logging_resolution_limit */
static void
knows_its_limit(void)
{
	static const struct {
		int64_t		 us, limit;
		const char	*text;
	} cases[] = {
		{ 1234567, 0, "1" }, { 567890, 0, "1" }, { 467890, 0, "0" },
		{ 567890, 1, "0.6" }, { 1234567, 1, "1.2" },
		{ 1234567, 6, "1.2" }, { 123456, 6, "0.12" },
		{ 12345, 6, "0.012" }, { 12345, 3, "0.012" },
		{ 1234, 6, "0.0012" }, { 12, 6, "0.000012" },
		{ 12, 4, "0" }, { 1, 6, "0.000001" }, { 0, 6, "0" },
		{ 70000000, 6, "70" }, { 100000000, 0, "100" },
	};
	char	text[DELIVERY_TIME_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CU_ASSERT_STRING_EQUAL(delivery_log_time(cases[i].us,
		    cases[i].limit, text), cases[i].text);
}

/* K49: what was said of TLS stands between the times and the status. */
static void
tells_tls(void)
{
	static const char *const	tls[] = { "may:none", NULL };
	struct delivery_log		log = {
		.recipient = "a@b", .original = "a@b", .relay = "h[1]:25",
		.use = 2, .dsn = "2.0.0", .kind = OUTCOME_SENT,
		.reason = "250 ok",
	};
	char				line[512], want[64];
	int				ends[2];
	ssize_t				n;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	log_open_fd("t", ends[1]);
	for (size_t i = 0; i < 2; i++) {
		log.tls = tls[i];
		delivery_log_put(&log);
		log_flush();
		n = read(ends[0], line, sizeof(line) - 1);
		CU_ASSERT_TRUE_FATAL(n > 0);
		line[n] = '\0';
		snprintf(want, sizeof(want), "/0%s%s, dsn=2.0.0, status=",
		    tls[i] == NULL ? "" : ", tls=",
		    tls[i] == NULL ? "" : tls[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(line, want));
	}
	log_open_fd("unit", STDERR_FILENO);
	close(ends[0]);
}

void	delivery_log_test(void);

void
delivery_log_test(void)
{
	CU_pSuite	suite = CU_add_suite("delivery_log", NULL, NULL);

	CU_add_test(suite, "times", formats_times);
	CU_add_test(suite, "knows its limit", knows_its_limit);
	CU_add_test(suite, "tls=", tells_tls);
}
