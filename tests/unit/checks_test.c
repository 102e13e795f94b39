/*
 * Messages in, bytes out, however they are cut: each action of content
 * checks.
 */

#include "cleanup/checks.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup/fate.h"
#include "cleanup/passage.h"
#include "conf/conf.h"
#include "util/log.h"
#include "util/mem.h"

#define PART	"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define IN_PART	"--b\r\nContent-Type: text/x; name=y.exe\r\n\r\n"
#define NESTED	"--b\r\nContent-Type: message/rfc822\r\n\r\n" \
		"Subject: inner\r\n\r\n"

struct setting {
	const char	*name, *value;
};

/* What became of a message. */
struct result {
	struct buf	out;
	int		code;
	char		dsn[16];
	char		text[200];
	struct fate	fate;
};

static char	log_file[] = "/tmp/tern-checks-XXXXXX";

static int
setup(void)
{
	int	fd = mkostemp(log_file, O_APPEND);

	if (fd < 0)
		return 1;
	log_open_fd("test", fd);
	return 0;
}

static int
teardown(void)
{
	log_open_fd("test", STDERR_FILENO);
	return unlink(log_file);
}

/* What was logged since the last call; the caller frees. */
static char *
take_log(void)
{
	FILE	*file = fopen(log_file, "r+");
	char	 text[8192];
	size_t	 len;

	if (file == NULL)
		abort();
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	if (ftruncate(fileno(file), 0) < 0)
		abort();
	fclose(file);
	return mem_strdup(text);
}

static struct conf *
make_conf(const struct setting *settings)
{
	struct conf_source	*source = conf_source_new();
	struct conf		*conf;
	char			*why;

	conf_source_set(source, "myhostname", "m.example", "test");
	conf_source_set(source, "line_length_limit", "512", "test");
	for (; settings->name != NULL; settings++)
		conf_source_set(source, settings->name, settings->value,
		    "test");
	conf = conf_new(source, &why);
	if (conf == NULL)
		log_fatal("%s", why);
	return conf;
}

static void
put(void *arg, struct slice bytes)
{
	buf_put_slice(arg, bytes);
}

static void
clear(struct result *result)
{
	buf_clear(&result->out);
	fate_clear(&result->fate);
}

/* Without our own Received: header. */
static void
drop_received(struct buf *out)
{
	const char	*end = strstr(buf_cstr(out), ")\r\n");

	end = end == NULL ? NULL : strstr(end + 1, ")\r\n");
	if (end != NULL)
		buf_drop(out, (size_t)(end + 3 - buf_cstr(out)));
}

static void
pass_content(struct passage *passage, struct slice in, size_t step)
{
	passage_start(passage);
	for (size_t i = 0; i < in.len &&
	    passage_verdict(passage)->code == 0; i += step)
		passage_put(passage, slice_first(slice_after(in, i), step));
	if (passage_verdict(passage)->code == 0)
		passage_end(passage);
}

static void
run(const struct conf *conf, const struct rules *rules, struct slice in,
    size_t step, struct result *result)
{
	static char			 name[] = "n", addr[] = "192.0.2.1";
	static char			 helo[] = "h", proto[] = "ESMTP";
	static char			 none[] = "";
	const struct fixup_client	 client = { name, addr, helo, proto,
					    proto, NULL, NULL, NULL, none };
	const struct passage_verdict	*verdict;
	struct passage_settings		 settings = {
		.fixup = { .conf = conf, .client = &client, .queue_id = 1,
		    .arrival_us = 1795429515000000, .sender = "s@s.example" },
		.rules = rules, .fate = &result->fate,
		.client = "n[192.0.2.1]", .last_recipient = "r@r.example",
		.put = put, .arg = &result->out,
	};
	struct passage			*passage = passage_new(&settings);

	pass_content(passage, in, step);
	verdict = passage_verdict(passage);
	result->code = verdict->code;
	snprintf(result->dsn, sizeof(result->dsn), "%s",
	    verdict->dsn == NULL ? "" : verdict->dsn);
	snprintf(result->text, sizeof(result->text), "%s",
	    verdict->text == NULL ? "" : verdict->text);
	passage_free(&passage);
	drop_received(&result->out);
}

