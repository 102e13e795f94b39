/*
 * Messages into the store.
 */

#include "qmgr/intake.h"

#include <uthash.h>

#include "conf/conf.h"
#include "mail/door.h"
#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "qmgr/active.h"
#include "qmgr/flags.h"
#include "qmgr/manager.h"
#include "qmgr/reroute.h"
#include "qmgr/store.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/mem.h"

/* Content up to this size is held in memory, two chunks at the most. */
#define MEMORY_LIMIT	(2 * STORE_CHUNK_SIZE)

/*
 * What one cleanup may make us hold, of all smtpd processes behind it: the
 * envelopes of 10,000 messages with dozens of recipients each, or of one
 * with all there may be; and of their content, a chunk each and more.  When
 * much of that is in memory, all that fills a chunk goes to disk at once.
 */
#define ENVELOPE_LIMIT	((size_t)128 << 20)
#define RECIPIENT_COST	1024	/* of smtpd_recipient_limit */
#define CONTENT_LIMIT	((size_t)512 << 20)
#define CONTENT_MUCH	((size_t)64 << 20)
#define PIECE_COST	32	/* an allocation, beside its bytes */

/* Ids of messages are not ahead of the clock, but where it was set back. */
#define ID_SLACK_US	60000000

struct intake {
	struct manager		*manager;
	struct client		*client;	/* NULL: it went away */
	uint32_t		 id;		/* of its frames */
	UT_hash_handle		 hh;		/* of the client */
	UT_hash_handle		 by_queue_id;	/* of the manager */
	struct store_message	 message;	/* slices owned */
	struct store_recipient	*recipients;
	size_t			 count;
	struct buf		 content;	/* not spilled */
	uint32_t		 spilled;	/* chunks on disk */
	size_t			 envelope_bytes; /* the client's of it */
	size_t			 content_bytes;
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

/* ---- what it costs ------------------------------------------------------- */

static size_t
envelope_limit(const struct manager *manager)
{
	return ENVELOPE_LIMIT + RECIPIENT_COST *
	    (size_t)manager->conf->smtpd_recipient_limit;
}

static bool
is_too_much(const struct client *client)
{
	return client->content_bytes > CONTENT_LIMIT ||
	    client->envelope_bytes > envelope_limit(client->manager);
}

static void
charge_envelope(struct intake *in, size_t bytes)
{
	in->envelope_bytes += bytes;
	in->client->envelope_bytes += bytes;
}

static void
charge_content(struct intake *in)
{
	in->client->content_bytes -= in->content_bytes;
	in->content_bytes = in->content.cap;
	in->client->content_bytes += in->content_bytes;
}

/* ---- its end ------------------------------------------------------------- */

/* It is the client's no more. */
static void
detach(struct intake *in)
{
	struct client	*client = in->client;

	if (client == NULL)
		return;
	client->envelope_bytes -= in->envelope_bytes;
	client->content_bytes -= in->content_bytes;
	HASH_DEL(client->intakes, in);
	in->client = NULL;
}

static void
destroy(struct intake *in)
{
	struct manager	*manager = in->manager;

	detach(in);
	HASH_DELETE(by_queue_id, manager->arriving, in);
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
	drop(in->message.reason);
	drop(in->message.filter);
	buf_clear(&in->content);
	mem_free(in);
	manager->intake_count--;
	manager_check_end(manager);
}

/* S1 -> S0 */
static void
forget(struct intake *in)
{
	if (in->spilled > 0)
		store_abort(in->manager->store, in->message.id);
	destroy(in);
}

static void
answer(struct ipc *ipc, uint32_t id, uint32_t code, const char *dsn,
    const char *text)
{
	struct msg_queue_done	m = {
		.code = code,
		.dsn = slice_str(dsn),
		.text = slice_str(text),
	};

	ipc_send_queue_done(ipc, id, &m);
}

/* What comes of it after this is for nobody. */
static void
refuse(struct intake *in, uint32_t code, const char *dsn, const char *text)
{
	answer(in->client->ipc, in->id, code, dsn, text);
	forget(in);
}

#define TOO_MUCH	"Error: too much mail in progress"

static void
warn_too_much(const struct client *client)
{
	door_warn(client->manager->door, false, "%s (process %u) has too much "
	    "mail in progress", ipc_peer_name(client->ipc),
	    ipc_peer_process(client->ipc));
}

/* 0, or -1: of all that this client has in progress, it was one too many. */
static int
check_memory(struct intake *in)
{
	if (!is_too_much(in->client))
		return 0;
	warn_too_much(in->client);
	refuse(in, 452, "4.3.1", TOO_MUCH);
	return -1;
}

#define NO_DISK		"Error: insufficient system storage"

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
void	on_queue_fate(struct ipc *, uint32_t, const struct msg_queue_fate *);
void	on_queue_abort(struct ipc *, uint32_t, const struct msg_queue_abort *);

/* NULL, or why such a queue id cannot be. */
static const char *
why_bad_id(const struct manager *manager, uint64_t queue_id)
{
	uint64_t		 now_us = (uint64_t)clock_wall_us();
	uint64_t		 last_us = queue_id_time_us(
				    store_last_id(manager->store));
	struct intake		*other;

	/* All later ids come after the last one: they need room. */
	if (queue_id_time_us(queue_id) > (now_us > last_us ? now_us :
	    last_us) + ID_SLACK_US)
		return "its queue id is of the future";
	HASH_FIND(by_queue_id, manager->arriving, &queue_id, sizeof(queue_id),
	    other);
	return other == NULL ? NULL : "its queue id is in use";
}

static void
make(struct client *client, uint32_t id, const struct msg_queue_open *m)
{
	struct manager	*manager = client->manager;
	struct intake	*in = mem_new(sizeof(*in));

	in->manager = manager;
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
	HASH_ADD(by_queue_id, manager->arriving, message.id,
	    sizeof(in->message.id), in);
	manager->intake_count++;
	charge_envelope(in, sizeof(*in) + m->sender.len + m->facts.len +
	    m->envid.len + 4 * PIECE_COST);
}

void
on_queue_open(struct ipc *ipc, uint32_t id, const struct msg_queue_open *m)
{
	struct client	*client = ipc_arg(ipc);
	struct intake	*in;
	const char	*why = why_bad_id(client->manager, m->queue_id);

	HASH_FIND(hh, client->intakes, &id, sizeof(id), in);
	if (in != NULL)
		why = "it opens a message twice";
	if (why != NULL) {
		ipc_refuse(ipc, why);
	} else if (is_too_much(client)) {
		warn_too_much(client);
		answer(ipc, id, 452, "4.3.1", TOO_MUCH);
	} else if (!manager_take_disk(client->manager, 0)) {
		answer(ipc, id, 452, "4.3.1", NO_DISK);
	} else {
		make(client, id, m);
	}
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
	/* The array grows to twice its size. */
	charge_envelope(in, 2 * sizeof(*r) + m->address.len +
	    m->original.len + m->transport.len + m->nexthop.len +
	    m->orcpt.len + 5 * PIECE_COST);
	check_memory(in);
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
	if (!manager_take_disk(in->manager, m->bytes.len)) {
		refuse(in, 452, "4.3.1", NO_DISK);
		return;
	}
	in->message.size += m->bytes.len;
	buf_put_slice(&in->content, m->bytes);
	if (in->content.len > MEMORY_LIMIT)
		spill(in);
	if (in->client->content_bytes > CONTENT_MUCH) {
		spill(in);
		buf_shrink(&in->content);
	}
	charge_content(in);
	manager_check_room(in->manager);
	check_memory(in);
}

void
on_queue_fate(struct ipc *ipc, uint32_t id, const struct msg_queue_fate *m)
{
	struct intake	*in = find(ipc, id);

	if (in == NULL)
		return;
	drop(in->message.reason);
	drop(in->message.filter);
	in->message.reason = keep(m->reason);
	in->message.filter = keep(m->filter);
	if (m->held != 0) {
		in->message.flags |= STORE_HELD;
		in->message.due_us = 0;
	}
	/* Also what another one takes the place of: there is one. */
	charge_envelope(in, m->reason.len + m->filter.len + 2 * PIECE_COST);
	check_memory(in);
}

/* The message is on the disk: S2, or S5. */
static void
on_committed(bool is_new, void *arg)
{
	struct intake	*in = arg;

	if (in->client != NULL && is_new)
		answer(in->client->ipc, in->id, 250, "2.0.0", "Ok: queued");
	else if (in->client != NULL)
		ipc_refuse(in->client->ipc, "its queue id is in use");
	if (is_new && (in->message.flags & STORE_HELD) == 0)
		active_add_fresh(in->manager, &in->message, in->recipients,
		    in->count, in->spilled == 0 ? &in->content : NULL);
	destroy(in);
}

/* As check_memory. */
static int
filter_all(struct intake *in)
{
	/* A next hop that is a recipient's domain was counted with it. */
	charge_envelope(in, in->count * in->message.filter.len);
	if (check_memory(in) < 0)
		return -1;
	for (size_t i = 0; i < in->count; i++) {
		struct store_recipient	*r = &in->recipients[i];
		char			*transport, *nexthop;

		reroute_by_filter(in->manager->conf, in->message.filter,
		    r->address, &transport, &nexthop);
		drop(r->transport);
		drop(r->nexthop);
		r->transport = slice_str(transport);
		r->nexthop = slice_str(nexthop);
	}
	return 0;
}

void
on_queue_close(struct ipc *ipc, uint32_t id, const struct msg_queue_close *m)
{
	struct intake	*in = find(ipc, id);

	if (in == NULL)
		return;
	in->is_closed = true;
	if (m->size != in->message.size || in->count == 0) {
		refuse(in, 451, "4.3.0", "Error: content lost on the way");
		return;
	}
	if (in->message.filter.len > 0 && filter_all(in) < 0)
		return;
	in->message.flags |= flags_from_mail(m->flags);
	in->message.recipient_count = (uint32_t)in->count;
	in->message.chunk_count = in->spilled + (uint32_t)
	    ((in->content.len + STORE_CHUNK_SIZE - 1) / STORE_CHUNK_SIZE);
	store_commit(in->manager->store, &in->message, in->recipients,
	    in->count, buf_slice(&in->content), in->spilled, on_committed,
	    in);
	manager_check_room(in->manager);
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
		detach(in);
	}
}
