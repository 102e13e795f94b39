#ifndef LOOKUP_TRANSPORT_H
#define LOOKUP_TRANSPORT_H

/*
 * Which way mail for an address takes (A09, A10): by transport_maps, else
 * by its class, else by sender, relayhost, and domain.
 */

#include "lookup/classes.h"
#include "util/buf.h"
#include "util/slice.h"

struct addressing;

struct transport_route {
	struct buf	transport;	/* name of a service, or error ... */
	struct buf	nexthop;
	enum class	class;		/* of the domain */
};

#define TRANSPORT_ROUTE_INIT	{ BUF_INIT, BUF_INIT, CLASS_TROUBLE }

/*
 * For an address in its final form; sender "" is the null sender.  0, or
 * -1 when a table or list is not there.
 */
int	transport_find(const struct addressing *addressing,
	    struct slice sender, struct slice address,
	    struct transport_route *route);
void	transport_clear(struct transport_route *route);

#endif
