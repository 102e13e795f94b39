#ifndef CLEANUP_ROUTING_H
#define CLEANUP_ROUTING_H

/*
 * The routes of recipients that cleanup has made itself, of lookup.
 */

#include <stdbool.h>

struct cleaner;
struct recipients;
struct routing;

/* Once, not before routing_new returns; the routing is over then. */
typedef void (*routing_fn)(void *arg, bool ok);

/* Does anybody lack a route? */
bool		 routing_is_needed(const struct recipients *recipients);

/*
 * Ask for each that has none.  Not ok: lookup was away for too long, or
 * knows none, which is logged.  sender and recipients are borrowed until
 * fn is called or the caller frees the routing.
 */
struct routing	*routing_new(struct cleaner *cleaner, const char *sender,
		    struct recipients *recipients, routing_fn fn, void *arg);
void		 routing_free(struct routing **routing);

#endif
