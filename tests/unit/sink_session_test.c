/*
 * The test server's session, over a socket pair: it is what other tests
 * believe, so it is fed the same ways as the servers it stands for.
 */

#include "load/sink_session.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/buf.h"

static struct sink_run	 run;
static int		 other = -1;
static int		 left, messages;
static struct buf	 heard = BUF_INIT;

static void
on_message(void *arg)
{
	CU_ASSERT_PTR_EQUAL(arg, &run);
	messages++;
}

static void
on_left(void *arg)
{
	CU_ASSERT_PTR_EQUAL(arg, &run);
	left++;
}

/* What one end of the pair has written, the other can read at once. */
static void
ticks(int count)
{
	char	bytes[4096];
	ssize_t	n;

	while (count-- > 0) {
		loop_tick(run.loop, 0);
		while ((n = read(other, bytes, sizeof(bytes))) > 0)
			buf_put(&heard, bytes, (size_t)n);
	}
}

static void
begin(void)
{
	int	ends[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK,
	    0, ends), 0);
	buf_empty(&heard);
	left = messages = 0;
	other = ends[1];
	sink_session_start(&run, ends[0]);
	ticks(1);
}

static void
end(void)
{
	sink_session_stop_all(&run);
	ticks(2);
	CU_ASSERT_EQUAL(left, 1);
	CU_ASSERT_EQUAL(run.open, 0);
	CU_ASSERT_PTR_NULL(run.sessions);
	close(other);
}

static int
set_up(void)
{
	run = (struct sink_run){
		.loop = loop_new(), .rules = sink_rule_new(),
		.idle_ms = 600000, .has_pipelining = true,
		.has_chunking = true, .has_8bitmime = true,
		.has_esmtp = true, .has_banner_esmtp = true,
		.has_enhanced = true, .arg = &run,
		.on_message = on_message, .on_left = on_left,
	};
	return 0;
}

static int
tear_down(void)
{
	sink_rule_free(&run.rules);
	loop_free(&run.loop);
	buf_clear(&heard);
	return 0;
}

static void
say(struct slice bytes)
{
	CU_ASSERT_EQUAL(write(other, bytes.data, bytes.len),
	    (ssize_t)bytes.len);
}

/* The first digits of all last reply lines: "22235". */
static const char *
codes(void)
{
	static char	text[200];
	struct slice	rest = buf_slice(&heard), line;
	size_t		count = 0;

	while (slice_get_word(&rest, "\r\n", &line) == 0)
		if (line.len > 3 && line.data[3] == ' ' &&
		    count + 1 < sizeof(text))
			text[count++] = (char)line.data[0];
	text[count] = '\0';
	return text;
}

#define TALK								\
	"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n" \
	"DATA\r\n"
#define BODY								\
	"Subject: x\r\n\r\n..\r\na\r\n.b\r\n.\r\n"
#define CHUNKS								\
	"MAIL FROM:<>\r\nRCPT TO:<c@d>\r\nBDAT 7\r\n.\r\nQUIT"		\
	"BDAT 4 LAST\r\n\r\n\r\n"

static void
whole_and_byte_by_byte(void)
{
	struct slice	all = SLICE_LIT(TALK BODY CHUNKS "QUIT\r\n");

	for (int slowly = 0; slowly < 2; slowly++) {
		begin();
		for (size_t i = 0; i < all.len; i += slowly ? 1 : all.len) {
			say(slice_first(slice_after(all, i),
			    slowly ? 1 : all.len));
			ticks(1);
		}
		ticks(2);
		CU_ASSERT_STRING_EQUAL(codes(), "222223222222");
		CU_ASSERT_EQUAL(messages, 2);
		CU_ASSERT_EQUAL(left, 1);
		end();
	}
}

