#include "conf/conf_edit.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "util/mem.h"
#include "util/path.h"

static void
edits_text(void)
{
	static const struct {
		const char	*before;
		struct conf_edit edit;
		const char	*after;
	} cases[] = {
		{ "", { CONF_EDIT_SET, "a", "1" }, "a = 1\n" },
		{ "", { CONF_EDIT_SET, "a", "" }, "a =\n" },
		{ "b = 2", { CONF_EDIT_SET, "a", " 1 " },
		    "b = 2\na = 1\n" },
		{ "# a = 0\na=2\nb = 3\n", { CONF_EDIT_SET, "a", "1" },
		    "# a = 0\na = 1\nb = 3\n" },
		{ "a = 2", { CONF_EDIT_SET, "a", "1" }, "a = 1\n" },
		{ "a = 2\nb = x\na = 3\nc = y\n",
		    { CONF_EDIT_SET, "a", "1" },
		    "b = x\na = 1\nc = y\n" },
		{ "a = 2,\n 3,\n# why\n\n  4\nb = 5\n",
		    { CONF_EDIT_SET, "a", "1" },
		    "a = 1\n# why\n\nb = 5\n" },
		{ "a\n = 2\n", { CONF_EDIT_SET, "a", "1" }, "a = 1\n" },
		{ "ab = 2\n", { CONF_EDIT_SET, "a", "1" },
		    "ab = 2\na = 1\n" },
		{ "a b = 2\n", { CONF_EDIT_SET, "a", "1" },
		    "a b = 2\na = 1\n" },
		{ "# x\na = 1\n 2\nb = 3\n 4\na = 5\n",
		    { CONF_EDIT_REMOVE, "a", NULL }, "# x\nb = 3\n 4\n" },
		{ "b = 3\n", { CONF_EDIT_REMOVE, "a", NULL }, "b = 3\n" },
		{ "a = 1\n\n 2\nb = 3\n 4\na = 5",
		    { CONF_EDIT_COMMENT, "a", NULL },
		    "#a = 1\n\n# 2\nb = 3\n 4\n#a = 5" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf	text = BUF_INIT;

		buf_put_str(&text, cases[i].before);
		conf_edit_text(&text, &cases[i].edit);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&text), cases[i].after);
		buf_clear(&text);
	}
}

/* After an edit main.cf says what was asked, and nothing else changed. */
static void
edits_keep_the_meaning(void)
{
	static const char *const	parts[] = {
		"a = 1\n", "b = 2\n", "a=3\n", "# c\n", "\n", " more\n",
		"\tmore # x\n", "  # y\n", "b\n = 4\n", "c =\n", "a\n=5\n",
	};

	srandom(4);
	for (int i = 0; i < 20000; i++) {
		struct conf_source	*before = conf_source_new();
		struct conf_source	*after = conf_source_new();
		struct conf_edit	 edit = { random() % 3, "a", "new" };
		struct buf		 text = BUF_INIT;
		const char		*was, *is;
		char			*why = NULL;

		for (long k = random() % 12; k >= 0; k--)
			buf_put_str(&text, parts[(size_t)random() %
			    (sizeof(parts) / sizeof(*parts))]);
		if (conf_source_load(before, "f", buf_slice(&text),
		    &why) == 0) {
			conf_edit_text(&text, &edit);
			CU_ASSERT_EQUAL(conf_source_load(after, "f",
			    buf_slice(&text), &why), 0);
			is = conf_source_find(after, "a");
			if (edit.kind != CONF_EDIT_SET)
				CU_ASSERT_PTR_NULL(is);
			if (edit.kind == CONF_EDIT_SET)
				CU_ASSERT_STRING_EQUAL(is, "new");
			was = conf_source_find(before, "b");
			is = conf_source_find(after, "b");
			CU_ASSERT_EQUAL(was == NULL, is == NULL);
			if (was != NULL && is != NULL)
				CU_ASSERT_STRING_EQUAL(was, is);
		}
		mem_free(why);
		buf_clear(&text);
		conf_source_free(&before);
		conf_source_free(&after);
	}
}

/* ---- files --------------------------------------------------------------- */

static char	folder[] = "/tmp/conf_edit_test.XXXXXX";

static int
make_folder(void)
{
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void)
{
	return rmdir(folder);
}

static void
has_text(const char *file, const char *expected)
{
	struct buf	text = BUF_INIT;

	CU_ASSERT_EQUAL(path_read(file, 100000, &text), 0);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&text), expected);
	buf_clear(&text);
}

