#include "mail/feedback.h"

#include <CUnit/CUnit.h>
#include <math.h>

#include "conf/conf.h"
#include "util/mem.h"

/* In ten thousandths, at that concurrency; -1: it is none. */
static long
at(const char *text, int64_t concurrency)
{
	struct feedback	feedback;

	if (feedback_parse(slice_str(text), &feedback) < 0)
		return -1;
	return lround(feedback_get(&feedback, concurrency) * 10000);
}

static void
parses(void)
{
	static const char *const	bad[] = {
		"", " ", ".", "x", "1x", "-1", "1.5", "2", "1/", "/concurrency",
		"1/x", "1/concurrency/concurrency", "0.1.2", "1 concurrency",
		"1e0", "inf", "1/CONCURRENCY", "99999999999999999999",
	};

	CU_ASSERT_EQUAL(at("1", 4), 10000);
	CU_ASSERT_EQUAL(at(" 0.25 ", 4), 2500);
	CU_ASSERT_EQUAL(at("0", 4), 0);
	CU_ASSERT_EQUAL(at(".5", 4), 5000);
	CU_ASSERT_EQUAL(at("1/concurrency", 4), 2500);
	CU_ASSERT_EQUAL(at("1.0 / sqrt_concurrency", 4), 5000);
	CU_ASSERT_EQUAL(at("0.5/concurrency", 1), 5000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_EQUAL(at(bad[i], 1), -1);
}

static void
check(const char *text, const char *want)
{
	struct conf_source	*source = conf_source_new();
	struct conf		*conf;
	char			*why = NULL;

	CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
	    slice_str(text), &why), 0);
	conf = conf_new(source, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
	CU_ASSERT_EQUAL(feedback_check(conf, &why), want == NULL ? 0 : -1);
	if (want != NULL && why != NULL)
		CU_ASSERT_STRING_EQUAL(why, want);
	mem_free(why);
	conf_free(&conf);
}

static void
checks(void)
{
	check("", NULL);
	check("n = 1\n"
	    "smtp_destination_concurrency_negative_feedback = "
	    "$n/sqrt_concurrency\n", NULL);
	check("default_destination_concurrency_positive_feedback = 2\n",
	    "main.cf:1: default_destination_concurrency_positive_feedback: "
	    "\"2\" is no feedback: use a number from 0 to 1, alone or over "
	    "concurrency or sqrt_concurrency");
	check("\nslow_destination_concurrency_negative_feedback = 1/n\n",
	    "main.cf:2: slow_destination_concurrency_negative_feedback: "
	    "\"1/n\" is no feedback: use a number from 0 to 1, alone or over "
	    "concurrency or sqrt_concurrency");
}

void	feedback_test(void);

void
feedback_test(void)
{
	CU_pSuite	suite = CU_add_suite("feedback", NULL, NULL);

	CU_add_test(suite, "parses", parses);
	CU_add_test(suite, "checks", checks);
}