static void
run_once(const struct setting *settings, const char *in, size_t step,
    struct result *result)
{
	struct conf	*conf = make_conf(settings);
	char		*why;
	struct rules	*rules = rules_new(conf, &why);

	CU_ASSERT_PTR_NOT_NULL_FATAL(rules);
	run(conf, rules, slice_str(in), step, result);
	rules_free(&rules);
	conf_free(&conf);
}

/* out NULL: refused with code. */
static const struct {
	struct setting	 settings[4];
	const char	*in, *out;
	int		 code;
} cases[] = {
	/* nothing matches, or does nothing */
	{ { { "header_checks", "regexp:{ {/^X:/ REJECT} }" },
	    { "body_checks", "regexp:{ {/zzz/ REJECT} }" } },
	    "Subject: a\r\n b\r\n\r\nx\r\n\r\ny\r\n",
	    "Subject: a\r\n b\r\n\r\nx\r\n\r\ny\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/./ DUNNO} }" },
	    { "body_checks", "regexp:{ {/./ OK} }" } },
	    "A: b\r\n\r\nx\r\n", "A: b\r\n\r\nx\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ NONSENSE} }" } },
	    "A: b\r\n\r\nx\r\n", "A: b\r\n\r\nx\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ WARN x} {/^B/ INFO y} }" } },
	    "A: b\r\nB: c\r\n\r\nx\r\n", "A: b\r\nB: c\r\n\r\nx\r\n", 0 },
	/* lines of a field are one text */
	{ { { "header_checks", "regexp:{ {/a.*b.*c$$/ IGNORE} }" } },
	    "Subject: a\r\n b\r\n\tc\r\nD: e\r\n\r\n", "D: e\r\n\r\n", 0 },
	{ { { "header_checks", "pcre:{ {/^Subject: a\\n b$$/ IGNORE} }" } },
	    "Subject: a\r\n b\r\n\r\n", "\r\n", 0 },
	/* the first rule, and the first table, that matches */
	{ { { "header_checks", "regexp:{ {/^A/ DUNNO} {/^A/ IGNORE} }" } },
	    "A: b\r\n\r\n", "A: b\r\n\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ DUNNO} }, "
	    "regexp:{ {/^[AB]/ IGNORE} }" } },
	    "A: b\r\nB: c\r\n\r\n", "A: b\r\n\r\n", 0 },
	/* case is of the table's making */
	{ { { "header_checks", "regexp:{ {/^subject/ IGNORE} }" } },
	    "SUBJECT: a\r\n\r\n", "\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^subject/i IGNORE} }" } },
	    "SUBJECT: a\r\n\r\n", "SUBJECT: a\r\n\r\n", 0 },
	/* text changed */
	{ { { "header_checks", "regexp:{ {/^A: (.*)/ REPLACE B: <$$1>} }" } },
	    "A: b\r\nC: d\r\n\r\nA: x\r\n", "B: <b>\r\nC: d\r\n\r\nA: x\r\n",
	    0 },
	{ { { "header_checks", "regexp:{ {/^A: (.*)/ REPLACE B: <$$1>} }" } },
	    "A: b\r\n c\r\n\r\n", "B: <b\r\n c>\r\n\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A: b..c(.*)/ REPLACE B: $$1} }" } },
	    "A: b\r\n c\r\n d\r\n\r\n", "B: \r\n d\r\n\r\n", 0 },
	{ { { "header_checks", "pcre:{ {/^A: (b\\n) (c)/ REPLACE A: $$1$$2} "
	    "}" } }, "A: b\r\n c\r\n\r\n", "A: b c\r\n\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ REPLACE not a header} }" } },
	    "A: b\r\n\r\n", "A: b\r\n\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ PREPEND X: y} }" } },
	    "A: b\r\nC: d\r\n\r\n", "X: y\r\nA: b\r\nC: d\r\n\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ PREPEND not a header} }" } },
	    "A: b\r\n\r\n", "A: b\r\n\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ STRIP why} }" } },
	    "A: b\r\nC: d\r\n\r\n", "C: d\r\n\r\n", 0 },
	{ { { "body_checks", "regexp:{ {/^(.)$$/ REPLACE <$$1>} "
	    "{/^ab$$/ PREPEND c} {/^abc/ IGNORE} }" } },
	    "A: b\r\n\r\nx\r\n\r\nab\r\nabc\r\nA: b",
	    "A: b\r\n\r\n<x>\r\n\r\nc\r\nab\r\nA: b\r\n", 0 },
	/* our own field, and what fixup does with the rest */
	{ { { "header_checks", "regexp:{ {/^Received: from h/ IGNORE} }" } },
	    "A: b\r\n\r\n", "A: b\r\n\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ REPLACE Bcc: x} }" } },
	    "A: b\r\n\r\n", "\r\n", 0 },
	{ { { "header_checks", "regexp:{ {/^A/ IGNORE} }" },
	    { "always_add_missing_headers", "yes" } },
	    "A: b\r\nB: c\r\n d\r\n\r\n", "B: c\r\n d\r\n\r\n", 0 },
	/* whose headers */
	{ { { "header_checks", "regexp:{ {/^(Content-Type|A)/ IGNORE} }" },
	    { "mime_header_checks", "" } },
	    "A: b\r\nContent-Type: text/plain\r\n\r\nx\r\n",
	    "Content-Type: text/plain\r\n\r\nx\r\n", 0 },
	{ { { "mime_header_checks", "regexp:{ {/name=.*exe/ REJECT} }" } },
	    PART IN_PART "x\r\n--b--\r\n", NULL, 550 },
	{ { { "header_checks", "regexp:{ {/name=.*exe/ REJECT} }" } },
	    PART IN_PART "x\r\n--b--\r\n", NULL, 550 },
	{ { { "mime_header_checks", "regexp:{ {/name=.*exe/ IGNORE} }" } },
	    PART IN_PART "x\r\n--b--\r\n", PART "--b\r\n\r\nx\r\n--b--\r\n",
	    0 },
	{ { { "mime_header_checks", "regexp:{ {/name=.*exe/ IGNORE} }" },
	    { "disable_mime_input_processing", "yes" } },
	    PART IN_PART "x\r\n--b--\r\n", PART IN_PART "x\r\n--b--\r\n", 0 },
	{ { { "nested_header_checks", "regexp:{ {/^Sub/ PREPEND X: y} }" } },
	    "Subject: outer\r\n" PART NESTED "x\r\n--b--\r\n",
	    "Subject: outer\r\n" PART
	    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "X: y\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n", 0 },
	{ { { "body_checks", "regexp:{ {/^--b/ INFO} {/inner/ IGNORE} "
	    "{/^x/ REPLACE y} }" } },
	    PART NESTED "x\r\nx\r\n--b--\r\nx\r\n",
	    PART NESTED "y\r\ny\r\n--b--\r\ny\r\n", 0 },
	{ { { "body_checks", "regexp:{ {/^(--b|Subject).*/ REPLACE z} }" },
	    { "disable_mime_input_processing", "yes" } },
	    PART NESTED "x\r\n--b--\r\n", PART
	    "z\r\nContent-Type: message/rfc822\r\n\r\nz\r\n\r\nx\r\nz\r\n",
	    0 },
	/* so much of each part */
	{ { { "body_checks", "regexp:{ {/x/ IGNORE} }" },
	    { "body_checks_size_limit", "6" } },
	    PART "--b\r\n\r\nx\r\nx\r\nx\r\nx\r\n--b\r\n\r\nx\r\n",
	    PART "--b\r\n\r\nx\r\nx\r\n--b\r\n\r\n", 0 },
	/* refused */
	{ { { "header_checks", "regexp:{ {/^A/ REJECT} }" } },
	    "A: b\r\n\r\n", NULL, 550 },
	{ { { "header_checks", "regexp:{ {/^A/ REJECT 4.2.1 later} }" } },
	    "A: b\r\n\r\n", NULL, 451 },
	{ { { "body_checks", "regexp:{ {/^x/ REJECT 5.9.9 never} }" } },
	    "A: b\r\n\r\na\r\nx", NULL, 550 },
	{ { { "header_checks", "fail:reason" } }, "A: b\r\n\r\n", NULL, 451 },
	{ { { "header_checks", "regexp:/nonexistent" } }, "A: b\r\n\r\n",
	    NULL, 451 },
	/* PASS */
	{ { { "header_checks", "regexp:{ {/^B/ PASS} {/^A/ IGNORE} }" },
	    { "body_checks", "static:REJECT" } },
	    "A: b\r\nB: c\r\nA: d\r\n\r\nx\r\n", "B: c\r\nA: d\r\n\r\nx\r\n",
	    0 },
	/* nothing hides from them */
	{ { { "header_checks", "regexp:{ {/^Subject: a/ REJECT} }" } },
	    "Subject\r: a\r\n\r\n", NULL, 550 },
	{ { { "header_checks", "regexp:{ {/^Subject: a : b/ REJECT} }" } },
	    "Subject \t: a : b\r\n\r\n", NULL, 550 },
	{ { { "body_checks", "regexp:{ {/evil/ REJECT} }" } },
	    "A: b\r\n\r\nx\ny\r evil\r\n", NULL, 550 },
	/* strict_* */
	{ { { "strict_7bit_headers", "yes" } }, "A: \xff\r\n\r\n", NULL, 550 },
	{ { { "strict_7bit_headers", "yes" } }, "A: b\r\n\r\n\xff\r\n",
	    "A: b\r\n\r\n\xff\r\n", 0 },
	{ { { "strict_8bitmime_body", "yes" } }, "A: b\r\n\r\n\xff\r\n", NULL,
	    550 },
	{ { { "strict_8bitmime", "yes" } }, "A: b\r\n\r\n\xff\r\n", NULL,
	    550 },
	{ { { "strict_8bitmime_body", "yes" } },
	    "Content-Transfer-Encoding: 8bit\r\n\r\n\xff\r\n",
	    "Content-Transfer-Encoding: 8bit\r\n\r\n\xff\r\n", 0 },
	{ { { "strict_mime_encoding_domain", "yes" } },
	    "Content-Transfer-Encoding: base64\r\n" PART, NULL, 550 },
	{ { { "strict_mime_encoding_domain", "yes" } }, PART IN_PART,
	    PART IN_PART, 0 },
	{ { { "strict_mime_encoding_domain", "yes" },
	    { "mime_nesting_limit", "1" } },
	    PART "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n",
	    NULL, 550 },
};

