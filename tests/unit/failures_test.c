#include "auth/failures.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "conf/conf.h"

#define A	SLICE_LIT("192.0.2.1")
#define B	SLICE_LIT("192.0.2.200")
#define NOBODY	SLICE_LIT("")

static struct conf *
make_conf(const char *text)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
	    slice_str(text), &why), 0);
	return conf_new(source, &why);
}

static void
delays_grow(void)
{
	struct conf	*conf = make_conf("auth_failure_delay = 1s\n"
			    "auth_failure_delay_limit = 5s\n"
			    "auth_failure_memory = 60s\n");
	struct failures	*f = failures_new(conf);

	CU_ASSERT_EQUAL(failures_add(f, A, NOBODY, 0), 1000);
	CU_ASSERT_EQUAL(failures_add(f, A, NOBODY, 0), 2000);
	CU_ASSERT_EQUAL(failures_add(f, A, NOBODY, 0), 4000);
	CU_ASSERT_EQUAL(failures_add(f, A, NOBODY, 0), 5000);
	/* Another client, another login: from the beginning. */
	CU_ASSERT_EQUAL(failures_add(f, B, SLICE_LIT("joe"), 0), 1000);
	/* The same login, in any case, from anywhere. */
	CU_ASSERT_EQUAL(failures_add(f, SLICE_LIT("2001:db8::1"),
	    SLICE_LIT("JOE"), 0), 2000);
	CU_ASSERT_EQUAL(failures_add(f, NOBODY, SLICE_LIT("Joe"), 0), 4000);
	/* Each failure keeps it for a while. */
	CU_ASSERT_EQUAL(failures_add(f, B, NOBODY, 59999), 2000);
	CU_ASSERT_EQUAL(failures_add(f, A, NOBODY, 60000), 1000);
	CU_ASSERT_EQUAL(failures_add(f, B, NOBODY, 119998), 4000);
	failures_free(&f);
	conf_free(&conf);
}

static void
bars_clients(void)
{
	struct conf	*conf = make_conf("auth_failure_limit = 3\n"
			    "auth_failure_delay = 0s\n"
			    "auth_failure_memory = 10s\n"
			    "smtpd_client_ipv4_prefix_length = 25\n");
	struct failures	*f = failures_new(conf);

	for (int i = 0; i < 3; i++) {
		CU_ASSERT_FALSE(failures_is_barred(f, A, 0));
		CU_ASSERT_EQUAL(failures_add(f, A, SLICE_LIT("joe"), 0), 0);
	}
	CU_ASSERT(failures_is_barred(f, A, 9999));
	CU_ASSERT(failures_is_barred(f, SLICE_LIT("192.0.2.2"), 9999));
	CU_ASSERT_FALSE(failures_is_barred(f, B, 9999));
	CU_ASSERT_FALSE(failures_is_barred(f, NOBODY, 9999));
	CU_ASSERT_FALSE(failures_is_barred(f, A, 10000));
	CU_ASSERT_EQUAL(failures_size(f), 0);
	failures_free(&f);
	conf_free(&conf);
}

static void
is_bounded(void)
{
	struct conf	*conf = make_conf("");
	struct failures	*f = failures_new(conf);
	char		 login[32];

	for (int i = 0; i < FAILURES_LIMIT + 1000; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		failures_add(f, NOBODY, slice_str(login), i / 1000);
	}
	CU_ASSERT_EQUAL(failures_size(f), FAILURES_LIMIT);
	failures_free(&f);
	conf_free(&conf);
}

void	failures_test(void);

void
failures_test(void)
{
	CU_pSuite	suite = CU_add_suite("failures", NULL, NULL);

	CU_add_test(suite, "delays grow", delays_grow);
	CU_add_test(suite, "bars clients", bars_clients);
	CU_add_test(suite, "is bounded", is_bounded);
}
