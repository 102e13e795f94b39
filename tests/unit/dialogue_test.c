/*
 * The client's dialogue against a server that is told what to answer.  Each
 * conversation is held twice: replies whole, and byte by byte.
 */

#include "tests/unit/dialogue_fixture.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <unistd.h>

#include "mail/ipc.h"
#include "util/log.h"

static void
start_ready(enum dialogue_state state, bool with_quit)
{
	while (state == DIALOGUE_READY && t.started < t.job_count) {
		dialogue_start(t.dialogue, t.jobs[t.started++]);
		state = dialogue_state(t.dialogue);
	}
	if (state == DIALOGUE_READY && with_quit)
		dialogue_quit(t.dialogue);
}

/* Until it is over: QUIT follows the last job as soon as it may. */
static void
hold(bool with_quit)
{
	enum dialogue_state	state = dialogue_state(t.dialogue);

	buf_put_str(&t.replies, "220 sink ESMTP\r\n");
	start_ready(state, with_quit);
	if (t.out.len > 0)
		serve();
	for (int i = 0; i < 100; i++) {
		state = give_replies();
		start_ready(state, with_quit);
		if (t.is_gone)
			dialogue_lose(t.dialogue, false);
		if (t.is_gone || state == DIALOGUE_BROKEN ||
		    state == DIALOGUE_CLOSED || t.out.len == 0)
			return;
		serve();
	}
	CU_FAIL("the dialogue does not end");
}

/* "sent sent failed:550": the results of a job; "-": none yet. */
static void
check_results(int job, const char *want)
{
	static const char	*const names[] = {
		[OUTCOME_SENT] = "sent", [OUTCOME_DEFERRED] = "deferred",
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_RELAYED] = "relayed",
	};
	struct buf		 got = BUF_INIT;

	for (size_t i = 0; i < t.jobs[job]->count; i++) {
		const struct job_late	*late =
		    t.jobs[job]->recipients[i].late;

		buf_printf(&got, "%s%s", i > 0 ? " " : "",
		    late == NULL ? "-" : names[late->kind]);
	}
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), want);
	if (strcmp(buf_cstr(&got), want) != 0)
		printf("\n  job %d: %s, not %s\n", job, buf_cstr(&got), want);
	buf_clear(&got);
}

static void
check_said(const char *want, unsigned waits)
{
	const char	*got = buf_cstr(&t.said);

	CU_ASSERT_EQUAL(dialogue_waits(t.dialogue), waits);
	CU_ASSERT_STRING_EQUAL(got, want);
	if (strcmp(got, want) != 0 || dialogue_waits(t.dialogue) != waits)
		printf("\n  said %s (%u waits)\n  not  %s (%u)\n", got,
		    dialogue_waits(t.dialogue), want, waits);
}

/* ---- the table of conversations ------------------------------------------ */

static const struct rule	nothing[] = { { NULL, 0, NULL } };
static const struct rule	refuse_all_554[] = {
	{ "RCPT", 1, "550 no\r\n" }, { "RCPT", 2, "551 no\r\n" },
	{ "RCPT", 3, "450 no\r\n" }, { NULL, 0, NULL },
};
static const struct rule	refuse_all_354[] = {
	{ "RCPT", 1, "550 no\r\n" }, { "RCPT", 2, "551 no\r\n" },
	{ "RCPT", 3, "450 no\r\n" }, { "DATA", 1, "354 go\r\n" },
	{ "BODY", 1, "250 into the void\r\n" }, { NULL, 0, NULL },
};
static const struct rule	refuse_one[] = {
	{ "RCPT", 2, "550-5.1.1 no\r\n550 5.1.1 no\r\n" }, { NULL, 0, NULL },
};
static const struct rule	refuse_mail[] = {
	{ "MAIL", 1, "550 no\r\n" }, { "RCPT", 1, "503 mail\r\n" },
	{ "RCPT", 2, "503 mail\r\n" }, { "RCPT", 3, "503 mail\r\n" },
	{ NULL, 0, NULL },
};
static const struct rule	refuse_body[] = {
	{ "BODY", 1, "452 full\r\n" }, { NULL, 0, NULL },
};
static const struct rule	refuse_data[] = {
	{ "DATA", 1, "451 later\r\n" }, { NULL, 0, NULL },
};
static const struct rule	refuse_chunk[] = {
	{ "BDAT", 1, "552 5.3.4 large\r\n" }, { NULL, 0, NULL },
};
static const struct rule	leave_at_rcpt[] = {
	{ "RCPT", 2, "421 4.3.2 leaving\r\n" }, { "RCPT", 3, NULL },
	{ NULL, 0, NULL },
};
static const struct rule	leave_at_second[] = {
	{ "MAIL", 2, "421 enough\r\n" }, { "RCPT", 4, NULL },
	{ NULL, 0, NULL },
};
static const struct rule	old_server[] = {
	{ "EHLO", 1, "502 what\r\n" }, { NULL, 0, NULL },
};