static void
try_case(size_t i)
{
	struct conf	*conf = make_conf(cases[i].settings);
	struct slice	 in = slice_str(cases[i].in);
	char		*why;
	struct rules	*rules = rules_new(conf, &why);

	CU_ASSERT_PTR_NOT_NULL_FATAL(rules);
	for (size_t step = 1; step <= in.len + 1; step++) {
		struct result	got = { .code = 0 };
		bool		ok;

		run(conf, rules, in, step, &got);
		ok = got.code == cases[i].code && (got.code != 0 ||
		    strcmp(buf_cstr(&got.out), cases[i].out) == 0);
		CU_ASSERT(ok);
		if (!ok)
			printf("case %zu, step %zu: %d %s\n%s", i, step,
			    got.code, got.text, buf_cstr(&got.out));
		clear(&got);
	}
	rules_free(&rules);
	conf_free(&conf);
}

static void
every_cut(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		try_case(i);
	mem_free(take_log());
}

static const struct {
	const char	*action, *log;
} logged[] = {
	{ "REJECT", "reject: header A: b" },
	{ "REJECT no", "5.7.1 no\n" },
	{ "REJECT 5.1.2 no", "5.1.2 no\n" },
	{ "WARN text", "warning: header A: b from n[192.0.2.1]; "
	    "from=<s@s.example> to=<r@r.example> proto=ESMTP helo=<h>: "
	    "text\n" },
	{ "INFO", "info: header A: b from n[192.0.2.1]; from=<s@s.example> "
	    "to=<r@r.example> proto=ESMTP helo=<h>\n" },
	{ "HOLD x", "hold: header A: b " },
	{ "DISCARD x", "discard: header A: b " },
	{ "FILTER a:b", "filter: header A: b " },
	{ "REDIRECT a@b", "redirect: header A: b " },
	{ "BCC a@b", "bcc: header A: b " },
	{ "PREPEND X: y", "prepend: header A: b " },
	{ "REPLACE X: y", "replace: header A: b " },
	{ "STRIP", "strip: header A: b " },
	{ "PASS", "pass: header A: b " },
	{ "FILTER x", "need transport:destination" },
	{ "REDIRECT x", "need user@domain" },
	{ "BCC x", "need user@domain" },
	{ "REPLACE", "need \"headername" },
	{ "hold x", "hold: header A: b " },
	{ "nonsense x", "unknown action" },
	{ "IGNORE", "" }, { "DUNNO", "" },
};

