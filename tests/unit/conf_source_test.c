#include "conf/conf.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"

static void
on_each(const char *name, const char *value, const char *where, void *arg)
{
	buf_printf(arg, "%s|%s|%s\n", name, value, where);
}

static void
reads_lines(void)
{
	static const struct {
		const char	*text;
		const char	*all;
	} cases[] = {
		{ "", "" }, { "\n\n", "" }, { "# only\n  # this\n", "" },
		{ "a = b", "a|b|f:1\n" }, { "a=b\n", "a|b|f:1\n" },
		{ "  \n\na =\tb  c \t\r\n", "a|b  c|f:3\n" },
		{ "a =", "a||f:1\n" }, { "a = b = c", "a|b = c|f:1\n" },
		{ "a = b\n  c\n\td\n", "a|b c d|f:1\n" },
		{ "a =\n  b,\n  c", "a|b, c|f:1\n" },
		{ "a\n = b", "a|b|f:1\n" },
		{ "a = b\n\n# x\n  # y\n c\n", "a|b c|f:1\n" },
		{ "a = 1\nb = 2\na = 3\n", "a|3|f:3\nb|2|f:2\n" },
		{ "a = b # c", "a|b # c|f:1\n" },
		{ "x-y.z_9 = $(q", "x-y.z_9|$(q|f:1\n" },
		{ "a = \xc3\xa9\xff", "a|\xc3\xa9\xff|f:1\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_source	*source = conf_source_new();
		struct buf		 all = BUF_INIT;
		char			*why = NULL;

		CU_ASSERT_EQUAL(conf_source_load(source, "f",
		    slice_str(cases[i].text), &why), 0);
		conf_source_each(source, on_each, &all);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&all), cases[i].all);
		mem_free(why);
		buf_clear(&all);
		conf_source_free(&source);
	}
}

static void
refuses_lines(void)
{
#define WITH_LEN(text)	text, sizeof(text) - 1
	static const struct {
		const char	*text;
		size_t		 len;
		const char	*why;
	} cases[] = {
		{ WITH_LEN("a = b\nnothing here\n"),
		    "f:2: no \"=\" after \"nothing here\"" },
		{ WITH_LEN("= b"), "f:1: no name before \"=\"" },
		{ WITH_LEN("a b = c"), "f:1: bad name \"a b\"" },
		{ WITH_LEN("a$ = c"), "f:1: bad name \"a$\"" },
		{ WITH_LEN(" a = c"), "f:1: starts with white space, but "
		    "there is no line before it to go on with" },
		{ WITH_LEN("# x\n\n a = c"), "f:3: starts with white space, "
		    "but there is no line before it to go on with" },
		{ WITH_LEN("a = b\0c"), "f:1: contains a control character" },
		{ WITH_LEN("a = b\n c\n d\x7f" "d"),
		    "f:3: contains a control character" },
		{ WITH_LEN("a = b\x1b[2J"),
		    "f:1: contains a control character" },
	};
#undef WITH_LEN

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_source	*source = conf_source_new();
		char			*why = NULL;

		CU_ASSERT_EQUAL(conf_source_load(source, "f",
		    slice_from(cases[i].text, cases[i].len), &why), -1);
		if (why != NULL)
			CU_ASSERT_STRING_EQUAL(why, cases[i].why);
		mem_free(why);
		conf_source_free(&source);
	}
}

static void
refuses_what_is_too_long(void)
{
	struct conf_source	*source = conf_source_new();
	struct buf		 text = BUF_INIT;
	char			*why = NULL;

	buf_put_str(&text, "a = ");
	for (int i = 0; i < 70000; i++)
		buf_put_str(&text, "x");
	CU_ASSERT_EQUAL(conf_source_load(source, "f", buf_slice(&text),
	    &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "f:1: longer than 65536 bytes");
	mem_free(why);

	/* A continued line counts as one. */
	buf_empty(&text);
	buf_put_str(&text, "a = b\n");
	for (int i = 0; i < 7000; i++)
		buf_put_str(&text, " 123456789\n");
	CU_ASSERT_EQUAL(conf_source_load(source, "f", buf_slice(&text),
	    &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "f:6555: longer than 65536 bytes");
	mem_free(why);
	buf_clear(&text);
	conf_source_free(&source);
}

static void
reads_files(void)
{
	char			 file[] = "/tmp/conf_source_test.XXXXXX";
	struct conf_source	*source = conf_source_new();
	char			*why = NULL, *expected;
	int			 fd = mkstemp(file);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, "a = b\n", 6), 6);
	CU_ASSERT_EQUAL(conf_source_read(source, file, &why), 0);
	CU_ASSERT_STRING_EQUAL(conf_source_find(source, "a"), "b");
	expected = mem_printf("%s:1", file);
	CU_ASSERT_STRING_EQUAL(conf_source_where(source, "a"), expected);
	mem_free(expected);

	CU_ASSERT_EQUAL(ftruncate(fd, (1 << 20) + 1), 0);
	CU_ASSERT_EQUAL(conf_source_read(source, file, &why), -1);
	expected = mem_printf("%s: larger than 1 MB", file);
	CU_ASSERT_STRING_EQUAL(why, expected);
	mem_free(expected);
	mem_free(why);
	close(fd);
	unlink(file);

	CU_ASSERT_EQUAL(conf_source_read(source, file, &why), -1);
	expected = mem_printf("%s: No such file or directory", file);
	CU_ASSERT_STRING_EQUAL(why, expected);
	mem_free(expected);
	mem_free(why);
	conf_source_free(&source);
	CU_ASSERT_PTR_NULL(source);
	conf_source_free(&source);
}

