/*
 * Rewriting.
 */

#include "lookup/rewrite.h"

#include <string.h>

#include "conf/conf.h"
#include "lookup/addressing.h"
#include "lookup/expand.h"
#include "mail/address.h"
#include "mail/ipc.h"
#include "mail/match_list.h"
#include "mail/standard.h"
#include "util/log.h"
#include "util/mem.h"

#define CANONICAL_LIMIT	10	/* times that one address is mapped */

/* ---- standard form ------------------------------------------------------- */

void
rewrite_standard(const struct addressing *addressing, struct slice address,
    struct buf *into)
{
	standard_put(addressing->conf, NULL, address, into);
}

/* ---- routes in local parts ----------------------------------------------- */

bool
rewrite_has_route(struct slice address)
{
	struct slice	local = address_local(address);

	return slice_find(local, '@') >= 0 || slice_find(local, '%') >= 0 ||
	    slice_find(local, '!') >= 0;
}

bool
rewrite_strip_route(const struct addressing *addressing,
    struct slice address, struct buf *into)
{
	struct slice	local = address_local(address);
	struct buf	plain = BUF_INIT, next = BUF_INIT;
	ptrdiff_t	at;
	bool		ok = false;

	address_put_plain(&plain, local);
	at = slice_find_last(buf_slice(&plain), '@');
	if (at > 0 && (size_t)at + 1 < plain.len) {
		struct slice	inner = buf_slice(&plain);

		address_put_local(&next, slice_first(inner, (size_t)at));
		buf_put_slice(&next, slice_after(inner, (size_t)at));
		ok = true;
	} else {
		ok = standard_put_unrouted(addressing->conf, local, &next);
	}
	/* What is no domain leads nowhere. */
	ok = ok && (address_is_domain(address_domain(buf_slice(&next))) ||
	    address_is_literal(address_domain(buf_slice(&next))));
	if (ok)
		standard_put(addressing->conf, NULL, buf_slice(&next), into);
	buf_clear(&plain);
	buf_clear(&next);
	return ok;
}

/* ---- canonical ----------------------------------------------------------- */

/* The first address there is for it takes its place. */
static enum table_answer
map_once(const struct addressing *addressing, const struct maps *maps,
    bool is_extended, struct buf *address)
{
	struct expand_list	list = EXPAND_LIST_INIT;
	enum table_answer	answer;

	answer = expand_map(addressing, maps, is_extended,
	    buf_slice(address), &list);
	if (list.count > 1)
		log_warn("%s: %.*s has more than one address: only the "
		    "first is used", maps->name,
		    SLICE_ARG(buf_slice(address)));
	if (answer == TABLE_FOUND) {
		buf_empty(address);
		buf_put_str(address, list.items[0]);
	}
	expand_clear(&list);
	return answer;
}

/* Again and again, until nothing changes. */
static enum rewrite_answer
map(const struct addressing *addressing, const struct maps *maps,
    struct buf *address)
{
	for (int i = 0; i < CANONICAL_LIMIT; i++) {
		char			*before;
		enum table_answer	 answer;
		bool			 is_same;

		before = slice_dup(buf_slice(address));
		answer = map_once(addressing, maps,
		    addressing->extends_canonical, address);
		is_same = slice_is_nocase(buf_slice(address), before);
		mem_free(before);
		if (answer == TABLE_TROUBLE)
			return REWRITE_TROUBLE;
		if (is_same)
			return REWRITE_OK;
	}
	log_warn("unreasonable %s map nesting for %.*s", maps->name,
	    SLICE_ARG(buf_slice(address)));
	return REWRITE_TROUBLE;
}

static enum rewrite_answer
map_canonical(const struct addressing *addressing, unsigned where,
    struct buf *address)
{
	const struct addressing_rule	*own = where & PLACE_SENDER ?
					    &addressing->sender_canonical :
					    &addressing->recipient_canonical;
	const struct addressing_rule	*all = &addressing->canonical;

	if ((own->where & where) &&
	    map(addressing, &own->maps, address) != REWRITE_OK)
		return REWRITE_TROUBLE;
	if (all->where & where)
		return map(addressing, &all->maps, address);
	return REWRITE_OK;
}

/* ---- masquerade ---------------------------------------------------------- */

/* What is to be left of the domain; the domain itself: all of it. */
static struct slice
find_masquerade(const struct conf *conf, struct slice domain)
{
	struct slice	rest = slice_str(conf->masquerade_domains), word;

	while (slice_get_word(&rest, ", \t\r\n", &word) == 0) {
		bool	is_kept = word.data[0] == '!';

		if (is_kept)
			word = slice_after(word, 1);
		if (!address_domain_matches(domain, word, true))
			continue;
		return is_kept || domain.len <= word.len ? domain :
		    slice_after(domain, domain.len - word.len);
	}
	return domain;
}

static enum rewrite_answer
masquerade(const struct addressing *addressing, struct buf *address)
{
	struct slice	domain = address_domain(buf_slice(address));
	struct slice	local = address_local(buf_slice(address));
	struct slice	left = find_masquerade(addressing->conf, domain);
	struct buf	why = BUF_INIT, next = BUF_INIT;

	if (left.len == domain.len)
		return REWRITE_OK;
	switch (addressing->masquerade_exceptions == NULL ? MATCH_LIST_NO :
	    match_list_find(addressing->masquerade_exceptions, local,
	    &why)) {
	case MATCH_LIST_TROUBLE:
		log_warn("masquerade_exceptions: %s", buf_cstr(&why));
		buf_clear(&why);
		return REWRITE_TROUBLE;
	case MATCH_LIST_YES:
		break;
	case MATCH_LIST_NO:
		buf_put_slice(&next, local);
		buf_put_u8(&next, '@');
		buf_put_slice(&next, left);
		buf_empty(address);
		buf_put_slice(address, buf_slice(&next));
		buf_clear(&next);
		break;
	}
	return REWRITE_OK;
}

enum rewrite_answer
rewrite_address(const struct addressing *addressing, unsigned where,
    struct buf *address)
{
	enum rewrite_answer	answer;

	if (address->len == 0)
		return REWRITE_OK;
	if (where == PLACE_OUTSIDE)
		return map_once(addressing, &addressing->generics,
		    addressing->extends_generic, address) == TABLE_TROUBLE ?
		    REWRITE_TROUBLE : REWRITE_OK;
	answer = map_canonical(addressing, where, address);
	if (answer == REWRITE_OK && (addressing->masquerade & where))
		answer = masquerade(addressing, address);
	return answer;
}
