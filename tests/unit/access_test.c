#include "lookup/access.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/unit/table_fixture.h"

/*
 * Each table has one key; a list of tables, by words, shows the order in
 * which keys are asked for.
 */
static void
check(const char *keys, enum table_answer (*find)(struct table *,
    const char *, struct buf *), const char *what)
{
	struct slice	rest = slice_str(keys), key;

	while (slice_get_word(&rest, " ", &key) == 0) {
		char		*spec;
		struct table	*table;
		struct buf	 value = BUF_INIT;
		bool		 is_not = key.data[0] == '!';

		if (is_not)
			key = slice_after(key, 1);
		spec = mem_printf("inline:{ { %.*s = yes } }",
		    SLICE_ARG(key));
		table = table_fixture_new(spec, 0);
		CU_ASSERT_EQUAL(find(table, what, &value),
		    is_not ? TABLE_NONE : TABLE_FOUND);
		if (strcmp(buf_cstr(&value), is_not ? "" : "yes") != 0) {
			printf("\n%s: %.*s\n", what, SLICE_ARG(key));
			CU_FAIL("key");
		}
		table_free(&table);
		buf_clear(&value);
		mem_free(spec);
	}
}

static enum table_answer
by_name(struct table *table, const char *what, struct buf *value)
{
	return access_find_name(table, slice_str(what), true, value);
}

static enum table_answer
by_dotted_name(struct table *table, const char *what, struct buf *value)
{
	return access_find_name(table, slice_str(what), false, value);
}

static enum table_answer
by_ip(struct table *table, const char *what, struct buf *value)
{
	return access_find_ip(table, slice_str(what), value);
}

static enum table_answer
by_address(struct table *table, const char *what, struct buf *value)
{
	return access_find_address(table, slice_str(what), "+", true, value);
}

static void
keys(void)
{
	check("a.b.c b.c c !.b.c !.c !b", by_name, "a.b.c");
	check("a.b.c .b.c .c !b.c !c !.a.b.c", by_dotted_name, "a.b.c");
	check("a.b.c b.c", by_name, "A.B.c");
	/* Parts of a number are no domains. */
	check("192.0.2.1 !0.2.1 !2.1 !1", by_name, "192.0.2.1");
	check("192.0.2.1 192.0.2 192.0 192 !0.2.1 !192.0.2.", by_ip,
	    "192.0.2.1");
	check("2001:db8::1 2001:db8: 2001:db8 2001 !1", by_ip,
	    "2001:db8::1");
	check("u+x@a.b u@a.b a.b b u+x@ u@ !u !u+x !@a.b", by_address,
	    "u+x@a.b");
	check("u@a.b a.b b u@ !u", by_address, "U@a.B");
	check("x.y@a.b x.y@", by_address, "\"x.y\"@a.b");
	check("u@ !@", by_address, "u");
}

/* The first key that is there decides. */
static void
order(void)
{
	static const char *const	keys[] = {
		"u+x@a.b", "u@a.b", "a.b", "b", "u+x@", "u@",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct buf	 spec = BUF_INIT, value = BUF_INIT;
		struct table	*table;

		buf_put_str(&spec, "inline:{");
		for (size_t k = sizeof(keys) / sizeof(*keys); k-- > i;)
			buf_printf(&spec, " { %s = %zu }", keys[k], k);
		buf_put_str(&spec, " }");
		table = table_fixture_new(buf_cstr(&spec), 0);
		CU_ASSERT_EQUAL(by_address(table, "u+x@a.b", &value),
		    TABLE_FOUND);
		CU_ASSERT_EQUAL(buf_cstr(&value)[0] - '0', (int)i);
		table_free(&table);
		buf_clear(&spec);
		buf_clear(&value);
	}
}

/* Patterns are asked with the whole key only; trouble ends the search. */
static void
whole_keys(void)
{
	struct buf	 value = BUF_INIT;
	struct table	*table = table_fixture_new(
			    "regexp:{ { /^(b|192|u@)$/ part } "
			    "{ /^u@a.b$/ bare } { /^u\\+x@/ whole } }", 0);

	CU_ASSERT_EQUAL(by_name(table, "a.b", &value), TABLE_NONE);
	CU_ASSERT_EQUAL(by_ip(table, "192.0.2.1", &value), TABLE_NONE);
	CU_ASSERT_EQUAL(by_address(table, "v@b", &value), TABLE_NONE);
	CU_ASSERT_EQUAL(by_address(table, "u+x@a.b", &value), TABLE_FOUND);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&value), "whole");
	CU_ASSERT_EQUAL(by_address(table, "u+y@a.b", &value), TABLE_NONE);
	table_free(&table);
	table = table_fixture_new("hash:/no/such", 0);
	buf_empty(&value);
	CU_ASSERT_EQUAL(by_name(table, "a.b", &value), TABLE_TROUBLE);
	CU_ASSERT_EQUAL(by_ip(table, "192.0.2.1", &value), TABLE_TROUBLE);
	CU_ASSERT_EQUAL(by_address(table, "v@b", &value), TABLE_TROUBLE);
	CU_ASSERT_EQUAL(value.len, 0);
	table_free(&table);
	buf_clear(&value);
}

void	access_test(void);

void
access_test(void)
{
	CU_pSuite	suite = CU_add_suite("access", NULL, NULL);

	CU_add_test(suite, "keys", keys);
	CU_add_test(suite, "their order", order);
	CU_add_test(suite, "tables of whole keys", whole_keys);
}
