/*
 * Records of the queue, to bytes and back.
 */

#include "qmgr/record.h"

#include <string.h>

#include "mail/ipc.h"

/* Without: HAS_ENVID and HAS_DSN in 1, HAS_ROUTE in 2, HAS_FILTER in 3. */
#define VERSION		4
#define OLDEST_VERSION	1
#define ARRIVING	"arriving"	/* 8 bytes, before the id */

enum {
	HAS_RECIPIENTS = 1,
	HAS_CONTENT = 2,
	HAS_ENVID = 4,
	HAS_FILTER = 8,
	HAS_ALL = 15,
};

/* In the status byte of a recipient: its RFC 3461 parameters, its route. */
#define HAS_DSN		0x80
#define HAS_ROUTE	0x40

static void
set_number(unsigned char *p, size_t len, uint64_t value)
{
	for (size_t i = len; i-- > 0; value >>= 8)
		p[i] = (unsigned char)value;
}

struct record_key
record_key_id(uint64_t id)
{
	struct record_key	key = { .len = 8 };

	set_number(key.data, 8, id);
	return key;
}

struct record_key
record_key_part(uint64_t id, uint32_t number)
{
	struct record_key	key = { .len = 12 };

	set_number(key.data, 8, id);
	set_number(key.data + 8, 4, number);
	return key;
}

struct record_key
record_key_due(uint64_t due_us, uint64_t id)
{
	struct record_key	key = { .len = 16 };

	set_number(key.data, 8, due_us);
	set_number(key.data + 8, 8, id);
	return key;
}

struct record_key
record_key_arriving(uint64_t id)
{
	struct record_key	key = { .len = 16 };

	memcpy(key.data, ARRIVING, 8);
	set_number(key.data + 8, 8, id);
	return key;
}

struct slice
record_key_slice(const struct record_key *key)
{
	return slice_from(key->data, key->len);
}

int
record_parse_id(struct slice key, uint64_t *id_r)
{
	return key.len == 8 ? slice_get_u64(&key, id_r) : -1;
}

int
record_parse_part(struct slice key, uint64_t *id_r, uint32_t *number_r)
{
	if (key.len != 12)
		return -1;
	slice_get_u64(&key, id_r);
	return slice_get_u32(&key, number_r);
}

int
record_parse_due(struct slice key, struct store_due *due_r)
{
	if (key.len != 16)
		return -1;
	slice_get_u64(&key, &due_r->due_us);
	return slice_get_u64(&key, &due_r->id);
}

int
record_parse_arriving(struct slice key, uint64_t *id_r)
{
	if (key.len != 16 || memcmp(key.data, ARRIVING, 8) != 0)
		return -1;
	key = slice_after(key, 8);
	return slice_get_u64(&key, id_r);
}

static void
put_bytes(struct buf *into, struct slice bytes)
{
	buf_put_u32(into, (uint32_t)bytes.len);
	buf_put_slice(into, bytes);
}

static int
get_bytes(struct slice *from, struct slice *bytes_r)
{
	struct slice	rest = *from;
	uint32_t	len;

	if (slice_get_u32(&rest, &len) < 0 ||
	    slice_get_bytes(&rest, len, bytes_r) < 0)
		return -1;
	*from = rest;
	return 0;
}

void
record_format_message(struct buf *into, const struct record_message *record)
{
	const struct store_message	*m = &record->message;
	unsigned			 has = 0;

	if (record->has_recipients)
		has |= HAS_RECIPIENTS;
	if (record->content.len != 0)
		has |= HAS_CONTENT;
	if (m->envid.len != 0)
		has |= HAS_ENVID;
	if (m->filter.len != 0)
		has |= HAS_FILTER;
	buf_put_u8(into, VERSION);
	buf_put_u8(into, (uint8_t)has);
	buf_put_u64(into, m->arrival_us);
	buf_put_u64(into, m->size);
	buf_put_u32(into, m->chunk_count);
	buf_put_u32(into, m->recipient_count);
	buf_put_u32(into, m->flags);
	buf_put_u64(into, m->due_us);
	buf_put_u32(into, m->attempts);
	put_bytes(into, m->sender);
	put_bytes(into, m->reason);
	put_bytes(into, m->facts);
	if (m->envid.len != 0)
		put_bytes(into, m->envid);
	if (m->filter.len != 0)
		put_bytes(into, m->filter);
	if (record->has_recipients) {
		buf_put_u32(into, record->count);
		put_bytes(into, record->recipients);
	}
	if (record->content.len != 0)
		put_bytes(into, record->content);
}

