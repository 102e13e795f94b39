#include "smtp/content.h"

#include <CUnit/CUnit.h>
#include <string.h>

/*
 * The slow reference: stray CR and LF become spaces, then lines are folded
 * and stuffed one byte at a time.
 */
static void
put_slowly(struct slice text, size_t limit, struct buf *out)
{
	size_t	column = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char	c = text.data[i];

		if (c == '\r' && i + 1 < text.len && text.data[i + 1] == '\n') {
			buf_put_str(out, "\r\n");
			column = 0;
			i++;
			continue;
		}
		if (c == '\r' || c == '\n')
			c = ' ';
		if (limit > 0 && column == limit) {
			buf_put_str(out, "\r\n ");
			column = 1;
		}
		if (column == 0 && c == '.')
			buf_put_u8(out, '.');
		buf_put_u8(out, c);
		column++;
	}
	buf_put_str(out, column > 0 ? "\r\n.\r\n" : ".\r\n");
}

static void
check(struct slice text, size_t limit, size_t first, size_t second)
{
	struct content	content;
	struct buf	want = BUF_INIT, out = BUF_INIT;

	put_slowly(text, limit, &want);
	content_init(&content, (int64_t)limit, true);
	content_put(&content, slice_first(text, first), &out);
	content_put(&content, slice_first(slice_after(text, first), second),
	    &out);
	content_put(&content, slice_after(slice_after(text, first), second),
	    &out);
	content_end(&content, &out);
	buf_put_str(&out, ".\r\n");
	CU_ASSERT(slice_equal(buf_slice(&out), buf_slice(&want)));
	buf_clear(&want);
	buf_clear(&out);
}

static const char *const texts[] = {
	"", ".", "..", "a", "\r", "\n", "\r\n", "\r\r\n", "\n\r", ".\r\n",
	"a\r\n.\r\nb", ".a\r\n..b\r\n", "a\n.\nb\n", "a\r.\rb\r", "\r\n.\n",
	"\n.\r\n", "a\r\n.", "a\r\n\r\n.\r\n\r\n", "abcdefghij.klm\r\n.x",
	"abcde\r\nabcdef\r\n.abcdefghijklmnop", "ab.cd.ef.gh.ij\r\r\n",
};

static void
every_cut_gives_the_same(void)
{
	for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++)
		for (size_t limit = 0; limit < 8; limit++)
			for (size_t i = 0; i <= strlen(texts[t]); i++)
				for (size_t j = 0; i + j <= strlen(texts[t]);
				    j++)
					if (limit != 1)
						check(slice_str(texts[t]),
						    limit, i, j);
}

static void
no_lone_dot_leaves_before_the_end(void)
{
	static const char	alphabet[] = "\r\n.ab";
	unsigned		seed = 7;

	for (int i = 0; i < 20000; i++) {
		struct content	content;
		struct buf	out = BUF_INIT;
		char		text[24];
		const char	*end;

		for (size_t k = 0; k < sizeof(text); k++) {
			seed = seed * 1103515245 + 12345;
			text[k] = alphabet[(seed >> 16) % 5];
		}
		content_init(&content, 5, true);
		content_put(&content, slice_from(text, 24), &out);
		content_end(&content, &out);
		buf_put_str(&out, ".\r\n");
		end = strstr(buf_cstr(&out), "\r\n.\r\n");
		CU_ASSERT(end == NULL || end[5] == '\0');
		buf_clear(&out);
	}
}

/* A limit that leaves no room for the indent once went round for ever. */
static void
the_smallest_limit_ends(void)
{
	struct content	content;
	struct buf	out = BUF_INIT;

	content_init(&content, 1, true);
	content_put(&content, slice_str("abc\r\n"), &out);
	content_end(&content, &out);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "ab\r\n c\r\n");
	buf_clear(&out);
}

void	content_test(void);

void
content_test(void)
{
	CU_pSuite	suite = CU_add_suite("content", NULL, NULL);

	CU_add_test(suite, "every cut gives the same",
	    every_cut_gives_the_same);
	CU_add_test(suite, "no lone dot leaves before the end",
	    no_lone_dot_leaves_before_the_end);
	CU_add_test(suite, "the smallest limit ends",
	    the_smallest_limit_ends);
}
