/*
 * DNS packets, as far as an answer needs them.  Every byte is suspect.
 */

#include "net/dns_answer.h"

#include <netinet/in.h>
#include <string.h>

#include "util/ascii.h"
#include "util/buf.h"
#include "util/mem.h"

#define CLASS_IN	1
#define HEADER_SIZE	12
#define IS_ANSWER	0x8000	/* flags of the header */
#define IS_TRUNCATED	0x0200
#define RCODE_MASK	0x000f
#define NXDOMAIN	3
#define NAME_LIMIT	253	/* as text; RFC 1035 section 2.3.4 */
#define LABEL_LIMIT	63

/* One record as it stands in the packet. */
struct raw {
	uint16_t	kind, class;
	uint32_t	ttl;
	size_t		owner;		/* its name */
	size_t		at, len;	/* its data */
};

const char *
dns_answer_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_AAAA:
		return "AAAA";
	case DNS_CNAME:
		return "CNAME";
	case DNS_MX:
		return "MX";
	case DNS_NS:
		return "NS";
	case DNS_PTR:
		return "PTR";
	case DNS_TLSA:
		return "TLSA";
	case DNS_TXT:
		return "TXT";
	}
	return "?";
}

void
dns_answer_clear(struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		mem_free(answer->records[i].name);
		mem_free(answer->records[i].text);
		mem_free(answer->records[i].data);
	}
	mem_free(answer->owner);
	mem_free(answer->records);
	*answer = (struct dns_answer)DNS_ANSWER_INIT;
}

void
dns_answer_remove(struct dns_answer *answer, size_t i)
{
	mem_free(answer->records[i].name);
	mem_free(answer->records[i].text);
	mem_free(answer->records[i].data);
	answer->count--;
	memmove(&answer->records[i], &answer->records[i + 1],
	    (answer->count - i) * sizeof(*answer->records));
}

/* ---- names --------------------------------------------------------------- */

/* Past a name; 0, or -1 when it does not end before limit. */
static int
skip_name(struct slice packet, size_t limit, size_t *at)
{
	while (*at < limit) {
		size_t	len = packet.data[*at];

		if ((len & 0xc0) == 0xc0) {
			*at += 2;
			return *at <= limit ? 0 : -1;
		}
		if (len > LABEL_LIMIT)
			return -1;
		*at += 1 + len;
		if (len == 0)
			return 0;
	}
	return -1;
}

/*
 * A domain name of a packet as text, without its last dot; 0 or -1.  A
 * pointer must lead backwards, or it could lead in a circle.
 */
static int
get_name(struct slice packet, size_t at, struct buf *name)
{
	struct slice	label;
	size_t		start = at;

	while (at < packet.len) {
		size_t	len = packet.data[at];

		if (len == 0)
			return 0;
		if ((len & 0xc0) == 0xc0) {
			if (at + 1 >= packet.len)
				return -1;
			at = (len & 0x3f) << 8 | packet.data[at + 1];
			if (at >= start)
				return -1;
			start = at;
			continue;
		}
		label = slice_first(slice_after(packet, at + 1), len);
		if (len > LABEL_LIMIT || label.len < len ||
		    slice_find(label, '.') >= 0 ||
		    name->len + 1 + len > NAME_LIMIT)
			return -1;
		if (name->len > 0)
			buf_put_u8(name, '.');
		buf_put_slice(name, label);
		at += 1 + len;
	}
	return -1;
}

bool
dns_answer_is_name(struct slice name)
{
	size_t	label = 0;

	for (size_t i = 0; i < name.len; i++) {
		unsigned char	c = name.data[i];

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if ((!ascii_is_alnum(c) && c != '-' && c != '_') ||
		    ++label > LABEL_LIMIT) {
			return false;
		}
	}
	return label > 0 && name.len <= NAME_LIMIT;
}

/* ---- records ------------------------------------------------------------- */

static int
get_raw(struct slice packet, size_t *at, struct raw *raw_r)
{
	struct slice	rest;
	uint16_t	len;

	raw_r->owner = *at;
	if (skip_name(packet, packet.len, at) < 0)
		return -1;
	rest = slice_after(packet, *at);
	if (slice_get_u16(&rest, &raw_r->kind) < 0 ||
	    slice_get_u16(&rest, &raw_r->class) < 0 ||
	    slice_get_u32(&rest, &raw_r->ttl) < 0 ||
	    slice_get_u16(&rest, &len) < 0 || rest.len < len)
		return -1;
	raw_r->at = *at + 10;
	raw_r->len = len;
	*at = raw_r->at + len;
	return 0;
}

