/*
 * Recipients.
 */

#include "lookup/resolve.h"

#include <stddef.h>
#include <string.h>

#include "conf/conf.h"
#include "lookup/action.h"
#include "lookup/addressing.h"
#include "lookup/expand.h"
#include "lookup/profile.h"
#include "lookup/rewrite.h"
#include "lookup/rule.h"
#include "lookup/transport.h"
#include "lookup/verdict.h"
#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/ipc.h"
#include "util/log.h"

#define ROUTE_LIMIT	10	/* destinations in one local part */

static void
refuse_later(struct slice address, struct verdict *verdict)
{
	verdict_refuse(verdict, 451, "4.3.0",
	    "<%.*s>: Temporary lookup failure", SLICE_ARG(address));
}

/* ---- whose is it? -------------------------------------------------------- */

enum class
resolve_class(const struct profile *profile, struct slice address)
{
	if (rewrite_has_route(address))
		return CLASS_DEFAULT;
	return classes_find(profile->addressing.classes,
	    address_domain(address));
}

/*
 * The address in standard form.  What came this far with a route in its
 * local part came from somebody who may send anywhere.
 */
static void
put_standard(const struct addressing *addressing, struct slice address,
    struct buf *into)
{
	rewrite_standard(addressing, address, into);
	for (int i = 0; i < ROUTE_LIMIT; i++) {
		struct buf	inner = BUF_INIT;

		if (!rewrite_has_route(buf_slice(into)) ||
		    classes_find(addressing->classes, address_domain(
		    buf_slice(into))) != CLASS_LOCAL ||
		    !rewrite_strip_route(addressing, buf_slice(into),
		    &inner)) {
			buf_clear(&inner);
			return;
		}
		buf_empty(into);
		buf_put_slice(into, buf_slice(&inner));
		buf_clear(&inner);
	}
}

void
resolve_put_standard(const struct profile *profile, struct slice address,
    struct buf *into)
{
	put_standard(&profile->addressing, address, into);
}

/* ---- is there such a one? ------------------------------------------------ */

static enum table_answer
find_alias(const struct addressing *addressing, struct slice address)
{
	const struct maps	*all[] = {
		&addressing->recipient_canonical.maps,
		&addressing->canonical.maps, &addressing->virtual_aliases,
	};
	struct buf		 value = BUF_INIT;
	enum table_answer	 answer = TABLE_NONE;

	for (size_t i = 0; answer == TABLE_NONE &&
	    i < sizeof(all) / sizeof(*all); i++)
		answer = addressing_find(addressing, all[i], address,
		    &value, NULL);
	buf_clear(&value);
	return answer;
}

/* Where it has moved to, as the reason of an error: transport. */
static int
find_relocated(const struct addressing *addressing, struct slice address,
    struct transport_route *route)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer;

	answer = addressing_find(addressing, &addressing->relocated, address,
	    &value, NULL);
	if (answer == TABLE_FOUND) {
		buf_empty(&route->transport);
		buf_put_str(&route->transport, "error");
		buf_empty(&route->nexthop);
		if (addressing->conf->relocated_prefix_enable)
			buf_put_str(&route->nexthop,
			    "5.1.6 User has moved to ");
		buf_put_slice(&route->nexthop, buf_slice(&value));
	}
	buf_clear(&value);
	return answer == TABLE_TROUBLE ? -1 : 0;
}

/* What comes back of a notice to the postmaster goes no further (B07). */
static bool
is_double_bounce(const struct conf *conf, struct slice address)
{
	return slice_is_nocase(address_local(address),
	    conf->double_bounce_sender) &&
	    slice_is_nocase(address_domain(address), conf->myorigin);
}

static int
find_route(const struct addressing *addressing, struct slice sender,
    struct slice address, struct transport_route *route)
{
	if (is_double_bounce(addressing->conf, address)) {
		route->class = CLASS_DEFAULT;
		buf_put_str(&route->transport, "discard");
		buf_put_str(&route->nexthop,
		    "undeliverable postmaster notification discarded");
		return 0;
	}
	if (transport_find(addressing, sender, address, route) < 0)
		return -1;
	return find_relocated(addressing, address, route);
}

