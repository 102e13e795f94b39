#include "conf/conf.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

/* Text of a main.cf to a conf, or what is wrong with it. */
static struct conf *
make(const char *text, char **why_r)
{
	struct conf_source	*source = conf_source_new();
	struct conf		*conf = NULL;

	*why_r = NULL;
	if (conf_source_load(source, "main.cf", slice_str(text), why_r) == 0)
		conf = conf_new(source, why_r);
	if (conf == NULL)
		conf_source_free(&source);
	return conf;
}

static struct conf *
make_good(const char *text)
{
	char		*why;
	struct conf	*conf = make(text, &why);

	if (conf == NULL)
		CU_FAIL(why);
	mem_free(why);
	return conf;
}

static void
has_defaults(void)
{
	struct conf	*conf = make_good("");

	if (conf == NULL)
		return;
	CU_ASSERT_EQUAL(conf->smtpd_timeout, 300000);
	CU_ASSERT_EQUAL(conf->maximal_queue_lifetime, 5 * INT64_C(86400000));
	CU_ASSERT_EQUAL(conf->smtpd_hard_error_limit, 20);
	CU_ASSERT_EQUAL(conf->message_size_limit, 10240000);
	CU_ASSERT_EQUAL(conf->qmgr_content_cache_size, 64 << 20);
	CU_ASSERT_EQUAL(conf->smtp_destination_concurrency_limit, 20);
	CU_ASSERT_FALSE(conf->smtpd_per_request_deadline);
	CU_ASSERT_TRUE(conf->smtpd_forbid_unauth_pipelining);
	CU_ASSERT_STRING_EQUAL(conf->relayhost, "");
	CU_ASSERT_STRING_EQUAL(conf->mail_name, "Tern");
	CU_ASSERT_STRING_EQUAL(conf->smtpd_forbid_bare_newline, "normalize");
	CU_ASSERT_STRING_EQUAL(conf->smtp_helo_name, conf->myhostname);
	CU_ASSERT_PTR_NOT_NULL(strchr(conf->myhostname, '.'));
	conf_free(&conf);
	CU_ASSERT_PTR_NULL(conf);
	conf_free(&conf);
}

static void
takes_values(void)
{
	struct conf	*conf = make_good(
	    "stress = yes\n"
	    "myhostname = mail.example.org\n"
	    "message_size_limit = 2m\n"
	    "maximal_queue_lifetime = 3\n"
	    "queue_run_delay = 10m\n"
	    "smtpd_helo_required = YES\n"
	    "smtpd_forbid_bare_newline = Reject\n"
	    "default_destination_concurrency_limit = 7\n");

	if (conf == NULL)
		return;
	CU_ASSERT_EQUAL(conf->smtpd_timeout, 10000);
	CU_ASSERT_EQUAL(conf->smtpd_hard_error_limit, 1);
	CU_ASSERT_TRUE(conf->smtpd_per_request_deadline);
	CU_ASSERT_STRING_EQUAL(conf->mydomain, "example.org");
	CU_ASSERT_STRING_EQUAL(conf->smtpd_banner,
	    "mail.example.org ESMTP Tern");
	CU_ASSERT_EQUAL(conf->message_size_limit, 2097152);
	CU_ASSERT_EQUAL(conf->maximal_queue_lifetime, 3 * INT64_C(86400000));
	CU_ASSERT_EQUAL(conf->queue_run_delay, 600000);
	CU_ASSERT_TRUE(conf->smtpd_helo_required);
	CU_ASSERT_STRING_EQUAL(conf->smtpd_forbid_bare_newline, "reject");
	CU_ASSERT_EQUAL(conf->smtp_destination_concurrency_limit, 7);
	conf_free(&conf);
}

static const struct {
	const char	*text;
	const char	*why;
} complaints[] = {
	{ "smtpd_timeout = abc",
	    "main.cf:1: smtpd_timeout: bad time \"abc\": use a number "
	    "and one of s m h d w" },
	{ "\n\nsmtpd_timeout = 5y",
	    "main.cf:3: smtpd_timeout: bad time \"5y\": use a number "
	    "and one of s m h d w" },
	{ "smtpd_timeout =",
	    "main.cf:1: smtpd_timeout: bad time \"\": use a number "
	    "and one of s m h d w" },
	{ "smtpd_timeout = 0",
	    "main.cf:1: smtpd_timeout: \"0\" is too small: at least "
	    "1s" },
	{ "smtpd_timeout = 2d",
	    "main.cf:1: smtpd_timeout: \"2d\" is too large: at most "
	    "86400s" },
	{ "smtpd_timeout = 99999999999999999d",
	    "main.cf:1: smtpd_timeout: bad time "
	    "\"99999999999999999d\": use a number and one of "
	    "s m h d w" },
	{ "hopcount_limit = 0",
	    "main.cf:1: hopcount_limit: \"0\" is too small: at least "
	    "1" },
	{ "hopcount_limit = -1",
	    "main.cf:1: hopcount_limit: bad number \"-1\": use digits "
	    "only" },
	{ "message_size_limit = 10x",
	    "main.cf:1: message_size_limit: bad size \"10x\": use a "
	    "number of bytes, or a number and one of k m g" },
	{ "soft_bounce = maybe",
	    "main.cf:1: soft_bounce: bad value \"maybe\": use yes or "
	    "no" },
	{ "smtp_address_preference = ipv5",
	    "main.cf:1: smtp_address_preference: bad value \"ipv5\": "
	    "use one of any ipv4 ipv6" },
	{ "mail_name = $mail_name 2",
	    "main.cf:1: mail_name: $mail_name refers to itself" },
	{ "a = 1\nrelayhost = ${a",
	    "main.cf:2: relayhost: \"{\" without \"}\" in \"{a\"" },
	{ "default_destination_concurrency_limit = x",
	    "main.cf:1: default_destination_concurrency_limit: bad "
	    "number \"x\": use digits only" },
	{ "slow_destination_concurrency_limit = x",
	    "main.cf:1: slow_destination_concurrency_limit: bad number "
	    "\"x\": use digits only" },
	{ "user = $",
	    "main.cf:1: user: no name after \"$\" (write $$ for a "
	    "dollar) in \"$\"" },
	{ "stress = $x\nx = lots",
	    NULL },
};

