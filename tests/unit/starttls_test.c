/*
 * STARTTLS in the client's dialogue (RFC 3207).
 */

#include "tests/unit/dialogue_fixture.h"

#include <CUnit/CUnit.h>

#define TLS	"250-STARTTLS\r\n"
#define EARLY	PIPE "250-PIPECONNECT\r\n"

/* A conversation with one job, and what it comes to. */
static const struct talk {
	const char		*outside, *inside;	/* keywords */
	enum dialogue_tls	 tls;
	const char		*reply;		/* to STARTTLS; NULL: 220 */
	const char		*said;		/* | is the handshake */
	const char		*dsn;		/* NULL: mail was sent */
	bool			 is_plain;	/* of the fault */
} talks[] = {
	/* the offer from before TLS is forgotten */
	{ PIPE TLS, PIPE, DIALOGUE_TLS_MAY, NULL,
	    "EHLO / STAR / | EHLO / MAIL RCPT DATA / BODY QUIT / ", NULL,
	    false },
	{ PIPE TLS, "", DIALOGUE_TLS_MUST, NULL,
	    "EHLO / STAR / | EHLO / MAIL / RCPT / DATA / BODY / QUIT / ",
	    NULL, false },
	/* nobody asks for it twice */
	{ TLS, TLS PIPE, DIALOGUE_TLS_MUST, NULL,
	    "EHLO / STAR / | EHLO / MAIL RCPT DATA / BODY QUIT / ", NULL,
	    false },
	{ PIPE TLS, "", DIALOGUE_TLS_NEVER, NULL,
	    "EHLO / MAIL RCPT DATA / BODY QUIT / ", NULL, false },
	{ PIPE, "", DIALOGUE_TLS_MAY, NULL,
	    "EHLO / MAIL RCPT DATA / BODY QUIT / ", NULL, false },
	{ PIPE, "", DIALOGUE_TLS_MUST, NULL, "EHLO / ", "4.7.4", true },
	{ PIPE TLS, "", DIALOGUE_TLS_MAY, "454 4.7.0 not now\r\n",
	    "EHLO / STAR / MAIL RCPT DATA / BODY QUIT / ", NULL, false },
	{ PIPE TLS, "", DIALOGUE_TLS_MAY, "502 5.5.1 what?\r\n",
	    "EHLO / STAR / MAIL RCPT DATA / BODY QUIT / ", NULL, false },
	{ PIPE TLS, "", DIALOGUE_TLS_MUST, "454 4.7.0 not now\r\n",
	    "EHLO / STAR / ", "4.7.0", true },
	/* a server that will never is one to wait for, too */
	{ PIPE TLS, "", DIALOGUE_TLS_MUST, "502 5.5.1 what?\r\n",
	    "EHLO / STAR / ", "4.7.4", true },
	/* what stands behind the 220 was written in plaintext */
	{ PIPE TLS, PIPE, DIALOGUE_TLS_MAY,
	    "220 go\r\n250-evil\r\n250 CHUNKING\r\n250 ok\r\n",
	    "EHLO / STAR / | EHLO / MAIL RCPT DATA / BODY QUIT / ", NULL,
	    false },
	{ PIPE TLS, PIPE, DIALOGUE_TLS_MAY, "220 go\r\n25",
	    "EHLO / STAR / | EHLO / MAIL RCPT DATA / BODY QUIT / ", NULL,
	    false },
};

static enum dialogue_state
shake_hands(const char *inside, const struct offer *guess)
{
	CU_ASSERT_EQUAL(t.out.len, 0);
	buf_put_str(&t.said, "| ");
	t.keywords = inside;
	dialogue_secured(t.dialogue, guess);
	return dialogue_state(t.dialogue);
}

static void
hold(const char *inside, const struct offer *guess)
{
	enum dialogue_state	state = dialogue_state(t.dialogue);

	buf_put_str(&t.replies, "220 sink ESMTP\r\n");
	for (int i = 0; i < 100; i++) {
		if (state == DIALOGUE_SECURE)
			state = shake_hands(inside, guess);
		if (state == DIALOGUE_READY && t.started < t.job_count) {
			dialogue_start(t.dialogue, t.jobs[t.started++]);
			state = dialogue_state(t.dialogue);
		}
		if (state == DIALOGUE_READY)
			dialogue_quit(t.dialogue);
		if (t.out.len > 0)
			serve();
		else if (t.replies.len == 0)
			return;
		state = give_replies();
		if (state == DIALOGUE_BROKEN || state == DIALOGUE_CLOSED)
			return;
	}
	CU_FAIL("the dialogue does not end");
}

