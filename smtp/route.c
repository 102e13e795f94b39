/*
 * Routes to next hops.
 */

#include "smtp/route.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "net/dns.h"
#include "net/loop.h"
#include "smtp/sender.h"
#include "util/ascii.h"
#include "util/mem.h"

#define SMTP_PORT	25
#define HOST_LIMIT	5	/* MX hosts looked up */
#define ADDRESS_LIMIT	10	/* kept */
#define LITERAL_TTL_MS	3600000
#define MIN_TTL_MS	1000

struct mx {
	uint16_t	 preference;
	long		 order;		/* random, among equals */
	char		*name;
};

struct route_search {
	struct sender		*sender;
	route_fn		 fn;
	void			*arg;
	struct route		*route;
	struct dns_query	*query;
	struct mx		*hosts;		/* to look up */
	size_t			 host_count;
	size_t			 host;		/* which one now */
	enum dns_type		 type;		/* of the present question */
	char			*domain;
	uint16_t		 port;
	bool			 has_trouble;	/* some answer did not come */
};

void
route_free(struct route **routep)
{
	struct route	*route = *routep;

	if (route == NULL)
		return;
	*routep = NULL;
	for (size_t i = 0; i < route->count; i++)
		mem_free(route->hosts[i].name);
	mem_free(route->hosts);
	mem_free(route->dsn);
	mem_free(route->reason);
	mem_free(route);
}

static void
on_finished(void *arg)
{
	struct route_search	*search = arg;
	struct route		*route = search->route;
	route_fn		 fn = search->fn;
	void			*fn_arg = search->arg;

	for (size_t i = 0; i < search->host_count; i++)
		mem_free(search->hosts[i].name);
	mem_free(search->hosts);
	mem_free(search->domain);
	mem_free(search);
	fn(route, fn_arg);
}

/* Never from inside route_find: its caller does not have the search yet. */
static void
finish(struct route_search *search)
{
	loop_defer(search->sender->loop, on_finished, search);
}

static void
fail(struct route_search *search, enum outcome_kind kind, const char *dsn,
    char *reason)
{
	search->route->kind = kind;
	search->route->dsn = mem_strdup(dsn);
	search->route->reason = reason;
	finish(search);
}

static void
add_host(struct route_search *search, const char *name,
    const struct addr *addr)
{
	struct route		*route = search->route;
	struct route_host	*host;

	if (route->count == ADDRESS_LIMIT)
		return;
	route->hosts = mem_resize(route->hosts,
	    (route->count + 1) * sizeof(*host));
	host = &route->hosts[route->count++];
	host->name = mem_strdup(name);
	host->addr = *addr;
	addr_set_port(&host->addr, search->port);
}

static void
note_ttl(struct route_search *search, const struct dns_answer *answer)
{
	int64_t	ttl_ms = (int64_t)answer->ttl_s * 1000;

	if (answer->ttl_s >= 0 && ttl_ms < search->route->ttl_ms)
		search->route->ttl_ms = ttl_ms < MIN_TTL_MS ? MIN_TTL_MS :
		    ttl_ms;
}

/* ---- addresses ----------------------------------------------------------- */

static void	look_up(struct route_search *);

static bool
wants_family(const struct sender *sender, const char *family)
{
	const char	*list = sender->conf->inet_protocols;

	return strstr(list, "all") != NULL || strstr(list, family) != NULL;
}

/* No address was found for any host. */
static void
fail_lookup(struct route_search *search)
{
	if (search->has_trouble)
		fail(search, OUTCOME_DEFERRED, "4.4.3",
		    mem_printf("Host or domain name not found. Name service "
		    "error for name=%s: Host not found, try again",
		    search->domain));
	else
		fail(search, OUTCOME_FAILED, "5.4.4",
		    mem_printf("Host or domain name not found. Name service "
		    "error for name=%s: Host not found", search->domain));
}

static void
next_question(struct route_search *search)
{
	if (search->type == DNS_A && wants_family(search->sender, "ipv6")) {
		search->type = DNS_AAAA;
	} else {
		search->type = DNS_A;
		search->host++;
	}
	look_up(search);
}