struct talk {
	const char		*name;
	const char		*keywords;
	const struct rule	*rules;
	int			 jobs;
	const char		*said;
	unsigned		 waits;
	const char		*results[JOBS];
};

static const struct talk	talks[] = {
	/* RFC 2920 section 4 */
	{ "no pipelining", "", nothing, 1,
	    "EHLO / MAIL / RCPT / RCPT / RCPT / DATA / BODY / QUIT / ", 9,
	    { "sent sent sent" } },
	{ "pipelining", PIPE, nothing, 1,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / BODY QUIT / ", 4,
	    { "sent sent sent" } },
	{ "all recipients refused, 554", PIPE, refuse_all_554, 1,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / QUIT / ", 4,
	    { "failed failed deferred" } },
	{ "all recipients refused, 354", PIPE, refuse_all_354, 1,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / BODY QUIT / ", 4,
	    { "failed failed deferred" } },
	/* beyond */
	{ "chunking", CHUNK, nothing, 1,
	    "EHLO / MAIL RCPT RCPT RCPT BDAT QUIT / ", 3,
	    { "sent sent sent" } },
	{ "three messages", PIPE, nothing, 3,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / "
	    "BODY MAIL RCPT RCPT RCPT DATA / "
	    "BODY MAIL RCPT RCPT RCPT DATA / BODY QUIT / ", 6,
	    { "sent sent sent", "sent sent sent", "sent sent sent" } },
	{ "three messages by chunks", CHUNK, nothing, 3,
	    "EHLO / MAIL RCPT RCPT RCPT BDAT "
	    "RSET MAIL RCPT RCPT RCPT BDAT / "
	    "MAIL RCPT RCPT RCPT BDAT QUIT / ", 4,
	    { "sent sent sent", "sent sent sent", "sent sent sent" } },
	{ "three messages, no pipelining", "", nothing, 2,
	    "EHLO / MAIL / RCPT / RCPT / RCPT / DATA / BODY / "
	    "MAIL / RCPT / RCPT / RCPT / DATA / BODY / QUIT / ", 15,
	    { "sent sent sent", "sent sent sent" } },
	{ "one refused", PIPE, refuse_one, 1,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / BODY QUIT / ", 4,
	    { "sent failed sent" } },
	{ "MAIL refused", PIPE, refuse_mail, 1,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / QUIT / ", 4,
	    { "failed failed failed" } },
	{ "MAIL refused, no pipelining", "", refuse_mail, 1,
	    "EHLO / MAIL / QUIT / ", 4, { "failed failed failed" } },
	{ "all refused, no pipelining", "", refuse_all_554, 2,
	    "EHLO / MAIL / RCPT / RCPT / RCPT / "
	    "RSET / MAIL / RCPT / RCPT / RCPT / DATA / BODY / QUIT / ", 14,
	    { "failed failed deferred", "sent sent sent" } },
	{ "all refused, then another", PIPE, refuse_all_554, 2,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / "
	    "RSET MAIL RCPT RCPT RCPT DATA / BODY QUIT / ", 5,
	    { "failed failed deferred", "sent sent sent" } },
	{ "all refused by chunks, then another", CHUNK, refuse_all_554, 2,
	    "EHLO / MAIL RCPT RCPT RCPT BDAT "
	    "RSET MAIL RCPT RCPT RCPT BDAT / QUIT / ", 4,
	    { "failed failed deferred", "sent sent sent" } },
	{ "content refused", PIPE, refuse_body, 2,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / "
	    "BODY MAIL RCPT RCPT RCPT DATA / BODY QUIT / ", 5,
	    { "deferred deferred deferred", "sent sent sent" } },
	{ "DATA refused", PIPE, refuse_data, 1,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / QUIT / ", 4,
	    { "deferred deferred deferred" } },
	{ "chunk refused", CHUNK, refuse_chunk, 1,
	    "EHLO / MAIL RCPT RCPT RCPT BDAT QUIT / ", 3,
	    { "failed failed failed" } },
	{ "421 in a group", PIPE, leave_at_rcpt, 1,
	    "EHLO / MAIL RCPT RCPT RCPT / ", 3, { "- - -" } },
	{ "421 between messages", PIPE, leave_at_second, 2,
	    "EHLO / MAIL RCPT RCPT RCPT DATA / BODY MAIL RCPT / ", 4,
	    { "sent sent sent", "- - -" } },
	{ "an old server", "", old_server, 1, "EHLO / HELO / MAIL / RCPT / "
	    "RCPT / RCPT / DATA / BODY / QUIT / ", 10,
	    { "sent sent sent" } },
};