static void
put_recipient(struct buf *into, const struct store_recipient *recipient)
{
	bool	has_route = recipient->transport.len != 0;
	bool	has_dsn = recipient->notify != 0 || recipient->orcpt.len != 0;

	buf_put_u8(into, (uint8_t)((unsigned)recipient->status |
	    (has_dsn ? HAS_DSN : 0u) | (has_route ? HAS_ROUTE : 0u)));
	if (has_dsn) {
		buf_put_u8(into, (uint8_t)recipient->notify);
		put_bytes(into, recipient->orcpt);
	}
	if (has_route) {
		put_bytes(into, recipient->transport);
		put_bytes(into, recipient->nexthop);
	}
	put_bytes(into, recipient->address);
	put_bytes(into, recipient->original);
	put_bytes(into, recipient->dsn);
	put_bytes(into, recipient->reply);
}

void
record_format_recipient(struct buf *into,
    const struct store_recipient *recipient)
{
	buf_put_u8(into, VERSION);
	put_recipient(into, recipient);
}

void
record_format_inline(struct buf *into, const struct store_recipient *recipient)
{
	buf_put_u32(into, recipient->number);
	put_recipient(into, recipient);
}

void
record_format_number(struct buf *into, uint64_t number)
{
	buf_put_u8(into, VERSION);
	buf_put_u64(into, number);
}

void
record_format_chunk_head(unsigned char *into, uint32_t len)
{
	into[0] = VERSION;
	set_number(into + 1, 4, len);
}

static int
get_dsn(struct slice *from, struct store_recipient *recipient_r)
{
	uint8_t	notify;

	if (slice_get_u8(from, &notify) < 0 || notify > RCPT_NOTIFY_ALL ||
	    get_bytes(from, &recipient_r->orcpt) < 0)
		return -1;
	recipient_r->notify = notify;
	return 0;
}

static int
get_recipient(struct slice *from, struct store_recipient *recipient_r)
{
	uint8_t	status;

	recipient_r->notify = 0;
	recipient_r->orcpt = slice_from(NULL, 0);
	recipient_r->transport = recipient_r->nexthop = slice_from(NULL, 0);
	if (slice_get_u8(from, &status) < 0 ||
	    ((status & HAS_DSN) != 0 && get_dsn(from, recipient_r) < 0) ||
	    ((status & HAS_ROUTE) != 0 &&
	    (get_bytes(from, &recipient_r->transport) < 0 ||
	    recipient_r->transport.len == 0 ||
	    get_bytes(from, &recipient_r->nexthop) < 0)))
		return -1;
	status &= (uint8_t)~(HAS_DSN | HAS_ROUTE);
	if (status > STORE_RELAYED ||
	    get_bytes(from, &recipient_r->address) < 0 ||
	    get_bytes(from, &recipient_r->original) < 0 ||
	    get_bytes(from, &recipient_r->dsn) < 0 ||
	    get_bytes(from, &recipient_r->reply) < 0)
		return -1;
	recipient_r->status = (enum store_status)status;
	return 0;
}

int
record_get_inline(struct slice *from, struct store_recipient *recipient_r)
{
	struct slice	rest = *from;

	if (slice_get_u32(&rest, &recipient_r->number) < 0 ||
	    get_recipient(&rest, recipient_r) < 0)
		return -1;
	*from = rest;
	return 0;
}

/*
 * 0, or -1 and the reason, when this is no version we know.  What old ones
 * lack has its own mark where it may stand, so all else is the same.
 */
