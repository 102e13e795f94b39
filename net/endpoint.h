#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

/*
 * Where a tool connects to or listens, as it is given on a command line.
 * Names are looked up the blocking way: not for programs with a loop that
 * already holds peers.
 */

#include "net/addr.h"

/*
 * "host:port", "[ipv6]:port", "unix:path", or "port" alone when
 * default_host is not NULL; port 0 is allowed.  0, or -1 and a static text
 * in why_r.
 */
int	endpoint_resolve(const char *text, const char *default_host,
	    struct addr *addr_r, const char **why_r);

/*
 * A listening, non-blocking, close-on-exec socket; addr becomes what it is
 * bound to (a port is chosen for port 0).  -1 with errno.
 */
int	endpoint_listen(struct addr *addr);

/* Allow this process as many open descriptors as it may have. */
void	endpoint_raise_limit(void);

#endif
