/*
 * A mail transaction and its dealings with cleanup.
 */

#include "smtpd/transaction.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/address.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "smtpd/closing.h"
#include "smtpd/gate.h"
#include "smtpd/question.h"
#include "smtpd/reply.h"
#include "smtpd/secured.h"
#include "util/log.h"
#include "util/mem.h"

/* More are of no use to anybody. */
#define ACTION_LIMIT	200

#define PEER_WAIT_MS	10000	/* for a cleanup that is restarting */
#define COMMIT_WAIT_MS	300000	/* under the 10 minutes of RFC 5321 4.5.3.2.6 */

static void
add_action(struct transaction *txn, enum judge_action kind, const char *text)
{
	struct transaction_action	*action = mem_new(sizeof(*action));

	action->kind = kind;
	action->text = mem_strdup(text);
	DL_APPEND(txn->actions, action);
	txn->action_count++;
}

static void
remove_action(struct transaction *txn, struct transaction_action *action)
{
	DL_DELETE(txn->actions, action);
	txn->action_count--;
	mem_free(action->text);
	mem_free(action);
}

struct slice
transaction_given_sender(const struct transaction *txn)
{
	struct slice	sender = slice_str(txn->sender);

	return txn->is_bare ? address_local(sender) : sender;
}

struct transaction *
transaction_new(struct session *s, struct slice sender, uint32_t flags,
    struct slice envid)
{
	struct transaction	*txn = mem_new(sizeof(*txn));

	txn->session = s;
	txn->number = ++s->gate->last_number;
	txn->sender = slice_dup(sender);
	txn->flags = flags;
	txn->envid = slice_dup(envid);
	txn->body = (struct body)BODY_INIT;
	txn->body.is_binary = (flags & MAIL_BINARY) != 0;
	if (s->gate->conf->content_filter[0] != '\0')
		add_action(txn, JUDGE_FILTER, s->gate->conf->content_filter);
	return txn;
}

static void
clear_rcpt(struct transaction_rcpt *rcpt)
{
	mem_free(rcpt->address);
	mem_free(rcpt->original);
	mem_free(rcpt->transport);
	mem_free(rcpt->nexthop);
	mem_free(rcpt->orcpt);
}

void
transaction_end_rcpt(struct transaction *txn)
{
	if (txn->asked == NULL)
		return;
	question_free(&txn->asked->question);
	mem_free(txn->asked->orcpt);
	mem_free(txn->asked);
	txn->asked = NULL;
}

/* Recipients that were asked ahead, and never came. */
static void
drop_ahead(struct transaction *txn)
{
	while (txn->ahead != NULL) {
		struct question	*question = txn->ahead;

		DL_DELETE(txn->ahead, question);
		question_free(&question);
	}
}

/* Cleanup has it, and would not be given it again. */
static void
drop_envelope(struct transaction *txn)
{
	for (size_t i = 0; i < txn->rcpt_count; i++)
		clear_rcpt(&txn->recipients[i]);
	txn->rcpt_count = 0;
	mem_free(txn->recipients);
	txn->recipients = NULL;
	while (txn->actions != NULL)
		remove_action(txn, txn->actions);
}

/* Cleanup is to forget what it has. */
static void
abort_call(struct transaction *txn, const char *reason)
{
	struct msg_mail_abort	m = { slice_str(reason) };

	if (txn->call == NULL)
		return;
	ipc_send_mail_abort(txn->ipc, ipc_call_id(txn->call), &m);
	ipc_cancel(&txn->call);
	txn->ipc = NULL;
}

void
transaction_free(struct transaction **txnp)
{
	struct transaction	*txn = *txnp;

	if (txn == NULL)
		return;
	*txnp = NULL;
	abort_call(txn, "canceled");
	peer_wait_cancel(&txn->wait);
	transaction_end_rcpt(txn);
	drop_ahead(txn);
	drop_envelope(txn);
	mem_free(txn->sender);
	mem_free(txn->envid);
	mem_free(txn->sasl_sender);
	mem_free(txn->dsn);
	mem_free(txn->text);
	buf_clear(&txn->chunk);
	buf_clear(&txn->behind);
	mem_free(txn);
}

const char *
transaction_id(const struct transaction *txn, char *text)
{
	if (txn == NULL || txn->queue_id == 0)
		snprintf(text, TRANSACTION_ID_SIZE, "NOQUEUE");
	else
		queue_id_format(txn->queue_id, text);
	return text;
}

