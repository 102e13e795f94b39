/*
 * DNS over libunbound.
 */

#include "net/dns.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#include "net/loop.h"
#include "util/buf.h"
#include "util/mem.h"

#define CLASS_IN	1
#define BOGUS		1	/* failed DNSSEC validation */
#define NAME_LIMIT	255	/* RFC 1035 section 2.3.4 */

struct dns {
	struct ub_ctx	*ctx;
};

struct dns_query {
	struct dns	*dns;
	dns_fn		 fn;		/* NULL: cancelled */
	void		*arg;
	enum dns_type	 type;
	int		 id;
	bool		 is_over;	/* answered inside dns_ask */
	bool		 is_asking;
};

struct dns *
dns_new(struct loop *loop, const char *resolv_conf, const char **why_r)
{
	struct dns	*dns = mem_new(sizeof(*dns));
	int		 error = 0;

	*why_r = "out of memory";
	dns->ctx = ub_ctx_create_event(loop_base(loop));
	if (dns->ctx != NULL) {
		/* Private ranges and localhost answer as configured. */
		error = ub_ctx_resolvconf(dns->ctx, resolv_conf);
		if (error == 0)
			ub_ctx_hosts(dns->ctx, NULL);
		*why_r = ub_strerror(error);
	}
	if (dns->ctx == NULL || error != 0) {
		mem_free(dns);
		return NULL;
	}
	return dns;
}

/* ---- answers ------------------------------------------------------------- */

/* A domain name of a packet, as text; 0 or -1.  Compression is followed. */
static int
get_name(struct slice packet, size_t at, struct buf *name, size_t *end_r)
{
	int	jumps = 0;

	*end_r = 0;
	while (at < packet.len) {
		size_t	len = packet.data[at];

		if (len == 0) {
			if (*end_r == 0)
				*end_r = at + 1;
			return 0;
		}
		if ((len & 0xc0) == 0xc0) {
			if (at + 1 >= packet.len || ++jumps > 32)
				return -1;
			if (*end_r == 0)
				*end_r = at + 2;
			at = (len & 0x3f) << 8 | packet.data[at + 1];
			continue;
		}
		if (len > 63 || at + 1 + len > packet.len ||
		    name->len + len + 1 > NAME_LIMIT)
			return -1;
		if (name->len > 0)
			buf_put_u8(name, '.');
		for (size_t i = 0; i < len; i++) {
			unsigned char	c = packet.data[at + 1 + i];

			/* What no host name has would confuse the log. */
			if (c <= ' ' || c >= 0x7f || c == '.')
				return -1;
			buf_put_u8(name, c);
		}
		at += 1 + len;
	}
	return -1;
}

static int
get_record(struct slice packet, size_t at, size_t len, enum dns_type type,
    struct dns_record *record_r)
{
	struct slice	 data = slice_first(slice_after(packet, at), len);
	struct buf	 name = BUF_INIT;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&record_r->addr.storage;
	struct sockaddr_in6 *in6 =
	    (struct sockaddr_in6 *)&record_r->addr.storage;
	size_t		 end;
	int		 result = -1;

	memset(record_r, 0, sizeof(*record_r));
	if (type == DNS_A && len == 4) {
		in4->sin_family = AF_INET;
		memcpy(&in4->sin_addr, data.data, 4);
		record_r->addr.len = sizeof(*in4);
		return 0;
	}
	if (type == DNS_AAAA && len == 16) {
		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, data.data, 16);
		record_r->addr.len = sizeof(*in6);
		return 0;
	}
	if (type == DNS_MX &&
	    slice_get_u16(&data, &record_r->preference) == 0 &&
	    get_name(packet, at + 2, &name, &end) == 0) {
		record_r->name = mem_strdup(buf_cstr(&name));
		result = 0;
	}
	buf_clear(&name);
	return result;
}

/*
 * The answer section of a packet (RFC 1035 section 4.1).  CNAMEs were
 * followed by libunbound: records of our type count, whatever their owner.
 */
