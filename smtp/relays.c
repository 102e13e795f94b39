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
	struct sender	*sender;
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
	route->own = (unsigned)all->own;
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

static size_t
each_word(const char *list, size_t turn, relays_fn fn, void *arg)
{
	struct slice	rest = slice_str(list), word;
	size_t		count = 0;

	while (count < RELAY_LIMIT &&
	    slice_get_word(&rest, SEPARATORS, &word) == 0) {
		char	*nexthop = slice_dup(word);

		if (fn != NULL)
			fn(nexthop, turn + count, arg);
		mem_free(nexthop);
		count++;
	}
	return count;
}

size_t
relays_each(const struct sender *sender, const char *nexthop, relays_fn fn,
    void *arg, size_t *own_r)
{
	size_t	own = each_word(nexthop, 0, fn, arg);

	/* Of an empty one, somebody has to say that it is bad. */
	if (own == 0) {
		own = 1;
		if (fn != NULL)
			fn(nexthop, 0, arg);
	}
	if (own_r != NULL)
		*own_r = own;
	return own + each_word(sender->conf->smtp_fallback_relay, own, fn,
	    arg);
}

static void
find_member(const char *nexthop, size_t turn, void *arg)
{
	struct relays_search	*all = arg;

	route_find(all->sender, nexthop, on_route, &all->members[turn]);
}

struct relays_search *
relays_find(struct sender *sender, const char *nexthop, route_fn fn,
    void *arg)
{
	struct relays_search	*all = mem_new(sizeof(*all));

	all->sender = sender;
	all->fn = fn;
	all->arg = arg;
	all->count = all->pending = relays_each(sender, nexthop, NULL, NULL,
	    &all->own);
	all->members = mem_new_array(all->count, sizeof(*all->members));
	for (size_t i = 0; i < all->count; i++)
		all->members[i].all = all;
	relays_each(sender, nexthop, find_member, all, NULL);
	return all;
}

struct choice {
	size_t	 turn;
	char	*nexthop;
};

static void
choose(const char *nexthop, size_t turn, void *arg)
{
	struct choice	*choice = arg;

	if (turn == choice->turn)
		choice->nexthop = mem_strdup(nexthop);
}

char *
relays_member(const struct sender *sender, const char *nexthop, size_t turn)
{
	struct choice	choice = { turn, NULL };

	relays_each(sender, nexthop, choose, &choice, NULL);
	return choice.nexthop;
}
