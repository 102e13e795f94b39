#include "conf/conf.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "util/mem.h"

static const char	main_cf[] =
    "name = value\n"
    "empty =\n"
    "two = $name $name\n"
    "n9 = 9\n"
    "n10 = 10\n"
    "dash-ed.name = odd\n"
    "loop = $hoop\n"
    "hoop = ${loop}\n"
    "myhostname = mail.example.org\n";

static struct conf_source *
make(const char *text)
{
	struct conf_source	*source = conf_source_new();
	char			*why;

	if (conf_source_load(source, "main.cf", slice_str(text), &why) < 0) {
		CU_FAIL(why);
		mem_free(why);
	}
	return source;
}

static void
expands(void)
{
	static const struct {
		const char	*text;
		const char	*result;
	} cases[] = {
		{ "", "" }, { "plain", "plain" }, { "$$", "$" },
		{ "$$name", "$name" }, { "$name", "value" },
		{ "a$name.b", "avalue.b" }, { "${name}x", "valuex" },
		{ "$(name)x", "valuex" }, { "${ name }", "value" },
		{ "$two", "value value" }, { "$none.", "." },
		{ "${dash-ed.name}", "odd" }, { "$dash-ed", "-ed" },
		{ "${name?text}", "text" }, { "${empty?text}", "" },
		{ "${none?text}", "" }, { "$(name?$n9)", "9" },
		{ "${name:text}", "" }, { "${empty:text}", "text" },
		{ "${empty: a b }", " a b " },
		{ "${name??x:{y}z}", "?x:{y}z" },
		{ "${name?{yes}:{no}}", "yes" },
		{ "${empty?{yes}:{no}}", "no" },
		{ "${name ? {yes} : {no}}", "yes" },
		{ "${name?{yes}}", "yes" }, { "${empty?{yes}}", "" },
		{ "${empty:{no}}", "no" }, { "${name:{no}}", "" },
		{ "${name?{${empty?{a}:{b${n9}}}}:{c}}", "b9" },
		{ "${name?{ spaced }}", " spaced " },
		{ "${{a} == {a}?{x}:{y}}", "x" },
		{ "${{$name} == {value} ? {x} : {y}}", "x" },
		{ "${{$name} != {value} ? {x} : {y}}", "y" },
		{ "${{$n9} < {$n10} ? {x} : {y}}", "x" },
		{ "${{$n9}<{$n10}?{x}:{y}}", "x" },
		{ "${{$n9} >= {$n10} ? {x} : {y}}", "y" },
		{ "${{a9} < {a10} ? {x} : {y}}", "y" },
		{ "${{9} > {} ? {x} : {y}}", "x" },
		{ "${{} == {} ? {x} : {y}}", "x" },
		{ "${{ab} > {a} ? {x} : {y}}", "x" },
		{ "${{a} <= {ab} ? {x} : {y}}", "x" },
		{ "${{10} <= {9} ? {x} : {y}}", "y" },
		{ "${{1}==level{1.0}?{x}:{y}}", "x" },
		{ "${{3.9} <level {3.10} ? {x} : {y}}", "x" },
		{ "${{3.9} < {3.10} ? {x} : {y}}", "y" },
		{ "${{4} <=level {3.10} ? {x} : {y}}", "y" },
		{ "${{a} == {a}}", "bool:true" }, { "${{a} == {b}}", "" },
		{ "${{a} == {b}:{z}}", "z" },
		/* What is not chosen is not looked at. */
		{ "${name?{x}:{$loop}}", "x" },
		{ "$mydomain", "example.org" },
		{ "$smtpd_banner", "mail.example.org ESMTP Tern" },
		{ "$stress", "" },
		{ "$slow_destination_concurrency_limit", "20" },
	};
	struct conf_source	*source = make(main_cf);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char	*why = NULL;
		char	*text = conf_expand(source, cases[i].text, &why);

		CU_ASSERT_STRING_EQUAL(text == NULL ? why : text,
		    cases[i].result);
		mem_free(text);
		mem_free(why);
	}
	conf_source_free(&source);
}

static void
refuses(void)
{
	static const struct {
		const char	*text;
		const char	*why;
	} cases[] = {
		{ "$", "no name after \"$\" (write $$ for a dollar) in "
		    "\"$\"" },
		{ "a $ b", "no name after \"$\" (write $$ for a dollar) in "
		    "\"$ b\"" },
		{ "${name", "\"{\" without \"}\" in \"{name\"" },
		{ "$(name", "\"(\" without \")\" in \"(name\"" },
		{ "${}", "no name in \"\"" },
		{ "${?x}", "no name in \"?x\"" },
		{ "${name!x}", "neither \"?\" nor \":\" after the name in "
		    "\"name!x\"" },
		{ "${name?{x}y}", "text after \"}\" in \"?{x}y\"" },
		{ "${name?{x}:y}", "no {...} after \":\" in \"?{x}:y\"" },
		{ "${name?{x}:{y}z}", "text after \"}\" in \"?{x}:{y}z\"" },
		{ "${name:{x}:{y}}", "text after \"}\" in \":{x}:{y}\"" },
		{ "${{a} = {b}}", "no == != < <= > >= after {...} in "
		    "\"{a} = {b}\"" },
		{ "${{a} == b}", "no {...} after a comparison in "
		    "\"{a} == b\"" },
		{ "${{a} ==level {1}}", "no level such as 3.10 in "
		    "\"{a} ==level {1}\"" },
		{ "$loop", "$loop refers to itself: $loop, which $hoop refers "
		    "to, which $loop refers to" },
	};
	struct conf_source	*source = make(main_cf);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char	*why = NULL;
		char	*text = conf_expand(source, cases[i].text, &why);

		CU_ASSERT_PTR_NULL(text);
		CU_ASSERT_STRING_EQUAL(why == NULL ? "nothing" : why,
		    cases[i].why);
		mem_free(text);
		mem_free(why);
	}
	conf_source_free(&source);
}

