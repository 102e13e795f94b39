#include "conf/conf_line.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"

/* The logical lines of a text as "first: text", one a line, or the error. */
static const char *
lines_of(struct slice text, struct buf *into)
{
	struct conf_line	 line;
	char			*why = NULL;
	int			 result, count = 0;

	buf_empty(into);
	conf_line_init(&line, "f.cf", text);
	while ((result = conf_line_get(&line, &why)) == 1 && count++ < 10000) {
		buf_printf(into, "%d: ", line.first);
		buf_put_slice(into, buf_slice(&line.text));
		buf_put_u8(into, '\n');
	}
	if (result < 0) {
		buf_printf(into, "! %s\n", why);
		mem_free(why);
	}
	CU_ASSERT(count < 10000);
	conf_line_clear(&line);
	return buf_cstr(into);
}

static const struct {
	const char	*text, *lines;
} texts[] = {
	{ "", "" },
	{ "\n \n\t\n#x\n  # y\n", "" },
	{ "a", "1: a\n" },
	{ "a\nb\n", "1: a\n2: b\n" },
	{ "a = 1\n b\n\tc\n", "1: a = 1 b c\n" },
	{ "a\n\n# no\n  # no\n b\nc", "1: a b\n6: c\n" },
	{ "\n#x\na\n", "3: a\n" },
	{ "a \t \n", "1: a\n" },
	{ "a\tb\tc\n", "1: a b c\n" },
	{ "a\r\n b\r\n", "1: a b\n" },
	{ "a # b\n", "1: a # b\n" },
	{ "a\n#x", "1: a\n" },
	{ " a\n", "! f.cf:1: starts with white space, but there is no line "
	    "before it to go on with\n" },
	{ "#\n\n\ta", "! f.cf:3: starts with white space, but there is no "
	    "line before it to go on with\n" },
	{ "a\nb\n c\001\n", "1: a\n! f.cf:3: contains a control character\n" },
	{ "a\177\n", "! f.cf:1: contains a control character\n" },
	{ "gr\303\274n\n", "1: gr\303\274n\n" },
};

static void
logical_lines(void)
{
	struct buf	got = BUF_INIT;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		CU_ASSERT_STRING_EQUAL(lines_of(slice_str(texts[i].text),
		    &got), texts[i].lines);
	CU_ASSERT_STRING_EQUAL(lines_of(SLICE_LIT("a\0b\n"), &got),
	    "! f.cf:1: contains a control character\n");
	buf_clear(&got);
}

/* A file cut at any byte gives no line that is not a line's beginning. */
static void
cut_at_every_byte(void)
{
	struct slice	all = SLICE_LIT("one = 1\n\n two\n"
			    "# c\nthree\n\tfour\n");
	struct buf	got = BUF_INIT, whole = BUF_INIT;

	lines_of(all, &whole);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&whole), "1: one = 1 two\n"
	    "5: three four\n");
	for (size_t cut = 0; cut < all.len; cut++) {
		size_t	same = 0;

		lines_of(slice_first(all, cut), &got);
		while (same < got.len && same < whole.len &&
		    buf_slice(&got).data[same] == buf_slice(&whole).data[same])
			same++;
		/* All but the last newline. */
		CU_ASSERT(same + 1 >= got.len);
	}
	buf_clear(&got);
	buf_clear(&whole);
}

static void
random_bytes(void)
{
	static const char	alphabet[] = " \t\r\n#=ab\\$\0\177\303\274";
	struct buf		got = BUF_INIT;
	char			text[120];

	srandom(11);
	for (int i = 0; i < 20000; i++) {
		size_t	len = (size_t)random() % sizeof(text);

		for (size_t k = 0; k < len; k++)
			text[k] = i % 2 == 0 ? (char)random() : alphabet[
			    (size_t)random() % (sizeof(alphabet) - 1)];
		lines_of(slice_from(text, len), &got);
		for (size_t k = 0; k < got.len; k++) {
			unsigned char	c = buf_slice(&got).data[k];

			if ((c < 0x20 && c != '\n') || c == 0x7f)
				CU_FAIL("control character in a line");
		}
	}
	CU_PASS("no control character");
	buf_clear(&got);
}

