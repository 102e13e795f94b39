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
	struct buf		 mail;		/* delivered, as text */
	size_t			 mail_start;	/* of the last */
	unsigned		 mail_count;
	bool			 is_over;	/* it has hung up */
	bool			 is_congested;
	uint64_t		 last_id;
	struct ipc_call		*call;		/* of the open transaction */
	struct peer_wait	*wait;
	int			 calls;		/* that are not ended */
	struct question		*questions[WORLD_QUESTIONS]; /* open */
	size_t			 question_count;
	size_t			 most_questions;	/* at a time */
	unsigned		 dice;		/* whose answer is next */
	bool			 owes_challenge, owes_result; /* of auth */
	enum auth_result	 result;
};

/* One exchange with cleanup, and the message that grows in it. */
struct ipc_call {
	struct world	*world;
	ipc_reply_fn	 fn;
	void		*arg;
	struct buf	 text;		/* envelope and content */
	uint64_t	 queue_id;
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

/* ---- ipc.c, ipc_codec.c -------------------------------------------------- */

bool
ipc_is_congested(const struct ipc *ipc)
{
	(void)ipc;
	return world->is_congested;
}

struct ipc_call *
ipc_call_new(struct ipc *ipc, ipc_reply_fn fn, void *arg)
{
	struct ipc_call	*call = mem_new(sizeof(*call));

	(void)ipc;
	if (world->call != NULL)
		world_fail("two messages at a time");
	call->world = world;
	call->fn = fn;
	call->arg = arg;
	world->call = call;
	world->calls++;
	return call;
}

uint32_t
ipc_call_id(const struct ipc_call *call)
{
	(void)call;
	return 1;
}

void
ipc_call_deadline(struct ipc_call *call, int64_t delay_ms)
{
	(void)call;
	(void)delay_ms;
}

static inline void
world_end_call(struct ipc_call *call)
{
	call->world->call = NULL;
	call->world->calls--;
	buf_clear(&call->text);
	mem_free(call);
}

void
ipc_cancel(struct ipc_call **call)
{
	if (*call != NULL)
		world_end_call(*call);
	*call = NULL;
}

void
ipc_send_mail_open(struct ipc *ipc, uint32_t id, const struct msg_mail_open *m)
{
	(void)ipc;
	(void)id;
	buf_printf(&world->call->text, "<%.*s> %x %.*s %.*s",
	    SLICE_ARG(m->sender), m->flags, SLICE_ARG(m->envid),
	    SLICE_ARG(m->proto));
	world->call->queue_id = ++world->last_id << 20;
	world->call->owes_id = true;
}

void
ipc_send_mail_rcpt(struct ipc *ipc, uint32_t id, const struct msg_mail_rcpt *m)
{
	(void)ipc;
	(void)id;
	buf_printf(&world->call->text, " <%.*s> %x %.*s",
	    SLICE_ARG(m->address), m->notify, SLICE_ARG(m->orcpt));
}

void
ipc_send_mail_action(struct ipc *ipc, uint32_t id,
    const struct msg_mail_action *m)
{
	(void)ipc;
	(void)id;
	buf_printf(&world->call->text, " %u:%.*s", m->kind,
	    SLICE_ARG(m->text));
}

/* "Early" in the content: refused as soon as it is seen. */
void
ipc_send_mail_data(struct ipc *ipc, uint32_t id, const struct msg_mail_data *m)
{
	struct ipc_call	*call = world->call;

	(void)ipc;
	(void)id;
	if (slice_find(buf_slice(&call->text), '\n') < 0)
		buf_put_u8(&call->text, '\n');
	buf_put_slice(&call->text, m->bytes);
	if (strstr(buf_cstr(&call->text), "Early") != NULL)
		call->verdict = 554;
}

void
ipc_send_mail_close(struct ipc *ipc, uint32_t id,
    const struct msg_mail_close *m)
{
	struct ipc_call	*call = world->call;

	(void)ipc;
	(void)id;
	(void)m;
	if (call->verdict == 0)
		call->verdict = strstr(buf_cstr(&call->text), "Later") != NULL ?
		    451 : 250;
}

void
ipc_send_mail_abort(struct ipc *ipc, uint32_t id,
    const struct msg_mail_abort *m)
{
	(void)ipc;
	(void)id;
	(void)m;
}

/* The payload is the struct itself: its codec is tested elsewhere. */
int
ipc_parse_mail_opened(struct slice payload, struct msg_mail_opened *m_r)
{
	memcpy(m_r, payload.data, sizeof(*m_r));
	return 0;
}

int
ipc_parse_mail_done(struct slice payload, struct msg_mail_done *m_r)
{
	memcpy(m_r, payload.data, sizeof(*m_r));
	return 0;
}

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
	if (w->calls != 0 || w->wait != NULL || w->question_count != 0)
		world_fail("something is left of a transaction");
	mem_free(w->gate.plain_mechanisms);
	buf_clear(&w->in);
	buf_clear(&w->out);
	buf_clear(&w->mail);
}

static inline void
give_id(struct world *w)
{
	struct ipc_call		*call = w->call;
	struct msg_mail_opened	 m = { .queue_id = call->queue_id };

	call->owes_id = false;
	call->fn(call, IPC_CODE_mail_opened, slice_from(&m, sizeof(m)),
	    call->arg);
}

static inline void
give_verdict(struct world *w)
{
	struct ipc_call		*call = w->call;
	struct msg_mail_done	 m = {
		.code = (uint32_t)call->verdict,
		.dsn = SLICE_LIT("1.2.3"),
		.text = SLICE_LIT("said cleanup"),
	};

	if (call->verdict == 250) {
		w->mail_count++;
		w->mail_start = w->mail.len;
		buf_put_slice(&w->mail, buf_slice(&call->text));
	}
	call->has_verdict = true;
	call->fn(call, IPC_CODE_mail_done, slice_from(&m, sizeof(m)),
	    call->arg);
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
		w->dice = w->dice * 1103515245 + 12345;
		world_answer(w->questions[(w->dice >> 16) %
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
	if (w->call != NULL && w->call->owes_id) {
		give_id(w);
		return true;
	}
	if (w->call != NULL && w->call->verdict != 0 &&
	    !w->call->has_verdict) {
		give_verdict(w);
		return true;
	}
	return false;
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
	session_secure(w->session, secured);
	if (w->session->txn != NULL || w->session->helo != NULL)
		world_fail("something is left of the time before TLS");
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
