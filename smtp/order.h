#ifndef SMTP_ORDER_H
#define SMTP_ORDER_H

/*
 * The order in which the servers of a next hop are tried: by preference
 * (RFC 5321 section 5.1), then by IP version, then by chance.
 */

#include <stdbool.h>
#include <stddef.h>

struct route_host;

struct order_rules {
	int	first_family;	/* AF_INET, AF_INET6; 0: neither */
	bool	is_random;	/* among equals; else as they came */
	bool	is_balanced;	/* both IP versions within the limit */
	size_t	limit;		/* hosts to keep; 0: all */
};

/*
 * Put hosts in order, those to be kept first; how many these are.  The
 * others stand behind them.
 */
size_t	order_hosts(struct route_host *hosts, size_t count,
	    const struct order_rules *rules);

#endif