static void
refuses_what_is_bad(void)
{
	static const struct {
		struct conf_edit	 edit;
		const char		*why;
	} cases[] = {
		{ { CONF_EDIT_SET, "smtpd_timeout", "abc" },
		    "new value: smtpd_timeout: bad time \"abc\": use a number "
		    "and one of s m h d w" },
		{ { CONF_EDIT_SET, "limit", "many" },
		    "@main.cf:2: hopcount_limit: bad number \"many\": use "
		    "digits only" },
		{ { CONF_EDIT_REMOVE, "limit", NULL },
		    "@main.cf:1: hopcount_limit: bad number \"\": use digits "
		    "only" },
		{ { CONF_EDIT_SET, "mine", "$" },
		    "new value: mine: no name after \"$\" (write $$ for a "
		    "dollar) in \"$\"" },
		{ { CONF_EDIT_SET, "mine", "a\nb = c" },
		    "mine: contains a control character" },
		{ { CONF_EDIT_SET, "#mine", "a" }, "bad name \"#mine\"" },
		{ { CONF_EDIT_REMOVE, "a b", NULL }, "bad name \"a b\"" },
		{ { CONF_EDIT_COMMENT, "", NULL }, "bad name \"\"" },
	};
	static const char	before[] =
	    "limit = 7\nhopcount_limit = $limit\nsoft_bounce = what\n";
	char			*file = path_join(folder, "main.cf");

	CU_ASSERT_EQUAL(path_replace(file, before, strlen(before)), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_edit edits[2] = {
			{ CONF_EDIT_SET, "relayhost", "x" }, cases[i].edit
		};
		char		*why = NULL, *expected;

		expected = cases[i].why[0] != '@' ?
		    mem_strdup(cases[i].why) :
		    mem_printf("%s/%s", folder, cases[i].why + 1);
		CU_ASSERT_EQUAL(conf_edit_file(file, edits, 2, &why), -1);
		if (why != NULL)
			CU_ASSERT_STRING_EQUAL(why, expected);
		mem_free(why);
		mem_free(expected);
		has_text(file, before);
	}
	unlink(file);
	mem_free(file);
}

/* One mistake at a time can be mended, in a file that has two. */
static void
mends_a_bad_file(void)
{
	static const char	before[] =
	    "smtpd_timeout = x\nsoft_bounce = what\n";
	struct conf_edit	edit = { CONF_EDIT_SET, "soft_bounce", "no" };
	char			*file = path_join(folder, "main.cf");
	char			*why = NULL;

	CU_ASSERT_EQUAL(path_replace(file, before, strlen(before)), 0);
	CU_ASSERT_EQUAL(conf_edit_file(file, &edit, 1, &why), 0);
	has_text(file, "smtpd_timeout = x\nsoft_bounce = no\n");
	mem_free(why);
	unlink(file);
	mem_free(file);
}

static void
keeps_link_and_mode(void)
{
	struct conf_edit edit = { CONF_EDIT_SET, "soft_bounce", "yes" };
	char		*file = path_join(folder, "real.cf");
	char		*link = path_join(folder, "main.cf");
	char		*why = NULL;
	struct stat	 st;

	CU_ASSERT_EQUAL(path_replace(file, "", 0), 0);
	CU_ASSERT_EQUAL(chmod(file, 0640), 0);
	CU_ASSERT_EQUAL(symlink("real.cf", link), 0);
	CU_ASSERT_EQUAL(conf_edit_file(link, &edit, 1, &why), 0);
	has_text(file, "soft_bounce = yes\n");
	CU_ASSERT_EQUAL(lstat(link, &st), 0);
	CU_ASSERT(S_ISLNK(st.st_mode));
	CU_ASSERT_EQUAL(stat(link, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
	mem_free(why);
	unlink(link);
	unlink(file);

	why = NULL;
	CU_ASSERT_EQUAL(conf_edit_file(file, &edit, 1, &why), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "real.cf: No such file"));
	mem_free(why);
	mem_free(file);
	mem_free(link);
}

void	conf_edit_test(void);

void
conf_edit_test(void)
{
	CU_pSuite	suite = CU_add_suite("conf_edit", make_folder,
			    remove_folder);

	CU_add_test(suite, "edits text", edits_text);
	CU_add_test(suite, "edits keep the meaning", edits_keep_the_meaning);
	CU_add_test(suite, "refuses what is bad", refuses_what_is_bad);
	CU_add_test(suite, "mends a bad file", mends_a_bad_file);
	CU_add_test(suite, "keeps link and mode", keeps_link_and_mode);
}