static void
says_what_is_wrong(void)
{
	for (size_t i = 0; i < sizeof(complaints) /
	    sizeof(*complaints); i++) {
		char		*why;
		struct conf	*conf = make(complaints[i].text, &why);

		CU_ASSERT_EQUAL(conf == NULL, complaints[i].why != NULL);
		if (why != NULL && complaints[i].why != NULL)
			CU_ASSERT_STRING_EQUAL(why, complaints[i].why);
		mem_free(why);
		conf_free(&conf);
	}
}

static void
blames_a_default(void)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	conf_source_set(source, "default_destination_recipient_limit",
	    "$none", "master.cf:7");
	CU_ASSERT_EQUAL(conf_check(source, "smtp_destination_recipient_limit",
	    &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "default: "
	    "smtp_destination_recipient_limit: bad number \"\": use digits "
	    "only");
	mem_free(why);
	CU_ASSERT_PTR_NULL(conf_new(source, &why));
	CU_ASSERT_STRING_EQUAL(why, "master.cf:7: "
	    "default_destination_recipient_limit: bad number \"\": use "
	    "digits only");
	mem_free(why);
	conf_source_free(&source);
}

static void
refuses_control_characters_of_options(void)
{
	static const struct {
		const char	*name;
		const char	*value;
		const char	*why;
	} cases[] = {
		{ "mail_name", "a\nb",
		    "-o: mail_name: contains a control character" },
		{ "mail\nname", "x", "-o: mail\nname: bad name" },
		{ "", "x", "-o: : bad name" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_source	*source = conf_source_new();
		char			*why = NULL;

		conf_source_set(source, cases[i].name, cases[i].value, "-o");
		CU_ASSERT_PTR_NULL(conf_new(source, &why));
		CU_ASSERT_STRING_EQUAL(why, cases[i].why);
		mem_free(why);
		conf_source_free(&source);
	}
}

static void
times(void)
{
	static const struct {
		const char	*text;
		char		 unit;
		int64_t		 ms;	/* -1: bad */
	} cases[] = {
		{ "30s", 'd', 30000 }, { "30", 's', 30000 },
		{ "2", 'm', 120000 }, { "2", 'h', 7200000 },
		{ "1d", 's', 86400000 }, { "1w", 's', 604800000 },
		{ " 7S ", 'd', 7000 }, { "0", 'w', 0 },
		{ "", 's', -1 }, { "s", 's', -1 }, { "1 s", 's', -1 },
		{ "1.5s", 's', -1 }, { "-1s", 's', -1 }, { "1ss", 's', -1 },
		{ "9223372036854775807", 's', -1 }, { "1", 'x', -1 },
		{ "18446744073709551616s", 's', -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t	ms = -1;
		int	result;

		result = conf_parse_time(cases[i].text, cases[i].unit, &ms);
		CU_ASSERT_EQUAL(result, cases[i].ms < 0 ? -1 : 0);
		CU_ASSERT_EQUAL(ms, cases[i].ms);
	}
}

static void
finds_what_has_no_row(void)
{
	struct conf	*conf = make_good(
	    "n = 3\n"
	    "slow_destination_concurrency_limit = $n\n"
	    "my_own = <$n>\n");
	char		*text;

	if (conf == NULL)
		return;
	text = conf_find(conf, "my_own");
	CU_ASSERT_STRING_EQUAL(text, "<3>");
	mem_free(text);
	CU_ASSERT_PTR_NULL(conf_find(conf, "my_other"));
	CU_ASSERT_EQUAL(conf_find_number(conf,
	    "slow_destination_concurrency_limit", 20), 3);
	CU_ASSERT_EQUAL(conf_find_number(conf,
	    "fast_destination_concurrency_limit", 20), 20);
	CU_ASSERT_EQUAL(conf_find_number(conf, "my_own", 9), 9);
	CU_ASSERT_EQUAL(conf_find_number(conf, "n", 9), 3);
	conf_free(&conf);
}

static void
finds_the_nearest(void)
{
	static const struct {
		const char	*name;
		const char	*nearest;
	} cases[] = {
		{ "smtpd_timout", "smtpd_timeout" },
		{ "smtp_banner", "smtpd_banner" },
		{ "relay_host", "relayhost" },
		{ "myhotsname", "myhostname" },
		{ "max_uze", "max_use" },
		{ "something_else", NULL },
		{ "", NULL },
	};
	char	longest[5000];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char	*nearest = conf_nearest(cases[i].name);

		CU_ASSERT_EQUAL(nearest == NULL, cases[i].nearest == NULL);
		if (nearest != NULL && cases[i].nearest != NULL)
			CU_ASSERT_STRING_EQUAL(nearest, cases[i].nearest);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CU_ASSERT_PTR_NULL(conf_nearest(longest));
}

static void
on_unused(const char *name, const char *value, const char *where, void *arg)
{
	buf_printf(arg, "[%s %s %s]", name, value, where);
}

static void
tells_unused_names(void)
{
	struct conf_source	*source = conf_source_new();
	struct buf		 told = BUF_INIT;
	char			*why;

	CU_ASSERT_EQUAL(conf_source_load(source, "main.cf", slice_str(
	    "smtpd_timout = 5\n"
	    "mine = 1\n"
	    "relayhost = ${mine?{$(yours)}}\n"
	    "yours = $$price\n"
	    "price = 2\n"
	    "smtpd_restriction_classes = ours, theirs\n"
	    "ours = reject\n"
	    "slow_destination_recipient_limit = 1\n"
	    "_destination_recipient_limit = 1\n"), &why), 0);
	conf_each_unused(source, on_unused, &told);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&told), "[smtpd_timout 5 main.cf:1]"
	    "[price 2 main.cf:5]"
	    "[_destination_recipient_limit 1 main.cf:9]");
	buf_clear(&told);
	conf_source_free(&source);
}

