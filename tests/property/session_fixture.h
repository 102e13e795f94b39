#ifndef TESTS_PROPERTY_SESSION_FIXTURE_H
#define TESTS_PROPERTY_SESSION_FIXTURE_H

/*
 * An SMTP session without sockets and without a cleanup program: here is
 * what gate.c, peer.c and ipc.c would do, and nothing happens before
 * world_pump.  For programs of their own: they must not link the real ones.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/address.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "mail/tls_server.h"
#include "smtpd/greeting.h"
#include "smtpd/question.h"
#include "smtpd/secured.h"
#include "smtpd/session.h"
#include "smtpd/transaction.h"
#include "util/mem.h"

/* How cleanup is: there, coming when waited for, or gone for good. */
enum world_cleanup {
	CLEANUP_THERE,
	CLEANUP_COMING,
	CLEANUP_GONE,
};

#define WORLD_QUESTIONS	1000

struct world {
	struct gate		 gate;
	enum world_cleanup	 cleanup;
	struct session		*session;
	struct buf		 in, out;
	struct buf		*mails;		/* delivered, as text, by id */
	uint64_t		 last_mail;	/* its id */
	unsigned		 mail_count;
	bool			 is_over;	/* it has hung up */
	bool			 is_congested;
	uint64_t		 last_id;
	struct ipc_call		*messages;	/* list; the open one is last */
	struct peer_wait	*wait;
	struct question		*questions[WORLD_QUESTIONS]; /* open */
	size_t			 question_count;
	size_t			 most_questions;	/* at a time */
	unsigned		 dice;		/* whose answer is next */
	unsigned		 patience;	/* turns to the end; 0: none */
	size_t			 most_messages;	/* at a time */
	bool			 owes_challenge, owes_result; /* of auth */
	enum auth_result	 result;
};

/* One exchange with cleanup, and the message that grows in it. */
struct ipc_call {
	struct world	*world;
	struct ipc_call	*next, *prev;
	ipc_reply_fn	 fn;
	void		*arg;
	struct buf	 text;		/* envelope and content */
	uint64_t	 id;
	bool		 owes_id;
	int		 verdict;	/* to be given; 0: none yet */
	bool		 has_verdict;
};

struct peer_wait {
	peer_ready_fn	 fn;
	void		*arg;
};

/* The session's; there is one at a time. */
static struct world	*world;

static inline void
world_fail(const char *what)
{
	fprintf(stderr, "session: %s\n", what);
	abort();
}

/* ---- gate.c -------------------------------------------------------------- */

void
gate_wake(struct gate *gate)
{
	(void)gate;
}

/* ---- question.c ---------------------------------------------------------- */

struct question *
question_new(struct session *s, enum judge_stage stage,
    const char *recipient, question_fn fn)
{
	struct question	*q = mem_new(sizeof(*q));

	q->session = s;
	q->stage = stage;
	q->recipient = mem_strdup(recipient);
	q->fn = fn;
	if (world->question_count == WORLD_QUESTIONS)
		world_fail("too many questions");
	world->questions[world->question_count++] = q;
	return q;
}

static inline void
world_forget(struct question *q)
{
	for (size_t i = 0; i < world->question_count; i++)
		if (world->questions[i] == q) {
			world->questions[i] =
			    world->questions[--world->question_count];
			return;
		}
}

void
question_free(struct question **qp)
{
	struct question	*q = *qp;

	if (q == NULL)
		return;
	*qp = NULL;
	world_forget(q);
	for (size_t i = 0; i < q->rcpt_count; i++) {
		mem_free(q->rcpts[i].address);
		mem_free(q->rcpts[i].transport);
		mem_free(q->rcpts[i].nexthop);
	}
	for (size_t i = 0; i < q->action_count; i++)
		mem_free(q->actions[i].text);
	mem_free(q->rcpts);
	mem_free(q->actions);
	mem_free(q->recipient);
	mem_free(q->dsn);
	mem_free(q->text);
	mem_free(q);
}

/* Some recipients want something of the message. */
static inline void
world_add_action(struct question *q)
{
	struct question_action	action = { .kind = JUDGE_BCC };

	switch (q->recipient[0]) {
	case 'b':
		break;
	case 'c':
		action.kind = JUDGE_HOLD;
		break;
	case 'f':
		action.kind = JUDGE_FILTER;
		break;
	default:
		return;
	}
	action.text = mem_strdup(q->recipient);
	q->actions = mem_copy(&action, sizeof(action));
	q->action_count = 1;
}