static void
play(const struct talk *talk)
{
	open_talk(talk->keywords, talk->rules, &plain);
	for (int i = 0; i < talk->jobs; i++)
		add_job(3, "Subject: x\r\n\r\n.dot\r\n");
	hold(true);
	if (!t.is_slow)
		check_said(talk->said, talk->waits);
	for (int i = 0; i < talk->jobs; i++)
		check_results(i, talk->results[i]);
	close_talk();
}

static void
plays_talks(void)
{
	for (size_t i = 0; i < sizeof(talks) / sizeof(*talks); i++) {
		t.is_slow = false;
		play(&talks[i]);
		t.is_slow = true;
		play(&talks[i]);
	}
	t.is_slow = false;
}

/* ---- single ones --------------------------------------------------------- */

/* What was not answered is deferred; what was has its own answer. */
static void
defers_what_was_not_answered(void)
{
	static const struct rule	rules[] = {
		{ "RCPT", 1, "550 no\r\n" },
		{ "RCPT", 2, "421 4.3.2 leaving\r\n" },
		{ "RCPT", 3, NULL }, { NULL, 0, NULL },
	};

	open_talk(PIPE, rules, &plain);
	add_job(3, "x\r\n");
	hold(true);
	CU_ASSERT_EQUAL(dialogue_fault(t.dialogue)->blame, DIALOGUE_NOTHING);
	CU_ASSERT_PTR_NULL(dialogue_release(t.dialogue));
	check_results(0, "failed deferred deferred");
	close_talk();
}

static void
gives_back_what_421_turned_away(void)
{
	open_talk(PIPE, leave_at_second, &plain);
	add_job(3, "x\r\n");
	add_job(3, "y\r\n");
	hold(true);
	CU_ASSERT_PTR_EQUAL(dialogue_release(t.dialogue), t.jobs[1]);
	CU_ASSERT_PTR_NULL(dialogue_release(t.dialogue));
	check_results(1, "- - -");
	close_talk();
}

/* A message whose whole content has left may be there: not again at once. */
static void
defers_what_may_be_delivered(void)
{
	static const struct rule	rules[] = {
		{ "BDAT", 1, NULL }, { NULL, 0, NULL },
	};

	open_talk(CHUNK, rules, &plain);
	add_job(1, "x\r\n");
	add_job(1, "y\r\n");
	hold(true);
	CU_ASSERT_PTR_NULL(dialogue_release(t.dialogue));
	check_results(0, "deferred");
	check_results(1, "deferred");
	CU_ASSERT_PTR_NOT_NULL(strstr(t.jobs[0]->recipients[0].late->reason,
	    "may be sent more than once"));
	close_talk();
}

