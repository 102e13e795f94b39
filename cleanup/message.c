/*
 * One message: envelope, content through its passage, verdict.
 */

#include "cleanup/message.h"

#include <stdio.h>
#include <uthash.h>

#include "cleanup/cleaner.h"
#include "cleanup/deposit.h"
#include "cleanup/fate.h"
#include "cleanup/fixup.h"
#include "cleanup/passage.h"
#include "cleanup/recipients.h"
#include "cleanup/rewriting.h"
#include "cleanup/routing.h"
#include "conf/conf.h"
#include "mail/door.h"
#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

/*
 * What one smtpd may make us hold: 10,000 messages that wait for more of
 * their content, with dozens of recipients each, or one with all there may
 * be.  When that is much, no content is gathered.
 */
#define MEMORY_LIMIT	((size_t)128 << 20)
#define MEMORY_MUCH	(MEMORY_LIMIT / 4)
#define RECIPIENT_COST	1024	/* of smtpd_recipient_limit */
#define PIECE_COST	32	/* an allocation, beside its bytes */

static bool
is_too_much(const struct feeder *feeder)
{
	const struct conf	*conf = feeder->cleaner->conf;

	return feeder->held_bytes > MEMORY_LIMIT +
	    RECIPIENT_COST * (size_t)conf->smtpd_recipient_limit;
}

/* What is in memory has changed. */
static void
count_memory(struct message *m)
{
	m->feeder->held_bytes -= m->held_bytes;
	m->held_bytes = sizeof(*m) + m->kept_bytes + m->recipients.bytes +
	    fate_size(&m->fate) +
	    (m->rewriting == NULL ? 0 : rewriting_kept(m->rewriting)) +
	    (m->passage == NULL ? 0 : passage_size(m->passage));
	m->feeder->held_bytes += m->held_bytes;
}

/* All that a message needs that may yet be queued. */
static void
clear(struct message *m)
{
	routing_free(&m->routing);
	passage_free(&m->passage);
	recipients_clear(&m->recipients);
	fate_clear(&m->fate);
}

/* What lookup is asked about is kept meanwhile. */
static void
count_asked(struct message *m)
{
	struct cleaner	*cleaner = m->feeder->cleaner;
	size_t		 now = m->rewriting == NULL ? 0 :
			    rewriting_kept(m->rewriting);

	cleaner->asked_bytes += now;
	cleaner->asked_bytes -= m->asked_bytes;
	m->asked_bytes = now;
}

void
message_end_rewriting(struct message *m)
{
	rewriting_free(&m->rewriting);
	count_asked(m);
}

static void
destroy(struct message *m)
{
	struct cleaner	*cleaner = m->feeder->cleaner;

	HASH_DEL(m->feeder->messages, m);
	m->feeder->held_bytes -= m->held_bytes;
	message_end_rewriting(m);
	deposit_clear(&m->deposit);
	clear(m);
	mem_free(m->client.name);
	mem_free(m->client.addr);
	mem_free(m->client.helo);
	mem_free(m->client.proto);
	mem_free(m->client.with);
	mem_free(m->client.tls_cipher);
	mem_free(m->client.tls_keys);
	mem_free(m->client.tls_client);
	mem_free(m->client.login);
	mem_free(m->sender);
	mem_free(m->facts);
	mem_free(m->envid);
	mem_free(m);
	cleaner->message_count--;
	cleaner_check_end(cleaner);
}

static void
give_verdict(struct ipc *ipc, uint32_t id, uint32_t code, const char *dsn,
    const char *text)
{
	struct msg_mail_done	done = {
		.code = code,
		.dsn = slice_str(dsn),
		.text = slice_str(text),
	};

	ipc_send_mail_done(ipc, id, &done);
}

/* Early no: the feeder stops, its close or abort ends the message. */
static void
refuse_quietly(struct message *m, uint32_t code, const char *dsn,
    const char *text)
{
	m->is_refused = true;
	deposit_withdraw(&m->deposit, text);
	give_verdict(m->feeder->ipc, m->id, code, dsn, text);
	clear(m);
	count_memory(m);
}

void
message_refuse(struct message *m, uint32_t code, const char *dsn,
    const char *text)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	if (m->is_refused)
		return;
	log_info("%s: reject: END-OF-MESSAGE from %s: %s %s; from=<%s>",
	    queue_id_format(m->queue_id, id), m->facts, dsn, text, m->sender);
	refuse_quietly(m, code, dsn, text);
}

static void
warn_too_much(const struct feeder *feeder)
{
	door_warn(feeder->cleaner->door, false, "%s (process %u) has too much "
	    "mail in progress", ipc_peer_name(feeder->ipc),
	    ipc_peer_process(feeder->ipc));
}

#define TOO_MUCH	"Error: too much mail in progress"