/* ---- the envelope -------------------------------------------------------- */

static void
send_recipient(struct transaction *txn, const struct transaction_rcpt *rcpt)
{
	struct msg_mail_rcpt	m = {
		.address = slice_str(rcpt->address),
		.original = slice_str(rcpt->original),
		.transport = slice_str(rcpt->transport),
		.nexthop = slice_str(rcpt->nexthop),
		.notify = rcpt->notify,
		.orcpt = slice_str(rcpt->orcpt),
	};

	ipc_send_mail_rcpt(txn->ipc, ipc_call_id(txn->call), &m);
}

static void
add_one(struct transaction *txn, const struct transaction_asked *asked,
    const struct question_rcpt *to)
{
	struct transaction_rcpt	*rcpt;
	size_t			 n = txn->rcpt_count;

	if ((n & (n - 1)) == 0)
		txn->recipients = mem_resize(txn->recipients,
		    (n == 0 ? 1 : n * 2) * sizeof(*rcpt));
	rcpt = &txn->recipients[txn->rcpt_count++];
	rcpt->address = mem_strdup(to->address);
	rcpt->original = mem_strdup(asked->question->recipient);
	rcpt->transport = mem_strdup(to->transport);
	rcpt->nexthop = mem_strdup(to->nexthop);
	rcpt->notify = asked->notify;
	rcpt->orcpt = mem_strdup(asked->orcpt);
	if (txn->call != NULL)
		send_recipient(txn, rcpt);
}

void
transaction_add(struct transaction *txn,
    const struct transaction_asked *asked)
{
	const struct question	*question = asked->question;

	txn->count++;
	txn->last_rcpt = txn->rcpt_count;
	for (size_t i = 0; i < question->rcpt_count; i++)
		add_one(txn, asked, &question->rcpts[i]);
}

void
transaction_drop_last(struct transaction *txn)
{
	txn->count--;
	while (txn->rcpt_count > txn->last_rcpt)
		clear_rcpt(&txn->recipients[--txn->rcpt_count]);
}

static void
send_action(struct transaction *txn, const struct transaction_action *action)
{
	struct msg_mail_action	m = {
		.kind = action->kind,
		.text = slice_str(action->text),
	};

	ipc_send_mail_action(txn->ipc, ipc_call_id(txn->call), &m);
}

/* Of these the last one counts, and there is no more than one. */
static bool
is_single(enum judge_action kind)
{
	return kind == JUDGE_HOLD || kind == JUDGE_DISCARD ||
	    kind == JUDGE_FILTER || kind == JUDGE_REDIRECT;
}

static void
act(struct transaction *txn, const struct question_action *wanted)
{
	struct transaction_action	*action, *next;

	DL_FOREACH_SAFE(txn->actions, action, next) {
		if (action->kind != wanted->kind)
			continue;
		if (strcmp(action->text, wanted->text) == 0)
			return;
		if (is_single(action->kind))
			remove_action(txn, action);
	}
	if (txn->action_count >= ACTION_LIMIT)
		return;
	add_action(txn, wanted->kind, wanted->text);
	if (txn->call != NULL)
		send_action(txn, txn->actions->prev);
}

void
transaction_act(struct transaction *txn, const struct question *question)
{
	for (size_t i = 0; i < question->action_count; i++)
		if (question->actions[i].kind <= JUDGE_PREPEND)
			act(txn, &question->actions[i]);
}

static void
take_verdict(struct transaction *txn, int code, struct slice dsn,
    struct slice text)
{
	txn->code = code;
	mem_free(txn->dsn);
	mem_free(txn->text);
	txn->dsn = slice_dup(dsn);
	txn->text = slice_dup(text);
}

void
transaction_tell(const struct transaction *txn)
{
	struct session	*s = txn->session;
	char		 id[TRANSACTION_ID_SIZE];

	if (txn->code == 250) {
		/* Who delivers mail may err again (S64). */
		s->error_count -= txn->errors;
		s->junk_count -= txn->junk;
		reply_put(s, 250, "2.0.0", "Ok: queued as %s",
		    transaction_id(txn, id));
	} else {
		reply_put(s, txn->code, txn->dsn, "%s", txn->text);
	}
}

