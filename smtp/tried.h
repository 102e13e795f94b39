#ifndef SMTP_TRIED_H
#define SMTP_TRIED_H

/*
 * Servers that have put a message off in this attempt to deliver it: its
 * other servers are tried before it waits (K22, K26).
 */

#include <stdbool.h>
#include <stddef.h>

#include "net/addr.h"

struct buf;
struct conf;
struct route;
struct route_host;

/* Zeroed it is empty. */
struct tried {
	struct addr	*addrs;		/* owned */
	size_t		 count;
};

void	tried_add(struct tried *tried, const struct addr *addr);
void	tried_copy(const struct tried *tried, struct tried *copy_r);
void	tried_clear(struct tried *tried);

/* Append what tells it from others. */
void	tried_put_key(const struct tried *tried, struct buf *key);

/*
 * Is there a server left, within the limits of each next hop?  now, unless
 * it is NULL, is one more that was tried.  What to fall back on counts only
 * where has_fallback says so.
 */
bool	tried_leaves_some(const struct tried *tried, const struct addr *now,
	    const struct conf *conf, const struct route *route,
	    bool has_fallback);

/*
 * Put hosts of the route, in the order to try, that are not to be tried at
 * the end: how many are before them.  *sessions_r is how many of the first
 * one's next hop were tried.
 */
size_t	tried_set_aside(const struct tried *tried, const struct conf *conf,
	    const struct route *route, struct route_host *hosts,
	    size_t count, int64_t *sessions_r);

#endif
