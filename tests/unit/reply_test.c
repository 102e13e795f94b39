#include "smtpd/reply.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "smtpd/gate.h"
#include "util/ascii.h"
#include "util/buf.h"

static struct buf	out = BUF_INIT;
static struct session	s;
static struct conf	conf;
static struct gate	gate;

static void
begin(void)
{
	memset(&s, 0, sizeof(s));
	buf_empty(&out);
	s.out = s.replies = &out;
	conf.soft_bounce = false;
	gate.conf = &conf;
	s.gate = &gate;
	gate.footer = NULL;
}

static int
tear_down(void)
{
	buf_clear(&out);
	return 0;
}

static void
one_line(void)
{
	begin();
	reply_put(&s, 250, "2.1.0", "Ok %s", "a@b");
	reply_put(&s, 354, NULL, "go");
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "250 2.1.0 Ok a@b\r\n"
	    "354 go\r\n");
	CU_ASSERT_EQUAL(s.error_count, 0);
}

static void
several_lines(void)
{
	begin();
	reply_put_line(&s, 250, true, "host");
	reply_put_line(&s, 250, true, "SIZE %d", 7);
	reply_put_line(&s, 250, false, "DSN");
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "250-host\r\n250-SIZE 7\r\n"
	    "250 DSN\r\n");
}

/* The template, and what follows "550 5.1.1 no". */
static const struct {
	const char	*footer, *want;
} footers[] = {
	{ "", "550 5.1.1 no\r\n" },
	{ "call us", "550-5.1.1 no\r\n550 5.1.1 call us\r\n" },
	{ "\\c; call us", "550 5.1.1 no; call us\r\n" },
	{ "\\c", "550 5.1.1 no\r\n" },
	{ "a\\nb\\n", "550-5.1.1 no\r\n550-5.1.1 a\r\n550-5.1.1 b\r\n"
	    "550 5.1.1 \r\n" },
	{ "$$ $none ${none}.${", "550-5.1.1 no\r\n550 5.1.1 $  .\r\n" },
	{ "$client_address ${client_address}x", "550-5.1.1 no\r\n"
	    "550 5.1.1 192.0.2.1 192.0.2.1x\r\n" },
	{ "a\x07" "b\nc", "550-5.1.1 no\r\n550-5.1.1 a?b\r\n"
	    "550 5.1.1 c\r\n" },
	{ "$", "550-5.1.1 no\r\n550 5.1.1 \r\n" },
};

static void
footed(void)
{
	for (size_t i = 0; i < sizeof(footers) / sizeof(*footers); i++) {
		begin();
		snprintf(s.addr, sizeof(s.addr), "192.0.2.1");
		gate.footer = footers[i].footer;
		reply_put(&s, 550, "5.1.1", "no");
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out), footers[i].want);
	}
	/* Good news has none; one of a table goes before; errors count. */
	begin();
	gate.footer = "usual";
	s.footer = "other";
	reply_put(&s, 250, NULL, "Ok");
	reply_put(&s, 450, NULL, "a\nb");
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "250 Ok\r\n450-a?b\r\n"
	    "450 other\r\n");
	CU_ASSERT_EQUAL(s.error_count, 1);
}

/* S51: nothing is refused for good. */
static void
soft_bounce(void)
{
	begin();
	conf.soft_bounce = true;
	reply_put(&s, 250, "2.1.0", "5");
	reply_put(&s, 501, "5.1.3", "x");
	reply_put(&s, 554, NULL, "5");
	reply_put(&s, 450, "4.1.3", "x");
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out), "250 2.1.0 5\r\n"
	    "401 4.1.3 x\r\n454 5\r\n450 4.1.3 x\r\n");
}

static void
counts_errors(void)
{
	begin();
	reply_put(&s, 399, NULL, "x");
	CU_ASSERT_EQUAL(s.error_count, 0);
	reply_put(&s, 400, NULL, "x");
	reply_put(&s, 450, "4.7.1", "x");
	reply_put(&s, 550, "5.7.1", "x");
	CU_ASSERT_EQUAL(s.error_count, 3);
}

/* 511, 512 and 513 bytes with CR LF; what is cut ends in CR LF, too. */
static void
cuts_lines(void)
{
	char	text[1000];

	memset(text, 'x', sizeof(text));
	for (size_t len = 499; len <= 999; len += len < 504 ? 1 : 495) {
		size_t	want = len + 10 + 2;

		text[len] = '\0';
		begin();
		reply_put(&s, 550, "5.7.1", "%s", text);
		CU_ASSERT_EQUAL(out.len, want < 512 ? want : 512);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out) + out.len - 3,
		    "x\r\n");
		begin();
		reply_put_line(&s, 250, true, "%s", text);
		CU_ASSERT(out.len <= 512);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out) + out.len - 3,
		    "x\r\n");
		text[len] = 'x';
	}
}

/* Whatever a peer said, the reply is one line of printable ASCII. */
static void
random_bytes(void)
{
	char	text[800];

	srandom(13);
	for (int i = 0; i < 2000; i++) {
		size_t	len = (size_t)random() % (sizeof(text) - 1);
		size_t	bad = 0;

		for (size_t k = 0; k < len; k++)
			text[k] = (char)(random() % 255 + 1);
		text[len] = '\0';
		begin();
		reply_put(&s, 501, "5.1.3", "<%s>", text);
		CU_ASSERT(out.len >= 12 && out.len <= 512);
		for (size_t k = 0; k + 2 < out.len; k++)
			bad += !ascii_is_print(buf_slice(&out).data[k]);
		CU_ASSERT_EQUAL(bad, 0);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out) + out.len - 2, "\r\n");
	}
}

void	reply_test(void);

void
reply_test(void)
{
	CU_pSuite	suite = CU_add_suite("reply", NULL, tear_down);

	CU_add_test(suite, "one line", one_line);
	CU_add_test(suite, "several lines", several_lines);
	CU_add_test(suite, "footers", footed);
	CU_add_test(suite, "counts errors", counts_errors);
	CU_add_test(suite, "soft_bounce", soft_bounce);
	CU_add_test(suite, "cuts lines", cuts_lines);
	CU_add_test(suite, "random bytes", random_bytes);
}
