#include "mail/alias_line.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char	*line, *shown;
} lines[] = {
	{ "root: joe", "root=joe" },
	{ "root:joe", "root=joe" },
	{ "root : joe, jane ", "root=joe, jane" },
	{ "Root:\t\"|/bin/x a, b\", :include:/f", "Root=\"|/bin/x a, b\", "
	    ":include:/f" },
	{ "\"john smith\": js", "\"john smith\"=js" },
	{ "\"john\": js", "john=js" },
	{ "\"a\\\"b\\\\c\" : js", "\"a\\\"b\\\\c\"=js" },
	{ "a.b-c+d: x", "a.b-c+d=x" },
	{ ".a: x", "\".a\"=x" },
	{ "a..b: x", "\"a..b\"=x" },
	{ "gr\303\274n: x", "gr\303\274n=x" },
	{ "a: b:c", "a=b:c" },
	{ "", "expected format: name: value, value ..." },
	{ "root", "expected format: name: value, value ..." },
	{ "root joe", "expected format: name: value, value ..." },
	{ "root joe: x", "expected format: name: value, value ..." },
	{ "root:", "expected format: name: value, value ..." },
	{ ": joe", "expected format: name: value, value ..." },
	{ "\"root: joe", "a double quote without another" },
	{ "\"root\\", "a double quote without another" },
	{ "\"\": x", "a double quote without another" },
	{ "\"", "a double quote without another" },
	{ "root: \"|x", "a double quote without another" },
	{ "a@b: c", "the name of an alias is local: without @" },
	{ "\"a@b\": c", "\"a@b\"=c" },
};

static void
splits(void)
{
	struct buf	got = BUF_INIT;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct slice	 value;
		const char	*why;

		buf_empty(&got);
		if (alias_line_split(slice_str(lines[i].line), &got, &value,
		    &why) == 0)
			buf_printf(&got, "=%.*s", SLICE_ARG(value));
		else
			buf_put_str(&got, why);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&got), lines[i].shown);
		if (strcmp(buf_cstr(&got), lines[i].shown) != 0)
			printf("\n%s\n", buf_cstr(&got));
	}
	buf_clear(&got);
}

void	alias_line_test(void);

void
alias_line_test(void)
{
	CU_pSuite	suite = CU_add_suite("alias_line", NULL, NULL);

	CU_add_test(suite, "names and their values", splits);
}
