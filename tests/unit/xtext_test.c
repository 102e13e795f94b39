#include "mail/xtext.h"

#include <CUnit/CUnit.h>

static const struct {
	const char	*xtext;
	const char	*text;	/* NULL: no xtext */
	bool		 is_printable;
} rows[] = {
	{ "", "", true },
	{ "QQ314159", "QQ314159", true },
	{ "a+2B+3Db+20c", "a+=b c", true },
	{ "+0A", "\n", false },
	{ "+C3+A9", "\303\251", false },
	{ "a+", NULL, false },
	{ "a+2", NULL, false },
	{ "a+2b", NULL, false },
	{ "a+2G", NULL, false },
	{ "a=b", NULL, false },
	{ "a b", NULL, false },
	{ "\303\251", NULL, false },
	{ "\177", NULL, false },
};

static void
decodes(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf	text = BUF_INIT;

		CU_ASSERT_EQUAL(xtext_decode(slice_str(rows[i].xtext), &text),
		    rows[i].text == NULL ? -1 : 0);
		if (rows[i].text != NULL)
			CU_ASSERT_STRING_EQUAL(buf_cstr(&text), rows[i].text);
		CU_ASSERT_EQUAL(xtext_is_printable(slice_str(rows[i].xtext)),
		    rows[i].is_printable);
		buf_clear(&text);
	}
}

void	xtext_test(void);

void
xtext_test(void)
{
	CU_pSuite	suite = CU_add_suite("xtext", NULL, NULL);

	CU_add_test(suite, "decodes", decodes);
}
