#ifndef TESTS_PROPERTY_CLEANUP_FIXTURE_H
#define TESTS_PROPERTY_CLEANUP_FIXTURE_H

/*
 * What ipc.c and a cleanup program would do.  A part of session_fixture.h.
 */

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
	struct ipc_call	*call = mem_new(sizeof(*call)), *other;
	size_t		 count;

	(void)ipc;
	call->world = world;
	call->fn = fn;
	call->arg = arg;
	call->id = ++world->last_id;
	world->mails = mem_resize(world->mails,
	    (call->id + 1) * sizeof(*world->mails));
	world->mails[call->id] = (struct buf)BUF_INIT;
	DL_APPEND(world->messages, call);
	DL_COUNT(world->messages, other, count);
	if (count > world->most_messages)
		world->most_messages = count;
	return call;
}

uint32_t
ipc_call_id(const struct ipc_call *call)
{
	return (uint32_t)call->id;
}

static inline struct ipc_call *
world_call(uint32_t id)
{
	struct ipc_call	*call;

	DL_FOREACH(world->messages, call)
		if (call->id == id)
			return call;
	world_fail("of which message is that?");
	return NULL;
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
	DL_DELETE(call->world->messages, call);
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
	struct ipc_call	*call = world_call(id);

	(void)ipc;
	buf_printf(&call->text, "<%.*s> %x %.*s %.*s",
	    SLICE_ARG(m->sender), m->flags, SLICE_ARG(m->envid),
	    SLICE_ARG(m->proto));
	call->owes_id = true;
}

void
ipc_send_mail_rcpt(struct ipc *ipc, uint32_t id, const struct msg_mail_rcpt *m)
{
	(void)ipc;
	buf_printf(&world_call(id)->text, " <%.*s> %x %.*s",
	    SLICE_ARG(m->address), m->notify, SLICE_ARG(m->orcpt));
}

void
ipc_send_mail_action(struct ipc *ipc, uint32_t id,
    const struct msg_mail_action *m)
{
	(void)ipc;
	buf_printf(&world_call(id)->text, " %u:%.*s", m->kind,
	    SLICE_ARG(m->text));
}

/* "Early" in the content: refused as soon as it is seen. */
void
ipc_send_mail_data(struct ipc *ipc, uint32_t id, const struct msg_mail_data *m)
{
	struct ipc_call	*call = world_call(id);

	(void)ipc;
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
	struct ipc_call	*call = world_call(id);

	(void)ipc;
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

#endif
