/*
 * Routes to next hops.
 */

#include "smtp/route.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "mail/dns_filter.h"
#include "mail/self.h"
#include "net/dns.h"
#include "net/loop.h"
#include "smtp/lmtp.h"
#include "smtp/order.h"
#include "smtp/sender.h"
#include "util/ascii.h"
#include "util/log.h"
#include "util/mem.h"

#define HOST_LIMIT	20	/* MX hosts looked up, the best ones */
#define LITERAL_TTL_MS	3600000
#define MIN_TTL_MS	1000
#define NOBODY		(UINT16_MAX + 1)	/* no preference */

struct mx {
	uint16_t	 preference;
	uint32_t	 order;		/* random, among equals */
	char		*name;
};

struct route_search {
	struct sender		*sender;
	route_fn		 fn;
	void			*arg;
	struct route		*route;
	struct mx		*hosts;		/* to look up, best first */
	size_t			 host_count;
	size_t			 pending;	/* questions for addresses */
	char			*nexthop;
	char			*domain;	/* of it */
	uint16_t		 port;
	char			*mx_owner;	/* when it is not the domain */
	bool			 has_mx;	/* records */
	bool			 is_mx_secure;
	bool			 is_default_port;
	bool			 has_trouble;	/* some answer did not come */
	char			*reason;	/* of the worst bad answer */
};

/* For the addresses of one host. */
struct question {
	struct route_search	*search;
	const struct mx		*mx;
	enum dns_type		 type;
};

static void
clear_host(struct route_host *host)
{
	mem_free(host->name);
	mem_free(host->domain);
	mem_free(host->mx_owner);
	mem_free(host->owner);
}

void
route_clear_hosts(struct route_host *hosts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		clear_host(&hosts[i]);
	mem_free(hosts);
}

static char *
copy_text(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

/* What it points to is its own then. */
static void
own(struct route_host *host)
{
	host->name = mem_strdup(host->name);
	host->domain = mem_strdup(host->domain);
	host->mx_owner = copy_text(host->mx_owner);
	host->owner = copy_text(host->owner);
}

void
route_free(struct route **routep)
{
	struct route	*route = *routep;

	if (route == NULL)
		return;
	*routep = NULL;
	route_clear_hosts(route->hosts, route->count);
	mem_free(route->dsn);
	mem_free(route->reason);
	mem_free(route);
}

/* The hosts of each turn stand together; how many are kept. */
static size_t
order_turns(struct route_host *hosts, size_t count,
    const struct order_rules *rules)
{
	size_t	kept = 0, end;

	for (size_t at = 0; at < count; at = end) {
		size_t	n;

		for (end = at; end < count &&
		    hosts[end].turn == hosts[at].turn; end++)
			;
		n = order_hosts(&hosts[at], end - at, rules);
		memmove(&hosts[kept], &hosts[at], n * sizeof(*hosts));
		kept += n;
	}
	return kept;
}

struct route_host *
route_pick(const struct route *route, const struct conf *conf,
    size_t *count_r)
{
	struct order_rules	 rules = {
		.is_random = conf->smtp_randomize_addresses,
		.is_balanced = conf->smtp_balance_inet_protocols,
		.limit = (size_t)conf->smtp_mx_address_limit,
	};
	struct route_host	*hosts;

	if (strcmp(conf->smtp_address_preference, "ipv4") == 0)
		rules.first_family = AF_INET;
	else if (strcmp(conf->smtp_address_preference, "ipv6") == 0)
		rules.first_family = AF_INET6;
	hosts = mem_copy(route->hosts, route->count * sizeof(*hosts));
	*count_r = order_turns(hosts, route->count, &rules);
	for (size_t i = 0; i < *count_r; i++)
		own(&hosts[i]);
	return hosts;
}

/* ---- the end ------------------------------------------------------------- */

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
	mem_free(search->nexthop);
	mem_free(search->domain);
	mem_free(search->mx_owner);
	mem_free(search->reason);
	mem_free(search);
	fn(route, fn_arg);
}

static void
finish(struct route_search *search)
{
	loop_defer(search->sender->loop, on_finished, search);
}

