#include "load/load_ledger.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void
on_ready(void *arg)
{
	*(bool *)arg = true;
}

static void
gives_each_number_once(void)
{
	struct loop		*loop = loop_new();
	bool			 is_ready = false;
	struct load_ledger	*l = load_ledger_new(loop, 5, 2, on_ready,
				    &is_ready);

	CU_ASSERT_EQUAL(load_ledger_get(l), 5);
	CU_ASSERT_EQUAL(load_ledger_get(l), 6);
	CU_ASSERT_EQUAL(load_ledger_get(l), 0);
	load_ledger_settle(l, 5, LOAD_ACKNOWLEDGED, 1000);
	CU_ASSERT_FALSE(load_ledger_is_settled(l));
	load_ledger_settle(l, 6, LOAD_REFUSED, 1000);
	CU_ASSERT(load_ledger_is_settled(l));
	CU_ASSERT_EQUAL(load_ledger_count(l, LOAD_ACKNOWLEDGED), 1);
	load_ledger_free(&l);
	loop_free(&loop);
}

static void
takes_numbers_back(void)
{
	struct loop		*loop = loop_new();
	bool			 is_ready = false;
	struct load_ledger	*l = load_ledger_new(loop, 1, 2, on_ready,
				    &is_ready);

	for (int turn = 0; turn < 2; turn++) {
		uint64_t	number = load_ledger_get(l);

		is_ready = false;
		load_ledger_put(l, number);
		CU_ASSERT(load_ledger_is_waiting(l));
		for (int i = 0; i < 100 && !is_ready; i++)
			loop_tick(loop, 50);
		CU_ASSERT(is_ready);
		CU_ASSERT_EQUAL(load_ledger_get(l), number);
	}
	CU_ASSERT_EQUAL(load_ledger_get(l), 0);
	load_ledger_free(&l);
	loop_free(&loop);
}

static void
says_what_became_of_them(void)
{
	struct loop		*loop = loop_new();
	struct load_ledger	*l = load_ledger_new(loop, 1, 102, on_ready,
				    NULL);
	struct buf		 text = BUF_INIT;

	for (uint64_t i = 1; i <= 100; i++) {
		CU_ASSERT_EQUAL(load_ledger_get(l), i);
		load_ledger_settle(l, i, LOAD_ACKNOWLEDGED,
		    (int64_t)(101 - i) * 1000);
	}
	load_ledger_stop(l);
	CU_ASSERT_EQUAL(load_ledger_count(l, LOAD_FAILED), 2);
	load_ledger_format(l, true, &text);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&text), "messages=102 "
	    "acknowledged=100 refused=0 failed=2 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&text), "p50_ms=51.00 "
	    "p99_ms=100.00 p90_ms=91.00 p999_ms=100.00 max_ms=100.00"));
	buf_clear(&text);
	load_ledger_free(&l);
	loop_free(&loop);
}

void	load_ledger_test(void);

void
load_ledger_test(void)
{
	CU_pSuite	suite = CU_add_suite("load_ledger", NULL, NULL);

	CU_add_test(suite, "gives each number once", gives_each_number_once);
	CU_add_test(suite, "takes numbers back", takes_numbers_back);
	CU_add_test(suite, "says what became of them",
	    says_what_became_of_them);
}