/* While replies wait for errors, so do commands. */
static void
finish(struct transaction *txn)
{
	struct session	*s = txn->session;

	ipc_cancel(&txn->call);
	if (txn != s->txn) {
		closing_settle(s);
		return;
	}
	transaction_tell(txn);
	transaction_free(&s->txn);
	session_enter_idle(s);
	session_resume(s);
}

/*
 * Content waits until the queue id is known, so that the line with the
 * client is the first one of a message in the log, as its readers expect.
 */
static bool
is_held(const struct transaction *txn)
{
	return txn->call != NULL && txn->code == 0 && txn->queue_id == 0;
}

static void
send_close(struct transaction *txn)
{
	struct msg_mail_close	m;

	transaction_flush(txn);
	buf_clear(&txn->chunk);
	m.size = txn->sent;
	ipc_send_mail_close(txn->ipc, ipc_call_id(txn->call), &m);
}

static void
take_id(struct transaction *txn, uint64_t queue_id)
{
	const struct session	*s = txn->session;
	char			 client[SESSION_CLIENT_SIZE];
	char			 id[TRANSACTION_ID_SIZE];
	struct buf		 line = BUF_INIT;
	bool			 was_full;

	txn->queue_id = queue_id;
	buf_printf(&line, "%s: client=%s", transaction_id(txn, id),
	    session_client(s, client));
	if (s->sasl_username != NULL)
		buf_printf(&line, ", sasl_method=%s, sasl_username=%s",
		    s->sasl_method, s->sasl_username);
	if (txn->sasl_sender != NULL)
		buf_printf(&line, ", sasl_sender=%s", txn->sasl_sender);
	log_info("%s", buf_cstr(&line));
	buf_clear(&line);
	was_full = txn->is_closed ? closing_is_full(s) :
	    txn->chunk.len >= IPC_DATA_LIMIT;
	if (txn->is_closed)
		send_close(txn);
	else
		transaction_flush(txn);
	if (was_full)
		s->wake(s->wake_arg);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct transaction	*txn = arg;
	struct msg_mail_opened	 opened;
	struct msg_mail_done	 done;

	(void)call;
	if (code == IPC_CODE_mail_opened &&
	    ipc_parse_mail_opened(payload, &opened) == 0) {
		take_id(txn, opened.queue_id);
		return;
	}
	if (code == IPC_CODE_mail_done &&
	    ipc_parse_mail_done(payload, &done) == 0 &&
	    done.code >= 200 && done.code <= 599) {
		take_verdict(txn, (int)done.code, done.dsn, done.text);
	} else if (code == 0) {
		/* Lost contact is a temporary failure, never more. */
		txn->call = NULL;
		txn->ipc = NULL;
		txn->queue_id = 0;
		if (!txn->is_started)
			return;		/* cmd_data begins again */
		take_verdict(txn, 451, slice_str("4.3.0"),
		    slice_str("Error: queue file write error"));
	} else {
		log_warn("unexpected reply %#x from cleanup", code);
		return;
	}
	if (txn->is_closed)
		finish(txn);
	else
		gate_wake(txn->session->gate);
}

/*
 * The protocol, as Received: has it (RFC 3848, RFC 6531 section 4.3): only
 * who has said EHLO can log in or encrypt.
 */
static const char *
protocol_of(const struct transaction *txn)
{
	static const char *const	names[2][4] = {
		{ "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA" },
		{ "UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA" },
	};
	const struct session		*s = txn->session;

	if (!s->is_esmtp)
		return "SMTP";
	return names[(txn->flags & MAIL_UTF8) != 0]
	    [(s->secured != NULL ? 2 : 0) + (s->sasl_username != NULL ? 1 : 0)];
}

/* What Received: tells of TLS. */
struct armour {
	struct buf	cipher, keys, client;
};

static void
put_armour(const struct secured *secured, struct armour *armour,
    struct msg_mail_open *m)
{
	tls_facts_put_cipher(&secured->facts, &armour->cipher);
	tls_facts_put_keys(&secured->facts, &armour->keys);
	secured_put_client(secured, &armour->client);
	m->tls_cipher = buf_slice(&armour->cipher);
	m->tls_keys = slice_trim(buf_slice(&armour->keys));
	m->tls_client = buf_slice(&armour->client);
}

