#include "lookup/addressing.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/profile_fixture.h"

/* Of what is in the table, the first that is asked for is found. */
static const struct {
	const char	*delimiter, *table, *address;
	const char	*value, *extension;	/* NULL: nothing is found */
} cases[] = {
	{ "+", "{ u+x@a.example = 1 } { u@a.example = 2 }",
	    "u+x@a.example", "1", "" },
	{ "+", "{ u@a.example = 2 } { @a.example = 3 }",
	    "u+x@a.example", "2", "+x" },
	{ "+", "{ @a.example = 3 }", "u+x@a.example", "3", "" },
	{ "+", "{ u = 4 }", "u@a.example", NULL, NULL },
	{ "", "{ u@a.example = 2 }", "u+x@a.example", NULL, NULL },
	{ "+-", "{ u@a.example = 2 }", "u-x@a.example", "2", "-x" },
	{ "+-", "{ u@a.example = 2 }", "U-X@A.EXAMPLE", "2", "-X" },
	{ "+", "{ u+x = 1 } { u = 2 } { @ours.example = 3 }",
	    "u+x@ours.example", "1", "" },
	{ "+", "{ u = 2 } { @ours.example = 3 }",
	    "u+x@ours.example", "2", "+x" },
	{ "+", "{ u@ours.example = 1 } { u+x = 2 }",
	    "u+x@ours.example", "1", "+x" },
	{ "+", "{ u = 2 }", "u@[127.0.0.1]", "2", "" },
	{ "+", "{ u = 2 }", "u@origin.example", "2", "" },
	{ "+", "{ u = 2 }", "u", "2", "" },
	{ "+", "{ u = 2 }", "u+y", "2", "+y" },
	{ "+", "{ @ = 2 } { @ours.example = 3 }", "v", NULL, NULL },
	{ "", "{ \"\\\"a b\\\"@a.example\" = 1 }", "c@a.example", NULL,
	    NULL },
};

static void
order(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct profile		 profile;
		struct buf		 value = BUF_INIT, tail = BUF_INIT;
		char			*text;
		enum table_answer	 answer;

		text = mem_printf("mydestination = ours.example\n"
		    "myorigin = origin.example\nrecipient_delimiter = %s\n"
		    "virtual_alias_domains =\n"
		    "virtual_alias_maps = inline:{ %s }\n",
		    cases[i].delimiter, cases[i].table);
		profile_fixture_init(&profile, text);
		answer = addressing_find(&profile.addressing,
		    &profile.addressing.virtual_aliases,
		    slice_str(cases[i].address), &value, &tail);
		if (cases[i].value == NULL) {
			CU_ASSERT_EQUAL(answer, TABLE_NONE);
		} else {
			CU_ASSERT_EQUAL(answer, TABLE_FOUND);
			CU_ASSERT_STRING_EQUAL(buf_cstr(&value),
			    cases[i].value);
			CU_ASSERT_STRING_EQUAL(buf_cstr(&tail),
			    cases[i].extension);
			if (strcmp(buf_cstr(&value), cases[i].value) != 0)
				printf("\n%zu: %s\n", i, buf_cstr(&value));
		}
		buf_clear(&value);
		buf_clear(&tail);
		mem_free(text);
		profile_fixture_clear(&profile);
	}
}

/* Patterns see the whole address and nothing else. */
static void
whole_keys(void)
{
	struct profile	profile;
	struct buf	value = BUF_INIT;

	profile_fixture_init(&profile, "mydestination = ours.example\n"
	    "recipient_delimiter = +\nvirtual_alias_domains =\n"
	    "virtual_alias_maps = regexp:{ { /^u$$/ 1 } { /^@/ 2 } "
	    "{ /^u@ours/ 3 } { /^[+a-z]*@ours/ 4 } }\n");
	CU_ASSERT_EQUAL(addressing_find(&profile.addressing,
	    &profile.addressing.virtual_aliases,
	    slice_str("u+x@ours.example"), &value, NULL), TABLE_FOUND);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&value), "4");
	CU_ASSERT_EQUAL(addressing_find(&profile.addressing,
	    &profile.addressing.virtual_aliases,
	    slice_str("u+x@x.example"), &value, NULL), TABLE_NONE);
	buf_clear(&value);
	profile_fixture_clear(&profile);
}

static void
trouble(void)
{
	struct profile	profile;
	struct buf	value = BUF_INIT;

	profile_fixture_init(&profile, "virtual_alias_domains =\n"
	    "virtual_alias_maps = inline:{ { a@b = c } } fail:x\n"
	    "relocated_maps = nosuch:x\ncanonical_maps = inline:{ a\n");
	CU_ASSERT_EQUAL(addressing_find(&profile.addressing,
	    &profile.addressing.virtual_aliases, slice_str("a@b"), &value,
	    NULL), TABLE_FOUND);
	CU_ASSERT_EQUAL(addressing_find(&profile.addressing,
	    &profile.addressing.virtual_aliases, slice_str("b@b"), &value,
	    NULL), TABLE_TROUBLE);
	CU_ASSERT_EQUAL(addressing_find(&profile.addressing,
	    &profile.addressing.relocated, slice_str("b@b"), &value, NULL),
	    TABLE_TROUBLE);
	CU_ASSERT_EQUAL(addressing_find(&profile.addressing,
	    &profile.addressing.canonical.maps, slice_str("b@b"), &value,
	    NULL), TABLE_TROUBLE);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&value), "c");
	buf_clear(&value);
	profile_fixture_clear(&profile);
}

void	addressing_test(void);

void
addressing_test(void)
{
	CU_pSuite	suite = CU_add_suite("addressing", NULL, NULL);

	CU_add_test(suite, "order", order);
	CU_add_test(suite, "whole keys", whole_keys);
	CU_add_test(suite, "trouble", trouble);
}