static bool
is_relayhost(const struct route_search *search)
{
	struct slice	rest = slice_str(search->sender->conf->relayhost);
	struct slice	word;

	while (slice_get_word(&rest, ", \t\r\n", &word) == 0)
		if (slice_is_nocase(word, search->nexthop))
			return true;
	return false;
}

/*
 * There is no route; takes reason over.  That all mail is returned because
 * of a mistyped relayhost is what nobody wants.
 */
static void
fail(struct route_search *search, const char *dsn, char *reason)
{
	struct route	*route = search->route;
	bool		 is_permanent = dsn[0] == '5';

	if (is_permanent && is_relayhost(search)) {
		log_warn("relayhost configuration problem: %s", reason);
		mem_free(reason);
		reason = mem_strdup("Server configuration problem");
		dsn = "4.3.5";
		is_permanent = false;
	}
	route_clear_hosts(route->hosts, route->count);
	route->hosts = NULL;
	route->count = 0;
	route->kind = is_permanent ? OUTCOME_FAILED : OUTCOME_DEFERRED;
	route->dsn = mem_strdup(dsn);
	route->reason = reason;
	finish(search);
}

/* Mail would come back to us: K21 says who may know what to do with it. */
static void
fail_loop(struct route_search *search)
{
	struct route	*route = search->route;

	fail(search, "5.4.6", mem_printf("mail for %s loops back to myself",
	    search->domain));
	if (route->kind == OUTCOME_FAILED &&
	    search->sender->conf->best_mx_transport[0] != '\0')
		route->kind = OUTCOME_ELSEWHERE;
}

static void
note_ttl(struct route_search *search, const struct dns_answer *answer)
{
	int64_t	ttl_ms = (int64_t)answer->ttl_s * 1000;

	if (answer->ttl_s >= 0 && ttl_ms < search->route->ttl_ms)
		search->route->ttl_ms = ttl_ms < MIN_TTL_MS ? MIN_TTL_MS :
		    ttl_ms;
}

/* Trouble tells more than that something is not there. */
static void
note_failure(struct route_search *search, const char *name,
    enum dns_type type, const struct dns_answer *answer)
{
	bool	is_trouble = answer->status == DNS_TROUBLE;

	if (search->reason != NULL && (search->has_trouble || !is_trouble))
		return;
	search->has_trouble = is_trouble;
	mem_free(search->reason);
	search->reason = mem_printf("Host or domain name not found. Name "
	    "service error for name=%s type=%s: %s", name,
	    dns_answer_type_name(type), answer->why);
}

static void
fail_lookup(struct route_search *search)
{
	const struct conf	*conf = search->sender->conf;
	char			*reason = search->reason;

	search->reason = NULL;
	if (search->has_trouble)
		fail(search, "4.4.3", reason);
	else if (search->host_count > HOST_LIMIT ||
	    (search->has_mx && conf->smtp_defer_if_no_mx_address_found))
		fail(search, "4.4.4", reason);
	else
		fail(search, "5.4.4", reason);
}

/* ---- loops --------------------------------------------------------------- */

/* The preference from which on mail would come back to us, or NOBODY. */
static unsigned
find_self(const struct route_search *search)
{
	const struct self	*self = search->sender->self;
	const struct route	*route = search->route;
	unsigned		 best = NOBODY;

	for (size_t i = 0; i < route->count; i++)
		if (route->hosts[i].preference < best &&
		    self_has_addr(self, &route->hosts[i].addr))
			best = route->hosts[i].preference;
	for (size_t i = 0; i < search->host_count; i++)
		if (search->hosts[i].preference < best &&
		    self_has_name(self, search->hosts[i].name))
			best = search->hosts[i].preference;
	return best;
}

static void
drop_from(struct route *route, unsigned preference)
{
	size_t	kept = 0;

	for (size_t i = 0; i < route->count; i++)
		if (route->hosts[i].preference < preference)
			route->hosts[kept++] = route->hosts[i];
		else
			clear_host(&route->hosts[i]);
	route->count = kept;
}

/*
 * RFC 5321 section 5.1: of us and of what is no better than us there is
 * nothing to try.  A server on a port of its own may well be ours.
 */
