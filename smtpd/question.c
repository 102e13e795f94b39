/*
 * Questions to lookup.
 */

#include "smtpd/question.h"

#include <stdio.h>
#include <unistd.h>

#include "conf/conf.h"
#include "mail/peer.h"
#include "net/loop.h"
#include "smtpd/gate.h"
#include "smtpd/secured.h"
#include "smtpd/session.h"
#include "smtpd/transaction.h"
#include "util/log.h"
#include "util/mem.h"

#define PEER_WAIT_MS	10000	/* for a lookup that is restarting */
#define ANSWER_WAIT_MS	240000	/* under the 5 minutes of RFC 5321 4.5.3.2 */

static void	ask(struct question *);

/* Who waits is called with the answer there. */
static void
finish(struct question *q)
{
	q->is_answered = true;
	q->fn(q);
}

static void
answer(struct question *q, int code, struct slice dsn, struct slice text,
    struct slice footer)
{
	q->code = code;
	q->dsn = slice_dup(dsn);
	q->text = slice_dup(text);
	q->footer = slice_dup(footer);
}

/* Nobody there, or too slow: a temporary failure, never yes. */
static void
answer_later(struct question *q)
{
	answer(q, 451, slice_str("4.3.0"), slice_str(
	    "Error: address and policy service is not ready"),
	    slice_str(""));
	finish(q);
}

/* ---- replies ------------------------------------------------------------- */

static void
free_findings(struct question *q)
{
	for (size_t i = 0; i < q->rcpt_count; i++) {
		mem_free(q->rcpts[i].address);
		mem_free(q->rcpts[i].transport);
		mem_free(q->rcpts[i].nexthop);
	}
	for (size_t i = 0; i < q->action_count; i++)
		mem_free(q->actions[i].text);
	for (size_t i = 0; i < q->note_count; i++) {
		mem_free(q->notes[i].what);
		mem_free(q->notes[i].text);
	}
	mem_free(q->notes);
	mem_free(q->rcpts);
	mem_free(q->actions);
	mem_free(q->name);
	mem_free(q->reverse_name);
	q->rcpts = NULL;
	q->actions = NULL;
	q->notes = NULL;
	q->name = q->reverse_name = NULL;
	q->rcpt_count = q->action_count = q->note_count = 0;
}

static void
take_rcpt(struct question *q, const struct msg_judge_rcpt *m)
{
	struct question_rcpt	*rcpt;

	q->rcpts = mem_resize(q->rcpts,
	    (q->rcpt_count + 1) * sizeof(*q->rcpts));
	rcpt = &q->rcpts[q->rcpt_count++];
	rcpt->address = slice_dup(m->address);
	rcpt->transport = slice_dup(m->transport);
	rcpt->nexthop = slice_dup(m->nexthop);
}

static void
take_action(struct question *q, const struct msg_judge_action *m)
{
	struct question_action	*action;

	q->actions = mem_resize(q->actions,
	    (q->action_count + 1) * sizeof(*q->actions));
	action = &q->actions[q->action_count++];
	action->kind = (enum judge_action)m->kind;
	action->text = slice_dup(m->text);
}

static void
take_note(struct question *q, const struct msg_judge_note *m)
{
	struct question_note	*note;

	q->notes = mem_resize(q->notes,
	    (q->note_count + 1) * sizeof(*q->notes));
	note = &q->notes[q->note_count++];
	note->what = slice_dup(m->what);
	note->text = slice_dup(m->text);
}

static void
take_client(struct question *q, const struct msg_judge_client *m)
{
	mem_free(q->name);
	mem_free(q->reverse_name);
	q->flags = m->flags;
	q->name = slice_dup(m->name);
	q->reverse_name = slice_dup(m->reverse_name);
}

static void
on_pause(void *arg)
{
	finish(arg);
}

/* The restriction sleep; but no client waits longer than for lookup. */
static void
pause_first(struct question *q, uint32_t seconds)
{
	struct loop	*loop = q->session->gate->loop;
	int64_t		 left = q->asked_ms + ANSWER_WAIT_MS -
			    loop_now_ms(loop);
	int64_t		 delay = (int64_t)seconds * 1000;

	if (delay > left)
		delay = left;
	if (delay <= 0) {
		finish(q);
		return;
	}
	q->pause = loop_timer_new(loop, on_pause, q);
	loop_timer_start(q->pause, delay);
}

static void
on_retry(void *arg)
{
	ask(arg);
}