/* "5.1.6 User has moved ..." in its parts; without a code it is dsn. */
static struct slice
split_reason(struct slice text, const char *dsn, char *dsn_r, size_t size)
{
	size_t	len = 0;

	memset(dsn_r, 0, size);
	while (len < text.len && strchr("0123456789.", text.data[len]) !=
	    NULL && text.data[len] != '\0')
		len++;
	if (len < 5 || len >= size || text.data[1] != '.' ||
	    len == text.len || text.data[len] != ' ' ||
	    (text.data[0] != '4' && text.data[0] != '5')) {
		memcpy(dsn_r, dsn, strlen(dsn));
		return text;
	}
	memcpy(dsn_r, text.data, len);
	return slice_trim(slice_after(text, len));
}

/* What is to be said of an address of that class which is not there. */
static const struct {
	const char	*table;
	size_t		 code;		/* of struct conf */
	size_t		 maps;		/* of struct addressing */
} classes[] = {
	[CLASS_LOCAL] = { "local recipient",
	    offsetof(struct conf, unknown_local_recipient_reject_code),
	    offsetof(struct addressing, local_recipients) },
	[CLASS_VIRTUAL_ALIAS] = { "virtual alias",
	    offsetof(struct conf, unknown_virtual_alias_reject_code),
	    offsetof(struct addressing, virtual_aliases) },
	[CLASS_VIRTUAL_MAILBOX] = { "virtual mailbox",
	    offsetof(struct conf, unknown_virtual_mailbox_reject_code),
	    offsetof(struct addressing, virtual_mailboxes) },
	[CLASS_RELAY] = { "relay recipient",
	    offsetof(struct conf, unknown_relay_recipient_reject_code),
	    offsetof(struct addressing, relay_recipients) },
};

static enum table_answer
find_in_class(const struct addressing *addressing, enum class class,
    struct slice address)
{
	const struct maps	*maps;
	struct buf		 value = BUF_INIT;
	enum table_answer	 answer;

	/* It was asked already. */
	if (class == CLASS_VIRTUAL_ALIAS)
		return TABLE_NONE;
	if (class == CLASS_DEFAULT)
		return TABLE_FOUND;
	maps = (const void *)((const char *)addressing +
	    classes[class].maps);
	if (maps_is_empty(maps))
		return TABLE_FOUND;
	answer = addressing_find(addressing, maps, address, &value, NULL);
	buf_clear(&value);
	return answer;
}

static int
unknown_code(const struct conf *conf, enum class class)
{
	int64_t	code = 550;

	if (class < CLASS_DEFAULT)
		memcpy(&code, (const char *)conf + classes[class].code,
		    sizeof(code));
	return (int)code;
}

static bool
check_route(const struct conf *conf, const struct transport_route *route,
    struct slice address, const char *what, struct verdict *verdict)
{
	struct slice	text = buf_slice(&route->nexthop);
	bool		is_sender = strcmp(what, "Sender") == 0;
	bool		is_retry = slice_is(buf_slice(&route->transport),
			    "retry");
	char		dsn[sizeof(verdict->dsn)];
	int		code = 550;

	if (!slice_is(buf_slice(&route->transport), "error") && !is_retry)
		return true;
	text = split_reason(text, is_sender ? "5.1.0" : "5.1.1", dsn,
	    sizeof(dsn));
	action_fit_dsn(rule_class(is_sender ? RULE_SENDER : RULE_RECIPIENT),
	    dsn);
	if (is_retry)
		dsn[0] = '4';
	if (route->class == CLASS_VIRTUAL_ALIAS)
		code = (int)conf->unknown_virtual_alias_reject_code;
	verdict_refuse(verdict, dsn[0] == '4' ? 450 : code, dsn,
	    "<%.*s>: %s address rejected: %.*s", SLICE_ARG(address), what,
	    SLICE_ARG(text));
	return false;
}

