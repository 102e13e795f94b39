#ifndef TESTS_UNIT_DIALOGUE_FIXTURE_H
#define TESTS_UNIT_DIALOGUE_FIXTURE_H

/*
 * A dialogue, the jobs on it, and a server that is told what to answer.
 */

#include "smtp/dialogue.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "smtp/job.h"
#include "smtp/offer.h"
#include "smtp/sender.h"
#include "util/buf.h"
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
	struct buf		 envelope;	/* MAIL and RCPT, whole lines */
	struct buf		 content;	/* of all messages */
	struct buf		 replies;
	int			 counts[16];	/* by verb */
} t;

static const char	*const verbs[] = {
	"EHLO", "HELO", "MAIL", "RCPT", "DATA", "BODY", "BDAT", "RSET",
	"QUIT", "LHLO", "STAR", "AUTH",
};

#define VERBS	(sizeof(verbs) / sizeof(*verbs))

/* Not CUnit's: fuzz targets use this, too. */
static void
must(bool is_so)
{
	if (!is_so)
		abort();
}

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
	if (strcmp(verb, "STAR") == 0)
		return "220 2.0.0 begin\r\n";
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
	if (strcmp(verb, "MAIL") == 0 || strcmp(verb, "RCPT") == 0)
		buf_put_slice(&t.envelope, line);
	answer(verb);
	if (strcmp(verb, "BDAT") == 0) {
		size_t	size = strtoul(buf_cstr(&t.out) + 5, NULL, 10);

		buf_drop(&t.out, line.len + 1);
		must(t.out.len >= size);
		buf_put(&t.content, buf_cstr(&t.out), size);
		buf_drop(&t.out, size);
	} else {
		buf_drop(&t.out, line.len + 1);
	}
}

/* All that was written is one group. */
static inline void
serve(void)
{
	while (t.out.len > 0 && !t.is_gone) {
		struct slice	all = buf_slice(&t.out);
		ptrdiff_t	at = slice_find(all, '\n');

		must(at > 0);
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
	job->envid = mem_strdup("");
	job->recipients = mem_new_array((size_t)recipients,
	    sizeof(*job->recipients));
	job->count = (size_t)recipients;
	for (int i = 0; i < recipients; i++) {
		job->recipients[i].address = mem_printf("r%d@b", i);
		job->recipients[i].original = mem_strdup("");
		job->recipients[i].orcpt = mem_strdup("");
	}
	job->chunks = mem_new_array(1, sizeof(*job->chunks));
	job->chunk_count = 1;
	buf_put_str(&job->chunks[0], content);
	HASH_ADD(hh, t.sender.jobs, id, sizeof(job->id), job);
	t.sender.job_count++;
	return job;
}

/* Once for all talks. */
static struct conf *
read_conf(void)
{
	static struct conf	*conf;
	struct conf_source	*source;
	char			*why = NULL;

	if (conf != NULL)
		return conf;
	source = conf_source_new();
	must(conf_source_load(source, "main.cf",
	    slice_str("myhostname = us.example\n"), &why) == 0);
	conf = conf_new(source, &why);
	must(conf != NULL);
	return conf;
}

static void
open_talk(const char *keywords, const struct rule *rules,
    const struct dialogue_server *server)
{
	bool	is_slow = t.is_slow;

	memset(&t, 0, sizeof(t));
	t.is_slow = is_slow;
	t.keywords = keywords;
	t.rules = rules;
	t.conf = read_conf();
	t.sender.conf = t.conf;
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
	buf_clear(&t.out);
	buf_clear(&t.said);
	buf_clear(&t.envelope);
	buf_clear(&t.content);
	buf_clear(&t.replies);
}

static const struct dialogue_server	plain = { .host = "sink",
	    .ip = "192.0.2.1", .port = 25 };

static inline enum dialogue_state
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
add_job(int recipients, const char *content)
{
	t.jobs[t.job_count] = make_job((uint32_t)t.job_count + 1, recipients,
	    content);
	t.job_count++;
}

#endif
