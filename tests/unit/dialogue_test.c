/*
 * The client's dialogue against a server that is told what to answer.  Each
 * conversation is held twice: replies whole, and byte by byte.
 */

#include "smtp/dialogue.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "smtp/job.h"
#include "smtp/offer.h"
#include "smtp/sender.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define PIPE	"250-PIPELINING\r\n"
#define CHUNK	PIPE "250-CHUNKING\r\n"
#define JOBS	3

/* The nth command (from 1) of that verb gets this reply. */
struct rule {
	const char	*verb;
	int		 nth;
	const char	*reply;		/* NULL: the server is gone */
};

static struct {
	struct conf		*conf;
	struct sender		 sender;
	struct dialogue		*dialogue;
	struct buf		 out;
	struct job		*jobs[JOBS];
	int			 job_count, started;
	const char		*keywords;
	const struct rule	*rules;		/* ends with verb NULL */
	bool			 is_slow;	/* byte by byte */
	bool			 is_gone;
	/* the server */
	bool			 is_in_data;
	int			 valid;		/* recipients */
	struct buf		 said;		/* "EHLO / MAIL RCPT DATA" */
	struct buf		 content;	/* of all messages */
	struct buf		 replies;
	int			 counts[16];	/* by verb */
} t;

static const char	*const verbs[] = { "EHLO", "HELO", "MAIL", "RCPT", "DATA",
	    "BODY", "BDAT", "RSET", "QUIT", "LHLO" };

#define VERBS	(sizeof(verbs) / sizeof(*verbs))

/* ---- the server ---------------------------------------------------------- */

static const char *
usual_reply(const char *verb)
{
	if (strcmp(verb, "DATA") == 0)
		return t.valid > 0 ? "354 go\r\n" : "554 5.5.1 nobody\r\n";
	if (strcmp(verb, "BDAT") == 0)
		return t.valid > 0 ? "250 2.0.0 taken\r\n" :
		    "554 5.5.1 nobody\r\n";
	if (strcmp(verb, "BODY") == 0)
		return "250 2.0.0 taken\r\n";
	return strcmp(verb, "QUIT") == 0 ? "221 bye\r\n" : "250 ok\r\n";
}

static void
answer(const char *verb)
{
	const char	*reply = usual_reply(verb);
	size_t		 n = 0;

	while (n < VERBS && strcmp(verbs[n], verb) != 0)
		n++;
	t.counts[n]++;
	buf_printf(&t.said, "%s%s", t.said.len > 0 &&
	    buf_cstr(&t.said)[t.said.len - 1] != ' ' ? " " : "", verb);
	for (const struct rule *r = t.rules; r->verb != NULL; r++)
		if (strcmp(r->verb, verb) == 0 && r->nth == t.counts[n])
			reply = r->reply;
	if (reply == NULL) {
		t.is_gone = true;
		return;
	}
	if (reply[0] == '2' && (strcmp(verb, "EHLO") == 0 ||
	    strcmp(verb, "LHLO") == 0))
		buf_printf(&t.replies, "250-sink\r\n%s", t.keywords);
	if (strcmp(verb, "RCPT") == 0 && reply[0] == '2')
		t.valid++;
	if (strcmp(verb, "DATA") == 0)
		t.is_in_data = reply[0] == '3';
	buf_put_str(&t.replies, reply);
}

static void
take_command(struct slice line)
{
	char	verb[5] = "";

	memcpy(verb, line.data, line.len < 4 ? line.len : 4);
	if (strcmp(verb, "MAIL") == 0)
		t.valid = 0;
	answer(verb);
	if (strcmp(verb, "BDAT") == 0) {
		size_t	size = strtoul(buf_cstr(&t.out) + 5, NULL, 10);

		buf_drop(&t.out, line.len + 1);
		CU_ASSERT_TRUE_FATAL(t.out.len >= size);
		buf_put(&t.content, buf_cstr(&t.out), size);
		buf_drop(&t.out, size);
	} else {
		buf_drop(&t.out, line.len + 1);
	}
}

/* All that was written is one group. */
static void
serve(void)
{
	while (t.out.len > 0 && !t.is_gone) {
		struct slice	all = buf_slice(&t.out);
		ptrdiff_t	at = slice_find(all, '\n');

		CU_ASSERT_TRUE_FATAL(at > 0);
		all.len = (size_t)at;
		if (!t.is_in_data) {
			take_command(all);
			continue;
		}
		if (slice_is(all, ".\r")) {
			t.is_in_data = false;
			answer("BODY");
		} else {
			buf_put_slice(&t.content, all);
			buf_put_str(&t.content, "\n");
		}
		buf_drop(&t.out, (size_t)at + 1);
	}
	buf_put_str(&t.said, " / ");
}

