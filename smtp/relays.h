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

#endif
