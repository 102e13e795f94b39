#include "conf/master_cf.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/mem.h"

static const char *
choice(enum master_cf_choice value)
{
	return value == MASTER_CF_DEFAULT ? "-" :
	    value == MASTER_CF_YES ? "y" : "n";
}

/* A service as text, for comparison. */
static void
format(struct buf *into, const struct master_cf_service *service)
{
	buf_printf(into, "%d:%s/%s %s%s%s %d%s %d %s", service->line,
	    service->name, service->type == MASTER_CF_INET ? "inet" : "unix",
	    choice(service->is_private), choice(service->is_unprivileged),
	    choice(service->has_chroot), service->wakeup_s,
	    service->wakeup_lazily ? "?" : "", service->process_limit,
	    service->command);
	for (char **arg = service->args; *arg != NULL; arg++)
		buf_printf(into, " [%s]", *arg);
	for (size_t i = 0; i < service->option_count; i++)
		buf_printf(into, " <%s=%s>", service->options[i].name,
		    service->options[i].value);
	buf_put_str(into, "\n");
}

static void
reads(void)
{
	static const struct {
		const char	*text;
		const char	*all;
	} cases[] = {
		{ "", "" }, { "# nothing\n", "" },
		{ "smtp inet n - - - - smtpd",
		    "1:smtp/inet n-- 0 -1 smtpd\n" },
		{ "\n#x\nqmgr\tunix  n  y\tn 300 1 qmgr\r\n",
		    "3:qmgr/unix nyn 300 1 qmgr\n" },
		{ "a unix - - - 300? 0 a", "1:a/unix --- 300? 0 a\n" },
		{ "a unix - - -\n# x\n\n - - a\n  -v\n",
		    "1:a/unix --- 0 -1 a [-v]\n" },
		{ "[::1]:2525 inet n - - - - smtpd -o a=b",
		    "1:[::1]:2525/inet n-- 0 -1 smtpd <a=b>\n" },
		{ "a unix - - - - - a -v -o a=b -o { c = d e } -oe=f",
		    "1:a/unix --- 0 -1 a [-v] <a=b> <c=d e> <e=f>\n" },
		{ "a unix - - - - - a -o a= -o { b = } -o {c={d}}",
		    "1:a/unix --- 0 -1 a <a=> <b=> <c={d}>\n" },
		{ "a unix - - - - - a { b  c } {} {{d}} -o x=y",
		    "1:a/unix --- 0 -1 a [b  c] [] [{d}] [-o] [x=y]\n" },
		{ "a unix - - - - - a argv=/x -o y -- z",
		    "1:a/unix --- 0 -1 a [argv=/x] [-o] [y] [--] [z]\n" },
		{ "a unix - - - - - a\nb unix - - - - - b\n"
		    "a unix - - - - 9 c -o d=e\na inet - - - - - f\n",
		    "3:a/unix --- 0 9 c <d=e>\n2:b/unix --- 0 -1 b\n"
		    "4:a/inet --- 0 -1 f\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf		 all = BUF_INIT;
		char			*why = NULL;
		struct master_cf	*cf = master_cf_parse("f",
					    slice_str(cases[i].text), &why);

		if (cf == NULL)
			CU_FAIL(why);
		for (size_t k = 0; cf != NULL && k < cf->count; k++)
			format(&all, &cf->services[k]);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&all), cases[i].all);
		mem_free(why);
		buf_clear(&all);
		master_cf_free(&cf);
	}
}