static void
blames_pipelining(void)
{
	static const struct rule	rules[] = {
		{ "RCPT", 2, NULL }, { NULL, 0, NULL },
	};
	struct dialogue_server		without = plain;

	open_talk(PIPE, rules, &plain);
	add_job(3, "x\r\n");
	hold(true);
	CU_ASSERT_EQUAL(dialogue_fault(t.dialogue)->blame,
	    DIALOGUE_PIPELINING);
	CU_ASSERT_PTR_EQUAL(dialogue_release(t.dialogue), t.jobs[0]);
	close_talk();

	without.is_distrusted = true;
	open_talk(PIPE, nothing, &without);
	add_job(1, "x\r\n");
	hold(true);
	check_said("EHLO / MAIL / RCPT / DATA / BODY / QUIT / ", 7);
	check_results(0, "sent");
	close_talk();
}

static void
speaks_before_the_greeting(void)
{
	struct offer		offer = {
		.has_pipelining = true, .has_chunking = true,
		.has_pipeconnect = true,
	};
	struct dialogue_server	server = plain;

	server.guess = &offer;
	open_talk(CHUNK "250-PIPECONNECT\r\n", nothing, &server);
	add_job(2, "x\r\n");
	hold(true);
	check_said("EHLO MAIL RCPT RCPT BDAT QUIT / ", 1);
	check_results(0, "sent sent");
	close_talk();

	/* It offers less than it did: nothing is lost, nothing believed. */
	open_talk(PIPE "250-PIPECONNECT\r\n", nothing, &server);
	add_job(2, "x\r\n");
	hold(true);
	CU_ASSERT_EQUAL(dialogue_state(t.dialogue), DIALOGUE_BROKEN);
	CU_ASSERT_EQUAL(dialogue_fault(t.dialogue)->blame, DIALOGUE_GUESS);
	CU_ASSERT_PTR_EQUAL(dialogue_release(t.dialogue), t.jobs[0]);
	check_results(0, "- -");
	close_talk();
}

/* RFC 2033 section 4.2: a reply for each good recipient after the dot. */
static void
speaks_lmtp(void)
{
	static const struct rule	two[] = {
		{ "RCPT", 2, "550 no\r\n" },
		{ "BODY", 1, "250 a\r\n452 b\r\n" },
		{ "BODY", 2, "550 c\r\n250 d\r\n250 e\r\n" },
		{ NULL, 0, NULL },
	};
	static const struct rule	nobody[] = {
		{ "RCPT", 1, "550 no\r\n" }, { "DATA", 1, "354 go\r\n" },
		{ "BODY", 1, "" }, { NULL, 0, NULL },
	};
	static const struct rule	leaves[] = {
		{ "BODY", 1, "250 a\r\n421 4.3.2 leaving\r\n" },
		{ "QUIT", 1, NULL }, { NULL, 0, NULL },
	};
	struct dialogue_server		server = plain;

	server.is_lmtp = true;
	open_talk(CHUNK, two, &server);
	add_job(3, "x\r\n");
	add_job(3, "y\r\n");
	hold(true);
	check_said("LHLO / MAIL RCPT RCPT RCPT DATA / "
	    "BODY MAIL RCPT RCPT RCPT DATA / BODY QUIT / ", 5);
	check_results(0, "sent failed deferred");
	check_results(1, "failed sent sent");
	close_talk();

	open_talk(PIPE, nobody, &server);
	add_job(1, "x\r\n");
	hold(true);
	check_said("LHLO / MAIL RCPT DATA / BODY QUIT / ", 4);
	check_results(0, "failed");
	close_talk();

	/* What has its answer is sent; the rest comes again. */
	open_talk(PIPE, leaves, &server);
	add_job(3, "x\r\n");
	hold(true);
	CU_ASSERT_PTR_NULL(dialogue_release(t.dialogue));
	check_results(0, "sent deferred deferred");
	close_talk();
}

static void
check_envelope(uint32_t flags, const char *keywords, const char *want)
{
	open_talk(keywords, nothing, &plain);
	add_job(1, "x\r\n");
	t.jobs[0]->flags = flags;
	mem_free(t.jobs[0]->envid);
	t.jobs[0]->envid = mem_strdup("id+2B1");
	mem_free(t.jobs[0]->recipients[0].orcpt);
	t.jobs[0]->recipients[0].orcpt = mem_strdup("rfc822;o@b");
	t.jobs[0]->recipients[0].notify = RCPT_NOTIFY_SUCCESS |
	    RCPT_NOTIFY_DELAY;
	hold(true);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.envelope), want);
	/* RFC 3461 section 5.2.2: where it ends, we report. */
	check_results(0, want[0] == '\0' ? "failed" :
	    strstr(want, "NOTIFY=SUCCESS") != NULL ? "sent" : "relayed");
	close_talk();
}

