#include "smtp/awaited.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

static struct awaited_item
item(size_t i)
{
	return (struct awaited_item){ (enum awaited_kind)(i % AWAITED_KINDS),
	    NULL, i };
}

/* First in, first out, whatever the ring's turns. */
static void
keeps_the_order(void)
{
	struct awaited	line = { 0 };
	size_t		put = 0, taken = 0;

	srandom(4);
	for (int i = 0; i < 20000; i++) {
		/* Now it grows, now it empties. */
		if (taken == put || random() % 100 < (i % 2000 < 1000 ?
		    60 : 40))
			awaited_put(&line, item(put++));
		else {
			struct awaited_item	head = awaited_head(&line);
			struct awaited_item	got = awaited_take(&line);

			if (head.recipient != taken || got.recipient != taken ||
			    got.kind != item(taken).kind)
				CU_FAIL_FATAL("out of order");
			taken++;
		}
		if (line.count != put - taken)
			CU_FAIL_FATAL("miscounted");
	}
	CU_ASSERT(taken > 5000);
	awaited_clear(&line);
	CU_ASSERT_EQUAL(line.count, 0);
	awaited_clear(&line);
	awaited_put(&line, item(7));
	CU_ASSERT_EQUAL(awaited_take(&line).recipient, 7);
	awaited_clear(&line);
}

/* As log readers know them. */
static void
words(void)
{
	for (int kind = 0; kind < AWAITED_KINDS; kind++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(
		    awaited_doing((enum awaited_kind)kind));
		CU_ASSERT_PTR_NOT_NULL_FATAL(
		    awaited_command((enum awaited_kind)kind));
	}
	CU_ASSERT_STRING_EQUAL(awaited_doing(AWAITED_GREETING),
	    "receiving the initial server greeting");
	CU_ASSERT_STRING_EQUAL(awaited_doing(AWAITED_EHLO),
	    "performing the EHLO handshake");
	CU_ASSERT_STRING_EQUAL(awaited_doing(AWAITED_DOT),
	    "sending end of data -- message may be sent more than once");
	CU_ASSERT_STRING_EQUAL(awaited_doing(AWAITED_LAST),
	    awaited_doing(AWAITED_DOT));
	CU_ASSERT_STRING_EQUAL(awaited_command(AWAITED_MAIL),
	    "MAIL FROM command");
	CU_ASSERT_STRING_EQUAL(awaited_command(AWAITED_RCPT),
	    "RCPT TO command");
	CU_ASSERT_STRING_EQUAL(awaited_command(AWAITED_DOT),
	    "end of DATA command");
}

static void
timeouts(void)
{
	struct conf	conf = {
		.smtp_helo_timeout = 1, .smtp_mail_timeout = 2,
		.smtp_rcpt_timeout = 3, .smtp_data_init_timeout = 4,
		.smtp_data_xfer_timeout = 5, .smtp_data_done_timeout = 6,
		.smtp_quit_timeout = 7, .smtp_rset_timeout = 8,
	};
	static const struct {
		enum awaited_kind	kind;
		int64_t			ms;
	} want[] = {
		{ AWAITED_GREETING, 1 }, { AWAITED_EHLO, 1 },
		{ AWAITED_HELO, 1 }, { AWAITED_LHLO, 1 },
		{ AWAITED_RSET, 8 }, { AWAITED_MAIL, 2 },
		{ AWAITED_RCPT, 3 }, { AWAITED_DATA, 4 },
		{ AWAITED_DOT, 6 }, { AWAITED_LAST, 6 },
		{ AWAITED_QUIT, 7 },
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		CU_ASSERT_EQUAL(awaited_timeout_ms(&conf, want[i].kind),
		    want[i].ms);
	CU_ASSERT(awaited_timeout_ms(&conf, AWAITED_BDAT) > 0);
}

void	awaited_test(void);

void
awaited_test(void)
{
	CU_pSuite	suite = CU_add_suite("awaited", NULL, NULL);

	CU_add_test(suite, "keeps the order", keeps_the_order);
	CU_add_test(suite, "words", words);
	CU_add_test(suite, "timeouts", timeouts);
}
