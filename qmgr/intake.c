/*
 * Messages into the store.
 */

#include "qmgr/intake.h"

#include <uthash.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "qmgr/active.h"
#include "qmgr/flags.h"
#include "qmgr/manager.h"
#include "qmgr/store.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

/* Content up to this size is held in memory, two chunks at the most. */
#define MEMORY_LIMIT	(2 * STORE_CHUNK_SIZE)

struct intake {
	struct manager		*manager;
	struct client		*client;	/* NULL: it went away */
	uint32_t		 id;		/* of its frames */
	UT_hash_handle		 hh;
	struct store_message	 message;	/* slices owned */
	struct store_recipient	*recipients;
	size_t			 count;
	struct buf		 content;	/* not spilled */
	uint32_t		 spilled;	/* chunks on disk */
	bool			 is_closed;
};

static struct slice
keep(struct slice s)
{
	return slice_from(slice_dup(s), s.len);
}

static void
drop(struct slice kept)
{
	mem_free((void *)(uintptr_t)kept.data);
}

static void
destroy(struct intake *in)
{
	struct manager	*manager = in->manager;

	if (in->client != NULL)
		HASH_DEL(in->client->intakes, in);
	for (size_t i = 0; i < in->count; i++) {
		drop(in->recipients[i].address);
		drop(in->recipients[i].original);
		drop(in->recipients[i].transport);
		drop(in->recipients[i].nexthop);
		drop(in->recipients[i].orcpt);
	}
	mem_free(in->recipients);
	drop(in->message.sender);
	drop(in->message.facts);
	drop(in->message.envid);
	buf_clear(&in->content);
	mem_free(in);
	manager->intake_count--;
	manager_check_end(manager);
}

static void
answer(struct intake *in, uint32_t code, const char *dsn, const char *text)
{
	struct msg_queue_done	m = {
		.code = code,
		.dsn = slice_str(dsn),
		.text = slice_str(text),
	};

	if (in->client != NULL)
		ipc_send_queue_done(in->client->ipc, in->id, &m);
}

static struct intake *
find(struct ipc *ipc, uint32_t id)
{
	struct client	*client = ipc_arg(ipc);
	struct intake	*in;

	HASH_FIND(hh, client->intakes, &id, sizeof(id), in);
	return in != NULL && in->is_closed ? NULL : in;
}

void	on_queue_open(struct ipc *, uint32_t, const struct msg_queue_open *);
void	on_queue_rcpt(struct ipc *, uint32_t, const struct msg_queue_rcpt *);
void	on_queue_data(struct ipc *, uint32_t, const struct msg_queue_data *);
void	on_queue_close(struct ipc *, uint32_t, const struct msg_queue_close *);
void	on_queue_abort(struct ipc *, uint32_t, const struct msg_queue_abort *);

void
on_queue_open(struct ipc *ipc, uint32_t id, const struct msg_queue_open *m)
{
	struct client	*client = ipc_arg(ipc);
	struct intake	*in;

	HASH_FIND(hh, client->intakes, &id, sizeof(id), in);
	if (in != NULL) {
		log_warn("message %u opened twice by %s", id,
		    ipc_peer_name(ipc));
		return;
	}
	in = mem_new(sizeof(*in));
	in->manager = client->manager;
	in->client = client;
	in->id = id;
	in->message.id = m->queue_id;
	in->message.arrival_us = m->arrival_us;
	in->message.due_us = m->arrival_us;
	in->message.flags = flags_from_mail(m->flags);
	in->message.sender = keep(m->sender);
	in->message.facts = keep(m->facts);
	in->message.envid = keep(m->envid);
	HASH_ADD(hh, client->intakes, id, sizeof(in->id), in);
	in->manager->intake_count++;
}

void
on_queue_rcpt(struct ipc *ipc, uint32_t id, const struct msg_queue_rcpt *m)
{
	struct intake		*in = find(ipc, id);
	struct store_recipient	*r;

	if (in == NULL)
		return;
	if ((in->count & (in->count - 1)) == 0)
		in->recipients = mem_resize(in->recipients,
		    (in->count == 0 ? 1 : in->count * 2) * sizeof(*r));
	r = &in->recipients[in->count];
	*r = (struct store_recipient){ .number = (uint32_t)in->count };
	r->address = keep(m->address);
	r->original = keep(m->original);
	r->transport = keep(m->transport);
	r->nexthop = keep(m->nexthop);
	r->notify = m->notify & RCPT_NOTIFY_ALL;
	r->orcpt = keep(m->orcpt);
	in->count++;
}

/* S0 -> S1, S1 -> S1 */
static void
spill(struct intake *in)
{
	while (in->content.len >= STORE_CHUNK_SIZE) {
		store_spill(in->manager->store, in->message.id, in->spilled++,
		    slice_first(buf_slice(&in->content), STORE_CHUNK_SIZE));
		buf_drop(&in->content, STORE_CHUNK_SIZE);
	}
}

void
on_queue_data(struct ipc *ipc, uint32_t id, const struct msg_queue_data *m)
{
	struct intake	*in = find(ipc, id);

	if (in == NULL)
		return;
	in->message.size += m->bytes.len;
	buf_put_slice(&in->content, m->bytes);
	if (in->content.len > MEMORY_LIMIT)
		spill(in);
	manager_check_room(in->manager);
}

/* The message is on the disk: S2. */
static void
on_committed(void *arg)
{
	struct intake	*in = arg;

	answer(in, 250, "2.0.0", "Ok: queued");
	active_add_fresh(in->manager, &in->message, in->recipients, in->count,
	    in->spilled == 0 ? &in->content : NULL);
	destroy(in);
}

void
on_queue_close(struct ipc *ipc, uint32_t id, const struct msg_queue_close *m)
{
	struct intake	*in = find(ipc, id);

	if (in == NULL)
		return;
	in->is_closed = true;
	if (m->size != in->message.size || in->count == 0) {
		answer(in, 451, "4.3.0", "Error: content lost on the way");
		if (in->spilled > 0)
			store_abort(in->manager->store, in->message.id);
		destroy(in);
		return;
	}
	in->message.flags |= flags_from_mail(m->flags);
	in->message.recipient_count = (uint32_t)in->count;
	in->message.chunk_count = in->spilled + (uint32_t)
	    ((in->content.len + STORE_CHUNK_SIZE - 1) / STORE_CHUNK_SIZE);
	store_commit(in->manager->store, &in->message, in->recipients,
	    in->count, buf_slice(&in->content), in->spilled, on_committed,
	    in);
	manager_check_room(in->manager);
}

/* S1 -> S0 */
static void
forget(struct intake *in)
{
	if (in->spilled > 0)
		store_abort(in->manager->store, in->message.id);
	destroy(in);
}

void
on_queue_abort(struct ipc *ipc, uint32_t id, const struct msg_queue_abort *m)
{
	struct intake	*in = find(ipc, id);

	(void)m;
	if (in != NULL)
		forget(in);
}

void
intake_abort_all(struct client *client)
{
	struct intake	*in, *next;

	HASH_ITER(hh, client->intakes, in, next) {
		if (!in->is_closed) {
			forget(in);
			continue;
		}
		/* Its commit is under way: it will be delivered. */
		HASH_DEL(client->intakes, in);
		in->client = NULL;
	}
}