static void
lines_of_the_log(void)
{
	for (size_t i = 0; i < sizeof(logged) / sizeof(*logged); i++) {
		char		*table = mem_printf("regexp:{ {/^A/ %s} }",
				    logged[i].action);
		struct setting	 settings[] = { { "header_checks", table },
				    { NULL, NULL } };
		struct result	 got = { .code = 0 };
		char		*log;

		run_once(settings, "A: b\r\n\r\nx\r\n", 100, &got);
		log = take_log();
		CU_ASSERT(logged[i].log[0] == '\0' ?
		    strstr(log, "A: b") == NULL :
		    strstr(log, logged[i].log) != NULL);
		if (strstr(log, logged[i].log) == NULL)
			printf("%s: %s", logged[i].action, log);
		mem_free(log);
		mem_free(table);
		clear(&got);
	}
}

static void
fates(void)
{
	const struct setting	settings[] = { { "header_checks", "regexp:{ "
	    "{/^A/ HOLD h} {/^B/ FILTER f:g} {/^C/ REDIRECT r@s} "
	    "{/^D/ BCC b@c} {/^E/ BCC d@e} {/^F/ HOLD i} }" },
	    { "body_checks", "regexp:{ {/^x/ DISCARD} {/^y/ HOLD} }" },
	    { NULL, NULL } };
	struct result		got = { .code = 0 };

	run_once(settings, "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\n"
	    "\r\nx\r\n", 1, &got);
	CU_ASSERT_EQUAL(got.code, 0);
	CU_ASSERT(got.fate.is_held);
	CU_ASSERT(got.fate.is_discarded);
	CU_ASSERT_STRING_EQUAL(got.fate.reason, "h");
	CU_ASSERT_STRING_EQUAL(got.fate.filter, "f:g");
	CU_ASSERT_STRING_EQUAL(got.fate.redirect, "r@s");
	CU_ASSERT_EQUAL_FATAL(got.fate.bcc_count, 2);
	CU_ASSERT_STRING_EQUAL(got.fate.bccs[0], "b@c");
	CU_ASSERT_STRING_EQUAL(got.fate.bccs[1], "d@e");
	clear(&got);
	mem_free(take_log());
}