static void
check_addresses(struct route_search *search)
{
	unsigned	self = search->is_default_port ? find_self(search) :
			    NOBODY;

	if (self != NOBODY) {
		search->route->is_final = true;
		drop_from(search->route, self);
	}
	if (search->route->count > 0)
		finish(search);
	else if (self == NOBODY)
		fail_lookup(search);
	else if (search->has_mx && search->hosts[0].preference < self)
		fail(search, "4.4.4", mem_printf("unable to find primary "
		    "relay for %s", search->domain));
	else
		fail_loop(search);
}

/* What is left, which the caller clears: none at all is temporary. */
static void
filter(const struct route_search *search, const char *name,
    enum dns_type type, const struct dns_answer *all,
    struct dns_answer *answer_r)
{
	dns_answer_copy(all, answer_r);
	dns_filter_apply(search->sender->filter, name, type, DNS_TROUBLE,
	    answer_r);
}

/* ---- addresses ----------------------------------------------------------- */

/* answer is NULL for an address that needed no DNS. */
static void
add_host(struct route_search *search, const struct mx *mx,
    const struct addr *addr, const struct dns_answer *answer)
{
	struct route		*route = search->route;
	struct route_host	*host;

	route->hosts = mem_resize(route->hosts,
	    (route->count + 1) * sizeof(*host));
	host = &route->hosts[route->count++];
	*host = (struct route_host){
		.name = mx->name,
		.addr = *addr,
		.preference = mx->preference,
		.domain = search->domain,
		.mx_owner = search->mx_owner,
		.has_mx = search->has_mx,
		.is_mx_secure = search->is_mx_secure,
		.is_secure = answer != NULL && answer->is_secure,
	};
	if (answer != NULL && answer->owner != NULL &&
	    ascii_compare(answer->owner, mx->name) != 0)
		host->owner = answer->owner;
	own(host);
	if (addr_unix_path(addr) == NULL)
		addr_set_port(&host->addr, search->port);
}

static void
on_addresses(const struct dns_answer *all, void *arg)
{
	struct question		*question = arg;
	struct route_search	*search = question->search;
	struct dns_answer	 answer;

	filter(search, question->mx->name, question->type, all, &answer);
	note_ttl(search, &answer);
	if (answer.status != DNS_OK)
		note_failure(search, question->mx->name, question->type,
		    &answer);
	for (size_t i = 0; i < answer.count; i++)
		add_host(search, question->mx, &answer.records[i].addr,
		    &answer);
	dns_answer_clear(&answer);
	mem_free(question);
	if (--search->pending == 0)
		check_addresses(search);
}

static void
ask(struct route_search *search, const struct mx *mx, enum dns_type type)
{
	const char	*list = search->sender->conf->inet_protocols;
	struct question	*question;

	if (strstr(list, "all") == NULL &&
	    strstr(list, type == DNS_A ? "ipv4" : "ipv6") == NULL)
		return;
	question = mem_new(sizeof(*question));
	question->search = search;
	question->mx = mx;
	question->type = type;
	search->pending++;
	dns_ask(search->sender->dns, mx->name, type, on_addresses, question);
}

/* All at once: a backup's slow DNS is not to be waited for in turn. */
static void
look_up(struct route_search *search)
{
	for (size_t i = 0; i < search->host_count && i < HOST_LIMIT; i++) {
		ask(search, &search->hosts[i], DNS_A);
		ask(search, &search->hosts[i], DNS_AAAA);
	}
	if (search->pending == 0)
		fail(search, "4.3.5", mem_printf("inet_protocols allows no "
		    "address of %s", search->domain));
}

/* ---- MX ------------------------------------------------------------------ */

static void
add_mx(struct route_search *search, const char *name, uint16_t preference)
{
	struct mx	*mx;

	search->hosts = mem_resize(search->hosts,
	    (search->host_count + 1) * sizeof(*mx));
	mx = &search->hosts[search->host_count++];
	mx->preference = preference;
	mx->order = arc4random();
	mx->name = mem_strdup(name);
}