/* Lookup has gone (once is no misfortune), or takes too long. */
static void
take_loss(struct question *q)
{
	struct loop	*loop = q->session->gate->loop;

	q->call = NULL;
	if (q->is_repeated || loop_now_ms(loop) - q->asked_ms >=
	    ANSWER_WAIT_MS) {
		answer_later(q);
		return;
	}
	q->is_repeated = true;
	free_findings(q);
	/* Not now: the peer still has the old connection. */
	loop_defer(loop, on_retry, q);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct question		*q = arg;
	struct msg_judge_client	 client;
	struct msg_judge_rcpt	 rcpt;
	struct msg_judge_action	 action;
	struct msg_judge_note	 note;
	struct msg_judged	 judged;

	(void)call;
	if (code == 0) {
		take_loss(q);
	} else if (code == IPC_CODE_judge_client &&
	    ipc_parse_judge_client(payload, &client) == 0) {
		take_client(q, &client);
	} else if (code == IPC_CODE_judge_rcpt &&
	    ipc_parse_judge_rcpt(payload, &rcpt) == 0) {
		take_rcpt(q, &rcpt);
	} else if (code == IPC_CODE_judge_action &&
	    ipc_parse_judge_action(payload, &action) == 0) {
		take_action(q, &action);
	} else if (code == IPC_CODE_judge_note &&
	    ipc_parse_judge_note(payload, &note) == 0) {
		take_note(q, &note);
	} else if (code == IPC_CODE_judged &&
	    ipc_parse_judged(payload, &judged) == 0 &&
	    judged.code >= 200 && judged.code <= 599) {
		ipc_cancel(&q->call);
		q->is_judged = true;
		answer(q, (int)judged.code, judged.dsn, judged.text,
		    judged.footer);
		pause_first(q, judged.pause_s);
	} else {
		log_warn("unexpected reply %#x from lookup", code);
	}
}

/* ---- asking -------------------------------------------------------------- */

static void
put_secured(const struct secured *secured, struct msg_judge *m)
{
	const struct tls_facts	*facts = &secured->facts;

	if (facts->trust >= TLS_TRUSTED)
		m->flags |= JUDGE_TRUSTED;
	m->tls_protocol = slice_str(facts->protocol);
	m->tls_cipher = slice_str(facts->cipher);
	m->tls_bits = (uint32_t)facts->used_bits;
	m->ccert_subject = slice_str(facts->subject);
	m->ccert_issuer = slice_str(facts->issuer);
	m->ccert_print = slice_str(secured->certificate);
	m->ccert_key_print = slice_str(secured->key);
}

static void
ask_on(struct question *q, struct ipc *ipc)
{
	const struct session		*s = q->session;
	const struct transaction	*txn = s->txn;
	char				 id[TRANSACTION_ID_SIZE] = "";
	char				 self[ADDR_TEXT_SIZE];
	char				 instance[48];
	struct msg_judge		 m = {
		.stage = q->stage,
		.flags = s->name_flags |
		    (txn != NULL && (txn->flags & MAIL_UTF8) ?
		    JUDGE_UTF8 : 0u),
		.client_addr = slice_str(s->addr),
		.client_port = addr_port(&s->peer),
		.client_name = slice_str(s->name),
		.reverse_name = slice_str(s->reverse_name),
		.proto = slice_str(s->is_esmtp ? "ESMTP" : "SMTP"),
		.server_addr = slice_str(addr_format_ip(&s->self, self)),
		.server_port = addr_port(&s->self),
		.helo = slice_str(s->helo),
		.recipient = slice_str(q->recipient),
		.sasl_method = slice_str(s->sasl_method),
		.sasl_username = slice_str(s->sasl_username),
	};

	if (s->secured != NULL)
		put_secured(s->secured, &m);
	snprintf(instance, sizeof(instance), "%lx.%llx.%llx", (long)getpid(),
	    (unsigned long long)s->gate->started_us,
	    (unsigned long long)(txn == NULL ? s->number : txn->number));
	m.instance = slice_str(instance);
	if (txn != NULL) {
		/* As the client has it: some want a domain in it. */
		m.sender = transaction_given_sender(txn);
		m.sasl_sender = slice_str(txn->sasl_sender);
		m.recipients = (uint32_t)txn->count;
		m.size = q->stage == JUDGE_END ? txn->sent : txn->size;
		if (txn->queue_id != 0)
			m.queue_id = slice_str(transaction_id(txn, id));
	}
	q->asked_ms = loop_now_ms(s->gate->loop);
	q->call = ipc_call_new(ipc, on_reply, q);
	ipc_call_deadline(q->call, ANSWER_WAIT_MS);
	ipc_send_judge(ipc, ipc_call_id(q->call), &m);
}

static void
on_peer(struct ipc *ipc, void *arg)
{
	struct question	*q = arg;

	q->wait = NULL;
	if (ipc == NULL)
		answer_later(q);
	else
		ask_on(q, ipc);
}

static void
ask(struct question *q)
{
	struct peer	*peer = q->session->gate->lookup;

	if (peer_ipc(peer) != NULL)
		ask_on(q, peer_ipc(peer));
	else
		q->wait = peer_wait_new(peer, PEER_WAIT_MS, on_peer, q);
}

struct question *
question_new(struct session *s, enum judge_stage stage,
    const char *recipient, question_fn fn)
{
	struct question	*q = mem_new(sizeof(*q));

	q->session = s;
	q->stage = stage;
	q->recipient = mem_strdup(recipient);
	q->fn = fn;
	ask(q);
	return q;
}

void
question_free(struct question **qp)
{
	struct question	*q = *qp;

	if (q == NULL)
		return;
	*qp = NULL;
	ipc_cancel(&q->call);
	peer_wait_cancel(&q->wait);
	loop_timer_free(&q->pause);
	loop_undefer(q->session->gate->loop, q);
	free_findings(q);
	mem_free(q->recipient);
	mem_free(q->dsn);
	mem_free(q->text);
	mem_free(q->footer);
	mem_free(q);
}