static int
get_address(struct slice data, int family, struct addr *addr_r)
{
	struct sockaddr_in	*in4 = (struct sockaddr_in *)&addr_r->storage;
	struct sockaddr_in6	*in6 = (struct sockaddr_in6 *)&addr_r->storage;

	if (data.len != (family == AF_INET ? 4 : 16))
		return -1;
	addr_r->storage.ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		memcpy(&in4->sin_addr, data.data, 4);
		addr_r->len = sizeof(*in4);
	} else {
		memcpy(&in6->sin6_addr, data.data, 16);
		addr_r->len = sizeof(*in6);
	}
	return 0;
}

/*
 * The name, behind so many bytes, must fill the record: no byte less, none
 * more.
 */
static int
get_host(struct slice packet, const struct raw *raw, size_t before,
    char **name_r)
{
	struct buf	name = BUF_INIT;
	size_t		end = raw->at + before;
	int		result = -1;

	if (skip_name(packet, raw->at + raw->len, &end) == 0 &&
	    end == raw->at + raw->len &&
	    get_name(packet, raw->at + before, &name) == 0 &&
	    (name.len == 0 || dns_answer_is_name(buf_slice(&name)))) {
		*name_r = mem_strdup(buf_cstr(&name));
		result = 0;
	}
	buf_clear(&name);
	return result;
}

static int
get_mx(struct slice packet, const struct raw *raw, struct dns_record *record)
{
	struct slice	data = slice_first(slice_after(packet, raw->at),
			    raw->len);

	if (slice_get_u16(&data, &record->preference) < 0)
		return -1;
	return get_host(packet, raw, 2, &record->name);
}

/* The root is a mail server that says no, but neither NS nor PTR. */
static int
get_named(struct slice packet, const struct raw *raw,
    struct dns_record *record)
{
	if (get_host(packet, raw, 0, &record->name) < 0)
		return -1;
	if (record->name[0] != '\0')
		return 0;
	mem_free(record->name);
	return -1;
}

/* RFC 1035 section 3.3.14: strings, a byte of length before each. */
static int
get_text(struct slice data, struct dns_record *record)
{
	struct buf	text = BUF_INIT;
	struct slice	part;
	uint8_t		len;
	int		result = data.len == 0 ? -1 : 0;

	while (result == 0 && data.len > 0) {
		result = slice_get_u8(&data, &len);
		if (result == 0)
			result = slice_get_bytes(&data, len, &part);
		if (result == 0)
			buf_put_slice(&text, part);
	}
	buf_truncate(&text, DNS_TEXT_LIMIT);
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_print(text.data[text.start + i]))
			text.data[text.start + i] = '?';
	if (result == 0)
		record->text = mem_strdup(buf_cstr(&text));
	buf_clear(&text);
	return result;
}

/* RFC 6698 section 2.1: three bytes, and at least one of data. */
static int
get_tlsa(struct slice data, struct dns_record *record)
{
	if (data.len < 4 || data.len > DNS_TLSA_LIMIT)
		return -1;
	record->data = mem_copy(data.data, data.len);
	record->len = data.len;
	return 0;
}

static int
get_record(struct slice packet, const struct raw *raw, enum dns_type type,
    struct dns_record *record_r)
{
	struct slice	data = slice_first(slice_after(packet, raw->at),
			    raw->len);

	memset(record_r, 0, sizeof(*record_r));
	switch (type) {
	case DNS_MX:
		return get_mx(packet, raw, record_r);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return get_named(packet, raw, record_r);
	case DNS_TLSA:
		return get_tlsa(data, record_r);
	case DNS_TXT:
		return get_text(data, record_r);
	case DNS_A:
		return get_address(data, AF_INET, &record_r->addr);
	case DNS_AAAA:
		return get_address(data, AF_INET6, &record_r->addr);
	}
	return -1;
}

static void
add_record(struct dns_answer *answer, const struct dns_record *record)
{
	answer->records = mem_resize(answer->records,
	    (answer->count + 1) * sizeof(*answer->records));
	answer->records[answer->count++] = *record;
}

void
dns_answer_add(struct dns_answer *answer, const struct addr *addr)
{
	struct dns_record	record = { .addr = *addr };

	add_record(answer, &record);
}

void
dns_answer_add_name(struct dns_answer *answer, const char *name)
{
	struct dns_record	record = { .name = mem_strdup(name) };

	add_record(answer, &record);
}

