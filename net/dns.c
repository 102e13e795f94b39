/*
 * DNS over libunbound.
 */

#include "net/dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>
#include <utlist.h>

#include "net/hosts.h"
#include "net/loop.h"
#include "net/resolv_conf.h"
#include "util/log.h"
#include "util/mem.h"

#define CLASS_IN	1
#define BOGUS		1	/* failed DNSSEC validation */
#define SECURE		2	/* passed it */
#define SERVFAIL	2	/* RFC 1035 section 4.1.1 */
#define HOSTS_TTL_S	60	/* a file may change */

struct dns {
	struct loop		*loop;
	struct ub_ctx		*ctx;
	struct hosts		*hosts;
	enum dns_hosts		 when;		/* hosts is asked */
	int64_t			 deadline_ms;
	bool			 can_validate;
	struct dns_query	*waiting;	/* list */
	size_t			 asked;		/* libunbound has them */
};

struct dns_query {
	struct dns		*dns;
	char			*name;
	enum dns_type		 type;
	dns_fn			 fn;		/* NULL: nobody wants it */
	void			*arg;
	struct dns_answer	 answer;
	struct loop_timer	*timer;
	bool			 is_waiting;	/* in the list */
	bool			 is_asked;	/* libunbound has it */
	struct dns_query	*next, *prev;
};

/* ---- setting up ---------------------------------------------------------- */

static int
set_options(struct ub_ctx *ctx)
{
	static const struct {
		const char	*name, *value;
	} options[] = {
		{ "do-not-query-localhost:", "no" },
		/* One slow server is not to hold up the rest. */
		{ "outgoing-range:", "512" },
		{ "num-queries-per-thread:", "1024" },
		/* A server that was down is noticed when it is back. */
		{ "infra-keep-probing:", "yes" },
		{ "infra-host-ttl:", "60" },
		/* Clients of a private network have names of its server's. */
		{ "unblock-lan-zones:", "yes" },
	};
	int	error = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(*options) &&
	    error == 0; i++)
		error = ub_ctx_set_option(ctx, options[i].name,
		    options[i].value);
	return error;
}

static int
set_servers(struct dns *dns, const char *path)
{
	struct resolv_conf	conf;
	bool			has_one = false;
	int			error = 0;

	if (resolv_conf_read(path, &conf) < 0)
		log_warn("cannot read %s: %s: asking %s", path,
		    strerror(errno), conf.servers[0]);
	for (size_t i = 0; i < conf.count; i++) {
		error = ub_ctx_set_fwd(dns->ctx, conf.servers[i]);
		if (error == 0)
			has_one = true;
		else
			log_warn("%s: nameserver %s: %s", path,
			    conf.servers[i], ub_strerror(error));
	}
	dns->deadline_ms = resolv_conf_deadline_ms(&conf);
	resolv_conf_clear(&conf);
	return has_one ? 0 : error;
}

/* Without anchors nothing is secure; the mail that needs it waits. */
static int
set_anchors(struct dns *dns, const char *anchors)
{
	int	error;

	if (anchors == NULL)
		return 0;
	if (access(anchors, R_OK) < 0) {
		log_warn("cannot read %s: %s: no DNS answer is secure",
		    anchors, strerror(errno));
		return 0;
	}
	error = ub_ctx_add_ta_file(dns->ctx, anchors);
	dns->can_validate = error == 0;
	return error;
}

void
dns_set_hosts(struct dns *dns, enum dns_hosts when)
{
	dns->when = when;
}

bool
dns_can_validate(const struct dns *dns)
{
	return dns->can_validate;
}

struct dns *
dns_new(struct loop *loop, const char *resolv_conf, const char *hosts,
    const char *anchors, const char **why_r)
{
	struct dns	*dns = mem_new(sizeof(*dns));
	int		 error;

	dns->loop = loop;
	*why_r = "out of memory";
	if ((dns->ctx = ub_ctx_create_event(loop_base(loop))) == NULL) {
		mem_free(dns);
		return NULL;
	}
	/* A zone ends the setting of options, and has the anchors read. */
	if ((error = set_options(dns->ctx)) != 0 ||
	    (error = set_anchors(dns, anchors)) != 0 ||
	    (error = set_servers(dns, resolv_conf)) != 0 ||
	    (error = ub_ctx_zone_add(dns->ctx, "127.in-addr.arpa",
	    "transparent")) != 0) {
		*why_r = ub_strerror(error);
		ub_ctx_delete(dns->ctx);
		mem_free(dns);
		return NULL;
	}
	/* ub_ctx_hosts would hide the MX records of a name that is there. */
	dns->hosts = hosts_new();
	if (hosts_read(dns->hosts, hosts) < 0 && errno != ENOENT)
		log_warn("cannot read %s: %s", hosts, strerror(errno));
	return dns;
}

/* ---- questions ----------------------------------------------------------- */

static void	serve(struct dns *);

static void
destroy(struct dns_query *query)
{
	loop_undefer(query->dns->loop, query);
	loop_timer_free(&query->timer);
	dns_answer_clear(&query->answer);
	mem_free(query->name);
	mem_free(query);
}