static void
open_on(struct transaction *txn, struct ipc *ipc)
{
	const struct session			*s = txn->session;
	const struct transaction_action		*action;
	struct msg_mail_open			 m = {
		.sender = slice_str(txn->sender),
		.flags = txn->flags | s->gate->overrides,
		.client_name = slice_str(s->name),
		.client_addr = slice_str(s->addr),
		.helo = slice_str(s->helo),
		.proto = slice_str((txn->flags & MAIL_UTF8) ? "UTF8SMTP" :
		    s->is_esmtp ? "ESMTP" : "SMTP"),
		.with = slice_str(protocol_of(txn)),
		.envid = slice_str(txn->envid),
		.login = slice_str(
		    s->gate->conf->smtpd_sasl_authenticated_header ?
		    s->sasl_username : NULL),
	};

	struct armour				 armour = { BUF_INIT,
						    BUF_INIT, BUF_INIT };

	if (s->secured != NULL && s->gate->conf->smtpd_tls_received_header)
		put_armour(s->secured, &armour, &m);
	txn->ipc = ipc;
	txn->call = ipc_call_new(ipc, on_reply, txn);
	ipc_send_mail_open(ipc, ipc_call_id(txn->call), &m);
	buf_clear(&armour.cipher);
	buf_clear(&armour.keys);
	buf_clear(&armour.client);
	for (size_t i = 0; i < txn->rcpt_count; i++)
		send_recipient(txn, &txn->recipients[i]);
	DL_FOREACH(txn->actions, action)
		send_action(txn, action);
}

static void
on_peer(struct ipc *ipc, void *arg)
{
	struct transaction	*txn = arg;
	struct session		*s = txn->session;

	txn->wait = NULL;
	if (ipc != NULL)
		open_on(txn, ipc);
	txn->ready(s, ipc != NULL);
}

enum step
transaction_open(struct transaction *txn,
    void (*ready)(struct session *s, bool ok))
{
	struct peer	*peer = txn->session->gate->cleanup;

	if (txn->call != NULL)
		return STEP_DONE;
	if (peer_ipc(peer) != NULL) {
		open_on(txn, peer_ipc(peer));
		return STEP_DONE;
	}
	txn->ready = ready;
	txn->wait = peer_wait_new(peer, PEER_WAIT_MS, on_peer, txn);
	return STEP_WAIT;
}

/* ---- the content --------------------------------------------------------- */

void
transaction_flush(struct transaction *txn)
{
	struct slice		rest = buf_slice(&txn->chunk);
	struct msg_mail_data	m;

	if (is_held(txn))
		return;
	/* After an early verdict the rest is only swallowed. */
	while (rest.len > 0 && txn->call != NULL && txn->code == 0) {
		m.bytes = slice_first(rest, IPC_DATA_LIMIT);
		rest = slice_after(rest, m.bytes.len);
		txn->sent += m.bytes.len;
		ipc_send_mail_data(txn->ipc, ipc_call_id(txn->call), &m);
	}
	buf_empty(&txn->chunk);
}

void
transaction_put(struct transaction *txn, struct slice content)
{
	txn->is_started = true;
	buf_put_slice(&txn->chunk, content);
	if (txn->chunk.len >= IPC_DATA_LIMIT)
		transaction_flush(txn);
}

bool
transaction_is_full(const struct transaction *txn)
{
	if (is_held(txn))
		return txn->chunk.len >= IPC_DATA_LIMIT;
	return txn->call != NULL && txn->code == 0 &&
	    ipc_is_congested(txn->ipc);
}

enum step
transaction_close(struct transaction *txn)
{
	const struct session	*s = txn->session;

	txn->is_started = txn->is_closed = true;
	txn->errors = s->error_count;
	txn->junk = s->junk_count;
	drop_ahead(txn);
	drop_envelope(txn);
	if (txn->code == 0 && txn->call == NULL)
		take_verdict(txn, 451, slice_str("4.3.0"),
		    slice_str("Error: queue file write error"));
	if (txn->code == 0) {
		if (!is_held(txn))
			send_close(txn);
		ipc_call_deadline(txn->call, COMMIT_WAIT_MS);
	}
	if (!s->is_late) {
		closing_add(txn->session);
		return STEP_DONE;
	}
	if (txn->code == 0)
		return STEP_WAIT;
	finish(txn);
	return STEP_DONE;
}
