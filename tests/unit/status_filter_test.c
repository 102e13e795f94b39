#include "smtp/status_filter.h"

#include <CUnit/CUnit.h>

#include "mail/table_list.h"
#include "util/mem.h"

/* What there was, the tables; what comes of it: NULL: as it was. */
static const struct {
	enum outcome_kind	 kind;
	const char		*dsn, *reason, *tables, *want;
} cases[] = {
	{ OUTCOME_DEFERRED, "4.7.1", "go away",
	    "pcre:{{/^4(\\.7\\.1 .*)/ 5$1}}", "5.7.1 go away, bounced" },
	{ OUTCOME_FAILED, "5.7.1", "go away",
	    "pcre:{{/^5(\\.7\\.1 .*)/ 4$1 (soft)}}",
	    "4.7.1 go away (soft), deferred" },
	{ OUTCOME_FAILED, "5.7.1", "x", "static:{5.0.0 other}",
	    "5.0.0 other, bounced" },
	{ OUTCOME_SENT, "2.0.0", "Ok", "static:{2.1.5 fine}",
	    "2.1.5 fine, sent" },
	{ OUTCOME_SENT, "2.0.0", "Ok", "static:{5.1.5 lost}", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "static:{2.0.0 sent!}", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "static:{5.0.0}", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "static:{5.0 x}", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "static:{5.0.0.0 x}", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "static:{50.0.0 x}", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "static:{5.0.a x}", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "static:{3.0.0 x}", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "static:{ }", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "fail:x", NULL },
	{ OUTCOME_DEFERRED, "4.0.0", "x", "inline:{a=b}", NULL },
};

static void
results(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf		 dsn = BUF_INIT, reason = BUF_INIT;
		enum outcome_kind	 kind = cases[i].kind;
		struct table_list_held	*filter;
		char			*why;
		bool			 got;

		filter = table_list_fix(cases[i].tables, TABLE_QUICK,
		    &why);
		CU_ASSERT_PTR_NOT_NULL_FATAL(filter);
		got = status_filter_apply(filter, &kind, cases[i].dsn,
		    cases[i].reason, &dsn, &reason);
		CU_ASSERT_EQUAL(got, cases[i].want != NULL);
		if (!got) {
			CU_ASSERT_EQUAL(kind, cases[i].kind);
			CU_ASSERT_EQUAL(dsn.len + reason.len, 0);
		} else {
			buf_printf(&dsn, " %s, %s", buf_cstr(&reason),
			    outcome_name(kind));
			CU_ASSERT_STRING_EQUAL(buf_cstr(&dsn),
			    cases[i].want);
		}
		buf_clear(&dsn);
		buf_clear(&reason);
		table_list_release(&filter);
	}
}

void	status_filter_test(void);

void
status_filter_test(void)
{
	CU_pSuite	suite = CU_add_suite("status_filter", NULL, NULL);

	CU_add_test(suite, "results", results);
}
