/*
 * Transports and next hops.
 */

#include "lookup/transport.h"

#include "conf/conf.h"
#include "lookup/addressing.h"
#include "mail/address.h"
#include "util/ascii.h"
#include "util/log.h"

void
transport_clear(struct transport_route *route)
{
	buf_clear(&route->transport);
	buf_clear(&route->nexthop);
}

/* ---- texts --------------------------------------------------------------- */

static void
set(struct buf *buf, struct slice text)
{
	buf_empty(buf);
	buf_put_slice(buf, text);
}

static void
set_lower(struct buf *buf, struct slice text)
{
	buf_empty(buf);
	for (size_t i = 0; i < text.len; i++)
		buf_put_u8(buf, (uint8_t)ascii_lower(text.data[i]));
}

/* "transport:nexthop" in its parts; either may be empty. */
static void
split(struct slice text, struct slice *transport_r, struct slice *nexthop_r)
{
	ptrdiff_t	colon;

	text = slice_trim(text);
	colon = slice_find(text, ':');
	*transport_r = colon < 0 ? text : slice_first(text, (size_t)colon);
	*nexthop_r = colon < 0 ? slice_from(NULL, 0) :
	    slice_trim(slice_after(text, (size_t)colon + 1));
}

/* What a parameter says; without a next hop, the domain is it. */
static void
set_by_parameter(struct transport_route *route, const char *text,
    struct slice domain)
{
	struct slice	transport, nexthop;

	split(slice_str(text), &transport, &nexthop);
	set(&route->transport, transport);
	if (nexthop.len > 0)
		set(&route->nexthop, nexthop);
	else
		set_lower(&route->nexthop, domain);
}

/* ---- by sender ----------------------------------------------------------- */

/* What the tables have for the sender: TABLE_NONE for DUNNO, too. */
static enum table_answer
ask_sender(const struct addressing *addressing, const struct maps *maps,
    const char *null_key, struct slice sender, struct buf *value)
{
	enum table_answer	answer;

	if (maps_is_empty(maps))
		return TABLE_NONE;
	answer = sender.len == 0 ?
	    maps_find(maps, slice_str(null_key), 0, value) :
	    addressing_find(addressing, maps, sender, value, NULL);
	if (answer == TABLE_FOUND && (value->len == 0 ||
	    slice_is_nocase(buf_slice(value), "DUNNO")))
		answer = TABLE_NONE;
	return answer;
}

/* The transport of mail to others, and perhaps its next hop: 0 or -1. */
static int
put_default_transport(const struct addressing *addressing,
    struct slice sender, struct buf *text)
{
	enum table_answer	answer;

	answer = ask_sender(addressing, &addressing->sender_transports,
	    addressing->conf->
	    empty_address_default_transport_maps_lookup_key, sender, text);
	if (answer == TABLE_NONE)
		set(text, slice_str(addressing->conf->default_transport));
	return answer == TABLE_TROUBLE ? -1 : 0;
}

/* A host that takes all mail of that sender, or all: may be none. */
static int
put_relayhost(const struct addressing *addressing, struct slice sender,
    struct buf *host)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer;

	answer = ask_sender(addressing, &addressing->sender_relayhosts,
	    addressing->conf->empty_address_relayhost_maps_lookup_key,
	    sender, &value);
	set_lower(host, answer == TABLE_FOUND ? buf_slice(&value) :
	    slice_str(addressing->conf->relayhost));
	buf_clear(&value);
	return answer == TABLE_TROUBLE ? -1 : 0;
}

/*
 * To the outside: the next hop of the transport goes before that of the
 * sender, before relayhost, before the domain.
 */
static int
route_outside(const struct addressing *addressing, struct slice sender,
    struct slice domain, struct transport_route *route)
{
	struct buf	text = BUF_INIT, host = BUF_INIT;
	struct slice	transport, nexthop;
	int		result = 0;

	if (route->class == CLASS_RELAY)
		buf_put_str(&text, addressing->conf->relay_transport);
	else
		result = put_default_transport(addressing, sender, &text);
	if (result == 0) {
		split(buf_slice(&text), &transport, &nexthop);
		set(&route->transport, transport);
		set(&route->nexthop, nexthop);
		if (nexthop.len == 0)
			result = put_relayhost(addressing, sender, &host);
		if (nexthop.len == 0)
			set_lower(&route->nexthop, host.len > 0 ?
			    buf_slice(&host) : domain);
	}
	buf_clear(&text);
	buf_clear(&host);
	return result;
}

