/*
 * The text of reports, above all where others have written what is in it.
 */

#include "bounce/report.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "util/ascii.h"
#include "util/mem.h"

#define BOUNDARY	"=_b"
#define MESSAGE		"Subject: hi\r\nTo: x\r\n\r\nbody\r\n"

static struct conf		*conf;
static struct report_rcpt	 rcpt;
static struct report		 report;
static struct buf		 text;

/* ---- the beginning and the end ------------------------------------------- */

static int
set_up(void)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	if (conf_source_load(source, "main.cf", SLICE_LIT("myhostname = "
	    "mx.example\nmyorigin = o.example\n"), &why) < 0)
		return -1;
	conf = conf_new(source, &why);
	return conf == NULL ? -1 : 0;
}

static int
tear_down(void)
{
	buf_clear(&text);
	conf_free(&conf);
	return 0;
}

/* A report of one, who was refused. */
static void
begin(void)
{
	rcpt = (struct report_rcpt){
		.address = "bad@d.example", .original = "", .orcpt = "",
		.dsn = "5.1.1", .is_wanted = true, .reply =
		"host mx.d.example[192.0.2.1] said: 550 5.1.1 no such user "
		"(in reply to RCPT TO command)",
	};
	report = (struct report){
		.conf = conf, .to = "s@c.example", .own_id = 2 << 12,
		.now_us = 1, .queue_id = 1 << 12, .sender = "s@c.example",
		.envid = "", .recipients = &rcpt, .count = 1,
		.content = SLICE_LIT(MESSAGE), .is_whole = true,
		.boundary = BOUNDARY,
	};
}

static void
make(void)
{
	buf_empty(&text);
	report_format(&report, &text);
}

static bool
has(const char *what)
{
	return strstr(buf_cstr(&text), what) != NULL;
}

/* How many lines begin so. */
static int
count_lines(const char *start)
{
	const char	*at = buf_cstr(&text);
	int		 count = 0;

	for (; at != NULL; at = strstr(at, "\r\n")) {
		at += strncmp(at, "\r\n", 2) == 0 ? 2 : 0;
		count += strncmp(at, start, strlen(start)) == 0;
	}
	return count;
}

/*
 * Of every report, whatever is in it: lines of at most 998 bytes that end in
 * CR LF, no byte that is no text, three parts, a block a recipient.
 */
static void
check_form(int recipients)
{
	struct slice	rest = buf_slice(&text);
	size_t		length = 0;

	for (size_t i = 0; i < rest.len; i++) {
		unsigned char	c = rest.data[i];

		if (c == '\r' && i + 1 < rest.len &&
		    rest.data[i + 1] == '\n') {
			CU_ASSERT(length <= 998);
			length = 0;
			i++;
			continue;
		}
		length++;
		CU_ASSERT(c == '\t' || c >= 0x80 || ascii_is_print(c));
		CU_ASSERT(c < 0x80 || report_needs_utf8(&report));
	}
	CU_ASSERT_EQUAL(length, 0);
	CU_ASSERT_EQUAL(count_lines("--" BOUNDARY), 4);
	CU_ASSERT_EQUAL(count_lines("--" BOUNDARY "--"), 1);
	CU_ASSERT_EQUAL(count_lines("Final-Recipient: "), recipients);
	CU_ASSERT_EQUAL(count_lines("Action: "), recipients);
	CU_ASSERT_EQUAL(count_lines("Status: "), recipients);
	CU_ASSERT_EQUAL(count_lines("Reporting-MTA: dns; mx.example"), 1);
	CU_ASSERT_EQUAL(count_lines("Auto-Submitted: auto-replied"), 1);
}

/* ---- what is told -------------------------------------------------------- */

static void
failure(void)
{
	begin();
	report.envid = "QQ+2B1";
	rcpt.orcpt = "rfc822;Bad+2BX@d.example";
	rcpt.original = "list@d.example";
	make();
	check_form(1);
	CU_ASSERT(has("From: Mail Delivery System "
	    "<MAILER-DAEMON@o.example>\r\nTo: s@c.example\r\n"));
	CU_ASSERT(has("Content-Type: multipart/report; "
	    "report-type=delivery-status;\r\n\tboundary=\"" BOUNDARY "\""));
	CU_ASSERT(has("\r\nOriginal-Envelope-Id: QQ+1\r\n"));
	CU_ASSERT(has("X-Tern-Sender: rfc822; s@c.example\r\n"));
	CU_ASSERT(has("\r\n\r\nFinal-Recipient: rfc822; bad@d.example\r\n"
	    "Original-Recipient: rfc822; Bad+X@d.example\r\n"
	    "Action: failed\r\nStatus: 5.1.1\r\n"
	    "Remote-MTA: dns; mx.d.example\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"));
	CU_ASSERT(has("\r\n<bad@d.example> (for <list@d.example>)\r\n"));
	CU_ASSERT(has("Content-Type: message/rfc822\r\n\r\n" MESSAGE
	    "\r\n--" BOUNDARY "--\r\n"));
}