static void
overrides(void)
{
	struct conf_source	*source = conf_source_new();

	CU_ASSERT_PTR_NULL(conf_source_find(source, "a"));
	CU_ASSERT_PTR_NULL(conf_source_where(source, "a"));
	conf_source_set(source, "a", " 1\t2 ", "-o");
	CU_ASSERT_STRING_EQUAL(conf_source_find(source, "a"), "1 2");
	conf_source_set(source, "a", "3", "master.cf:7");
	CU_ASSERT_STRING_EQUAL(conf_source_find(source, "a"), "3");
	CU_ASSERT_STRING_EQUAL(conf_source_where(source, "a"),
	    "master.cf:7");
	conf_source_free(&source);
}

static void
snapshot_keeps_all(void)
{
	struct conf_source	*from = conf_source_new();
	struct conf_source	*to = conf_source_new();
	struct buf		 snapshot = BUF_INIT, again = BUF_INIT;

	conf_source_set(from, "a", "1", "f:1");
	conf_source_set(from, "b", "", "f:2");
	conf_source_set(from, "c", "$a", "f:3");
	conf_source_set(to, "old", "x", "f:1");
	conf_source_write(from, &snapshot);
	CU_ASSERT_EQUAL(conf_source_parse(to, buf_slice(&snapshot)), 0);
	CU_ASSERT_PTR_NULL(conf_source_find(to, "old"));
	conf_source_write(to, &again);
	CU_ASSERT(slice_equal(buf_slice(&snapshot), buf_slice(&again)));

	buf_clear(&snapshot);
	buf_clear(&again);
	conf_source_free(&from);
	conf_source_free(&to);
}

static void
snapshot_refuses_junk(void)
{
	struct conf_source	*from = conf_source_new();
	struct conf_source	*to = conf_source_new();
	struct buf		 good = BUF_INIT, bad = BUF_INIT;

	conf_source_set(from, "a", "1", "f:1");
	conf_source_set(from, "b", "22", "f:2");
	conf_source_write(from, &good);
	for (size_t len = 0; len < good.len; len++)
		CU_ASSERT_EQUAL(conf_source_parse(to,
		    slice_first(buf_slice(&good), len)), -1);
	buf_put_slice(&bad, buf_slice(&good));
	buf_put_u8(&bad, 0);
	CU_ASSERT_EQUAL(conf_source_parse(to, buf_slice(&bad)), -1);

	srandom(2);
	for (int i = 0; i < 20000; i++) {
		buf_empty(&bad);
		buf_put_slice(&bad, buf_slice(&good));
		for (long k = random() % 4; k >= 0; k--)
			bad.data[(size_t)random() % bad.len] =
			    (unsigned char)random();
		if (conf_source_parse(to, buf_slice(&bad)) == 0)
			CU_ASSERT_PTR_NOT_NULL(conf_source_machine(to));
	}
	buf_clear(&good);
	buf_clear(&bad);
	conf_source_free(&from);
	conf_source_free(&to);
}

void	conf_source_test(void);

void
conf_source_test(void)
{
	CU_pSuite	suite = CU_add_suite("conf_source", NULL, NULL);

	CU_add_test(suite, "reads lines", reads_lines);
	CU_add_test(suite, "refuses lines", refuses_lines);
	CU_add_test(suite, "refuses what is too long",
	    refuses_what_is_too_long);
	CU_add_test(suite, "reads files", reads_files);
	CU_add_test(suite, "overrides", overrides);
	CU_add_test(suite, "snapshot keeps all", snapshot_keeps_all);
	CU_add_test(suite, "snapshot refuses junk", snapshot_refuses_junk);
}