static void
on_addresses(const struct dns_answer *answer, void *arg)
{
	struct route_search	*search = arg;

	search->query = NULL;
	if (answer->status == DNS_TROUBLE)
		search->has_trouble = true;
	note_ttl(search, answer);
	for (size_t i = 0; i < answer->count; i++)
		add_host(search, search->hosts[search->host].name,
		    &answer->records[i].addr);
	next_question(search);
}

static void
look_up(struct route_search *search)
{
	if (search->host >= search->host_count ||
	    search->host >= HOST_LIMIT) {
		if (search->route->count == 0)
			fail_lookup(search);
		else
			finish(search);
		return;
	}
	if (search->type == DNS_A && !wants_family(search->sender, "ipv4")) {
		search->type = DNS_AAAA;
	}
	search->query = dns_ask(search->sender->dns,
	    search->hosts[search->host].name, search->type, on_addresses,
	    search);
}

static void
add_mx(struct route_search *search, const char *name, uint16_t preference)
{
	struct mx	*mx;

	search->hosts = mem_resize(search->hosts,
	    (search->host_count + 1) * sizeof(*mx));
	mx = &search->hosts[search->host_count++];
	mx->preference = preference;
	mx->order = random();
	mx->name = mem_strdup(name);
}

/* ---- MX ------------------------------------------------------------------ */

static int
compare_mx(const void *a, const void *b)
{
	const struct mx	*x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void
on_mx(const struct dns_answer *answer, void *arg)
{
	struct route_search	*search = arg;

	search->query = NULL;
	note_ttl(search, answer);
	switch (answer->status) {
	case DNS_TROUBLE:
		search->has_trouble = true;
		fail_lookup(search);
		return;
	case DNS_NO_NAME:
		fail_lookup(search);
		return;
	case DNS_NO_DATA:
		add_mx(search, search->domain, 0);
		break;
	case DNS_OK:
		/* RFC 7505: a null MX. */
		if (answer->count == 1 && answer->records[0].name[0] == '\0') {
			fail(search, OUTCOME_FAILED, "5.1.10",
			    mem_printf("Domain %s does not accept mail "
			    "(nullMX)", search->domain));
			return;
		}
		for (size_t i = 0; i < answer->count; i++)
			add_mx(search, answer->records[i].name,
			    answer->records[i].preference);
		qsort(search->hosts, search->host_count,
		    sizeof(*search->hosts), compare_mx);
		break;
	}
	look_up(search);
}

/* ---- next hops ----------------------------------------------------------- */

static void
on_start(void *arg)
{
	struct route_search	*search = arg;
	struct slice		 host, port;
	struct addr		 addr;
	bool			 in_brackets;
	char			*name;

	if (addr_split(slice_str(search->domain), &host, &port,
	    &in_brackets) < 0 || (port.len > 0 &&
	    (search->port = addr_parse_port(port)) == 0)) {
		fail(search, OUTCOME_DEFERRED, "4.3.5",
		    mem_printf("bad next hop \"%s\"", search->domain));
		return;
	}
	if (in_brackets && slice_has_prefix_nocase(host, "ipv6:"))
		host = slice_after(host, 5);
	name = slice_dup(host);
	mem_free(search->domain);
	search->domain = name;
	if (addr_parse_ip(slice_str(search->domain), 0, &addr) == 0) {
		add_host(search, search->domain, &addr);
		finish(search);
	} else if (in_brackets) {
		add_mx(search, search->domain, 0);
		look_up(search);
	} else {
		search->query = dns_ask(search->sender->dns, search->domain,
		    DNS_MX, on_mx, search);
	}
}

struct route_search *
route_find(struct sender *sender, const char *nexthop, route_fn fn,
    void *arg)
{
	struct route_search	*search = mem_new(sizeof(*search));

	search->sender = sender;
	search->fn = fn;
	search->arg = arg;
	search->route = mem_new(sizeof(*search->route));
	search->route->ttl_ms = LITERAL_TTL_MS;
	search->port = SMTP_PORT;
	search->type = DNS_A;
	search->domain = mem_strdup(nexthop);
	loop_defer(sender->loop, on_start, search);
	return search;
}