static void
replies(void)
{
	const struct setting	settings[] = { { "header_checks", "regexp:{ "
	    "{/^A/ REJECT} {/^B/ REJECT 4.5.6 later on} "
	    "{/^C/ REJECT 5.6 no} }" }, { NULL, NULL } };
	struct result		got = { .code = 0 };

	run_once(settings, "A: 1\r\n\r\n", 1, &got);
	CU_ASSERT_STRING_EQUAL(got.dsn, "5.7.1");
	CU_ASSERT_STRING_EQUAL(got.text, "message content rejected");
	clear(&got);
	got = (struct result){ .code = 0 };
	run_once(settings, "B: 1\r\n\r\n", 1, &got);
	CU_ASSERT_EQUAL(got.code, 451);
	CU_ASSERT_STRING_EQUAL(got.dsn, "4.5.6");
	CU_ASSERT_STRING_EQUAL(got.text, "later on");
	clear(&got);
	got = (struct result){ .code = 0 };
	run_once(settings, "C: 1\r\n\r\n", 1, &got);
	CU_ASSERT_STRING_EQUAL(got.dsn, "5.7.1");
	CU_ASSERT_STRING_EQUAL(got.text, "5.6 no");
	clear(&got);
	mem_free(take_log());
}

static void
put_run(struct buf *into, char c, size_t count)
{
	while (count-- > 0)
		buf_put_u8(into, (uint8_t)c);
}