static void
check_end(const char *said, const char *dsn, bool is_plain)
{
	const struct dialogue_fault	*fault = dialogue_fault(t.dialogue);
	const struct job_late		*late = t.jobs[0]->recipients[0].late;

	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.said), said);
	if (strcmp(buf_cstr(&t.said), said) != 0)
		printf("\n  said %s\n  not  %s\n", buf_cstr(&t.said), said);
	CU_ASSERT_EQUAL(dialogue_state(t.dialogue), dsn == NULL ?
	    DIALOGUE_CLOSED : DIALOGUE_BROKEN);
	CU_ASSERT_EQUAL(late != NULL, dsn == NULL);
	if (late != NULL)
		CU_ASSERT_EQUAL(late->kind, OUTCOME_SENT);
	if (dsn == NULL)
		return;
	CU_ASSERT_STRING_EQUAL(fault->dsn, dsn);
	CU_ASSERT_FALSE(fault->is_permanent);
	CU_ASSERT_EQUAL(fault->is_plain, is_plain);
	CU_ASSERT_TRUE(!is_plain || fault->is_parting);
}

static void
play(const struct talk *talk, const struct offer *before,
    const struct offer *within)
{
	const struct rule	rules[] = {
		{ talk->reply == NULL ? NULL : "STAR", 1, talk->reply },
		{ NULL, 0, NULL },
	};
	struct dialogue_server	server = plain;

	server.tls = talk->tls;
	server.guess = before;
	open_talk(talk->outside, rules, &server);
	add_job(1, "text\r\n");
	hold(talk->inside, within);
	check_end(talk->said, talk->dsn, talk->is_plain);
	close_talk();
}

static void
plays_talks(void)
{
	for (size_t i = 0; i < sizeof(talks) / sizeof(*talks); i++)
		for (int slow = 0; slow < 2; slow++) {
			t.is_slow = slow;
			play(&talks[i], NULL, NULL);
		}
	t.is_slow = false;
}

/* PIPECONNECT: what is known is not waited for, outside or inside. */
static void
speaks_early(void)
{
	struct offer		outside = { .has_pipelining = true,
				    .has_pipeconnect = true,
				    .has_starttls = true };
	struct offer		inside = { .has_pipelining = true,
				    .has_pipeconnect = true };
	const struct talk	both = { EARLY TLS, EARLY, DIALOGUE_TLS_MUST,
				    NULL, "EHLO STAR / | "
				    "EHLO MAIL RCPT DATA / BODY QUIT / ",
				    NULL, false };
	const struct talk	first = { EARLY TLS, EARLY, DIALOGUE_TLS_MAY,
				    NULL, "EHLO STAR / | EHLO / "
				    "MAIL RCPT DATA / BODY QUIT / ", NULL,
				    false };
	const struct talk	gone = { EARLY, "", DIALOGUE_TLS_MAY, NULL,
				    "EHLO STAR / ", "4.5.0", false };
	const struct talk	refused = { EARLY TLS, "", DIALOGUE_TLS_MAY,
				    "454 no\r\n", "EHLO STAR / "
				    "MAIL RCPT DATA / BODY QUIT / ", NULL,
				    false };

	play(&both, &outside, &inside);
	play(&first, &outside, NULL);
	play(&gone, &outside, NULL);
	play(&refused, &outside, NULL);
}

/*
 * Whoever has put commands before ours into the session has replies to them
 * (CVE-2009-3555): they come before we have said anything.
 */
static void
hears_early_replies(void)
{
	const struct rule	none = { NULL, 0, NULL };
	struct dialogue_server	server = plain;
	struct buf		in = BUF_INIT;

	server.tls = DIALOGUE_TLS_MUST;
	open_talk(PIPE TLS, &none, &server);
	buf_put_str(&t.replies, "220 sink\r\n");
	while (give_replies() != DIALOGUE_SECURE)
		serve();
	dialogue_secured(t.dialogue, NULL);
	CU_ASSERT(t.out.len > 0);
	buf_put_str(&in, "250-evil\r\n250 PIPELINING\r\n");
	CU_ASSERT_EQUAL(dialogue_read(t.dialogue, &in), DIALOGUE_BROKEN);
	CU_ASSERT_PTR_NOT_NULL(strstr(dialogue_fault(t.dialogue)->reason,
	    "unexpected reply"));
	buf_clear(&in);
	close_talk();
}

void	starttls_test(void);

void
starttls_test(void)
{
	CU_pSuite	suite = CU_add_suite("starttls", NULL, NULL);

	CU_add_test(suite, "talks", plays_talks);
	CU_add_test(suite, "early", speaks_early);
	CU_add_test(suite, "early replies", hears_early_replies);
}