static const struct {
	const char	*text;
	const char	*why;
} complaints[] = {
	{ "smtp", "f:1: 1 of 8 fields: no type" },
	{ "smtp inet n - -\n  - -\n",
	    "f:1: 7 of 8 fields: no command" },
	{ "smtp tcp n - - - - smtpd",
	    "f:1: bad type \"tcp\": use inet or unix" },
	{ "#\nq tipc n - - - - q",
	    "f:2: bad type \"tipc\": use inet or unix" },
	{ "q unix x - - - - q",
	    "f:1: bad private \"x\": use y, n or -" },
	{ "q unix - yes - - - q",
	    "f:1: bad unpriv \"yes\": use y, n or -" },
	{ "q unix - - Y - - q",
	    "f:1: bad chroot \"Y\": use y, n or -" },
	{ "q unix - - - 5s - q",
	    "f:1: bad wakeup \"5s\": use seconds, seconds with ?, or "
	    "-" },
	{ "q unix - - - ? - q",
	    "f:1: bad wakeup \"?\": use seconds, seconds with ?, or "
	    "-" },
	{ "q unix - - - - -1 q",
	    "f:1: bad process limit \"-1\": use a number or -" },
	{ "q unix - - - - 9999999999 q",
	    "f:1: bad process limit \"9999999999\": use a number or "
	    "-" },
	{ "a/b unix - - - - - q",
	    "f:1: bad service name \"a/b\": it contains \"/\"" },
	{ ".. unix - - - - - q",
	    "f:1: bad service name \"..\": it starts with \".\"" },
	{ "{a b} unix - - - - - q",
	    "f:1: bad service name \"a b\": it contains a space" },
	{ "{} unix - - - - - q",
	    "f:1: bad service name \"\": it is empty" },
	{ "q unix - - - - - {}",
	    "f:1: bad command \"\": it is empty" },
	{ "q unix - - - - - q -o",
	    "f:1: -o without name=value" },
	{ "q unix - - - - - q -o name",
	    "f:1: -o \"name\": no \"=\"" },
	{ "q unix - - - - - q -o =x",
	    "f:1: -o \"=x\": bad name" },
	{ "q unix - - - - - q -o { a b = c }",
	    "f:1: -o \"a b = c\": bad name" },
	{ "q unix - - - - - q -o { a = b",
	    "f:1: \"{\" without \"}\"" },
	{ "q unix - - - - - q {a}b", "f:1: no space after \"}\"" },
	{ " q unix - - - - - q", "f:1: starts with white space, but "
	    "there is no line before it to go on with" },
	{ "q unix - - - - - q \x01",
	    "f:1: contains a control character" },
};

static void
refuses(void)
{
	for (size_t i = 0; i < sizeof(complaints) /
	    sizeof(*complaints); i++) {
		struct slice		 text = slice_str(complaints[i].text);
		char			*why = NULL;
		struct master_cf	*cf = master_cf_parse("f", text, &why);

		CU_ASSERT_PTR_NULL(cf);
		CU_ASSERT_STRING_EQUAL(why == NULL ? "nothing" : why,
		    complaints[i].why);
		mem_free(why);
		master_cf_free(&cf);
	}
}

static void
refuses_too_many(void)
{
	struct buf	 text = BUF_INIT;
	char		*why = NULL;

	for (int i = 0; i < 1001; i++)
		buf_printf(&text, "s%d unix - - - - - x\n", i);
	CU_ASSERT_PTR_NULL(master_cf_parse("f", buf_slice(&text), &why));
	CU_ASSERT_STRING_EQUAL(why, "f:1001: more than 1000 services");
	mem_free(why);
	buf_clear(&text);
}

static void
reads_files(void)
{
	char	*why = NULL;

	CU_ASSERT_PTR_NULL(master_cf_read("/nonexistent/master.cf", &why));
	CU_ASSERT_STRING_EQUAL(why,
	    "/nonexistent/master.cf: No such file or directory");
	mem_free(why);
}

static void
survives_junk(void)
{
	static const char *const	words[] = {
		"smtp", "inet", "unix", " - ", " y ", " n ", " ", "\n",
		"\n ", "-o ", "-o", "a=b", "=", "{", "}", " { ", " } ", "#",
		"300?", "0", "-1", "x unix - - - - - x ", "\xff", "\t",
	};
	struct buf	text = BUF_INIT;

	srandom(3);
	for (int i = 0; i < 40000; i++) {
		long			 parts = random() % 30;
		char			*why = NULL;
		struct master_cf	*cf;

		buf_empty(&text);
		for (long k = 0; k < parts; k++)
			if (i % 4 == 0)
				buf_put_u8(&text, (uint8_t)random());
			else
				buf_put_str(&text, words[(size_t)random() %
				    (sizeof(words) / sizeof(*words))]);
		cf = master_cf_parse("f", buf_slice(&text), &why);
		CU_ASSERT_NOT_EQUAL(cf == NULL, why == NULL);
		mem_free(why);
		master_cf_free(&cf);
	}
	buf_clear(&text);
}

void	master_cf_test(void);

void
master_cf_test(void)
{
	CU_pSuite	suite = CU_add_suite("master_cf", NULL, NULL);

	CU_add_test(suite, "reads", reads);
	CU_add_test(suite, "refuses", refuses);
	CU_add_test(suite, "refuses too many", refuses_too_many);
	CU_add_test(suite, "reads files", reads_files);
	CU_add_test(suite, "survives junk", survives_junk);
}