/*
 * Lookup: everybody may send to ok.example, nobody elsewhere; some senders,
 * and some numbers of recipients, are not liked.
 */
static inline bool
world_likes(const struct question *q)
{
	const struct transaction	*txn = q->session->txn;

	switch (q->stage) {
	case JUDGE_RCPT:
		return slice_is_nocase(address_domain(
		    slice_str(q->recipient)), "ok.example");
	case JUDGE_MAIL:
		return txn->sender[0] != 'b';
	case JUDGE_DATA:
		return txn->count != 2;
	case JUDGE_END:
		return txn->count != 3;
	case JUDGE_STARTTLS:
		return q->session->helo == NULL ||
		    q->session->helo[0] != 'b';
	default:
		return true;
	}
}

static inline void
world_answer(struct question *q)
{
	bool	ok = world_likes(q);

	world_forget(q);
	q->code = ok ? 250 : 554;
	q->dsn = mem_strdup(ok ? "2.1.5" : "5.7.1");
	q->text = mem_printf("<%s>: Relay access denied", q->recipient);
	if (ok) {
		q->rcpts = mem_new(sizeof(*q->rcpts));
		q->rcpts[0].address = mem_strdup(q->recipient);
		q->rcpts[0].transport = mem_strdup("smtp");
		q->rcpts[0].nexthop = mem_strdup("ok.example");
		q->rcpt_count = 1;
		world_add_action(q);
	}
	q->is_answered = true;
	q->fn(q);
}

/* ---- peer.c -------------------------------------------------------------- */

static struct ipc *
the_ipc(void)
{
	return (struct ipc *)(void *)world;
}

struct ipc *
peer_ipc(const struct peer *peer)
{
	(void)peer;
	return world->cleanup == CLEANUP_THERE ? the_ipc() : NULL;
}

struct peer_wait *
peer_wait_new(struct peer *peer, int64_t limit_ms, peer_ready_fn fn,
    void *arg)
{
	struct peer_wait	*wait = mem_new(sizeof(*wait));

	(void)peer;
	(void)limit_ms;
	if (world->wait != NULL)
		world_fail("waits twice");
	wait->fn = fn;
	wait->arg = arg;
	world->wait = wait;
	return wait;
}

void
peer_wait_cancel(struct peer_wait **wait)
{
	if (*wait == NULL)
		return;
	world->wait = NULL;
	mem_free(*wait);
	*wait = NULL;
}

#include "tests/property/cleanup_fixture.h"
#include "tests/property/login_fixture.h"

/* ---- the world ----------------------------------------------------------- */

static inline void
world_wake(void *arg)
{
	(void)arg;
}

static inline struct conf *
world_conf(const char *const (*settings)[2])
{
	struct conf_source	*source = conf_source_new();
	struct conf		*conf;
	char			*why = NULL;

	conf_source_set(source, "myhostname", "m.example", "test");
	for (size_t i = 0; settings[i][0] != NULL; i++)
		conf_source_set(source, settings[i][0], settings[i][1],
		    "test");
	conf = conf_new(source, &why);
	if (conf == NULL)
		world_fail(why);
	return conf;
}

static inline void
world_open(struct world *w, const struct conf *conf)
{
	struct addr	peer;

	world = w;
	w->gate.conf = conf;
	w->gate.free_bytes = UINT64_MAX;
	w->gate.plain_mechanisms = mem_strdup("PLAIN LOGIN");
	addr_parse_ip(SLICE_LIT("192.0.2.1"), 25, &peer);
	w->session = session_new(&w->gate, &peer, &w->out, world_wake, w);
	w->session->has_auth = conf->smtpd_sasl_auth_enable;
	w->is_over = greeting_send(w->session, slice_from(NULL, 0)) ==
	    STEP_HANGUP;
}

static inline void
world_close(struct world *w)
{
	world = w;
	session_free(&w->session);
	if (w->messages != NULL || w->wait != NULL || w->question_count != 0)
		world_fail("something is left of a transaction");
	mem_free(w->gate.plain_mechanisms);
	buf_clear(&w->in);
	buf_clear(&w->out);
	for (uint64_t i = 1; i <= w->last_id; i++)
		buf_clear(&w->mails[i]);
	mem_free(w->mails);
}