/* Of all that this feeder has in progress, this is one too many. */
void
message_check_memory(struct message *m)
{
	count_asked(m);
	if (m->passage != NULL && m->feeder->held_bytes > MEMORY_MUCH)
		passage_shrink(m->passage);
	count_memory(m);
	if (m->is_refused || !is_too_much(m->feeder))
		return;
	warn_too_much(m->feeder);
	message_refuse(m, 452, "4.3.1", TOO_MUCH);
}

/* Refused, and the feeder has said all: nobody waits for it any more. */
static void
check_over(struct message *m)
{
	if (m->is_refused && m->is_closed)
		destroy(m);
}

/* ---- the way to qmgr ----------------------------------------------------- */

static void
on_answer(void *arg, uint32_t code, const char *dsn, const char *text)
{
	struct message	*m = arg;

	if (code == 250) {
		give_verdict(m->feeder->ipc, m->id, code, dsn, text);
		destroy(m);
		return;
	}
	message_refuse(m, code, dsn, text);
	check_over(m);
}

/* result: of the deposit. */
static void
check_deposit(struct message *m, int result)
{
	if (result < 0)
		message_refuse(m, 451, "4.3.0",
		    "Error: queue manager is not ready");
	/* Recipients may have left. */
	count_memory(m);
}

static void
put_content(void *arg, struct slice bytes)
{
	struct message	*m = arg;

	deposit_put(&m->deposit, bytes);
}

static void
start_deposit(struct message *m)
{
	struct deposit_settings	settings = {
		.cleaner = m->feeder->cleaner,
		.envelope = {
			.queue_id = m->queue_id,
			.arrival_us = m->arrival_us,
			.flags = m->flags,
			.sender = slice_str(m->sender),
			.facts = slice_str(m->facts),
			.envid = slice_str(m->envid),
		},
		.recipients = &m->recipients,
		.fate = &m->fate,
		.fn = on_answer,
		.arg = m,
	};

	check_deposit(m, deposit_start(&m->deposit, &settings));
}

/* ---- content ------------------------------------------------------------- */

/* It does not pass, or a check has decided its fate. */
static void
obey(struct message *m)
{
	const struct passage_verdict	*verdict;

	verdict = passage_verdict(m->passage);
	if (verdict->code != 0 && verdict->is_logged)
		refuse_quietly(m, (uint32_t)verdict->code, verdict->dsn,
		    verdict->text);
	else if (verdict->code != 0)
		message_refuse(m, (uint32_t)verdict->code, verdict->dsn,
		    verdict->text);
	else if (m->fate.is_discarded)
		deposit_withdraw(&m->deposit, "discarded");
}

static struct passage *
open_passage(struct message *m)
{
	const struct cleaner	*cleaner = m->feeder->cleaner;
	const struct recipient	*list = m->recipients.list;
	size_t			 count = m->recipients.count;
	struct passage_settings	 settings = {
		.fixup = {
			.conf = cleaner->conf,
			.client = &m->client,
			.queue_id = m->queue_id,
			.arrival_us = m->arrival_us,
			.sender = m->sender,
			.only_recipient = count == 1 ? list[0].address : NULL,
			.front = buf_slice(&m->fate.front),
			.add_missing = (m->flags & MAIL_LOCAL) != 0 ||
			    cleaner->conf->always_add_missing_headers,
			.is_binary = (m->flags & MAIL_BINARY) != 0,
		},
		.rules = (m->flags & MAIL_NO_CHECKS) != 0 ? NULL :
		    cleaner->rules,
		.fate = &m->fate,
		.client = m->facts,
		.last_recipient = count == 0 ? NULL :
		    list[count - 1].address,
		.is_utf8 = (m->flags & MAIL_UTF8) != 0,
		.put = put_content,
		.arg = m,
	};

	return passage_new(&settings);
}

/* Nothing more of it is wanted. */
static bool
is_decided(const struct message *m)
{
	return m->is_refused || m->fate.is_discarded;
}

/* The content begins. */
static void
start_content(struct message *m)
{
	m->passage = open_passage(m);
	if (m->recipients.count == 0) {
		message_refuse(m, 554, "5.5.1", "Error: no valid recipients");
		return;
	}
	if (m->fate.is_discarded)
		return;
	passage_start(m->passage);
	obey(m);
	if (!is_decided(m))
		start_deposit(m);
}

/* ---- the end of the content ---------------------------------------------- */

static void
on_routed(void *arg, bool ok)
{
	struct message	*m = arg;

	m->routing = NULL;
	if (!ok) {
		message_refuse(m, 451, "4.3.0", "Error: no route is known yet");
		check_over(m);
		return;
	}
	deposit_close(&m->deposit);
	count_memory(m);
}