/* Out of the list, or, when libunbound has it, to be freed when it is back. */
static void
drop(struct dns_query *query)
{
	struct dns	*dns = query->dns;

	query->fn = NULL;
	loop_timer_free(&query->timer);
	if (query->is_waiting)
		DL_DELETE(dns->waiting, query);
	if (!query->is_asked)
		destroy(query);
	serve(dns);
}

static void
on_deadline(void *arg)
{
	struct dns_query	*query = arg;
	struct dns_answer	 answer = DNS_ANSWER_INIT;
	dns_fn			 fn = query->fn;
	void			*fn_arg = query->arg;

	dns_answer_fail(&answer, SERVFAIL);
	drop(query);
	fn(&answer, fn_arg);
}

/* Never from inside dns_ask: its caller does not have the query yet. */
static void
on_over(void *arg)
{
	struct dns_query	*query = arg;
	struct dns		*dns = query->dns;

	if (query->fn != NULL)
		query->fn(&query->answer, query->arg);
	destroy(query);
	serve(dns);
}

static void
finish(struct dns_query *query)
{
	if (query->timer != NULL)
		loop_timer_stop(query->timer);
	loop_defer(query->dns->loop, on_over, query);
}

/* What cannot be a name is none: there is no use in asking again. */
static bool
refuse_name(struct dns_query *query)
{
	struct slice	name = slice_str(query->name);

	if (name.len > 0 && name.data[name.len - 1] == '.')
		name.len--;
	if (dns_answer_is_name(name))
		return false;
	query->answer.status = DNS_NO_NAME;
	query->answer.why = "Invalid host or domain name";
	finish(query);
	return true;
}

static bool
find_addresses(struct dns_query *query)
{
	int			 family = query->type == DNS_A ? AF_INET :
				    AF_INET6;
	const struct addr	*addrs;
	size_t			 count;

	addrs = hosts_find(query->dns->hosts, query->name, &count);
	for (size_t i = 0; i < count; i++)
		if (addrs[i].storage.ss_family == family)
			dns_answer_add(&query->answer, &addrs[i]);
	return addrs != NULL;
}

static bool
find_reverse(struct dns_query *query)
{
	const char	*name = hosts_find_reverse(query->dns->hosts,
			    query->name);

	if (name == NULL)
		return false;
	dns_answer_add_name(&query->answer, name);
	return true;
}

/* A name of the file needs no DNS for its addresses, nor they for it. */
static bool
answer_from_hosts(struct dns_query *query)
{
	switch (query->type) {
	case DNS_A:
	case DNS_AAAA:
		if (!find_addresses(query))
			return false;
		break;
	case DNS_PTR:
		if (!find_reverse(query))
			return false;
		break;
	default:
		return false;
	}
	query->answer.is_secure = false;
	dns_answer_finish(&query->answer);
	query->answer.ttl_s = HOSTS_TTL_S;
	return true;
}

/* The DNS knows nothing of it.  Trouble is no such answer. */
static void
fall_back(struct dns_query *query)
{
	if (query->dns->when == DNS_HOSTS_LAST &&
	    (query->answer.status == DNS_NO_NAME ||
	    query->answer.status == DNS_NO_DATA))
		answer_from_hosts(query);
}

static void
on_answer(void *arg, int rcode, void *packet, int len, int security,
    char *why, int was_ratelimited)
{
	struct dns_query	*query = arg;

	(void)why;
	(void)was_ratelimited;
	query->is_asked = false;
	query->dns->asked--;
	if (security == BOGUS)
		dns_answer_fail(&query->answer, SERVFAIL);
	else if (rcode != 0 || packet == NULL)
		dns_answer_fail(&query->answer, (unsigned)rcode);
	else
		dns_answer_parse(slice_from(packet, (size_t)len),
		    query->type, &query->answer);
	query->answer.is_secure = security == SECURE;
	fall_back(query);
	finish(query);
}

static void
serve(struct dns *dns)
{
	struct dns_query	*query;

	while (dns->asked < DNS_ASKED_LIMIT &&
	    (query = dns->waiting) != NULL) {
		DL_DELETE(dns->waiting, query);
		query->is_waiting = false;
		query->is_asked = true;
		dns->asked++;
		if (ub_resolve_event(dns->ctx, query->name, (int)query->type,
		    CLASS_IN, query, on_answer, NULL) != 0)
			on_answer(query, SERVFAIL, NULL, 0, 0, NULL, 0);
	}
}

struct dns_query *
dns_ask(struct dns *dns, const char *name, enum dns_type type, dns_fn fn,
    void *arg)
{
	struct dns_query	*query = mem_new(sizeof(*query));

	query->dns = dns;
	query->name = mem_strdup(name);
	query->type = type;
	query->fn = fn;
	query->arg = arg;
	query->answer = (struct dns_answer)DNS_ANSWER_INIT;
	if (refuse_name(query))
		return query;
	if (dns->when == DNS_HOSTS_FIRST && answer_from_hosts(query)) {
		finish(query);
		return query;
	}
	query->timer = loop_timer_new(dns->loop, on_deadline, query);
	query->is_waiting = true;
	DL_APPEND(dns->waiting, query);
	loop_timer_start(query->timer, dns->deadline_ms);
	serve(dns);
	return query;
}

void
dns_cancel(struct dns_query **queryp)
{
	struct dns_query	*query = *queryp;

	*queryp = NULL;
	if (query != NULL)
		drop(query);
}
