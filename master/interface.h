#ifndef MASTER_INTERFACE_H
#define MASTER_INTERFACE_H

/*
 * The name of an inet service in master.cf, made into the addresses to
 * listen on.
 */

#include <stddef.h>

#include "conf/conf.h"
#include "net/addr.h"

struct interface_list {
	struct addr	*addrs;		/* owned */
	size_t		 count;
};

/*
 * "port", ":port" (on inet_interfaces), "host:port", "[v6]:port".  0, or
 * -1 and in *why_r what is wrong (caller frees).
 */
int	interface_resolve(const char *name, const struct conf *conf,
	    struct interface_list *list_r, char **why_r);
void	interface_clear(struct interface_list *list);

#endif