static void
passes_parameters_on(void)
{
	check_envelope(MAIL_RET_HDRS | MAIL_EIGHT_BIT, "",
	    "MAIL FROM:<from1@a>\rRCPT TO:<r0@b>\r");
	check_envelope(MAIL_RET_HDRS, PIPE "250-DSN\r\n",
	    "MAIL FROM:<from1@a> RET=HDRS ENVID=id+2B1\r"
	    "RCPT TO:<r0@b> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@b\r");
	check_envelope(MAIL_RET_FULL | MAIL_UTF8 | MAIL_EIGHT_BIT, PIPE
	    "250-DSN\r\n250-SMTPUTF8\r\n250-SIZE 9\r\n250-8BITMIME\r\n",
	    "MAIL FROM:<from1@a> SIZE=3 BODY=8BITMIME SMTPUTF8 RET=FULL "
	    "ENVID=id+2B1\r"
	    "RCPT TO:<r0@b> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@b\r");
	check_envelope(MAIL_BINARY, CHUNK "250-BINARYMIME\r\n",
	    "MAIL FROM:<from1@a> BODY=BINARYMIME\rRCPT TO:<r0@b>\r");
	/* What a server cannot take is not offered to it. */
	check_envelope(MAIL_UTF8, PIPE, "");
	check_envelope(0, PIPE "250-SIZE 2\r\n", "");
}

static void
sends_binary_as_it_is(void)
{
	open_talk(CHUNK "250-BINARYMIME\r\n", nothing, &plain);
	add_job(1, ".a\rb\nc");
	t.jobs[0]->flags = MAIL_BINARY;
	hold(true);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.content), ".a\rb\nc");
	close_talk();
}

/* RFC 6152 section 3, RFC 3030 section 3: to a server without. */
static void
check_converted(uint32_t flags, const char *keywords, bool is_lmtp,
    const char *want)
{
	struct dialogue_server	server = plain;

	server.is_lmtp = is_lmtp;
	open_talk(keywords, nothing, &server);
	add_job(1, "MIME-Version: 1.0\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n.\351\r\n");
	t.jobs[0]->flags = flags;
	hold(true);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.content), want);
	if (strcmp(buf_cstr(&t.content), want) != 0)
		printf("\n  %#x %s: %s\n", flags, keywords,
		    buf_cstr(&t.content));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&t.envelope), "BODY="));
	check_results(0, want[0] == '\0' ? "failed" : "sent");
	close_talk();
}

#define RAW		"MIME-Version: 1.0\r\n" \
			"Content-Transfer-Encoding: 8bit\r\n\r\n"
#define QUOTED		"MIME-Version: 1.0\r\n" \
			"Content-Transfer-Encoding: quoted-printable\r\n\r\n"

static void
converts_what_is_not_taken(void)
{
	struct conf	*conf;

	check_converted(MAIL_EIGHT_BIT, PIPE, false, QUOTED "..=E9\r\n");
	check_converted(MAIL_EIGHT_BIT, "", false, QUOTED "..=E9\r\n");
	check_converted(MAIL_EIGHT_BIT, CHUNK, false, QUOTED ".=E9\r\n");
	check_converted(MAIL_EIGHT_BIT, CHUNK, true, QUOTED "..=E9\r\n");
	check_converted(MAIL_BINARY, CHUNK, false, QUOTED ".=E9\r\n");
	check_converted(MAIL_BINARY, PIPE "250-BINARYMIME\r\n"
	    "250-8BITMIME\r\n", false, QUOTED "..=E9\r\n");
	/* Nothing says that there are 8 bits: it is not looked at. */
	check_converted(0, PIPE, false, RAW "..\351\r\n");
	conf = read_conf();
	conf->disable_mime_output_conversion = true;
	check_converted(MAIL_EIGHT_BIT, PIPE, false, RAW "..\351\r\n");
	check_converted(MAIL_BINARY, CHUNK, false, "");
	check_converted(MAIL_BINARY, PIPE "250-BINARYMIME\r\n", false, "");
	conf->disable_mime_output_conversion = false;
}

