#include "net/smtp_text.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void
takes_lines(void)
{
	struct buf	in = BUF_INIT;
	struct slice	line;

	buf_put_str(&in, "one\r\ntwo\n\r\n");
	CU_ASSERT_EQUAL(smtp_text_line(&in, 3, &line), 1);
	CU_ASSERT(slice_is(line, "one"));
	CU_ASSERT_EQUAL(smtp_text_line(&in, 3, &line), 1);
	CU_ASSERT(slice_is(line, "two"));
	CU_ASSERT_EQUAL(smtp_text_line(&in, 3, &line), 1);
	CU_ASSERT_EQUAL(line.len, 0);
	CU_ASSERT_EQUAL(smtp_text_line(&in, 3, &line), 0);
	buf_put_str(&in, "four");
	CU_ASSERT_EQUAL(smtp_text_line(&in, 3, &line), 0);
	buf_put_str(&in, "\n");
	CU_ASSERT_EQUAL(smtp_text_line(&in, 3, &line), -1);
	CU_ASSERT_EQUAL(smtp_text_line(&in, 4, &line), 1);
	buf_put_str(&in, "12345");
	CU_ASSERT_EQUAL(smtp_text_line(&in, 3, &line), -1);
	buf_clear(&in);
}

static void
take(struct slice part, void *arg)
{
	buf_put_slice(arg, part);
}

/* Unstuff wire, of which the first cut bytes come first. */
static int
unstuff(const char *wire, size_t cut, struct buf *text, size_t *left_r)
{
	enum smtp_text_place	place = SMTP_TEXT_START;
	struct slice		all = slice_str(wire);
	struct slice		from = slice_first(all, cut);
	int			result;

	buf_empty(text);
	result = smtp_text_unstuff(&place, &from, take, text);
	if (result == 0) {
		CU_ASSERT_EQUAL(from.len, 0);
		from = slice_after(all, cut);
		result = smtp_text_unstuff(&place, &from, take, text);
		*left_r = from.len;
	} else {
		*left_r = from.len + all.len - cut;
	}
	return result;
}

static const struct {
	const char	*wire, *text;
	size_t		 left;
	int		 result;
} cases[] = {
	{ ".\r\n", "", 0, 1 },
	{ ".\r\nQUIT\r\n", "", 6, 1 },
	{ "a\r\n.\r\n", "a\r\n", 0, 1 },
	{ "a\r\n..\r\n..b\r\n.\r\nX", "a\r\n.\r\n.b\r\n", 1, 1 },
	{ ".a\r\n.\r\n", "a\r\n", 0, 1 },
	{ "a\n.\nb\n.\r\nc\r.\r\nd\r\n.\r\n",
	    "a\n.\nb\n.\r\nc\r.\r\nd\r\n", 0, 1 },
	{ "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", 0, 1 },
	{ "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", 0, 1 },
	{ "a\r\n.\n.\r\n.\r\n", "a\r\n\n.\r\n", 0, 1 },
	{ "a\r\r\n.\r\n", "a\r\r\n", 0, 1 },
	{ "\r\n\r\n.\r\n", "\r\n\r\n", 0, 1 },
	{ "a.b.\r\nc.", "a.b.\r\nc.", 0, 0 },
	{ "a\r\n.", "a\r\n", 0, 0 },
};

static void
unstuffs_whatever_the_cut(void)
{
	struct buf	text = BUF_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t cut = 0; cut <= strlen(cases[i].wire); cut++) {
			size_t	left = 0;

			CU_ASSERT_EQUAL(unstuff(cases[i].wire, cut, &text,
			    &left), cases[i].result);
			CU_ASSERT_EQUAL(left, cases[i].left);
			CU_ASSERT(slice_is(buf_slice(&text), cases[i].text));
		}
	buf_clear(&text);
}

static void
unstuffs_what_it_stuffed(void)
{
	static const char	*texts[] = { "", ".\r\n", "..\r\n.a\r\n",
				    "a\n.b\r\n", "\r\n.\r\n\r\n..\r\n" };
	struct buf		 wire = BUF_INIT, text = BUF_INIT;
	size_t			 left;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_empty(&wire);
		smtp_text_stuff(slice_str(texts[i]), &wire);
		buf_put_str(&wire, ".\r\n");
		CU_ASSERT_EQUAL(unstuff(buf_cstr(&wire), 2, &text, &left), 1);
		CU_ASSERT(slice_is(buf_slice(&text), texts[i]));
	}
	buf_clear(&wire);
	buf_clear(&text);
}

void	smtp_text_test(void);

void
smtp_text_test(void)
{
	CU_pSuite	suite = CU_add_suite("smtp_text", NULL, NULL);

	CU_add_test(suite, "takes lines", takes_lines);
	CU_add_test(suite, "unstuffs, whatever the cut",
	    unstuffs_whatever_the_cut);
	CU_add_test(suite, "unstuffs what it stuffed",
	    unstuffs_what_it_stuffed);
}
