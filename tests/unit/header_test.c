#include "mail/header.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <time.h>

static void
names(void)
{
	static const struct {
		const char	*line;
		size_t		 len;
	} cases[] = {
		{ "Subject: x", 7 }, { "Subject : x", 7 }, { "Subject\t:", 7 },
		{ "Subject", 0 }, { ": x", 0 }, { "a b: x", 0 }, { "", 0 },
		{ " a: x", 0 }, { "\303\244: x", 0 }, { "a\177: x", 0 },
		{ "From someone Mon:", 0 }, { "x:", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CU_ASSERT_EQUAL(header_name_len(slice_str(cases[i].line)),
		    cases[i].len);
	CU_ASSERT(header_is(slice_str("SUBJECT: x"), "subject"));
	CU_ASSERT(!header_is(slice_str("Subject2: x"), "subject"));
	CU_ASSERT(slice_is(header_value(slice_str("A:  b c \r\n")), "b c"));
}

static void
date(void)
{
	struct buf	buf = BUF_INIT;

	setenv("TZ", "UTC", 1);
	tzset();
	header_put_date(&buf, 1795429515000000);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&buf),
	    "Mon, 23 Nov 2026 10:25:15 +0000 (UTC)");
	buf_empty(&buf);
	setenv("TZ", "EST5", 1);
	tzset();
	header_put_date(&buf, 1795429515000000);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&buf),
	    "Mon, 23 Nov 2026 05:25:15 -0500 (EST)");
	unsetenv("TZ");
	tzset();
	buf_clear(&buf);
}

void	header_test(void);

void
header_test(void)
{
	CU_pSuite	suite = CU_add_suite("header", NULL, NULL);

	CU_add_test(suite, "names", names);
	CU_add_test(suite, "date", date);
}
