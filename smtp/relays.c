/*
 * Lists of next hops.
 */

#include "smtp/relays.h"

#include "conf/conf.h"
#include "smtp/sender.h"
#include "util/mem.h"

#define SEPARATORS	", \t\r\n"
#define RELAY_LIMIT	50	/* next hops; more are not looked at */

struct member {
	struct relays_search	*all;
	struct route		*route;		/* NULL: not answered yet */
};

struct relays_search {
	route_fn	 fn;
	void		*arg;
	struct member	*members;
	size_t		 count;
	size_t		 own;		/* of them, not to fall back on */
	size_t		 pending;
};

/* Takes the hosts over. */
static void
add_hosts(struct route *into, struct route *from, unsigned turn)
{
	into->hosts = mem_resize(into->hosts,
	    (into->count + from->count) * sizeof(*into->hosts));
	for (size_t i = 0; i < from->count; i++) {
		from->hosts[i].turn = turn;
		into->hosts[into->count++] = from->hosts[i];
	}
	from->count = 0;
	if (from->ttl_ms < into->ttl_ms)
		into->ttl_ms = from->ttl_ms;
}

/* What is to be said when there is no host: rather "later" than "never". */
static struct route *
take_failure(struct relays_search *all)
{
	struct member	*member = &all->members[0];
	struct route	*route;

	for (size_t i = 0; i < all->count; i++)
		if (all->members[i].route->kind == OUTCOME_DEFERRED &&
		    member->route->kind != OUTCOME_DEFERRED)
			member = &all->members[i];
	route = member->route;
	member->route = NULL;
	return route;
}

static bool
has_fallback(const struct relays_search *all)
{
	for (size_t i = 0; i < all->own; i++)
		if (all->members[i].route->is_final)
			return false;
	return true;
}

static void
finish(struct relays_search *all)
{
	struct route	*route = mem_new(sizeof(*route));
	size_t		 count = has_fallback(all) ? all->count : all->own;

	route->ttl_ms = INT64_MAX;
	for (size_t i = 0; i < count; i++)
		if (all->members[i].route->count > 0)
			add_hosts(route, all->members[i].route,
			    (unsigned)i);
	if (route->count == 0) {
		route_free(&route);
		route = take_failure(all);
	}
	for (size_t i = 0; i < all->count; i++)
		route_free(&all->members[i].route);
	all->fn(route, all->arg);
	mem_free(all->members);
	mem_free(all);
}

static void
on_route(struct route *route, void *arg)
{
	struct member		*member = arg;
	struct relays_search	*all = member->all;

	member->route = route;
	if (--all->pending == 0)
		finish(all);
}

/* How many words a list has; with members, the search for each begins. */
static size_t
each_word(struct sender *sender, const char *list, struct member *members,
    size_t room)
{
	struct slice	rest = slice_str(list), word;
	size_t		count = 0;

	while (count < room &&
	    slice_get_word(&rest, SEPARATORS, &word) == 0) {
		char	*nexthop = slice_dup(word);

		if (members != NULL)
			route_find(sender, nexthop, on_route,
			    &members[count]);
		mem_free(nexthop);
		count++;
	}
	return count;
}

struct relays_search *
relays_find(struct sender *sender, const char *nexthop, route_fn fn,
    void *arg)
{
	struct relays_search	*all = mem_new(sizeof(*all));
	const char		*others = sender->conf->smtp_fallback_relay;

	all->fn = fn;
	all->arg = arg;
	all->own = each_word(sender, nexthop, NULL, RELAY_LIMIT);
	/* Of an empty one, somebody has to say that it is bad. */
	if (all->own == 0)
		all->own = 1;
	all->count = all->pending = all->own +
	    each_word(sender, others, NULL, RELAY_LIMIT);
	all->members = mem_new_array(all->count, sizeof(*all->members));
	for (size_t i = 0; i < all->count; i++)
		all->members[i].all = all;
	if (each_word(sender, nexthop, all->members, all->own) == 0)
		route_find(sender, nexthop, on_route, &all->members[0]);
	each_word(sender, others, all->members + all->own,
	    all->count - all->own);
	return all;
}
