#include "smtp/reply_filter.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "mail/table_list.h"
#include "smtp/answer.h"

static const struct {
	const char	*tables;
	const char	*line;
	const char	*want;		/* NULL: as it was */
} cases[] = {
	{ "inline:{{250-SIZE=250-SIZE 10}}", "250-SIZE", "250-SIZE 10" },
	{ "inline:{{250-SIZE=250-SIZE 10}}", "250 SIZE", NULL },
	{ "regexp:{{/^4(.*)/ 5$1}}", "450 4.1.1 no", "550 4.1.1 no" },
	{ "regexp:{{/^550/ 450 later}}", "550 no", "450 later" },
	/* Nothing is turned over. */
	{ "regexp:{{/^550/ 250 taken}}", "550 no", NULL },
	{ "regexp:{{/^250/ 550 no}}", "250 ok", NULL },
	{ "regexp:{{/^354/ 250 ok}}", "354 go", NULL },
	{ "regexp:{{/^250/ rubbish}}", "250 ok", NULL },
	{ "regexp:{{/^250/ 25}}", "250 ok", NULL },
	/* Rubbish says neither. */
	{ "regexp:{{!/^[2-5][0-9][0-9]/ 250-filler}}", "hello", "250-filler" },
	{ "regexp:{{!/^[2-5][0-9][0-9]/ 250-filler}}", "", "250-filler" },
	{ "regexp:{{/./ 250 filler}}", "hello", NULL },
	{ "regexp:{{/./ 250}}", "hello", NULL },
	{ "fail:x", "250 ok", NULL },
};

static void
lines(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf		 new = BUF_INIT;
		char			*why;
		struct table_list_held	*filter;
		bool			 got;

		filter = table_list_fix(cases[i].tables, TABLE_QUICK, &why);
		CU_ASSERT_PTR_NOT_NULL_FATAL(filter);
		got = reply_filter_apply(filter, slice_str(cases[i].line),
		    &new);
		CU_ASSERT_EQUAL(got, cases[i].want != NULL);
		if (got && cases[i].want != NULL)
			CU_ASSERT_STRING_EQUAL(buf_cstr(&new),
			    cases[i].want);
		buf_clear(&new);
		table_list_release(&filter);
	}
}

/* The reader takes the lines for what they became. */
static void
replies(void)
{
	char			*none;
	const char		*why;
	struct table_list_held	*filter = table_list_fix(
				    "regexp:{{/^250-([^f].*)/ 250 $1} "
				    "{/^junk/ 250-filler}}", TABLE_QUICK,
				    &none);
	struct answer		 answer = { .filter = filter };
	struct buf		 in = BUF_INIT;

	buf_put_str(&in, "junk\r\n250 a\r\n250-b\r\n250 c\r\n");
	CU_ASSERT_EQUAL(answer_next(&answer, &in, &why), 1);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&answer.text), "250-filler 250 a");
	/* As when TLS begins. */
	answer_clear(&answer);
	CU_ASSERT_EQUAL(answer_next(&answer, &in, &why), 1);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&answer.text), "250 b");
	CU_ASSERT_EQUAL(answer_next(&answer, &in, &why), 1);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&answer.text), "250 c");
	buf_clear(&in);
	table_list_release(&filter);
	answer_clear(&answer);
}

void	reply_filter_test(void);

void
reply_filter_test(void)
{
	CU_pSuite	suite = CU_add_suite("reply_filter", NULL, NULL);

	CU_add_test(suite, "lines", lines);
	CU_add_test(suite, "replies", replies);
}