/* Who it goes to, in the end. */
static void
settle(struct message *m)
{
	const struct fate	*fate = &m->fate;

	passage_free(&m->passage);
	recipients_apply(&m->recipients, fate);
	message_check_memory(m);
	if (m->is_refused)
		destroy(m);
	/* qmgr knows the way to a filter. */
	else if (routing_is_needed(&m->recipients) &&
	    (fate->filter == NULL || fate->redirect != NULL))
		m->routing = routing_new(m->feeder->cleaner, m->sender,
		    &m->recipients, on_routed, m);
	else
		on_routed(m, true);
}

/* The client hears that all is well. */
static void
discard(struct message *m)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	deposit_withdraw(&m->deposit, "discarded");
	log_info("%s: removed (discarded)", queue_id_format(m->queue_id, id));
	give_verdict(m->feeder->ipc, m->id, 250, "2.0.0", "Ok: queued");
	destroy(m);
}

/* ---- the feeder's side --------------------------------------------------- */

/* A06 */
static void
add_always_bcc(struct message *m)
{
	const char	*address = m->feeder->cleaner->conf->always_bcc;
	const char	*why;

	if (address[0] == '\0' || (m->flags & MAIL_NO_MAPPINGS) != 0)
		return;
	if (fate_add(&m->fate, JUDGE_BCC, slice_str(address), &why) < 0)
		log_warn("always_bcc: ignoring \"%s\": %s", address, why);
}

static struct message *
make(struct feeder *feeder, uint32_t id, const struct msg_mail_open *open)
{
	struct message	*m = mem_new(sizeof(*m));

	m->feeder = feeder;
	m->id = id;
	HASH_ADD(hh, feeder->messages, id, sizeof(m->id), m);
	feeder->cleaner->message_count++;
	m->queue_id = cleaner_next_id(feeder->cleaner);
	m->arrival_us = (uint64_t)clock_wall_us();
	m->flags = open->flags;
	m->sender = slice_dup(open->sender);
	m->envid = slice_dup(open->envid);
	m->client.name = slice_dup(open->client_name);
	m->client.addr = slice_dup(open->client_addr);
	m->client.helo = slice_dup(open->helo);
	m->client.proto = slice_dup(open->proto);
	m->client.with = slice_dup(open->with);
	m->client.login = slice_dup(open->login);
	if (open->tls_cipher.len > 0) {
		m->client.tls_cipher = slice_dup(open->tls_cipher);
		m->client.tls_keys = slice_dup(open->tls_keys);
		m->client.tls_client = slice_dup(open->tls_client);
	}
	m->facts = m->client.name[0] == '\0' ?
	    mem_strdup(ipc_peer_name(feeder->ipc)) :
	    mem_printf("%s[%s]", m->client.name, m->client.addr);
	m->kept_bytes = open->sender.len + open->envid.len +
	    2 * (open->client_name.len + open->client_addr.len) +
	    open->helo.len + open->proto.len + open->with.len +
	    open->login.len + open->tls_cipher.len + open->tls_keys.len +
	    open->tls_client.len + 13 * PIECE_COST;
	return m;
}

struct message *
message_open(struct feeder *feeder, uint32_t id,
    const struct msg_mail_open *open)
{
	struct message	*m;

	if (is_too_much(feeder)) {
		warn_too_much(feeder);
		give_verdict(feeder->ipc, id, 452, "4.3.1", TOO_MUCH);
		return NULL;
	}
	m = make(feeder, id, open);
	add_always_bcc(m);
	count_memory(m);
	return m;
}

void
message_put(struct message *m, struct slice bytes)
{
	if (m->passage == NULL)
		start_content(m);
	if (is_decided(m))
		return;
	passage_put(m->passage, bytes);
	obey(m);
}

void
message_finish(struct message *m)
{
	if (m->passage == NULL && !m->is_refused)
		start_content(m);
	m->is_closed = true;
	if (!m->is_refused && m->end_size != m->received)
		message_refuse(m, 451, "4.3.0",
		    "Error: content lost on the way");
	if (!is_decided(m)) {
		passage_end(m->passage);
		obey(m);
	}
	if (m->is_refused)
		destroy(m);
	else if (m->fate.is_discarded)
		discard(m);
	else
		settle(m);
}

void
message_forget(struct message *m, const char *reason)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	deposit_withdraw(&m->deposit, reason);
	log_info("%s: removed (canceled)", queue_id_format(m->queue_id, id));
	destroy(m);
}

void
message_release_all(struct feeder *feeder)
{
	struct message	*m, *next;

	HASH_ITER(hh, feeder->messages, m, next) {
		if (m->deposit.is_held)
			check_deposit(m, deposit_release(&m->deposit));
		check_over(m);
	}
}

void
message_abort_all(struct feeder *feeder)
{
	struct message	*m, *next;

	HASH_ITER(hh, feeder->messages, m, next)
		message_forget(m, "lost smtpd");
}