/* No value may take a program's stack, memory or time. */
static void
is_bounded(void)
{
	struct conf_source	*source = conf_source_new();
	struct buf		 deep = BUF_INIT;
	char			*why, *text;

	for (int i = 0; i < 40; i++) {
		char	*name = mem_printf("v%02d", i);
		char	*value = mem_printf("$v%02d$v%02d", i + 1, i + 1);

		conf_source_set(source, name, value, "x");
		mem_free(name);
		mem_free(value);
	}
	text = conf_expand(source, "$v00", &why);
	CU_ASSERT_PTR_NULL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "more than 10000 references"));
	mem_free(why);

	conf_source_set(source, "v10", "0123456789abcdef0123456789abcdef",
	    "x");
	for (int i = 0; i < 3; i++)
		buf_put_str(&deep, "$v00");
	text = conf_expand(source, buf_cstr(&deep), &why);
	CU_ASSERT_PTR_NULL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "more than 65536 bytes"));
	mem_free(why);

	buf_empty(&deep);
	for (int i = 0; i < 10000; i++)
		buf_put_str(&deep, "${v0:{");
	for (int i = 0; i < 10000; i++)
		buf_put_str(&deep, "}}");
	text = conf_expand(source, buf_cstr(&deep), &why);
	CU_ASSERT_PTR_NULL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "more than 100 levels"));
	mem_free(why);
	buf_clear(&deep);
	conf_source_free(&source);
}

static void
names_the_machine(void)
{
	static const struct {
		const char	*machine;
		const char	*text;
		const char	*hostname;
		const char	*domain;
	} cases[] = {
		{ "box", "", "box.localdomain", "localdomain" },
		{ "box.a.net", "", "box.a.net", "a.net" },
		{ "box", "mydomain = a.net", "box.a.net", "a.net" },
		{ "box.a.net", "mydomain = b.net", "box.a.net", "b.net" },
		{ "box", "myhostname = mx.c.net", "mx.c.net", "c.net" },
		{ "box", "myhostname = mx", "mx", "localdomain" },
		{ "box", "x = d.net\nmyhostname = mx.$x", "mx.d.net",
		    "d.net" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_source	*source = conf_source_new();
		struct buf		 snapshot = BUF_INIT;
		char			*text, *why;

		/* A snapshot carries the name: it begins with it. */
		conf_source_write(source, &snapshot);
		buf_truncate(&snapshot, 4);
		buf_put_u32(&snapshot, (uint32_t)strlen(cases[i].machine));
		buf_put_str(&snapshot, cases[i].machine);
		buf_put_u32(&snapshot, 0);
		CU_ASSERT_EQUAL(conf_source_parse(source,
		    buf_slice(&snapshot)), 0);
		CU_ASSERT_EQUAL(conf_source_load(source, "main.cf",
		    slice_str(cases[i].text), &why), 0);
		text = conf_expand_name(source, "myhostname", &why);
		CU_ASSERT_STRING_EQUAL(text, cases[i].hostname);
		mem_free(text);
		text = conf_expand_name(source, "mydomain", &why);
		CU_ASSERT_STRING_EQUAL(text, cases[i].domain);
		mem_free(text);
		buf_clear(&snapshot);
		conf_source_free(&source);
	}
}

static void
hostname_and_domain_may_not_need_each_other(void)
{
	struct conf_source	*source = make("myhostname = x.$mydomain");
	char			*why = NULL;

	CU_ASSERT_PTR_NULL(conf_expand(source, "$mydomain", &why));
	CU_ASSERT_STRING_EQUAL(why, "$mydomain refers to itself: $mydomain, "
	    "which $myhostname refers to, which $mydomain refers to");
	mem_free(why);
	conf_source_free(&source);
}

void	conf_expand_test(void);

void
conf_expand_test(void)
{
	CU_pSuite	suite = CU_add_suite("conf_expand", NULL, NULL);

	CU_add_test(suite, "expands", expands);
	CU_add_test(suite, "refuses", refuses);
	CU_add_test(suite, "is bounded", is_bounded);
	CU_add_test(suite, "names the machine", names_the_machine);
	CU_add_test(suite, "hostname and domain may not need each other",
	    hostname_and_domain_may_not_need_each_other);
}