/* A long line is looked at by the piece, cut or not, and comes out whole. */
static void
long_lines(void)
{
	const struct setting	settings[] = {
	    { "body_checks", "pcre:{ {/^x{512}$$/ INFO} {/^y+$$/ INFO} }" },
	    { NULL, NULL } };
	static const size_t	lengths[] = { 511, 512, 513, 514, 515, 1024,
	    1025, 5000 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct buf	in = BUF_INIT;

		buf_put_str(&in, "A: b\r\n\r\n");
		put_run(&in, 'x', lengths[i]);
		buf_put_str(&in, "\r\ny\r\n");
		for (size_t step = 1; step < 6000; step = step * 2 + 1) {
			struct result	 got = { .code = 0 };
			char		*log;
			size_t		 count = 0;

			run_once(settings, buf_cstr(&in), step, &got);
			CU_ASSERT(slice_equal(buf_slice(&got.out),
			    buf_slice(&in)));
			clear(&got);
			log = take_log();
			for (const char *p = log;
			    (p = strstr(p, "info: body")) != NULL; p++)
				count++;
			CU_ASSERT_EQUAL(count, lengths[i] / 512 + 1);
			mem_free(log);
		}
		buf_clear(&in);
	}
}

/* A field of a part that is too long is cut for the checks, not lost. */
static void
long_fields(void)
{
	const struct setting	settings[] = { { "header_size_limit", "100" },
	    { "mime_header_checks", "regexp:{ {/^X/ INFO} {/^Y/ IGNORE} }" },
	    { NULL, NULL } };
	struct buf		in = BUF_INIT, out = BUF_INIT;

	buf_put_str(&in, PART "--b\r\nX: ");
	put_run(&in, 'x', 1000);
	buf_put_str(&in, "\r\n x\r\n");
	buf_put_slice(&out, buf_slice(&in));
	buf_put_str(&in, "Y: ");
	put_run(&in, 'y', 1000);
	buf_put_str(&in, "\r\n y\r\nZ: z\r\n\r\nbody\r\n");
	buf_put_str(&out, "Z: z\r\n\r\nbody\r\n");
	for (size_t step = 1; step < 3000; step = step * 2 + 1) {
		struct result	got = { .code = 0 };

		run_once(settings, buf_cstr(&in), step, &got);
		CU_ASSERT(slice_equal(buf_slice(&got.out), buf_slice(&out)));
		clear(&got);
	}
	buf_clear(&in);
	buf_clear(&out);
	mem_free(take_log());
}

/* A type that waits for a server would make all mail wait. */
static void
slow_tables_are_refused(void)
{
	const struct setting	settings[] = {
	    { "body_checks", "regexp:/x, internal:x" }, { NULL, NULL } };
	struct conf		*conf = make_conf(settings);
	char			*why = NULL;

	CU_ASSERT_PTR_NULL(rules_new(conf, &why));
	CU_ASSERT_PTR_NOT_NULL_FATAL(why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "body_checks: internal:x"));
	mem_free(why);
	conf_free(&conf);
}

void	checks_test(void);

void
checks_test(void)
{
	CU_pSuite	suite = CU_add_suite("checks", setup, teardown);

	CU_add_test(suite, "every cut", every_cut);
	CU_add_test(suite, "lines of the log", lines_of_the_log);
	CU_add_test(suite, "fates", fates);
	CU_add_test(suite, "replies", replies);
	CU_add_test(suite, "long lines", long_lines);
	CU_add_test(suite, "long fields", long_fields);
	CU_add_test(suite, "slow tables are refused", slow_tables_are_refused);
}