void
dns_answer_copy(const struct dns_answer *answer, struct dns_answer *copy_r)
{
	*copy_r = *answer;
	copy_r->records = mem_new_array(answer->count,
	    sizeof(*answer->records));
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record	*from = &answer->records[i];
		struct dns_record	*to = &copy_r->records[i];

		*to = *from;
		if (from->name != NULL)
			to->name = mem_strdup(from->name);
		if (from->text != NULL)
			to->text = mem_strdup(from->text);
		if (from->data != NULL)
			to->data = mem_copy(from->data, from->len);
	}
	if (answer->owner != NULL)
		copy_r->owner = mem_strdup(answer->owner);
}

static void
note_ttl(struct dns_answer *answer, uint32_t ttl)
{
	int	ttl_s = ttl > DNS_TTL_LIMIT ? DNS_TTL_LIMIT : (int)ttl;

	if (answer->ttl_s < 0 || ttl_s < answer->ttl_s)
		answer->ttl_s = ttl_s;
}

/* ---- packets ------------------------------------------------------------- */

/* Up to the answers; 0 or -1. */
static int
get_header(struct slice packet, unsigned *rcode_r, size_t *at_r,
    uint16_t *count_r)
{
	struct slice	header = packet;
	uint16_t	id, flags, questions;

	if (packet.len < HEADER_SIZE ||
	    slice_get_u16(&header, &id) < 0 ||
	    slice_get_u16(&header, &flags) < 0 ||
	    slice_get_u16(&header, &questions) < 0 ||
	    slice_get_u16(&header, count_r) < 0 ||
	    (flags & IS_ANSWER) == 0 || (flags & IS_TRUNCATED) != 0)
		return -1;
	*rcode_r = flags & RCODE_MASK;
	for (*at_r = HEADER_SIZE; questions > 0; questions--) {
		if (skip_name(packet, packet.len, at_r) < 0)
			return -1;
		*at_r += 4;
	}
	return *at_r <= packet.len ? 0 : -1;
}

static void
note_owner(struct dns_answer *answer, struct slice packet, size_t at)
{
	struct buf	name = BUF_INIT;

	if (answer->owner == NULL && get_name(packet, at, &name) == 0)
		answer->owner = mem_strdup(buf_cstr(&name));
	buf_clear(&name);
}

static int
get_answers(struct slice packet, size_t at, size_t count,
    enum dns_type type, struct dns_answer *answer)
{
	struct dns_record	record;
	struct raw		raw;
	size_t			bad = 0;

	for (; count > 0; count--) {
		if (get_raw(packet, &at, &raw) < 0)
			return -1;
		if (raw.class != CLASS_IN)
			continue;
		note_ttl(answer, raw.ttl);
		if (raw.kind != type)
			continue;
		note_owner(answer, packet, raw.owner);
		if (answer->count == DNS_RECORD_LIMIT)
			answer->is_cut = true;
		else if (get_record(packet, &raw, type, &record) == 0)
			add_record(answer, &record);
		else
			bad++;
	}
	return answer->count == 0 && bad > 0 ? -1 : 0;
}

void
dns_answer_fail(struct dns_answer *answer, unsigned rcode)
{
	dns_answer_clear(answer);
	answer->status = rcode == NXDOMAIN ? DNS_NO_NAME : DNS_TROUBLE;
	answer->why = rcode == NXDOMAIN ? "Host not found" :
	    "Host not found, try again";
}

void
dns_answer_finish(struct dns_answer *answer)
{
	answer->status = answer->count > 0 ? DNS_OK : DNS_NO_DATA;
	answer->why = answer->count > 0 ? NULL :
	    "Host found but no data record of requested type";
}

void
dns_answer_parse(struct slice packet, enum dns_type type,
    struct dns_answer *answer_r)
{
	bool		is_whole;
	unsigned	rcode;
	uint16_t	count;
	size_t		at;

	*answer_r = (struct dns_answer)DNS_ANSWER_INIT;
	is_whole = get_header(packet, &rcode, &at, &count) == 0;
	if (is_whole && rcode != 0) {
		dns_answer_fail(answer_r, rcode);
	} else if (!is_whole ||
	    get_answers(packet, at, count, type, answer_r) < 0) {
		dns_answer_clear(answer_r);
		answer_r->status = DNS_TROUBLE;
		answer_r->why = "Malformed or unexpected name server reply";
	} else {
		dns_answer_finish(answer_r);
	}
}
