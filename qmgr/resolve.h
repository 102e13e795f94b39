#ifndef QMGR_RESOLVE_H
#define QMGR_RESOLVE_H

/*
 * Where a recipient goes: to relayhost when there is one, else to its
 * domain.
 */

#include "util/slice.h"

struct conf;

struct resolve_route {
	char	*transport;
	char	*nexthop;
};

/* Both parts are the caller's: resolve_clear. */
void	resolve_recipient(const struct conf *conf, struct slice address,
	    struct resolve_route *route_r);
void	resolve_clear(struct resolve_route *route);

#endif