static bool
check_class(const struct addressing *addressing, enum class class,
    struct slice address, const char *what, struct verdict *verdict)
{
	const struct conf	*conf = addressing->conf;

	switch (find_in_class(addressing, class, address)) {
	case TABLE_FOUND:
		return true;
	case TABLE_TROUBLE:
		refuse_later(address, verdict);
		return false;
	case TABLE_NONE:
		break;
	}
	verdict_refuse(verdict, unknown_code(conf, class),
	    strcmp(what, "Sender") == 0 ? "5.1.0" : "5.1.1",
	    "<%.*s>: %s address rejected: User unknown%s%s%s",
	    SLICE_ARG(address), what,
	    conf->show_user_unknown_table_name ? " in " : "",
	    conf->show_user_unknown_table_name ? classes[class].table : "",
	    conf->show_user_unknown_table_name ? " table" : "");
	return false;
}

bool
resolve_is_listed(const struct profile *profile, struct slice address,
    const char *what, struct verdict *verdict)
{
	const struct addressing	*addressing = &profile->addressing;
	struct transport_route	 route = TRANSPORT_ROUTE_INIT;
	struct buf		 standard = BUF_INIT;
	enum table_answer	 answer;
	bool			 ok = false;

	if (addressing->knows_all)
		return true;
	put_standard(addressing, address, &standard);
	answer = find_alias(addressing, buf_slice(&standard));
	if (answer == TABLE_FOUND)
		ok = true;
	else if (answer == TABLE_TROUBLE || find_route(addressing,
	    slice_str(""), buf_slice(&standard), &route) < 0)
		refuse_later(address, verdict);
	else if (check_route(profile->conf, &route, buf_slice(&standard),
	    what, verdict))
		ok = check_class(addressing, route.class,
		    buf_slice(&standard), what, verdict);
	transport_clear(&route);
	buf_clear(&standard);
	return ok;
}

/* ---- what does it stand for? --------------------------------------------- */

static void
refuse_expansion(enum expand_answer answer, struct slice address,
    struct verdict *verdict)
{
	if (answer == EXPAND_LIMIT)
		verdict_refuse(verdict, 451, "4.6.0",
		    "<%.*s>: Alias expansion error", SLICE_ARG(address));
	else
		refuse_later(address, verdict);
}

/*
 * The address as it is written in an envelope, and all that stands for: 0,
 * or -1 and it is refused.
 */
static int
expand(const struct addressing *addressing, struct slice address,
    struct buf *whole, struct expand_list *list, struct verdict *verdict)
{
	enum expand_answer	answer = EXPAND_TROUBLE;

	put_standard(addressing, address, whole);
	if (addressing->maps_nothing) {
		expand_add(list, buf_slice(whole));
		return 0;
	}
	if (rewrite_address(addressing, PLACE_ENVELOPE_RECIPIENT,
	    whole) == REWRITE_OK)
		answer = expand_virtual(addressing, buf_slice(whole), list);
	if (answer != EXPAND_OK)
		refuse_expansion(answer, address, verdict);
	return answer == EXPAND_OK ? 0 : -1;
}

/* A copy for the first address of text, or those it stands for (A06). */
static int
add_copy(const struct addressing *addressing, struct slice text,
    struct verdict *verdict)
{
	struct address_list	from;
	struct expand_list	list = EXPAND_LIST_INIT;
	struct buf		address = BUF_INIT, whole = BUF_INIT;
	int			result = 0;

	address_list_init(&from, text);
	if (address_list_get(&from, &address) > 0)
		result = expand(addressing, buf_slice(&address), &whole,
		    &list, verdict);
	else
		log_warn("no address for a copy in \"%.*s\"",
		    SLICE_ARG(text));
	buf_clear(&address);
	buf_clear(&whole);
	for (size_t i = 0; result == 0 && i < list.count; i++)
		verdict_add_action(verdict, JUDGE_BCC,
		    slice_str(list.items[i]));
	expand_clear(&list);
	return result;
}