static void
delay(void)
{
	begin();
	report.kind = REPORT_OF_DELAY;
	report.is_whole = false;
	rcpt.dsn = "4.4.1";
	rcpt.reply = "connect to d.example[192.0.2.1]:25: refused";
	make();
	check_form(1);
	CU_ASSERT(has("Action: delayed\r\nStatus: 4.4.1\r\n"
	    "Diagnostic-Code: X-Tern; connect to d.example[192.0.2.1]:25: "
	    "refused\r\nWill-Retry-Until: Tue, 06 Jan 1970 00:00:00 +0000"));
	CU_ASSERT(has("Content-Type: text/rfc822-headers\r\n\r\n"
	    "Subject: hi\r\nTo: x\r\n\r\n--"));
	CU_ASSERT_FALSE(has("body"));
	CU_ASSERT_FALSE(has("Remote-MTA"));
}

static void
relay(void)
{
	begin();
	report.kind = REPORT_OF_RELAY;
	report.is_whole = false;
	rcpt.dsn = "2.6.0";
	rcpt.reply = "250 2.6.0 Ok";
	make();
	check_form(1);
	CU_ASSERT(has("Action: relayed\r\nStatus: 2.6.0\r\n"
	    "Diagnostic-Code: X-Tern; 250 2.6.0 Ok\r\n\r\n--"));
	rcpt.dsn = "";
	make();
	CU_ASSERT(has("Action: relayed\r\nStatus: 2.0.0\r\n"));
}

/* B10: an id that is one. */
static void
threads(void)
{
	static const struct {
		const char	*header;
		const char	*id;	/* NULL: none is told */
	} cases[] = {
		{ "A: b\r\nMessage-ID: <x@y>\r\n\r\n", "<x@y>" },
		{ "message-id:<x@y> \r\n\r\n", "<x@y>" },
		{ "Message-Id: x@y\r\n\r\n", NULL },
		{ "Message-Id: <x@y\r\n\r\n", NULL },
		{ "Message-Id: <x@y> <z>\r\n\r\n", NULL },
		{ "Message-Id: <x\x01@y>\r\n\r\n", NULL },
		{ "Message-Id: <x\xe9@y>\r\n\r\n", NULL },
		{ "Message-Id: <>\r\n\r\n", NULL },
		{ "Message-Id:\r\n <x@y>\r\n\r\n", "<x@y>" },
		{ "Message-Id:\r\nA: <x@y>\r\n\r\n", NULL },
		{ "Message-Id:\r\n <x@y>", NULL },
		{ "A: b\r\n\r\nMessage-Id: <x@y>\r\n", NULL },
		{ "", NULL },
	};

	begin();
	report.is_whole = false;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char	*want = mem_printf("\r\nIn-Reply-To: %s\r\nReferences: "
			    "%s\r\n", cases[i].id, cases[i].id);

		report.content = slice_str(cases[i].header);
		conf->enable_threaded_bounces = true;
		make();
		CU_ASSERT_EQUAL(has(want), cases[i].id != NULL);
		CU_ASSERT_EQUAL(has("References:"), cases[i].id != NULL);
		conf->enable_threaded_bounces = false;
		make();
		CU_ASSERT_FALSE(has("References:"));
		mem_free(want);
	}
}

/* Only of whom it is wanted. */
static void
unwanted(void)
{
	struct report_rcpt	three[3];

	begin();
	three[0] = three[1] = three[2] = rcpt;
	three[0].address = "a@x";
	three[1].is_wanted = false;
	report.recipients = three;
	report.count = 3;
	make();
	check_form(2);
}

