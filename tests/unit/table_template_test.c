#include "mail/table_template.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"

/* As SQL has it; bytes that are not ASCII cannot be quoted. */
static int
quote(void *arg, struct slice bytes, struct buf *into)
{
	(void)arg;
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] >= 0x80)
			return -1;
		if (bytes.data[i] == '\'')
			buf_put_u8(into, '\'');
		buf_put_u8(into, bytes.data[i]);
	}
	return 0;
}

static const struct {
	const char	*template, *key, *value, *text;	/* NULL: none */
} expanded[] = {
	{ "", "k", "v", "" },
	{ "a%%b", "k", "v", "a%b" },
	{ "<%s>", "k", "v", "<v>" },
	{ "<%S>", "k", "v", "<k>" },
	{ "%u %d", "k", "joe@a.example", "joe a.example" },
	{ "%U %D", "joe@a.example", "v", "joe a.example" },
	{ "%u", "k", "joe", "joe" },
	{ "%d", "k", "joe", NULL },
	{ "%u", "k", "@a.example", NULL },
	{ "%d", "k", "joe@", NULL },
	{ "%u|%d", "k", "a@b@c", "a@b|c" },
	{ "%1 %2 %3", "j@mail.a.example", "v", "example a mail" },
	{ "%4", "j@mail.a.example", "v", NULL },
	{ "%1", "j@example", "v", "example" },
	{ "%2", "j@example", "v", NULL },
	{ "%1", "example", "v", NULL },
	{ "%2", "j@a..b", "v", NULL },
	{ "%3", "j@a..b", "v", "a" },
	{ "'%s'", "k", "it's", "'it''s'" },
	{ "'%u' '%d'", "k", "'@'", "'''' ''''" },
	{ "%s", "k", "\303\274", NULL },
	{ "%s%s", "k", "%s", "%s%s" },
};

static void
expand(void)
{
	struct buf	got = BUF_INIT;

	for (size_t i = 0; i < sizeof(expanded) / sizeof(*expanded); i++) {
		struct table_template_values	values = {
			slice_str(expanded[i].key),
			slice_str(expanded[i].value),
		};
		int				result;

		buf_empty(&got);
		CU_ASSERT_PTR_NULL(table_template_why_bad(
		    expanded[i].template));
		result = table_template_expand(expanded[i].template, &values,
		    quote, NULL, &got);
		CU_ASSERT_EQUAL(result, expanded[i].text == NULL ? -1 : 0);
		if (expanded[i].text != NULL)
			CU_ASSERT_STRING_EQUAL(buf_cstr(&got),
			    expanded[i].text);
	}
	buf_clear(&got);
}

static void
bad(void)
{
	CU_ASSERT_PTR_NOT_NULL(table_template_why_bad("%"));
	CU_ASSERT_PTR_NOT_NULL(table_template_why_bad("a%x"));
	CU_ASSERT_PTR_NOT_NULL(table_template_why_bad("%0"));
	CU_ASSERT_PTR_NOT_NULL(table_template_why_bad("%%%"));
}

void	table_template_test(void);

void
table_template_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_template", NULL, NULL);

	CU_add_test(suite, "parts of keys and values", expand);
	CU_add_test(suite, "what is no template", bad);
}