static int
add_mapped_copy(const struct addressing *addressing, const struct maps *maps,
    struct slice address, struct verdict *verdict)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer;
	int			result = 0;

	if (addressing->maps_nothing)
		return 0;
	answer = addressing_find(addressing, maps, address, &value, NULL);
	if (answer == TABLE_TROUBLE) {
		refuse_later(address, verdict);
		result = -1;
	} else if (answer == TABLE_FOUND && value.len > 0) {
		result = add_copy(addressing, buf_slice(&value), verdict);
	}
	buf_clear(&value);
	return result;
}

/*
 * The sender as cleanup will have it written, for tables of senders: 0, or
 * -1 and it is refused.
 */
static int
put_sender(const struct addressing *addressing, struct slice sender,
    struct buf *into, struct verdict *verdict)
{
	rewrite_standard(addressing, sender, into);
	if ((maps_is_empty(&addressing->sender_bccs) &&
	    maps_is_empty(&addressing->sender_relayhosts) &&
	    maps_is_empty(&addressing->sender_transports)) ||
	    addressing->maps_nothing || rewrite_address(addressing,
	    PLACE_ENVELOPE_SENDER, into) == REWRITE_OK)
		return 0;
	refuse_later(sender, verdict);
	return -1;
}

void
resolve_message(const struct profile *profile, struct slice sender,
    struct verdict *verdict)
{
	const struct addressing	*addressing = &profile->addressing;
	struct buf		 whole = BUF_INIT;

	if (sender.len > 0 &&
	    put_sender(addressing, sender, &whole, verdict) == 0)
		add_mapped_copy(addressing, &addressing->sender_bccs,
		    buf_slice(&whole), verdict);
	buf_clear(&whole);
}

/* ---- how is it written? -------------------------------------------------- */

void
resolve_writing(const struct profile *profile, unsigned place,
    struct slice address, struct verdict *verdict)
{
	struct buf	whole = BUF_INIT;

	buf_put_slice(&whole, address);
	if (rewrite_address(&profile->addressing, place, &whole) ==
	    REWRITE_OK)
		verdict_add_rcpt(verdict, buf_slice(&whole), slice_str(""),
		    slice_str(""));
	else
		refuse_later(address, verdict);
	buf_clear(&whole);
}

/* ---- which way does it go? ----------------------------------------------- */

static int
add_route(const struct addressing *addressing, struct slice sender,
    struct slice address, struct verdict *verdict)
{
	struct transport_route	route = TRANSPORT_ROUTE_INIT;
	int			result;

	result = find_route(addressing, sender, address, &route);
	if (result == 0)
		verdict_add_rcpt(verdict, address,
		    buf_slice(&route.transport), buf_slice(&route.nexthop));
	else
		refuse_later(address, verdict);
	transport_clear(&route);
	return result;
}

void
resolve_route(const struct profile *profile, struct slice sender,
    struct slice address, struct verdict *verdict)
{
	add_route(&profile->addressing, sender, address, verdict);
}

void
resolve_recipient(const struct profile *profile, struct slice sender,
    struct slice recipient, struct verdict *verdict)
{
	const struct addressing	*addressing = &profile->addressing;
	struct expand_list	 list = EXPAND_LIST_INIT;
	struct buf		 from = BUF_INIT, whole = BUF_INIT;
	int			 result;

	result = put_sender(addressing, sender, &from, verdict);
	if (result == 0)
		result = expand(addressing, recipient, &whole, &list,
		    verdict);
	for (size_t i = 0; result == 0 && i < list.count; i++) {
		struct buf	final = BUF_INIT;

		put_standard(addressing, slice_str(list.items[i]), &final);
		result = add_route(addressing, buf_slice(&from),
		    buf_slice(&final), verdict);
		buf_clear(&final);
	}
	if (result == 0)
		add_mapped_copy(addressing, &addressing->recipient_bccs,
		    buf_slice(&whole), verdict);
	buf_clear(&whole);
	buf_clear(&from);
	expand_clear(&list);
}