static void
parse(struct slice packet, enum dns_type type, struct dns_answer *answer)
{
	struct slice	header = packet;
	uint16_t	id, flags, questions, count;
	struct buf	name = BUF_INIT;
	size_t		at = 12;

	if (slice_get_u16(&header, &id) < 0 ||
	    slice_get_u16(&header, &flags) < 0 ||
	    slice_get_u16(&header, &questions) < 0 ||
	    slice_get_u16(&header, &count) < 0)
		return;
	for (; questions > 0; questions--) {
		buf_empty(&name);
		if (get_name(packet, at, &name, &at) < 0)
			count = 0;
		at += 4;
	}
	for (; count > 0 && answer->count < DNS_RECORD_LIMIT; count--) {
		struct slice	rest;
		uint32_t	ttl;
		uint16_t	kind, class, len;

		buf_empty(&name);
		if (get_name(packet, at, &name, &at) < 0)
			break;
		rest = slice_after(packet, at);
		if (slice_get_u16(&rest, &kind) < 0 ||
		    slice_get_u16(&rest, &class) < 0 ||
		    slice_get_u32(&rest, &ttl) < 0 ||
		    slice_get_u16(&rest, &len) < 0 || rest.len < len)
			break;
		at += 10;
		if (kind == type && class == CLASS_IN && get_record(packet,
		    at, len, type, &answer->records[answer->count]) == 0)
			answer->count++;
		at += len;
		if (answer->ttl_s < 0 || (int64_t)ttl < answer->ttl_s)
			answer->ttl_s = ttl > 86400 ? 86400 : (int)ttl;
	}
	buf_clear(&name);
}

static enum dns_status
status_of(int rcode, int bogus, size_t count)
{
	if (bogus || (rcode != 0 && rcode != 3))
		return DNS_TROUBLE;
	if (rcode == 3)
		return DNS_NO_NAME;
	return count > 0 ? DNS_OK : DNS_NO_DATA;
}

static void
on_answer(void *arg, int rcode, void *packet, int len, int security,
    char *why, int was_ratelimited)
{
	struct dns_query	*query = arg;
	struct dns_answer	 answer = { .ttl_s = -1 };

	(void)why;
	(void)was_ratelimited;
	answer.records = mem_new_array(DNS_RECORD_LIMIT,
	    sizeof(*answer.records));
	if (rcode == 0 && packet != NULL && len > 0)
		parse(slice_from(packet, (size_t)len), query->type, &answer);
	answer.status = status_of(rcode, security == BOGUS, answer.count);
	if (query->fn != NULL)
		query->fn(&answer, query->arg);
	for (size_t i = 0; i < answer.count; i++)
		mem_free(answer.records[i].name);
	mem_free(answer.records);
	if (query->is_asking)
		query->is_over = true;
	else
		mem_free(query);
}

struct dns_query *
dns_ask(struct dns *dns, const char *name, enum dns_type type, dns_fn fn,
    void *arg)
{
	struct dns_query	*query = mem_new(sizeof(*query));
	struct dns_answer	 trouble = { .status = DNS_TROUBLE };
	int			 error;

	query->dns = dns;
	query->fn = fn;
	query->arg = arg;
	query->type = type;
	query->is_asking = true;
	error = ub_resolve_event(dns->ctx, name, (int)type, CLASS_IN, query,
	    on_answer, &query->id);
	query->is_asking = false;
	if (error != 0)
		fn(&trouble, arg);
	if (error != 0 || query->is_over) {
		mem_free(query);
		return NULL;
	}
	return query;
}

void
dns_cancel(struct dns_query **queryp)
{
	struct dns_query	*query = *queryp;

	if (query == NULL)
		return;
	*queryp = NULL;
	/* A query that could not be stopped frees itself when answered. */
	if (ub_cancel(query->dns->ctx, query->id) == 0)
		mem_free(query);
	else
		query->fn = NULL;
}
