/*
 * What cleanup makes of content: the same however it is cut.
 */

#include "cleanup/fixup.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

static struct conf	*conf;

static int
setup(void)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	conf_source_set(source, "myhostname", "m.example", "test");
	conf_source_set(source, "header_size_limit", "200", "test");
	conf_source_set(source, "hopcount_limit", "3", "test");
	conf = conf_new(source, &why);
	if (conf == NULL)
		return 1;
	/* The lines these tests provoke are no news. */
	log_open_fd("test", open("/dev/null", O_WRONLY));
	return 0;
}

static int
teardown(void)
{
	conf_free(&conf);
	log_open_fd("test", STDERR_FILENO);
	return 0;
}

static void
put(void *arg, struct slice bytes)
{
	buf_put_slice(arg, bytes);
}

/* Without the Received: header; 0 or -1 (refused). */
static int
fix_kind(struct slice in, size_t step, bool add_missing, bool is_binary,
    struct buf *out)
{
	static char			 name[] = "n", addr[] = "192.0.2.1";
	static char			 helo[] = "h", proto[] = "SMTP";
	static char			 none[] = "";
	const struct fixup_client	 client = { name, addr, helo, proto,
					    proto, NULL, NULL, NULL, none };
	const struct fixup_settings	 settings = {
		.conf = conf, .client = &client, .queue_id = 1,
		.arrival_us = 1795429515000000, .sender = "s@s.example",
		.add_missing = add_missing, .is_binary = is_binary,
	};
	struct fixup	*fixup = fixup_new(&settings, put, out);
	int		 result = 0;

	fixup_start(fixup);
	for (size_t i = 0; i < in.len && result == 0; i += step)
		result = fixup_put(fixup, slice_first(slice_after(in, i),
		    step));
	if (result == 0)
		result = fixup_end(fixup);
	if (result < 0)
		CU_ASSERT_PTR_NOT_NULL(fixup_why(fixup));
	fixup_free(&fixup);
	if (result == 0) {
		const char	*end = strstr(buf_cstr(out), ")\r\n");

		end = strstr(end + 1, ")\r\n");
		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		buf_drop(out, (size_t)(end + 3 - buf_cstr(out)));
	}
	return result;
}

static int
fix(struct slice in, size_t step, bool add_missing, struct buf *out)
{
	return fix_kind(in, step, add_missing, false, out);
}

/* The header section is lines; of the body no byte changes (RFC 3030). */
static void
binary_body_stays(void)
{
	static const char	in[] = "A: b\r\n\r\n\r\n.\r\0\n\n\xff.\n\r";

	for (size_t step = 1; step < sizeof(in); step++) {
		struct buf	out = BUF_INIT;

		CU_ASSERT_EQUAL(fix_kind(slice_from(in, sizeof(in) - 1), step,
		    false, true, &out), 0);
		CU_ASSERT(slice_equal(buf_slice(&out),
		    slice_from(in, sizeof(in) - 1)));
		buf_clear(&out);
	}
}

/* Nor does its first line, that might have been one of the header. */
static void
binary_body_stays_without_header(void)
{
	for (size_t step = 1; step < 1000; step++) {
		struct buf	in = BUF_INIT, out = BUF_INIT;

		while (in.len < 500)
			buf_put_u8(&in, 'x');
		buf_put_str(&in, "\rk\nl\r\n\r\n.\r");
		CU_ASSERT_EQUAL(fix_kind(buf_slice(&in), step, false, true,
		    &out), 0);
		CU_ASSERT(slice_has_prefix(buf_slice(&out), "\r\n"));
		buf_drop(&out, 2);
		CU_ASSERT(slice_equal(buf_slice(&out), buf_slice(&in)));
		buf_clear(&in);
		buf_clear(&out);
	}
}

/* Also one of which a piece has left, whose end may be all that is kept. */
static void
the_last_line_ends(void)
{
	for (size_t len = 1000; len < 4200; len += 40) {
		struct buf	in = BUF_INIT, out = BUF_INIT;

		buf_put_str(&in, "A: b\r\n\r\n");
		while (in.len < len)
			buf_put_u8(&in, 'x');
		CU_ASSERT_EQUAL(fix(buf_slice(&in), len, false, &out), 0);
		buf_put_str(&in, "\r\n");
		CU_ASSERT(slice_equal(buf_slice(&out), buf_slice(&in)));
		buf_clear(&in);
		buf_clear(&out);
	}
}