static inline void
give_id(struct ipc_call *call)
{
	struct msg_mail_opened	 m = { .queue_id = call->id << 20 };

	call->owes_id = false;
	call->fn(call, IPC_CODE_mail_opened, slice_from(&m, sizeof(m)),
	    call->arg);
}

static inline void
give_verdict(struct world *w, struct ipc_call *call)
{
	struct msg_mail_done	 m = {
		.code = (uint32_t)call->verdict,
		.dsn = SLICE_LIT("1.2.3"),
		.text = SLICE_LIT("said cleanup"),
	};

	if (call->verdict == 250) {
		w->mail_count++;
		w->last_mail = call->id;
		buf_put_slice(&w->mails[call->id], buf_slice(&call->text));
	}
	call->has_verdict = true;
	call->fn(call, IPC_CODE_mail_done, slice_from(&m, sizeof(m)),
	    call->arg);
}

static inline unsigned
world_dice(struct world *w)
{
	w->dice = w->dice * 1103515245 + 12345;
	return w->dice >> 16;
}

static inline bool
is_owed(const struct ipc_call *call)
{
	return call->owes_id || (call->verdict != 0 && !call->has_verdict);
}

/* Verdicts come in any order. */
static inline bool
world_answer_message(struct world *w)
{
	struct ipc_call	*call, *chosen = NULL;
	unsigned	 count = 0;

	DL_FOREACH(w->messages, call)
		if (is_owed(call) && world_dice(w) % ++count == 0)
			chosen = call;
	if (chosen == NULL)
		return false;
	if (chosen->owes_id)
		give_id(chosen);
	else
		give_verdict(w, chosen);
	return true;
}

/* One thing that cleanup does; false: there is nothing to do. */
static inline bool
world_pump(struct world *w)
{
	struct peer_wait	*wait = w->wait;

	/* Answers come in any order. */
	if (w->question_count > 0) {
		if (w->question_count > w->most_questions)
			w->most_questions = w->question_count;
		world_answer(w->questions[world_dice(w) %
		    w->question_count]);
		return true;
	}
	if (wait != NULL) {
		w->wait = NULL;
		wait->fn(w->cleanup == CLEANUP_GONE ? NULL : the_ipc(),
		    wait->arg);
		mem_free(wait);
		return true;
	}
	if (world_answer_login(w))
		return true;
	return world_answer_message(w);
}

/* For gate.tls, of who offers STARTTLS; nobody looks into the context. */
static inline struct tls_server *
world_tls(void)
{
	static char			 context;
	static struct tls_server	 tls = { .level = TLS_SERVER_MAY };

	tls.context = (struct tls_context *)(void *)&context;
	return &tls;
}

/* The handshake goes well, with a client that has no certificate. */
static inline void
world_secure(struct world *w)
{
	struct secured	*secured = mem_new(sizeof(*secured));

	if (w->in.len != 0)
		world_fail("plaintext is left for TLS");
	secured_begin(w->session, secured);
	if (w->session->txn != NULL || w->session->helo != NULL)
		world_fail("something is left of the time before TLS");
}

/* The end from our side; nothing that was asked comes back to it. */
static inline void
world_end(struct world *w)
{
	session_timeout(w->session);
	w->is_over = true;
	while (world_pump(w))
		;
}

/* More input; everything that can happen happens. */
static inline void
world_feed(struct world *w, struct slice bytes)
{
	enum step	step;

	world = w;
	if (w->is_over)
		return;
	buf_put_slice(&w->in, bytes);
	for (int turns = 0; turns < 100000; turns++) {
		step = session_input(w->session, &w->in);
		if (step != STEP_HANGUP && w->patience > 0 &&
		    --w->patience == 0) {
			world_end(w);
			return;
		}
		if (step == STEP_HANGUP) {
			w->is_over = true;
			return;
		}
		if (step == STEP_SECURE) {
			world_secure(w);
			return;
		}
		if (step == STEP_WAIT && w->session->pause_ms > 0)
			session_unpause(w->session);
		else if (!world_pump(w)) {
			if (step == STEP_WAIT)
				world_fail("waits for nothing");
			return;
		}
	}
	world_fail("does not end");
}

#endif
