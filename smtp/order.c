/*
 * Order among servers.
 */

#include "smtp/order.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/route.h"
#include "util/mem.h"

struct place {
	struct route_host	 host;
	bool			 is_first;	/* of the family to try first */
	uint32_t		 order;		/* among equals */
};

static int
compare(const void *a, const void *b)
{
	const struct place	*x = a, *y = b;

	if (x->host.preference != y->host.preference)
		return x->host.preference < y->host.preference ? -1 : 1;
	if (x->is_first != y->is_first)
		return x->is_first ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Who comes when, as numbers from 0, each once. */
static void
set_order(struct place *places, size_t count, bool is_random)
{
	for (size_t i = 0; i < count; i++) {
		size_t	other = is_random ?
			    arc4random_uniform((uint32_t)i + 1) : i;

		places[i].order = places[other].order;
		places[other].order = (uint32_t)i;
	}
}

static int
family_of(const struct route_host *host)
{
	return host->addr.storage.ss_family;
}

/*
 * How many of a family may stay, so that the other one has its half of the
 * limit, or all it needs; the family of the best host has the odd one.
 */
static size_t
quota(const struct place *places, size_t count, size_t limit, int family)
{
	bool	is_best = family_of(&places[0].host) == family;
	size_t	half = is_best ? limit / 2 : limit - limit / 2;
	size_t	others = 0;

	for (size_t i = 0; i < count; i++)
		if (family_of(&places[i].host) != family)
			others++;
	return limit - (others < half ? others : half);
}

/* Those that stay within their family's quota to the front. */
static void
balance(const struct place *places, size_t count, size_t limit,
    struct route_host *hosts)
{
	int	best = family_of(&places[0].host);
	int	other = best == AF_INET ? AF_INET6 : AF_INET;
	size_t	room[2] = {
		quota(places, count, limit, best),
		quota(places, count, limit, other),
	};
	size_t	kept = 0, dropped = limit;

	for (size_t i = 0; i < count; i++) {
		size_t	*left = &room[family_of(&places[i].host) != best];

		if (*left > 0 && kept < limit) {
			(*left)--;
			hosts[kept++] = places[i].host;
		} else {
			hosts[dropped++] = places[i].host;
		}
	}
}

size_t
order_hosts(struct route_host *hosts, size_t count,
    const struct order_rules *rules)
{
	struct place	*places = mem_new_array(count, sizeof(*places));
	size_t		 limit = rules->limit;

	for (size_t i = 0; i < count; i++) {
		places[i].host = hosts[i];
		places[i].is_first = rules->first_family != 0 &&
		    family_of(&hosts[i]) == rules->first_family;
	}
	set_order(places, count, rules->is_random);
	qsort(places, count, sizeof(*places), compare);
	if (limit == 0 || limit > count)
		limit = count;
	if (limit < count && rules->is_balanced)
		balance(places, count, limit, hosts);
	else
		for (size_t i = 0; i < count; i++)
			hosts[i] = places[i].host;
	mem_free(places);
	return limit;
}