/* 65535, 65536 and 65537 bytes, in one physical line and in two. */
static void
line_limit(void)
{
	static char	text[CONF_LINE_LIMIT + 3];
	struct buf	got = BUF_INIT;

	for (int is_split = 0; is_split < 2; is_split++)
		for (size_t len = CONF_LINE_LIMIT - 1;
		    len <= CONF_LINE_LIMIT + 1; len++) {
			size_t	size = len;

			memset(text, 'x', sizeof(text));
			if (is_split) {
				memcpy(text + 1000, "\n\t", 2);
				size++;
			}
			lines_of(slice_from(text, size), &got);
			if (len <= CONF_LINE_LIMIT)
				CU_ASSERT_EQUAL(got.len, len + 4);
			if (len > CONF_LINE_LIMIT)
				CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&got),
				    ": longer than 65536 bytes\n"));
		}
	buf_clear(&got);
}

static void
bad_values(void)
{
	static const char	long_text[CONF_LINE_LIMIT + 1] = "";

	CU_ASSERT_PTR_NULL(conf_line_why_bad(SLICE_LIT("")));
	CU_ASSERT_PTR_NULL(conf_line_why_bad(SLICE_LIT(" ~\200\377")));
	CU_ASSERT_PTR_NOT_NULL(conf_line_why_bad(SLICE_LIT("a\nb")));
	CU_ASSERT_PTR_NOT_NULL(conf_line_why_bad(SLICE_LIT("a\tb")));
	CU_ASSERT_PTR_NOT_NULL(conf_line_why_bad(SLICE_LIT("\0")));
	CU_ASSERT_STRING_EQUAL(conf_line_why_bad(slice_from(long_text,
	    sizeof(long_text))), "longer than 65536 bytes");
}

/* Put together again, the pieces are the file. */
static void
splits(void)
{
	struct slice		rest = SLICE_LIT("a\n b\n\n#c\n \t#d\n\r\ne");
	struct slice		all = rest;
	static const char	kinds[] = "SMNNNNS";
	enum conf_line_kind	kind;
	size_t			count = 0, len = 0;

	while (rest.len > 0 && count < 10) {
		struct slice	piece = conf_line_split(&rest, &kind);

		CU_ASSERT_PTR_EQUAL(piece.data, all.data + len);
		len += piece.len;
		CU_ASSERT_EQUAL(kinds[count++], kind == CONF_LINE_START ? 'S' :
		    kind == CONF_LINE_MORE ? 'M' : 'N');
	}
	CU_ASSERT_EQUAL(count, strlen(kinds));
	CU_ASSERT_EQUAL(len, all.len);
}

static void
file_limit(void)
{
	char		 path[] = "/tmp/tern-conf-XXXXXX";
	struct buf	 buf = BUF_INIT;
	char		*why = NULL, *want;
	int		 fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, CONF_LINE_FILE_LIMIT), 0);
	CU_ASSERT_EQUAL(conf_line_read(path, &buf, &why), 0);
	CU_ASSERT_EQUAL(buf.len, CONF_LINE_FILE_LIMIT);
	CU_ASSERT_EQUAL(ftruncate(fd, CONF_LINE_FILE_LIMIT + 1), 0);
	CU_ASSERT_EQUAL(conf_line_read(path, &buf, &why), -1);
	want = mem_printf("%s: larger than 1 MB", path);
	CU_ASSERT_STRING_EQUAL(why, want);
	mem_free(want);
	mem_free(why);
	close(fd);
	unlink(path);
	CU_ASSERT_EQUAL(conf_line_read("/nonexistent/f", &buf, &why), -1);
	CU_ASSERT_STRING_EQUAL(why,
	    "/nonexistent/f: No such file or directory");
	mem_free(why);
	buf_clear(&buf);
}

void	conf_line_test(void);

void
conf_line_test(void)
{
	CU_pSuite	suite = CU_add_suite("conf_line", NULL, NULL);

	CU_add_test(suite, "logical lines", logical_lines);
	CU_add_test(suite, "cut at every byte", cut_at_every_byte);
	CU_add_test(suite, "random bytes", random_bytes);
	CU_add_test(suite, "line limit", line_limit);
	CU_add_test(suite, "bad values", bad_values);
	CU_add_test(suite, "splits", splits);
	CU_add_test(suite, "file limit", file_limit);
}
