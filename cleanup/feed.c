/*
 * What smtpd says of its messages.
 */

#include "cleanup/cleaner.h"
#include "cleanup/message.h"
#include "cleanup/rewriting.h"
#include "conf/conf.h"
#include "mail/door.h"
#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "util/mem.h"

void	on_mail_open(struct ipc *, uint32_t, const struct msg_mail_open *);
void	on_mail_rcpt(struct ipc *, uint32_t, const struct msg_mail_rcpt *);
void	on_mail_action(struct ipc *, uint32_t, const struct msg_mail_action *);
void	on_mail_data(struct ipc *, uint32_t, const struct msg_mail_data *);
void	on_mail_close(struct ipc *, uint32_t, const struct msg_mail_close *);
void	on_mail_abort(struct ipc *, uint32_t, const struct msg_mail_abort *);

static struct message *
find(struct ipc *ipc, uint32_t id)
{
	struct feeder	*feeder = ipc_arg(ipc);
	struct message	*m;

	HASH_FIND(hh, feeder->messages, &id, sizeof(id), m);
	return m;
}

void
on_mail_open(struct ipc *ipc, uint32_t id, const struct msg_mail_open *open)
{
	struct feeder		*feeder = ipc_arg(ipc);
	struct message		*m;
	struct msg_mail_opened	 opened;

	if (find(ipc, id) != NULL) {
		ipc_refuse(ipc, "it opens a message twice");
		return;
	}
	if ((m = message_open(feeder, id, open)) == NULL)
		return;
	opened.queue_id = m->queue_id;
	ipc_send_mail_opened(ipc, id, &opened);
}

void
on_mail_rcpt(struct ipc *ipc, uint32_t id, const struct msg_mail_rcpt *rcpt)
{
	struct message	*m = find(ipc, id);

	if (m == NULL || m->has_begun || m->is_refused || m->is_ended)
		return;
	recipients_add(&m->recipients, m->feeder->cleaner->conf, rcpt);
	message_check_memory(m);
}

void
on_mail_action(struct ipc *ipc, uint32_t id, const struct msg_mail_action *a)
{
	struct message	*m = find(ipc, id);
	char		 text[QUEUE_ID_TEXT_SIZE];
	const char	*why = "unknown action";
	int		 result = -1;

	if (m == NULL || m->is_ended || m->is_refused)
		return;
	if (a->kind == JUDGE_PREPEND && m->passage != NULL)
		why = "the header has left";
	else if (a->kind <= JUDGE_PREPEND)
		result = fate_add(&m->fate, (enum judge_action)a->kind,
		    a->text, &why);
	if (result < 0)
		door_warn(m->feeder->cleaner->door, false, "%s: ignoring "
		    "\"%.*s\" of an access rule: %s", queue_id_format(
		    m->queue_id, text), SLICE_ARG(slice_first(a->text, 200)),
		    why);
	message_check_memory(m);
}

/* Addresses are as they are to be: all that came passes on. */
static void
on_rewritten(void *arg, const char *sender, struct slice content)
{
	struct message	*m = arg;
	struct cleaner	*cleaner = m->feeder->cleaner;

	if (sender == NULL) {
		message_refuse(m, 451, "4.3.0",
		    "Error: address rewriting service is not ready");
	} else if (!m->is_refused) {
		mem_free(m->sender);
		m->sender = mem_strdup(sender);
		if (content.len > 0)
			message_put(m, content);
	}
	message_end_rewriting(m);
	if (m->is_ended)
		message_finish(m);
	cleaner_check_room(cleaner);
}

/* The first of the content, or its end. */
static void
begin(struct message *m)
{
	struct rewriting_settings	settings = {
		.sender = m->sender,
		.is_ours = (m->flags & MAIL_LOCAL) != 0,
		.fn = on_rewritten,
		.arg = m,
	};

	m->has_begun = true;
	m->rewriting = rewriting_new(m->feeder->cleaner, &settings);
}

void
on_mail_data(struct ipc *ipc, uint32_t id, const struct msg_mail_data *data)
{
	struct message	*m = find(ipc, id);
	int64_t		 limit;

	if (m == NULL || m->is_refused || m->is_ended)
		return;
	limit = m->feeder->cleaner->conf->message_size_limit;
	if (!m->has_begun)
		begin(m);
	m->received += data->bytes.len;
	if (limit > 0 && m->received > (uint64_t)limit)
		message_refuse(m, 552, "5.3.4", "Error: message too big");
	else if (m->rewriting == NULL)
		message_put(m, data->bytes);
	else
		rewriting_put(m->rewriting, data->bytes);
	message_check_memory(m);
	cleaner_check_room(m->feeder->cleaner);
}

void
on_mail_close(struct ipc *ipc, uint32_t id, const struct msg_mail_close *end)
{
	struct message	*m = find(ipc, id);
	struct cleaner	*cleaner;

	if (m == NULL || m->is_ended)
		return;
	cleaner = m->feeder->cleaner;
	if (!m->has_begun && !m->is_refused)
		begin(m);
	m->is_ended = true;
	m->end_size = end->size;
	if (m->rewriting == NULL || m->is_refused)
		message_finish(m);
	else
		rewriting_end(m->rewriting);
	cleaner_check_room(cleaner);
}

void
on_mail_abort(struct ipc *ipc, uint32_t id, const struct msg_mail_abort *end)
{
	struct message	*m = find(ipc, id);

	(void)end;
	if (m != NULL)
		message_forget(m, "canceled");
}