/* What stands first is no part of what follows, and no hop of it. */
static void
front_stands_first(void)
{
	static char			 text[] = "x";
	const struct fixup_client	 client = { text, text, text, text,
					    text, text, text, text, text };
	const struct fixup_settings	 settings = {
		.conf = conf, .client = &client, .sender = "",
		.front = SLICE_LIT("X-A: b\r\nX-C: d\r\n\te\r\n"),
	};
	static const char		 in[] = " f\r\nReceived: 1\r\n";
	struct buf			 out = BUF_INIT;
	struct fixup			*fixup = fixup_new(&settings, put,
	    &out);

	fixup_start(fixup);
	CU_ASSERT_EQUAL(fixup_put(fixup, slice_str(in)), 0);
	CU_ASSERT_EQUAL(fixup_end(fixup), 0);
	CU_ASSERT(slice_has_prefix(buf_slice(&out),
	    "X-A: b\r\nX-C: d\r\n\te\r\nReceived: from x "));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out), ")\r\n\r\n f\r\n"));
	fixup_free(&fixup);
	buf_clear(&out);
}

static const struct {
	const char	*in, *out;	/* out NULL: refused */
} cases[] = {
	{ "Subject: x\r\n\r\nbody\r\n", "Subject: x\r\n\r\nbody\r\n" },
	{ "Subject: x\r\n\r\nbody", "Subject: x\r\n\r\nbody\r\n" },
	{ "Subject: x\r\n", "Subject: x\r\n\r\n" },
	{ "", "\r\n" },
	{ "no header\r\n", "\r\nno header\r\n" },
	{ "Subject: x\r\nno header\r\n", "Subject: x\r\n\r\nno header\r\n" },
	{ "A: x\r\n y\r\n\tz\r\n\r\n", "A: x\r\n y\r\n\tz\r\n\r\n" },
	{ "Bcc: secret@x\r\n more\r\nA: b\r\n\r\n", "A: b\r\n\r\n" },
	{ "Return-Path: <x>\r\nContent-Length: 1\r\nA: b\r\n\r\n",
	    "A: b\r\n\r\n" },
	{ "A: b\r\n\r\nstray\rcr\r\n", "A: b\r\n\r\nstray cr\r\n" },
	{ "A: b\r\n\r\nstray\nlf\r\n", "A: b\r\n\r\nstray lf\r\n" },
	{ "A: b\rc\nd\r\n\r\n\r.\r\n", "A: b c d\r\n\r\n .\r\n" },
	{ "A: b\r\n\r\nx\r\r\n", "A: b\r\n\r\nx \r\n" },
	{ "A: b\r\n\r\nx\r", "A: b\r\n\r\nx \r\n" },
	{ "Received: 1\r\nReceived: 2\r\nReceived: 3\r\n\r\n",
	    "Received: 1\r\nReceived: 2\r\nReceived: 3\r\n\r\n" },
	{ "Received: 1\r\nreceived: 2\r\nRECEIVED: 3\r\nReceived : 4\r\n\r\n",
	    NULL },
};

static void
every_cut(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct slice	in = slice_str(cases[i].in);

		for (size_t step = 1; step <= in.len + 1; step++) {
			struct buf	out = BUF_INIT;
			int		got = fix(in, step, false, &out);

			CU_ASSERT_EQUAL(got, cases[i].out == NULL ? -1 : 0);
			if (got == 0)
				CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
				    cases[i].out);
			buf_clear(&out);
		}
	}
}

static void
adds_what_is_missing(void)
{
	struct buf	out = BUF_INIT;

	fix(slice_str("Subject: x\r\n\r\nb\r\n"), 5, true, &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out), "Message-Id: <"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out), "@m.example>\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out), "\r\nDate: Mon, 23"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&out),
	    "\r\nFrom: s@s.example\r\n\r\nb\r\n"));
	buf_empty(&out);
	fix(slice_str("message-ID: <1>\r\nDATE: d\r\nfrom: f\r\n\r\n"), 3,
	    true, &out);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
	    "message-ID: <1>\r\nDATE: d\r\nfrom: f\r\n\r\n");
	buf_clear(&out);
}

