#ifndef SMTP_ROUTE_H
#define SMTP_ROUTE_H

/*
 * Where a next hop is: "[host]:port" and "[address]:port" as they say,
 * "domain" by its MX records, or by its addresses when it has none (RFC
 * 5321 section 5.1).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/outcome.h"
#include "net/addr.h"

struct conf;
struct sender;
struct route_search;

struct route_host {
	char		*name;
	struct addr	 addr;
	uint16_t	 preference;	/* less is better */
	unsigned	 turn;		/* of its next hop in a list of them */
	char		*domain;	/* next hop, no brackets, no port */
	char		*mx_owner;	/* of the MX, when it is not domain */
	char		*owner;		/* of the address, likewise of name */
	bool		 has_mx;	/* it was found by MX */
	bool		 is_mx_secure;	/* by DNSSEC, the MX record */
	bool		 is_secure;	/* its address */
};

struct route {
	struct route_host	*hosts;		/* see route_pick */
	size_t			 count;		/* 0: see below */
	unsigned		 own;		/* turns, not to fall back on */
	int64_t			 ttl_ms;
	enum outcome_kind	 kind;		/* why there are none */
	char			*dsn;
	char			*reason;
	bool			 is_final;	/* nobody else may have it */
};

/* The route is the receiver's. */
typedef void (*route_fn)(struct route *route, void *arg);

/* fn is called once, later. */
struct route_search *route_find(struct sender *sender, const char *nexthop,
		    route_fn fn, void *arg);
void		 route_free(struct route **route);

/*
 * The hosts for one connection attempt, in the order to try (K21, K22,
 * K24), turn by turn: a list of *count_r, the caller's; route_clear_hosts
 * ends it.
 */
struct route_host *route_pick(const struct route *route,
		    const struct conf *conf, size_t *count_r);
void		 route_clear_hosts(struct route_host *hosts, size_t count);

#endif
