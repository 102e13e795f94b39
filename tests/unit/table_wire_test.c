#include "mail/table_wire.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"

/* "[reply]rest", "more" or "bad". */
static const char *
show(table_wire_get_fn get, struct slice bytes, struct buf *into)
{
	struct slice	reply;
	int		got = get(&bytes, &reply);

	buf_empty(into);
	if (got > 0)
		buf_printf(into, "[%.*s]%.*s", SLICE_ARG(reply),
		    SLICE_ARG(bytes));
	else
		buf_put_str(into, got == 0 ? "more" : "bad");
	return buf_cstr(into);
}

static const struct {
	table_wire_get_fn	 get;
	const char		*bytes, *shown;
} framed[] = {
	{ table_wire_get_line, "200 x\n", "[200 x]" },
	{ table_wire_get_line, "\n", "[]" },
	{ table_wire_get_line, "a\nb\n", "[a]b\n" },
	{ table_wire_get_netstring, "0:,", "[]" },
	{ table_wire_get_netstring, "2:ab,", "[ab]" },
	{ table_wire_get_netstring, "2:ab,1:c,", "[ab]1:c," },
	{ table_wire_get_netstring, "10:0123456789,", "[0123456789]" },
};

static const char *const	bad[] = {
	":", "x", ",", "-1:", " 1:a,", "00:", "01:a,", "1;", "1:ab", "1:a;",
	"100001:", "99999999999999999999999999:", "0:x",
};

static void
frames(void)
{
	struct buf	got = BUF_INIT;

	for (size_t i = 0; i < sizeof(framed) / sizeof(*framed); i++) {
		struct slice	all = slice_str(framed[i].bytes);

		CU_ASSERT_STRING_EQUAL(show(framed[i].get, all, &got),
		    framed[i].shown);
		/* Cut before its end, each is the beginning of one. */
		for (size_t cut = 0; cut < strcspn(framed[i].bytes, ",\n");
		    cut++)
			CU_ASSERT_STRING_EQUAL(show(framed[i].get,
			    slice_first(all, cut), &got), "more");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_STRING_EQUAL(show(table_wire_get_netstring,
		    slice_str(bad[i]), &got), "bad");
	buf_clear(&got);
}

static void
limits(void)
{
	struct buf	bytes = BUF_INIT, got = BUF_INIT;

	for (int i = 0; i < TABLE_WIRE_LINE_LIMIT - 1; i++)
		buf_put_u8(&bytes, 'x');
	CU_ASSERT_STRING_EQUAL(show(table_wire_get_line, buf_slice(&bytes),
	    &got), "more");
	buf_put_u8(&bytes, 'x');
	CU_ASSERT_STRING_EQUAL(show(table_wire_get_line, buf_slice(&bytes),
	    &got), "bad");
	buf_empty(&bytes);
	buf_put_str(&bytes, "100000:");
	CU_ASSERT_STRING_EQUAL(show(table_wire_get_netstring,
	    buf_slice(&bytes), &got), "more");
	for (int i = 0; i < TABLE_WIRE_NETSTRING_LIMIT; i++)
		buf_put_u8(&bytes, 'x');
	buf_put_u8(&bytes, ',');
	show(table_wire_get_netstring, buf_slice(&bytes), &got);
	CU_ASSERT_EQUAL(got.len, TABLE_WIRE_NETSTRING_LIMIT + 2);
	buf_clear(&bytes);
	buf_clear(&got);
}

static void
requests(void)
{
	struct buf	got = BUF_INIT;

	table_wire_put_line(&got, SLICE_LIT("a b%\n\377@x"));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), "get a%20b%25%0A%FF@x\n");
	buf_empty(&got);
	table_wire_put_netstring(&got, "map", SLICE_LIT("a b,"));
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), "8:map a b,,");
	buf_clear(&got);
}

static const struct {
	enum table_answer	 (*answer)(struct slice, struct buf *);
	const char		*reply;
	enum table_answer	 want;
	const char		*value;
} replies[] = {
	{ table_wire_answer_line, "200 a%20b", TABLE_FOUND, "a b" },
	{ table_wire_answer_line, "200 a\r", TABLE_FOUND, "a" },
	{ table_wire_answer_line, "200 ", TABLE_FOUND, "" },
	{ table_wire_answer_line, "500 no", TABLE_NONE, "" },
	{ table_wire_answer_line, "400 later%21", TABLE_TROUBLE, "later!" },
	{ table_wire_answer_line, "", TABLE_TROUBLE, "malformed reply" },
	{ table_wire_answer_line, "200", TABLE_TROUBLE, "malformed reply" },
	{ table_wire_answer_line, "200x", TABLE_TROUBLE, "malformed reply" },
	{ table_wire_answer_line, "300 x", TABLE_TROUBLE, "malformed reply" },
	{ table_wire_answer_line, "200 a%2", TABLE_TROUBLE,
	    "malformed reply" },
	{ table_wire_answer_line, "200 a%zz", TABLE_TROUBLE,
	    "malformed reply" },
	{ table_wire_answer_netstring, "OK a b", TABLE_FOUND, "a b" },
	{ table_wire_answer_netstring, "OK ", TABLE_FOUND, "" },
	{ table_wire_answer_netstring, "OK", TABLE_FOUND, "" },
	{ table_wire_answer_netstring, "OK  x", TABLE_FOUND, " x" },
	{ table_wire_answer_netstring, "NOTFOUND ", TABLE_NONE, "" },
	{ table_wire_answer_netstring, "NOTFOUND", TABLE_NONE, "" },
	{ table_wire_answer_netstring, "TEMP why", TABLE_TROUBLE,
	    "TEMP: why" },
	{ table_wire_answer_netstring, "TIMEOUT slow", TABLE_TROUBLE,
	    "TIMEOUT: slow" },
	{ table_wire_answer_netstring, "PERM no", TABLE_TROUBLE, "PERM: no" },
	{ table_wire_answer_netstring, "", TABLE_TROUBLE, "malformed reply" },
	{ table_wire_answer_netstring, "OKAY x", TABLE_TROUBLE,
	    "malformed reply" },
};

static void
answers(void)
{
	struct buf	got = BUF_INIT;

	for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++) {
		buf_empty(&got);
		CU_ASSERT_EQUAL(replies[i].answer(slice_str(replies[i].reply),
		    &got), replies[i].want);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&got), replies[i].value);
	}
	buf_clear(&got);
}

void	table_wire_test(void);

void
table_wire_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_wire", NULL, NULL);

	CU_add_test(suite, "frames, byte by byte", frames);
	CU_add_test(suite, "limits", limits);
	CU_add_test(suite, "requests", requests);
	CU_add_test(suite, "answers", answers);
}