static void
codes(void)
{
	static const struct {
		const char	*dsn, *status;
	} cases[] = {
		{ "5.1.1", "5.1.1" }, { "4.999.999", "4.999.999" },
		{ "2.0.0", "2.0.0" }, { "", "5.0.0" }, { "5", "5.0.0" },
		{ "5.1", "5.0.0" }, { "5.1.", "5.0.0" }, { "5..1", "5.0.0" },
		{ "5.1.1.1", "5.0.0" }, { "5.1.1000", "5.0.0" },
		{ "3.1.1", "5.0.0" }, { "5.1.1 x", "5.0.0" },
		{ "5.1.1\r\nAction: delivered", "5.0.0" }, { "55.1", "5.0.0" },
		{ "5.1.1.", "5.0.0" }, { ".....", "5.0.0" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char	*want = mem_printf("\r\nStatus: %s\r\n",
			    cases[i].status);

		rcpt.dsn = mem_strdup(cases[i].dsn);
		make();
		check_form(1);
		CU_ASSERT(has(want));
		mem_free(want);
		mem_free(rcpt.dsn);
	}
}

/* Who said it, in our words; what a server says is no word of ours. */
static void
diagnoses(void)
{
	static const struct {
		const char	*reply, *fields;
	} cases[] = {
		{ "host a.b[1.2.3.4] said: 550 no", "Remote-MTA: dns; a.b\r\n"
		    "Diagnostic-Code: smtp; 550 no\r\n" },
		{ "host a.b[2001:db8::1] said: 550 no (in reply to DATA "
		    "command)", "Remote-MTA: dns; a.b\r\n"
		    "Diagnostic-Code: smtp; 550 no\r\n" },
		{ "host a.b[1.2.3.4] said: 550 host c.d[5.6.7.8] said: 551 "
		    "(in reply to x) (in reply to DATA command)",
		    "Remote-MTA: dns; a.b\r\nDiagnostic-Code: smtp; 550 host "
		    "c.d[5.6.7.8] said: 551 (in reply to x)\r\n" },
		{ "host a.b[1.2.3.4] said: ", "Status: 5.1.1\r\n"
		    "Diagnostic-Code: X-Tern; host a.b[1.2.3.4] said:\r\n" },
		{ "host a.b said: 550", "Status: 5.1.1\r\n"
		    "Diagnostic-Code: X-Tern; host a.b said: 550\r\n" },
		{ "host [1.2.3.4] said: 550", "Status: 5.1.1\r\n"
		    "Diagnostic-Code: X-Tern; host [1.2.3.4] said: 550\r\n" },
		{ "host ", "Diagnostic-Code: X-Tern; host\r\n" },
		{ "host a[b", "Diagnostic-Code: X-Tern; host a[b\r\n" },
		{ "lost connection with host a.b[1.2.3.4] said: x",
		    "Status: 5.1.1\r\nDiagnostic-Code: X-Tern; lost" },
		{ "", "Status: 5.1.1\r\n\r\n--" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rcpt.reply = mem_strdup(cases[i].reply);
		make();
		check_form(1);
		CU_ASSERT(has(cases[i].fields));
		mem_free(rcpt.reply);
	}
}

/* RFC 6533: addresses in UTF-8. */
static void
global(void)
{
	begin();
	rcpt.address = "b\xc3\xbc" "d\\+=@d.example";
	rcpt.reply = "gr\xc3\xbc\xc3\x9f" "e";
	/* Without SMTPUTF8 all of it is ASCII. */
	make();
	check_form(1);
	CU_ASSERT_FALSE(report_needs_utf8(&report));
	CU_ASSERT(has("Final-Recipient: utf-8; "
	    "b\\x{FC}d\\x{5C}\\x{2B}\\x{3D}@d.example\r\n"));
	CU_ASSERT(has("Content-Type: message/delivery-status\r\n"));
	report.is_utf8 = true;
	make();
	check_form(1);
	CU_ASSERT(report_needs_utf8(&report));
	CU_ASSERT(has("Final-Recipient: utf-8; "
	    "b\xc3\xbc" "d\\x{5C}\\x{2B}\\x{3D}@d.example\r\n"));
	CU_ASSERT(has("Content-Type: message/global-delivery-status\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"));
	CU_ASSERT(has("Content-Type: message/global\r\n"));
	CU_ASSERT(has("Content-Type: text/plain; charset=utf-8\r\n"));
	CU_ASSERT(has("    gr\xc3\xbc\xc3\x9f" "e\r\n"));
	/* RFC 3464 section 2.3.6: a diagnosis is ASCII. */
	CU_ASSERT(has("Diagnostic-Code: X-Tern; gr????e\r\n"));
	report.is_whole = false;
	make();
	CU_ASSERT(has("Content-Type: message/global-headers\r\n"));
	/* Where nothing is in UTF-8 anybody may have it. */
	rcpt.address = "bad@d.example";
	make();
	check_form(1);
	CU_ASSERT_FALSE(report_needs_utf8(&report));
	CU_ASSERT(has("Content-Type: text/rfc822-headers\r\n"));
}

/* What is not ASCII in the message itself is labelled. */
static void
eight_bits(void)
{
	begin();
	report.content = SLICE_LIT("Subject: x\r\n\r\n\xe9\r\n");
	make();
	CU_ASSERT_EQUAL(count_lines("Content-Transfer-Encoding: 8bit"), 2);
	CU_ASSERT(has("Content-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"));
}

static void
headers(void)
{
	static const struct {
		const char	*content;
		size_t		 len;
		bool		 is_complete;
	} cases[] = {
		{ "", 0, false }, { "A: b", 4, false },
		{ "A: b\r\n", 6, false },
		{ "A: b\r\n\r\nC: d\r\n", 6, true },
		{ "A: b\r\n c\r\n\td\r\n\r\n", 14, true },
		{ "A: b\r\nno field\r\n\r\n", 6, true },
		{ "\r\nbody", 0, true }, { "body\r\n", 0, true },
	};
	bool	is_complete;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CU_ASSERT_EQUAL(report_header(slice_str(cases[i].content),
		    &is_complete).len, cases[i].len);
		CU_ASSERT_EQUAL(is_complete, cases[i].is_complete);
	}
	/* One that was cut has an end, all the same. */
	begin();
	report.is_whole = false;
	report.content = SLICE_LIT("A: b\r\nC: dddd");
	make();
	check_form(1);
	CU_ASSERT(has("\r\nA: b\r\nC: dddd\r\n\r\n--" BOUNDARY "--"));
}

/* ---- hostile ------------------------------------------------------------- */

static const char *const evil[] = {
	"x\r\nSubject: evil", "x\nAction: delivered\n", "x\rStatus: 2.0.0\r",
	"\r\n\r\n--" BOUNDARY "\r\nFinal-Recipient: rfc822; z", "\x01\x7f\x1b[",
	"\xff\xfe\x80", "\xc2\x85" "next\xc2\x9b", "\xed\xa0\x80", "\xc3",
	"\xf0\x9f\x98", " ", "   \t  ", "a  b", "=?utf-8?q?x?=", ">", "\\",
	"host x[y] said: \r\n", "rfc822;+0D+0ASubject:+20evil", ";", "a;",
	"rfc822;+zz", "rfc822;+", "utf-8;\xc3\xbc", "utf-8;+0D+0A\xc3\xbc",
};

static void
check_evil(char *what, bool is_utf8)
{
	begin();
	report.is_utf8 = is_utf8;
	rcpt.address = rcpt.original = rcpt.orcpt = rcpt.reply = what;
	report.envid = report.sender = report.to = what;
	make();
	check_form(1);
	CU_ASSERT_EQUAL(count_lines("Subject: "), 2);
	CU_ASSERT_EQUAL(count_lines("Original-Envelope-Id: ") <= 1, true);
	begin();
	rcpt.reply = mem_printf("host a.b[1.2.3.4] said: 550 %s", what);
	make();
	check_form(1);
	CU_ASSERT(has("Remote-MTA: dns; a.b\r\n"));
	mem_free(rcpt.reply);
}

static void
hostile(void)
{
	for (size_t i = 0; i < sizeof(evil) / sizeof(*evil); i++) {
		char	*what = mem_strdup(evil[i]);

		check_evil(what, false);
		check_evil(what, true);
		mem_free(what);
	}
}

/* Words without an end, and ends that fall within a character. */
static void
long_words(void)
{
	static const char *const	units[] = { "a", "\xc3\xbc",
					    "\xe2\x82\xac", "\xf0\x9f\x98\x80",
					    "\x80", "\\", "a b" };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		for (size_t size = 890; size < 1100; size += 7) {
			struct buf	word = BUF_INIT;
			char		*what;

			buf_put(&word, "xxx", size % 3);
			while (word.len < size)
				buf_put_str(&word, units[i]);
			what = slice_dup(buf_slice(&word));
			check_evil(what, false);
			check_evil(what, true);
			mem_free(what);
			buf_clear(&word);
		}
}

/* Bytes as they come. */
static void
noise(void)
{
	srandom(1);
	for (int round = 0; round < 2000; round++) {
		char	what[200];
		size_t	len = (size_t)random() % sizeof(what);

		for (size_t i = 0; i < len; i++)
			what[i] = (char)(1 + random() % 255);
		what[len == 0 ? 0 : len - 1] = '\0';
		check_evil(what, round % 2 == 0);
	}
}

void	report_test(void);

void
report_test(void)
{
	CU_pSuite	suite = CU_add_suite("report", set_up, tear_down);

	CU_add_test(suite, "failure", failure);
	CU_add_test(suite, "delay", delay);
	CU_add_test(suite, "relay", relay);
	CU_add_test(suite, "threads", threads);
	CU_add_test(suite, "unwanted", unwanted);
	CU_add_test(suite, "codes", codes);
	CU_add_test(suite, "diagnoses", diagnoses);
	CU_add_test(suite, "global", global);
	CU_add_test(suite, "eight bits", eight_bits);
	CU_add_test(suite, "headers", headers);
	CU_add_test(suite, "hostile", hostile);
	CU_add_test(suite, "long words", long_words);
	CU_add_test(suite, "noise", noise);
}
