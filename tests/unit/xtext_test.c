#include "mail/xtext.h"

#include <CUnit/CUnit.h>

static const struct {
	const char	*xtext;
	const char	*text;	/* NULL: no xtext */
	bool		 is_printable, is_utf8;
} rows[] = {
	{ "", "", true, true },
	{ "QQ314159", "QQ314159", true, true },
	{ "a+2B+3Db+20c", "a+=b c", true, true },
	{ "+0A", "\n", false, false },
	{ "+C3+A9", "\303\251", false, true },
	{ "+E2+82+AC~", "\342\202\254~", false, true },
	{ "+C3", "\303", false, false },
	{ "+C0+AF", "\300\257", false, false },
	{ "+C2+85", "\302\205", false, false },
	{ "+C2+A0", "\302\240", false, true },
	{ "+C3+A9+7F", "\303\251\177", false, false },
	{ "a+", NULL, false, false },
	{ "a+2", NULL, false, false },
	{ "a+2b", NULL, false, false },
	{ "a+2G", NULL, false, false },
	{ "a=b", NULL, false, false },
	{ "a b", NULL, false, false },
	{ "\303\251", NULL, false, false },
	{ "\177", NULL, false, false },
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
		CU_ASSERT_EQUAL(xtext_is_utf8(slice_str(rows[i].xtext)),
		    rows[i].is_utf8);
		buf_clear(&text);
	}
}

/* What is decoded above, as there is one way to write it. */
static void
encodes(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf	xtext = BUF_INIT, text = BUF_INIT;

		if (rows[i].text == NULL)
			continue;
		xtext_encode(slice_str(rows[i].text), &xtext);
		CU_ASSERT_EQUAL(xtext_decode(buf_slice(&xtext), &text), 0);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&text), rows[i].text);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&xtext), rows[i].xtext);
		buf_clear(&xtext);
		buf_clear(&text);
	}
}

void	xtext_test(void);

void
xtext_test(void)
{
	CU_pSuite	suite = CU_add_suite("xtext", NULL, NULL);

	CU_add_test(suite, "decodes", decodes);
	CU_add_test(suite, "encodes", encodes);
}
