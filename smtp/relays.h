#ifndef SMTP_RELAYS_H
#define SMTP_RELAYS_H

/*
 * A list of next hops, "[a]:25, b": where each of them is, in turn, and
 * behind them all smtp_fallback_relay (K20, K26).  That is left out where
 * mail would come back: this host is one of the destination's servers, or
 * it wants no mail at all.
 */

#include "smtp/route.h"

struct relays_search;
struct sender;

/* As route_find; fn is called once, later. */
struct relays_search *relays_find(struct sender *sender,
	    const char *nexthop, route_fn fn, void *arg);

/*
 * The next hops of the list, and behind them those of smtp_fallback_relay:
 * fn, if there is one, is called for each in its turn (from 0).  Returns
 * how many there are; *own_r, if own_r is not NULL, how many of the list.
 */
typedef void (*relays_fn)(const char *nexthop, size_t turn, void *arg);
size_t	relays_each(const struct sender *sender, const char *nexthop,
	    relays_fn fn, void *arg, size_t *own_r);

/* The one that has this turn (route_host.turn); the caller frees. */
char	*relays_member(const struct sender *sender, const char *nexthop,
	    size_t turn);

#endif
