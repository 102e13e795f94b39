#ifndef QMGR_REROUTE_H
#define QMGR_REROUTE_H

/*
 * A message that comes from the store may go elsewhere by now: tables and
 * parameters have changed since it was routed.
 */

struct active;

/*
 * Ask lookup for each recipient of the window that is to be tried, then
 * schedule them all.  While lookup is away, what the store has of the route
 * is good enough; where it has nothing, the recipient is deferred.
 */
void	reroute_start(struct active *active);

#endif