/* ---- the client ---------------------------------------------------------- */

static void
on_chunk(void *arg)
{
	(void)arg;
}

static struct job *
make_job(uint32_t id, int recipients, const char *content)
{
	struct job	*job = mem_new(sizeof(*job));

	job->sender = &t.sender;
	job->id = id;
	job->size = strlen(content);
	job->nexthop = mem_strdup("sink");
	job->from = mem_printf("from%u@a", id);
	job->recipients = mem_new_array((size_t)recipients,
	    sizeof(*job->recipients));
	job->count = (size_t)recipients;
	for (int i = 0; i < recipients; i++) {
		job->recipients[i].address = mem_printf("r%d@b", i);
		job->recipients[i].original = mem_strdup("");
	}
	job->chunks = mem_new_array(1, sizeof(*job->chunks));
	job->chunk_count = 1;
	buf_put_str(&job->chunks[0], content);
	HASH_ADD(hh, t.sender.jobs, id, sizeof(job->id), job);
	t.sender.job_count++;
	return job;
}

static void
open_talk(const char *keywords, const struct rule *rules,
    const struct dialogue_server *server)
{
	char	*why = NULL;
	bool	 is_slow = t.is_slow;
	struct conf_source	*source = conf_source_new();

	memset(&t, 0, sizeof(t));
	t.is_slow = is_slow;
	t.keywords = keywords;
	t.rules = rules;
	CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
	    slice_str("myhostname = us.example\n"), &why), 0);
	t.conf = conf_new(source, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.conf);
	t.sender.job_count = 1;	/* it must not think of leaving */
	t.dialogue = dialogue_new(t.conf, server, &t.out, on_chunk, NULL);
}

static void
close_talk(void)
{
	while (dialogue_release(t.dialogue) != NULL)
		;
	dialogue_free(&t.dialogue);
	for (int i = 0; i < t.job_count; i++)
		t.jobs[i]->announced = t.jobs[i]->count + 1;
	job_drop_partial(&t.sender);
	conf_free(&t.conf);
	buf_clear(&t.out);
	buf_clear(&t.said);
	buf_clear(&t.content);
	buf_clear(&t.replies);
}

static const struct dialogue_server	plain = { "sink", "192.0.2.1", 25,
	    false, false, NULL };

static enum dialogue_state
give_replies(void)
{
	enum dialogue_state	 state = dialogue_state(t.dialogue);
	struct buf		 in = BUF_INIT;
	struct slice		 rest = buf_slice(&t.replies);
	size_t			 step = t.is_slow ? 1 : rest.len;

	for (; rest.len > 0; rest = slice_after(rest, step)) {
		buf_put_slice(&in, slice_first(rest, step));
		state = dialogue_read(t.dialogue, &in);
	}
	buf_empty(&t.replies);
	buf_clear(&in);
	return state;
}

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

static void
add_job(int recipients, const char *content)
{
	t.jobs[t.job_count] = make_job((uint32_t)t.job_count + 1, recipients,
	    content);
	t.job_count++;
}

/* "sent sent failed:550": the results of a job; "-": none yet. */
static void
check_results(int job, const char *want)
{
	static const char	*const names[] = {
		[OUTCOME_SENT] = "sent", [OUTCOME_DEFERRED] = "deferred",
		[OUTCOME_FAILED] = "failed",
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

/* RFC 2033 section 4.2: a reply for each recipient after the dot. */
static void
speaks_lmtp(void)
{
	static const struct rule	rules[] = {
		{ "RCPT", 2, "550 no\r\n" },
		{ "BODY", 1, "250 a\r\n452 b\r\n550 c\r\n" },
		{ NULL, 0, NULL },
	};
	struct dialogue_server		server = plain;

	server.is_lmtp = true;
	open_talk(CHUNK, rules, &server);
	add_job(4, "x\r\n");
	hold(true);
	check_said("LHLO / MAIL RCPT RCPT RCPT RCPT DATA / BODY QUIT / ", 4);
	check_results(0, "sent failed deferred failed");
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
	CU_ADD_TEST(suite, sends_content_whole);
	CU_ADD_TEST(suite, sends_large_groups);
}
