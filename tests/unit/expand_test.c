#include "lookup/expand.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "lookup/addressing.h"
#include "tests/unit/profile_fixture.h"

#define TABLE(text)	"mydestination = ours.example\n" \
	"myorigin = origin.example\nrecipient_delimiter = +\n" \
	"virtual_alias_domains = alias.example\n" \
	"virtual_alias_maps = inline:{ " text " }\n"

static const struct {
	const char	*config, *address, *want;
} cases[] = {
	{ TABLE("{ one@alias.example = a@x } { two = a@x, b@x } "
	    "{ @alias.example = all@x } { @old.example = @new.example } "
	    "{ v@bare.example = @new.example } "
	    "{ local@alias.example = u } { sub@alias.example = two@ours.example"
	    " } { self@x = self@x, b@x } { again@x = b@x, B@X,,a@x } "
	    "{ names@x = \"J. D.\" <a@x>, g: b@x; } "
	    "{ tree@x = sub@alias.example, c@x } "
	    "{ quoted@x = \"a b\"@x } { nothing@x = <>, ; } "
	    "{ some@x = two words, a@x }"),
	    "one@alias.example", "a@x" },
	{ NULL, "u@elsewhere", "u@elsewhere" },
	{ NULL, "two@ours.example", "a@x b@x" },
	{ NULL, "two@origin.example", "a@x b@x" },
	{ NULL, "two@alias.example", "all@x" },
	{ NULL, "One@Alias.Example", "a@x" },
	{ NULL, "one+e@alias.example", "a+e@x" },
	{ NULL, "two+e@ours.example", "a+e@x b+e@x" },
	{ NULL, "three+e@alias.example", "all@x" },
	{ NULL, "v+e@old.example", "v+e@new.example" },
	{ NULL, "v+e@bare.example", "v+e@new.example" },
	{ NULL, "local@alias.example", "u@origin.example" },
	{ NULL, "sub@alias.example", "a@x b@x" },
	{ NULL, "self@x", "self@x b@x" },
	{ NULL, "again@x", "b@x a@x" },
	{ NULL, "names@x", "a@x b@x" },
	{ NULL, "tree@x", "a@x c@x b@x" },
	{ NULL, "quoted@x", "\"a b\"@x" },
	{ NULL, "some@x", "a@x" },
	{ NULL, "nothing@x", "trouble" },
	/* any depth that ends */
	{ TABLE("{ a@x = b@x } { b@x = c@x } { c@x = d@x } { l@x = m@x } "
	    "{ m@x = l@x } { grow@x = x1@x, grow2@x } "
	    "{ grow2@x = x2@x, x3@x } { long@x = 1234567890@example } "
	    "{ more@x = more@x, 1@x, 2@x, 3@x, 4@x }")
	    "virtual_alias_recursion_limit = 3\n"
	    "virtual_alias_expansion_limit = 4\n"
	    "virtual_alias_address_length_limit = 15\n",
	    "a@x", "d@x" },
	{ NULL, "b@x", "d@x" },
	{ NULL, "l@x", "limit" },
	{ NULL, "grow@x", "x1@x x2@x x3@x" },
	{ NULL, "long@x", "limit" },
	{ NULL, "more@x", "limit" },
	{ "virtual_alias_domains =\nvirtual_alias_maps = fail:x\n",
	    "u@x", "trouble" },
	{ "virtual_alias_domains =\n", "u@x", "u@x" },
};

static void
put_all(const struct addressing *addressing, const char *address,
    struct buf *out)
{
	struct expand_list	list = EXPAND_LIST_INIT;

	switch (expand_virtual(addressing, slice_str(address), &list)) {
	case EXPAND_OK:
		for (size_t i = 0; i < list.count; i++)
			buf_printf(out, "%s%s", i > 0 ? " " : "",
			    list.items[i]);
		break;
	case EXPAND_TROUBLE:
		buf_put_str(out, "trouble");
		break;
	case EXPAND_LIMIT:
		buf_put_str(out, "limit");
		break;
	}
	expand_clear(&list);
}

static void
aliases(void)
{
	struct profile	profile = { .conf = NULL };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf	out = BUF_INIT;

		if (cases[i].config != NULL) {
			profile_fixture_clear(&profile);
			profile_fixture_init(&profile, cases[i].config);
		}
		put_all(&profile.addressing, cases[i].address, &out);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out), cases[i].want);
		if (strcmp(buf_cstr(&out), cases[i].want) != 0)
			printf("\n%s: %s, not %s\n", cases[i].address,
			    buf_cstr(&out), cases[i].want);
		buf_clear(&out);
	}
	profile_fixture_clear(&profile);
}

/* With the limits as they are, a circle and a bomb end, and soon. */
static void
bombs(void)
{
	struct profile	profile;
	struct buf	out = BUF_INIT, config = BUF_INIT;

	buf_put_str(&config, "virtual_alias_domains =\n"
	    "virtual_alias_maps = inline:{ { a@x = b@x } { b@x = a@x }");
	/* 2 to the 20th */
	for (int i = 0; i < 20; i++)
		buf_printf(&config, " { %d@x = %d@x, z%d@x }"
		    " { z%d@x = %d@x, y%d@x }", i, i + 1, i, i, i + 1, i);
	buf_put_str(&config, " { w@x = w@x, w2@x } { w2@x = w@x } }\n");
	profile_fixture_init(&profile, buf_cstr(&config));
	put_all(&profile.addressing, "a@x", &out);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "limit");
	buf_empty(&out);
	put_all(&profile.addressing, "0@x", &out);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "limit");
	buf_empty(&out);
	put_all(&profile.addressing, "w@x", &out);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "w@x");
	buf_clear(&out);
	buf_clear(&config);
	profile_fixture_clear(&profile);
}

void	expand_test(void);

void
expand_test(void)
{
	CU_pSuite	suite = CU_add_suite("expand", NULL, NULL);

	CU_add_test(suite, "aliases", aliases);
	CU_add_test(suite, "bombs", bombs);
}