static int
compare_mx(const void *a, const void *b)
{
	const struct mx	*x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* RFC 7505: a root among others means nothing. */
static void
take_mx(struct route_search *search, const struct dns_answer *answer)
{
	if (answer->is_cut)
		log_warn("domain %s has more than %d MX records: ignoring "
		    "the others", search->domain, DNS_RECORD_LIMIT);
	for (size_t i = 0; i < answer->count; i++)
		if (answer->records[i].name[0] != '\0')
			add_mx(search, answer->records[i].name,
			    answer->records[i].preference);
	search->has_mx = true;
	search->is_mx_secure = answer->is_secure;
	if (answer->owner != NULL &&
	    ascii_compare(answer->owner, search->domain) != 0)
		search->mx_owner = mem_strdup(answer->owner);
	if (search->host_count == 0) {
		search->route->is_final = true;
		fail(search, "5.1.10", mem_printf("Domain %s does not accept "
		    "mail (nullMX)", search->domain));
		return;
	}
	qsort(search->hosts, search->host_count, sizeof(*search->hosts),
	    compare_mx);
	look_up(search);
}

static void
decide(struct route_search *search, const struct dns_answer *answer)
{
	note_ttl(search, answer);
	switch (answer->status) {
	case DNS_TROUBLE:
		if (search->sender->conf->ignore_mx_lookup_error)
			break;
		/* FALLTHROUGH */
	case DNS_NO_NAME:
		note_failure(search, search->domain, DNS_MX, answer);
		fail_lookup(search);
		return;
	case DNS_NO_DATA:
		break;
	case DNS_OK:
		take_mx(search, answer);
		return;
	}
	add_mx(search, search->domain, 0);
	look_up(search);
}

static void
on_mx(const struct dns_answer *all, void *arg)
{
	struct route_search	*search = arg;
	struct dns_answer	 answer;

	filter(search, search->domain, DNS_MX, all, &answer);
	decide(search, &answer);
	dns_answer_clear(&answer);
}

/* ---- next hops ----------------------------------------------------------- */

static void
find_socket(struct route_search *search, const char *path)
{
	struct addr	addr;

	search->domain = mem_strdup(search->sender->conf->myhostname);
	if (addr_parse_unix(path, &addr) < 0) {
		fail(search, "4.3.5", mem_printf("bad next hop \"%s\"",
		    search->nexthop));
		return;
	}
	add_mx(search, search->domain, 0);
	add_host(search, &search->hosts[0], &addr, NULL);
	check_addresses(search);
}

/* A next hop that is a server and never a domain; true: it is dealt with. */
static bool
find_lmtp(struct route_search *search, struct slice *nexthop)
{
	char	*path;

	if (!search->sender->is_lmtp || !lmtp_get_socket(nexthop))
		return false;
	path = slice_dup(*nexthop);
	find_socket(search, path);
	mem_free(path);
	return true;
}

static bool
has_dns(const struct route_search *search)
{
	return strcmp(search->sender->conf->smtp_dns_support_level,
	    "disabled") != 0;
}

static void
on_start(void *arg)
{
	struct route_search	*search = arg;
	bool			 is_lmtp = search->sender->is_lmtp;
	struct slice		 host, port;
	struct slice		 nexthop = slice_str(search->nexthop);
	struct addr		 addr;
	bool			 in_brackets;

	if (find_lmtp(search, &nexthop))
		return;
	if (addr_split(nexthop, &host, &port, &in_brackets) < 0 ||
	    (port.len > 0 &&
	    (search->port = addr_parse_mail_port(port)) == 0)) {
		fail(search, "4.3.5", mem_printf("bad next hop \"%s\"",
		    search->nexthop));
		return;
	}
	/* Who speaks LMTP at its port is no loop. */
	search->is_default_port = search->port == search->sender->port &&
	    !is_lmtp;
	if (in_brackets && slice_has_prefix_nocase(host, "ipv6:"))
		host = slice_after(host, 5);
	search->domain = slice_dup(host);
	if (addr_parse_ip(host, 0, &addr) == 0) {
		add_mx(search, search->domain, 0);
		add_host(search, &search->hosts[0], &addr, NULL);
		check_addresses(search);
	} else if (in_brackets || is_lmtp || !has_dns(search)) {
		add_mx(search, search->domain, 0);
		look_up(search);
	} else {
		dns_ask(search->sender->dns, search->domain, DNS_MX, on_mx,
		    search);
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
	search->port = sender->port;
	search->nexthop = mem_strdup(nexthop);
	loop_defer(sender->loop, on_start, search);
	return search;
}