/* A client that goes at any byte has sent what was whole, no more. */
static void
cut_at_every_byte(void)
{
	struct slice	all = SLICE_LIT(TALK BODY CHUNKS "QUIT\r\n");
	size_t		one = strlen(TALK BODY);
	size_t		two = one + strlen(CHUNKS);

	for (size_t cut = 0; cut < all.len; cut++) {
		begin();
		say(slice_first(all, cut));
		CU_ASSERT_EQUAL(shutdown(other, SHUT_WR), 0);
		for (int i = 0; i < 1000 && left == 0; i++)
			ticks(1);
		CU_ASSERT_EQUAL(left, 1);
		CU_ASSERT_EQUAL(messages, (cut >= one) + (cut >= two));
		end();
	}
}

static void
random_bytes(void)
{
	static const char *const	words[] = { "EHLO x\r\n", "MAIL FROM:<",
					    ">\r\n", "RCPT TO:<", "DATA\r\n",
					    "\r\n.\r\n", "BDAT 5\r\n",
					    "BDAT 99999999999999999999\r\n",
					    " LAST\r\n", "RSET\r\n", "\r",
					    "\n", "." };

	srandom(12);
	for (int i = 0; i < 300; i++) {
		begin();
		for (int k = 0; k < 60 && left == 0; k++) {
			const char	*word = words[(size_t)random() % 13];
			char		 byte = (char)random();

			if (random() % 4 == 0)
				(void)!write(other, &byte, 1);
			else
				(void)!write(other, word, strlen(word));
			if (k % 10 == 0)
				ticks(1);
		}
		ticks(2);
		end();
	}
	CU_PASS("no crash");
}

/* A line without end is no reason to hold it all. */
static void
endless_line(void)
{
	static char	xs[4096];
	int		i;

	memset(xs, 'x', sizeof(xs));
	begin();
	for (i = 0; i < 1000 && left == 0; i++) {
		(void)!write(other, xs, sizeof(xs));
		ticks(1);
	}
	CU_ASSERT(left == 1 || strchr(codes(), '5') != NULL);
	end();
}

static void
out_of_order(void)
{
	begin();
	say(SLICE_LIT("DATA\r\nRCPT TO:<a@b>\r\nMAIL FROM:<a@b>\r\nDATA\r\n"
	    "NOSUCH\r\nRSET\r\nRCPT TO:<a@b>\r\nNOOP\r\n"));
	ticks(3);
	CU_ASSERT_STRING_EQUAL(codes(), "255255252");
	CU_ASSERT_EQUAL(messages, 0);
	end();

	/* Recipients are those of one message. */
	begin();
	say(SLICE_LIT(TALK BODY "MAIL FROM:<a@b>\r\nDATA\r\n"));
	ticks(3);
	CU_ASSERT_STRING_EQUAL(codes(), "222223225");
	CU_ASSERT_EQUAL(messages, 1);
	end();
}

static void
rules(void)
{
	struct sink_rules	*good = run.rules;

	run.rules = sink_rule_new();
	sink_rule_add(run.rules, "RCPT<bad@=550 5.1.1 no");
	sink_rule_add(run.rules, "DOT=452 full");
	sink_rule_add(run.rules, "RSET=CLOSE");
	begin();
	say(SLICE_LIT("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bad@x>\r\n"
	    "RCPT TO:<a@b>\r\nDATA\r\n.\r\nNOOP\r\n"));
	ticks(3);
	CU_ASSERT_STRING_EQUAL(codes(), "22252342");
	CU_ASSERT_EQUAL(messages, 0);
	CU_ASSERT_EQUAL(left, 0);
	say(SLICE_LIT("RSET\r\n"));
	ticks(3);
	CU_ASSERT_EQUAL(left, 1);
	CU_ASSERT_STRING_EQUAL(codes(), "22252342");
	end();
	sink_rule_free(&run.rules);
	run.rules = good;
}

void	sink_session_test(void);

void
sink_session_test(void)
{
	CU_pSuite	suite = CU_add_suite("sink_session", set_up, tear_down);

	CU_add_test(suite, "whole and byte by byte", whole_and_byte_by_byte);
	CU_add_test(suite, "cut at every byte", cut_at_every_byte);
	CU_add_test(suite, "random bytes", random_bytes);
	CU_add_test(suite, "endless line", endless_line);
	CU_add_test(suite, "out of order", out_of_order);
	CU_add_test(suite, "rules", rules);
}
