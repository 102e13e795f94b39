#include "smtpd/dsn.h"

#include <CUnit/CUnit.h>

#include "mail/ipc.h"

static void
ret(void)
{
	uint32_t	flags = MAIL_UTF8;

	CU_ASSERT_EQUAL(dsn_parse_ret(SLICE_LIT("hdrs"), &flags), 0);
	CU_ASSERT_EQUAL(flags, MAIL_UTF8 | MAIL_RET_HDRS);
	flags = 0;
	CU_ASSERT_EQUAL(dsn_parse_ret(SLICE_LIT("FULL"), &flags), 0);
	CU_ASSERT_EQUAL(flags, MAIL_RET_FULL);
	CU_ASSERT_EQUAL(dsn_parse_ret(SLICE_LIT(""), &flags), -1);
	CU_ASSERT_EQUAL(dsn_parse_ret(SLICE_LIT("FULL "), &flags), -1);
}

static void
notify(void)
{
	static const struct {
		const char	*value;
		int		 notify;	/* -1: refused */
	} rows[] = {
		{ "NEVER", RCPT_NOTIFY_NEVER },
		{ "never", RCPT_NOTIFY_NEVER },
		{ "SUCCESS", RCPT_NOTIFY_SUCCESS },
		{ "Failure,DELAY", RCPT_NOTIFY_FAILURE | RCPT_NOTIFY_DELAY },
		{ "DELAY,SUCCESS,FAILURE", RCPT_NOTIFY_ALL -
		    RCPT_NOTIFY_NEVER },
		{ "", -1 }, { ",", -1 }, { "DELAY,", -1 }, { ",DELAY", -1 },
		{ "DELAY,,SUCCESS", -1 }, { "NEVER,DELAY", -1 },
		{ "DELAY,NEVER", -1 }, { "SUCCESS DELAY", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t	got = 0;
		int		result = dsn_parse_notify(
				    slice_str(rows[i].value), &got);

		CU_ASSERT_EQUAL(result == 0 ? (int)got : -1, rows[i].notify);
	}
}

static void
orcpt(void)
{
	static const struct {
		const char	*value;
		bool		 is_ascii, is_utf8;	/* is good there */
	} rows[] = {
		{ "rfc822;b@dest.example", true, true },
		{ "rfc822;b+40dest", true, true },
		{ "utf-8;b\\x{E9}@dest", true, true },
		{ "UTF-8;\303\251@dest", false, true },
		{ "utf-8;\303", false, false },
		{ "utf-8;\303\251+2", false, false },
		{ "rfc822;\303\251", false, false },
		{ "rfc822;", false, false },
		{ ";b", false, false },
		{ "rfc822", false, false },
		{ "rfc 822;b", false, false },
		{ "rfc822;b+0A", false, false },
		/* as Postfix has it */
		{ "rfc822;j+C3+B6rg@dest", false, true },
		{ "RFC822;+F0+9F+93+AB+2B@dest", false, true },
		{ "rfc822;j+C3@dest", false, false },
		{ "rfc822;+C3+B6+0D+0A", false, false },
		{ "rfc822;+C3+B6+00", false, false },
		{ "rfc822;+C2+85@dest", false, false },
		{ "x400;+C3+B6", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct slice	value = slice_str(rows[i].value);

		CU_ASSERT_EQUAL(dsn_is_orcpt(value, false), rows[i].is_ascii);
		CU_ASSERT_EQUAL(dsn_is_orcpt(value, true), rows[i].is_utf8);
	}
}

void	dsn_test(void);

void
dsn_test(void)
{
	CU_pSuite	suite = CU_add_suite("dsn", NULL, NULL);

	CU_add_test(suite, "RET", ret);
	CU_add_test(suite, "NOTIFY", notify);
	CU_add_test(suite, "ORCPT", orcpt);
}