/* An old server is one without, too. */
static void
converts_after_helo(void)
{
	open_talk("", old_server, &plain);
	add_job(1, RAW "\351\r\n");
	t.jobs[0]->flags = MAIL_EIGHT_BIT;
	hold(true);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.content), QUOTED "=E9\r\n");
	close_talk();
}

/*
 * The first of two chunks is held back whole: the envelope leaves without
 * content, and no empty chunk is sent.
 */
static void
sends_no_empty_chunk(void)
{
	open_talk(CHUNK, nothing, &plain);
	add_job(1, "\r\nabc\r\n");
	t.jobs[0]->flags = MAIL_EIGHT_BIT;
	t.jobs[0]->chunks = mem_resize(t.jobs[0]->chunks,
	    2 * sizeof(*t.jobs[0]->chunks));
	t.jobs[0]->chunks[1] = (struct buf)BUF_INIT;
	buf_put_str(&t.jobs[0]->chunks[1], "\351\r\n");
	t.jobs[0]->chunk_count = 2;
	hold(true);
	check_said("EHLO / MAIL RCPT / BDAT QUIT / ", 4);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.content),
	    QUOTED "abc\r\n=E9\r\n");
	check_results(0, "sent");
	close_talk();
}

static void
sends_content_whole(void)
{
	open_talk(PIPE, nothing, &plain);
	add_job(1, ".a\r\n..b\r\nlast");
	hold(true);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.content), "..a\r\n...b\r\nlast\r\n");
	close_talk();
	open_talk(CHUNK, nothing, &plain);
	add_job(1, ".a\r\n..b\r\nlast");
	hold(true);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.content), ".a\r\n..b\r\nlast\r\n");
	close_talk();
}

/* 10,000 recipients in one group, by pieces that stay below the limit. */
static void
sends_large_groups(void)
{
	open_talk(PIPE, nothing, &plain);
	add_job(10000, "x\r\n");
	buf_put_str(&t.replies, "220 sink\r\n");
	for (int i = 0; i < 1000 && t.jobs[0]->recipients[9999].late == NULL;
	    i++) {
		start_ready(give_replies(), false);
		CU_ASSERT_TRUE(t.out.len < 70000);
		if (t.out.len == 0)
			dialogue_write(t.dialogue);
		serve();
	}
	CU_ASSERT_EQUAL(t.counts[3], 10000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.jobs[0]->recipients[9999].late);
	CU_ASSERT_EQUAL(t.jobs[0]->recipients[9999].late->kind, OUTCOME_SENT);
	close_talk();
}

void	dialogue_test(void);

static int
be_quiet(void)
{
	log_open_fd("test", open("/dev/null", O_WRONLY));
	return 0;
}

static int
be_heard(void)
{
	log_open_fd("test", STDERR_FILENO);
	return 0;
}

void
dialogue_test(void)
{
	CU_pSuite	suite = CU_add_suite("smtp/dialogue", be_quiet,
			    be_heard);

	CU_ADD_TEST(suite, plays_talks);
	CU_ADD_TEST(suite, defers_what_was_not_answered);
	CU_ADD_TEST(suite, gives_back_what_421_turned_away);
	CU_ADD_TEST(suite, defers_what_may_be_delivered);
	CU_ADD_TEST(suite, blames_pipelining);
	CU_ADD_TEST(suite, speaks_before_the_greeting);
	CU_ADD_TEST(suite, speaks_lmtp);
	CU_ADD_TEST(suite, passes_parameters_on);
	CU_ADD_TEST(suite, sends_binary_as_it_is);
	CU_ADD_TEST(suite, converts_what_is_not_taken);
	CU_ADD_TEST(suite, converts_after_helo);
	CU_ADD_TEST(suite, sends_no_empty_chunk);
	CU_ADD_TEST(suite, sends_content_whole);
	CU_ADD_TEST(suite, sends_large_groups);
}