static void
rows_are_sound(void)
{
	struct conf_source	*source = conf_source_new();

	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++) {
		char	*why = NULL, *hint = conf_row_hint(row);

		CU_ASSERT_PTR_EQUAL(conf_row_find(row->name), row);
		CU_ASSERT(row->min <= row->max);
		CU_ASSERT(strlen(row->text) > 10);
		CU_ASSERT(strlen(hint) > 0);
		CU_ASSERT_EQUAL(conf_check(source, row->name, &why), 0);
		mem_free(why);
		mem_free(hint);
	}
	CU_ASSERT_PTR_NULL(conf_row_find("smtpd_timout"));
	conf_source_free(&source);
}

/* Whatever the bytes are, there is a conf or one line of complaint. */
static void
survives_junk(void)
{
	static const char *const	words[] = {
		"smtpd_timeout", "mail_name", "a", "b", " = ", "=", "\n",
		"\n ", "$", "${", "$(", "{", "}", ")", "?", ":", "$a", "$b",
		"${a?{", "}:{", "}}", "${{", "} == {", "} <level {", "$$",
		"#", "30s", "yes", "3.10", "\t", "\r\n", "\xff",
		"mydomain", "myhostname", "$mydomain", "$myhostname",
	};
	struct buf	text = BUF_INIT;

	srandom(1);
	for (int i = 0; i < 40000; i++) {
		long		 parts = random() % 24;
		char		*why;
		struct conf	*conf;

		buf_empty(&text);
		for (long k = 0; k < parts; k++)
			if (i % 4 == 0)
				buf_put_u8(&text,
				    (uint8_t)(1 + random() % 255));
			else
				buf_put_str(&text, words[(size_t)random() %
				    (sizeof(words) / sizeof(*words))]);
		conf = make(buf_cstr(&text), &why);
		CU_ASSERT_NOT_EQUAL(conf == NULL, why == NULL);
		mem_free(why);
		conf_free(&conf);
	}
	buf_clear(&text);
}

void	conf_test(void);

void
conf_test(void)
{
	CU_pSuite	suite = CU_add_suite("conf", NULL, NULL);

	CU_add_test(suite, "has defaults", has_defaults);
	CU_add_test(suite, "takes values", takes_values);
	CU_add_test(suite, "says what is wrong", says_what_is_wrong);
	CU_add_test(suite, "blames a default", blames_a_default);
	CU_add_test(suite, "refuses control characters of options",
	    refuses_control_characters_of_options);
	CU_add_test(suite, "times", times);
	CU_add_test(suite, "finds what has no row", finds_what_has_no_row);
	CU_add_test(suite, "finds the nearest", finds_the_nearest);
	CU_add_test(suite, "tells unused names", tells_unused_names);
	CU_add_test(suite, "rows are sound", rows_are_sound);
	CU_add_test(suite, "survives junk", survives_junk);
}