/* ---- by class ------------------------------------------------------------ */

static int
route_class(const struct addressing *addressing, struct slice sender,
    struct slice domain, struct transport_route *route)
{
	const struct conf	*conf = addressing->conf;

	switch (route->class) {
	case CLASS_LOCAL:
		set_by_parameter(route, conf->local_transport, domain);
		return 0;
	case CLASS_VIRTUAL_ALIAS:
		set(&route->transport, SLICE_LIT("error"));
		set(&route->nexthop, slice_str(
		    conf->show_user_unknown_table_name ?
		    "5.1.1 User unknown in virtual alias table" :
		    "5.1.1 User unknown"));
		return 0;
	case CLASS_VIRTUAL_MAILBOX:
		set_by_parameter(route, conf->virtual_transport, domain);
		return 0;
	case CLASS_RELAY:
	case CLASS_DEFAULT:
		return route_outside(addressing, sender, domain, route);
	case CLASS_TROUBLE:
		break;
	}
	return -1;
}

/* ---- transport_maps ------------------------------------------------------ */

/* The domain and what it is in. */
static enum table_answer
find_domain(const struct addressing *addressing, struct slice domain,
    struct buf *value)
{
	const struct maps	*maps = &addressing->transports;
	bool			 has_parents;
	enum table_answer	 answer;

	has_parents = classes_has_parents(addressing->conf,
	    "transport_maps");
	answer = maps_find(maps, domain, MAPS_PART, value);
	while (answer == TABLE_NONE && domain.len > 0) {
		ptrdiff_t	dot = slice_find(slice_after(domain, 1),
				    '.');

		/* A literal has no parents. */
		if (dot < 0 || domain.data[0] == '[')
			break;
		domain = slice_after(domain, (size_t)dot + 1);
		answer = maps_find(maps, has_parents ?
		    slice_after(domain, 1) : domain, MAPS_PART, value);
	}
	return answer;
}

/* The address, its domain as written and as the DNS has it, everything. */
static enum table_answer
find_entry(const struct addressing *addressing, struct slice address,
    struct slice ascii, struct buf *value)
{
	const struct maps	*maps = &addressing->transports;
	struct slice		 domain = address_domain(address);
	struct buf		 key = BUF_INIT;
	enum table_answer	 answer;

	answer = maps_find(maps, address, 0, value);
	if (answer == TABLE_NONE &&
	    addressing_put_bare(addressing, address, &key))
		answer = maps_find(maps, buf_slice(&key), MAPS_PART, value);
	if (answer == TABLE_NONE)
		answer = find_domain(addressing, domain, value);
	if (answer == TABLE_NONE && address_is_utf8(domain))
		answer = find_domain(addressing, ascii, value);
	if (answer == TABLE_NONE)
		answer = maps_find(maps, SLICE_LIT("*"), MAPS_PART, value);
	buf_clear(&key);
	return answer;
}

/* transport(5): what is empty on both sides changes nothing. */
static void
apply_entry(struct transport_route *route, struct slice entry,
    struct slice domain)
{
	struct slice	transport, nexthop;

	split(entry, &transport, &nexthop);
	if (transport.len > 0) {
		set(&route->transport, transport);
		set_lower(&route->nexthop, domain);
	}
	if (nexthop.len > 0)
		set(&route->nexthop, nexthop);
}

int
transport_find(const struct addressing *addressing, struct slice sender,
    struct slice address, struct transport_route *route)
{
	struct slice	domain = address_domain(address);
	struct buf	entry = BUF_INIT, ascii = BUF_INIT;
	int		result;

	if (domain.len == 0)
		domain = slice_str(addressing->conf->myorigin);
	route->class = classes_find(addressing->classes, domain);
	/* What the DNS has no name for is found nowhere: that is for smtp. */
	if (address_put_ascii_domain(&ascii, domain))
		domain = buf_slice(&ascii);
	result = route_class(addressing, sender, domain, route);
	if (result == 0 && !maps_is_empty(&addressing->transports))
		switch (find_entry(addressing, address, domain, &entry)) {
		case TABLE_FOUND:
			apply_entry(route, buf_slice(&entry), domain);
			break;
		case TABLE_TROUBLE:
			result = -1;
			break;
		case TABLE_NONE:
			break;
		}
	buf_clear(&entry);
	buf_clear(&ascii);
	return result;
}