static int
get_version(struct slice *from, const char **why_r)
{
	uint8_t	version;

	*why_r = "it is empty";
	if (slice_get_u8(from, &version) < 0)
		return -1;
	*why_r = "its version is unknown";
	return version >= OLDEST_VERSION && version <= VERSION ? 0 : -1;
}

static int
get_envelope(struct slice *from, unsigned has, struct store_message *m)
{
	if (slice_get_u64(from, &m->arrival_us) < 0 ||
	    slice_get_u64(from, &m->size) < 0 ||
	    slice_get_u32(from, &m->chunk_count) < 0 ||
	    slice_get_u32(from, &m->recipient_count) < 0 ||
	    slice_get_u32(from, &m->flags) < 0 ||
	    slice_get_u64(from, &m->due_us) < 0 ||
	    slice_get_u32(from, &m->attempts) < 0 ||
	    get_bytes(from, &m->sender) < 0 ||
	    get_bytes(from, &m->reason) < 0 ||
	    get_bytes(from, &m->facts) < 0)
		return -1;
	if ((has & HAS_ENVID) != 0 && (get_bytes(from, &m->envid) < 0 ||
	    m->envid.len == 0))
		return -1;
	if ((has & HAS_FILTER) != 0 && (get_bytes(from, &m->filter) < 0 ||
	    m->filter.len == 0))
		return -1;
	return 0;
}

/* The recipients are as many as they say, and nothing is behind them. */
static bool
is_recipients(struct slice list, uint32_t count)
{
	struct store_recipient	recipient;

	while (count > 0 && record_get_inline(&list, &recipient) == 0)
		count--;
	return count == 0 && list.len == 0;
}

int
record_parse_message(struct slice value, struct record_message *record_r,
    const char **why_r)
{
	uint8_t	has;

	*record_r = (struct record_message){ .count = 0 };
	if (get_version(&value, why_r) < 0)
		return -1;
	*why_r = "its envelope is damaged";
	if (slice_get_u8(&value, &has) < 0 ||
	    (has & ~HAS_ALL) != 0 ||
	    get_envelope(&value, has, &record_r->message) < 0)
		return -1;
	record_r->has_recipients = (has & HAS_RECIPIENTS) != 0;
	*why_r = "its recipients are damaged";
	if (record_r->has_recipients &&
	    (slice_get_u32(&value, &record_r->count) < 0 ||
	    get_bytes(&value, &record_r->recipients) < 0 ||
	    !is_recipients(record_r->recipients, record_r->count)))
		return -1;
	*why_r = "its content is damaged";
	if ((has & HAS_CONTENT) != 0 &&
	    (get_bytes(&value, &record_r->content) < 0 ||
	    record_r->content.len == 0 ||
	    record_r->content.len > STORE_CHUNK_SIZE))
		return -1;
	*why_r = "something stands behind it";
	return value.len == 0 ? 0 : -1;
}

int
record_parse_recipient(struct slice value,
    struct store_recipient *recipient_r, const char **why_r)
{
	*recipient_r = (struct store_recipient){ .number = 0 };
	if (get_version(&value, why_r) < 0)
		return -1;
	*why_r = "it is damaged";
	if (get_recipient(&value, recipient_r) < 0)
		return -1;
	*why_r = "something stands behind it";
	return value.len == 0 ? 0 : -1;
}

int
record_parse_chunk(struct slice value, struct slice *bytes_r,
    const char **why_r)
{
	if (get_version(&value, why_r) < 0)
		return -1;
	*why_r = "its length is wrong";
	if (get_bytes(&value, bytes_r) < 0)
		return -1;
	return value.len == 0 && bytes_r->len <= STORE_CHUNK_SIZE ? 0 : -1;
}

int
record_parse_number(struct slice value, uint64_t *number_r)
{
	const char	*why;

	if (value.len != 9 || get_version(&value, &why) < 0)
		return -1;
	return slice_get_u64(&value, number_r);
}