static void
says_undisclosed(void)
{
	const char	*usual = conf->undisclosed_recipients_header;
	struct buf	 out = BUF_INIT;
	static const struct {
		const char	*header, *parameter;
		bool		 is_ours, is_added;
	} texts[] = {
		{ "A: b\r\n", "To: none:;", true, true },
		{ "A: b\r\n", "To: none:;", false, false },
		{ "A: b\r\n", "", true, false },
		{ "A: b\r\n", "no header", true, false },
		{ "Bcc: x@y\r\n", "To: none:;", true, true },
		{ "to : x@y\r\n", "To: none:;", true, false },
		{ "Cc: x@y\r\n", "To: none:;", true, false },
		{ "Resent-To: x@y\r\n", "To: none:;", true, false },
		{ "Total: x@y\r\n", "To: none:;", true, true },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		conf->undisclosed_recipients_header = texts[i].parameter;
		buf_empty(&out);
		fix(slice_str(texts[i].header), 9, texts[i].is_ours, &out);
		CU_ASSERT_EQUAL(strstr(buf_cstr(&out), "\r\nTo: none:;\r\n") !=
		    NULL, texts[i].is_added);
		CU_ASSERT_PTR_NULL(strstr(buf_cstr(&out), "no header"));
	}
	conf->undisclosed_recipients_header = usual;
	buf_clear(&out);
}

static void
drops_headers(void)
{
	const char	*usual = conf->message_drop_headers;
	const char	*text = "Bcc: a\r\nX-In: b\r\n\tc\r\nX-Inner: d\r\n"
			    "RETURN-PATH : e\r\n\r\n";
	struct buf	 out = BUF_INIT;

	fix(slice_str(text), 7, false, &out);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
	    "X-In: b\r\n\tc\r\nX-Inner: d\r\n\r\n");
	conf->message_drop_headers = "x-in, return-path";
	buf_empty(&out);
	fix(slice_str(text), 7, false, &out);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
	    "Bcc: a\r\nX-Inner: d\r\n\r\n");
	conf->message_drop_headers = usual;
	buf_clear(&out);
}

/* The same result for every cut, and no stray CR or LF in it. */
static void
random_texts(void)
{
	static const char	letters[] = "\r\n\r\n: abA\t.";
	char			bytes[700];

	srandom(6);
	for (int i = 0; i < 4000; i++) {
		struct buf	whole = BUF_INIT, cut = BUF_INIT;
		size_t		len = (size_t)random() % sizeof(bytes);
		struct slice	s;
		int		got;

		for (size_t k = 0; k < len; k++)
			bytes[k] = random() % 40 == 0 ? '\n' :
			    letters[random() % (i % 2 == 0 ? 10 : 40) % 10];
		s = slice_from(bytes, len);
		got = fix(s, len + 1, false, &whole);
		CU_ASSERT_EQUAL(fix(s, (size_t)random() % 9 + 1, false, &cut),
		    got);
		if (got == 0)
			CU_ASSERT(slice_equal(buf_slice(&whole),
			    buf_slice(&cut)));
		s = buf_slice(&whole);
		for (size_t k = 0; got == 0 && k < s.len; k++) {
			if (s.data[k] == '\r')
				CU_ASSERT(k + 1 < s.len &&
				    s.data[k + 1] == '\n');
			if (s.data[k] == '\n')
				CU_ASSERT(k > 0 && s.data[k - 1] == '\r');
		}
		buf_clear(&whole);
		buf_clear(&cut);
	}
}

void	fixup_test(void);

void
fixup_test(void)
{
	CU_pSuite	suite = CU_add_suite("fixup", setup, teardown);

	CU_add_test(suite, "every cut", every_cut);
	CU_add_test(suite, "binary body stays without header",
	    binary_body_stays_without_header);
	CU_add_test(suite, "the last line ends", the_last_line_ends);
	CU_add_test(suite, "front stands first", front_stands_first);
	CU_add_test(suite, "adds what is missing", adds_what_is_missing);
	CU_add_test(suite, "says undisclosed", says_undisclosed);
	CU_add_test(suite, "drops headers", drops_headers);
	CU_add_test(suite, "random texts", random_texts);
	CU_add_test(suite, "binary body stays", binary_body_stays);
}
