/*
 * Recipients.
 */

#include "cleanup/recipients.h"

#include "cleanup/fate.h"
#include "conf/conf.h"
#include "mail/ipc.h"
#include "util/ascii.h"
#include "util/mem.h"

#define PIECE_COST	32	/* an allocation, beside its bytes */

void
recipients_clear(struct recipients *recipients)
{
	for (size_t i = 0; i < recipients->count; i++) {
		mem_free(recipients->list[i].address);
		mem_free(recipients->list[i].original);
		mem_free(recipients->list[i].transport);
		mem_free(recipients->list[i].nexthop);
		mem_free(recipients->list[i].orcpt);
	}
	mem_free(recipients->list);
	*recipients = (struct recipients){ .list = NULL };
}

/* Case makes no difference; FNV-1a. */
static uint32_t
mark(uint32_t hash, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (uint32_t)ascii_lower(text.data[i])) *
		    16777619u;
	return (hash ^ '\n') * 16777619u;
}

static uint32_t
mark_of(const struct conf *conf, const struct msg_mail_rcpt *m)
{
	uint32_t	hash = mark(2166136261u, m->address);

	return conf->enable_original_recipient ?
	    mark(mark(hash ^ m->notify, m->original), m->orcpt) : hash;
}

static bool
is_same(const struct recipient *r, const struct conf *conf,
    const struct msg_mail_rcpt *m)
{
	return slice_is_nocase(m->address, r->address) &&
	    (!conf->enable_original_recipient || (m->notify == r->notify &&
	    slice_is_nocase(m->original, r->original) &&
	    slice_is_nocase(m->orcpt, r->orcpt)));
}

static bool
is_known(const struct recipients *recipients, const struct conf *conf,
    const struct msg_mail_rcpt *m, uint32_t own)
{
	size_t	limit = (size_t)conf->duplicate_filter_limit;

	if (limit == 0 || limit > recipients->count)
		limit = recipients->count;
	for (size_t i = 0; i < limit; i++)
		if (recipients->list[i].mark == own &&
		    is_same(&recipients->list[i], conf, m))
			return true;
	return false;
}

static void
append(struct recipients *recipients, const struct msg_mail_rcpt *m,
    uint32_t own)
{
	struct recipient	*r;
	size_t			 n = recipients->count;

	if ((n & (n - 1)) == 0)
		recipients->list = mem_resize(recipients->list,
		    (n == 0 ? 1 : n * 2) * sizeof(*r));
	r = &recipients->list[recipients->count++];
	r->address = slice_dup(m->address);
	r->original = slice_dup(m->original);
	r->transport = slice_dup(m->transport);
	r->nexthop = slice_dup(m->nexthop);
	r->notify = m->notify;
	r->orcpt = slice_dup(m->orcpt);
	r->mark = own;
	/* The array grows to twice its size. */
	recipients->bytes += 2 * sizeof(*r) + m->address.len +
	    m->original.len + m->transport.len + m->nexthop.len +
	    m->orcpt.len + 5 * PIECE_COST;
}

void
recipients_add(struct recipients *recipients, const struct conf *conf,
    const struct msg_mail_rcpt *m)
{
	uint32_t	own = mark_of(conf, m);

	if (!is_known(recipients, conf, m, own))
		append(recipients, m, own);
}

static bool
has(const struct recipients *recipients, const char *address)
{
	for (size_t i = 0; i < recipients->count; i++)
		if (slice_is_nocase(slice_str(address),
		    recipients->list[i].address))
			return true;
	return false;
}

static void
add_unrouted(struct recipients *recipients, const char *address,
    uint32_t notify)
{
	struct msg_mail_rcpt	m = {
		.address = slice_str(address),
		.original = slice_str(address),
		.notify = notify,
	};

	if (!has(recipients, address))
		append(recipients, &m, 0);
}

void
recipients_apply(struct recipients *recipients, const struct fate *fate)
{
	if (fate->redirect != NULL) {
		recipients_clear(recipients);
		add_unrouted(recipients, fate->redirect, 0);
		return;
	}
	/* Nobody is to hear from a recipient that nobody knows of. */
	for (size_t i = 0; i < fate->bcc_count; i++)
		add_unrouted(recipients, fate->bccs[i], RCPT_NOTIFY_NEVER);
}

void
recipients_send(const struct recipients *recipients, struct ipc *ipc,
    uint32_t id)
{
	for (size_t i = 0; i < recipients->count; i++) {
		const struct recipient	*r = &recipients->list[i];
		struct msg_queue_rcpt	 m = {
			.address = slice_str(r->address),
			.original = slice_str(r->original),
			.transport = slice_str(r->transport),
			.nexthop = slice_str(r->nexthop),
			.notify = r->notify,
			.orcpt = slice_str(r->orcpt),
		};

		ipc_send_queue_rcpt(ipc, id, &m);
	}
}
