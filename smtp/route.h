#ifndef SMTP_ROUTE_H
#define SMTP_ROUTE_H

/*
 * Where a next hop is: "[host]:port" and "[address]:port" as they say,
 * "domain" by its MX records, or by its addresses when it has none (RFC
 * 5321 section 5.1).
 */

#include <stddef.h>
#include <stdint.h>

#include "mail/outcome.h"
#include "net/addr.h"

struct sender;
struct route_search;

struct route_host {
	char		*name;
	struct addr	 addr;
};

struct route {
	struct route_host	*hosts;		/* in the order to try */
	size_t			 count;		/* 0: see below */
	int64_t			 ttl_ms;
	enum outcome_kind	 kind;		/* why there are none */
	char			*dsn;
	char			*reason;
};

/* The route is the receiver's. */
typedef void (*route_fn)(struct route *route, void *arg);

/* fn is called once, later. */
struct route_search *route_find(struct sender *sender, const char *nexthop,
		    route_fn fn, void *arg);
void		 route_free(struct route **route);

#endif
