#ifndef QMGR_REROUTE_H
#define QMGR_REROUTE_H

/*
 * A message that comes from the store may go elsewhere by now: tables and
 * parameters have changed since it was routed.
 */

#include "util/slice.h"

struct active;
struct conf;

/*
 * What "transport" or "transport:nexthop" says, in its parts; nexthop where
 * it has none.  The caller frees both.
 */
void	reroute_to(struct slice route, struct slice nexthop,
	    char **transport_r, char **nexthop_r);

/*
 * Where a recipient of a message goes that has a filter, transport:nexthop:
 * always there.  Without a next hop it is default_filter_nexthop, or the
 * recipient's domain.  The caller frees both.
 */
void	reroute_by_filter(const struct conf *conf, struct slice filter,
	    struct slice address, char **transport_r, char **nexthop_r);

/*
 * Ask lookup for each recipient of the window that is to be tried (unless
 * the message has a filter), then schedule them all.  While lookup is away,
 * what the store has of the route is good enough; where it has nothing, the
 * recipient is deferred.
 */
void	reroute_start(struct active *active);

#endif
