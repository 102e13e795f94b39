/*
 * Next hops.
 */

#include "smtp/site.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "net/loop.h"
#include "smtp/connection.h"
#include "smtp/credentials.h"
#include "smtp/job.h"
#include "smtp/relays.h"
#include "smtp/route.h"
#include "smtp/sender.h"
#include "smtp/terms.h"
#include "smtp/tls_policy.h"
#include "util/clock.h"
#include "util/mem.h"

static void	serve(struct site *);

static struct site *
make(struct sender *sender, const struct job *job, const char *key)
{
	struct site	*site = mem_new(sizeof(*site));

	site->sender = sender;
	site->key = mem_strdup(key);
	site->nexthop = mem_strdup(job->nexthop);
	site->policies = terms_policies(job->terms, sender, job->nexthop,
	    &site->policy_count);
	site->credentials = credentials_copy(job->credentials);
	tried_copy(&job->tried, &site->tried);
	HASH_ADD_KEYPTR(hh, sender->sites, site->key, strlen(site->key),
	    site);
	return site;
}

static struct site *
find(struct sender *sender, struct job *job)
{
	struct buf	 key = BUF_SECRET;
	struct site	*site;

	buf_put_str(&key, job->nexthop);
	credentials_put_key(job->credentials, &key);
	terms_put_key(job->terms, &key);
	tried_put_key(&job->tried, &key);
	HASH_FIND_STR(sender->sites, buf_cstr(&key), site);
	if (site == NULL)
		site = make(sender, job, buf_cstr(&key));
	buf_clear(&key);
	return site;
}

static void
destroy(struct site *site)
{
	HASH_DEL(site->sender->sites, site);
	route_free(&site->route);
	for (size_t i = 0; i < site->policy_count; i++)
		tls_policy_clear(&site->policies[i]);
	mem_free(site->policies);
	credentials_free(&site->credentials);
	tried_clear(&site->tried);
	explicit_bzero(site->key, strlen(site->key));
	mem_free(site->nexthop);
	mem_free(site->key);
	mem_free(site);
}

void
site_check(struct site *site)
{
	struct sender	*sender = site->sender;

	if (site->waiting == NULL && site->connections == 0 &&
	    site->search == NULL)
		destroy(site);
	else
		serve(site);
	sender_check_end(sender);
}

/* One that has answered this attempt already is not dead. */
static enum outcome_site
site_of_failure(const struct site *site)
{
	return site->tried.count > 0 ? OUTCOME_SITE_UNKNOWN :
	    OUTCOME_SITE_DEAD;
}

/* Nobody can be served. */
static void
fail_all(struct site *site, const struct job_result *result,
    enum outcome_site is)
{
	struct job	*job;

	while ((job = site_take(site)) != NULL) {
		job->times.ready_us = 0;
		job_decide_all(job, result, is);
	}
}

/*
 * Where it is could not be found out.  A destination that cannot be found
 * now is set aside as a whole.
 */
static void
fail_unknown(struct site *site, const struct route *route)
{
	struct job_result	 result = {
		.kind = route->kind,
		.dsn = route->dsn,
		.reason = route->reason,
		.relay = "none",
	};

	fail_all(site, &result, route->kind == OUTCOME_DEFERRED ?
	    site_of_failure(site) : OUTCOME_SITE_UNKNOWN);
}

/* The servers that are there now were all tried. */
static void
fail_tried(struct site *site)
{
	static const struct job_result	result = {
		.kind = OUTCOME_DEFERRED,
		.dsn = "4.3.0",
		.reason = "server unavailable or unable to receive mail",
		.relay = "none",
	};

	fail_all(site, &result, OUTCOME_SITE_UNKNOWN);
}

static void
on_route(struct route *route, void *arg)
{
	struct site	*site = arg;

	site->search = NULL;
	route_free(&site->route);
	if (route->count == 0) {
		fail_unknown(site, route);
		route_free(&route);
	} else if (!tried_leaves_some(&site->tried, NULL, site->sender->conf,
	    route, true)) {
		fail_tried(site);
		route_free(&route);
	} else {
		site->route = route;
		site->route_until_ms = loop_now_ms(site->sender->loop) +
		    route->ttl_ms;
	}
	site_check(site);
}

static bool
is_route_known(const struct site *site)
{
	return site->route != NULL &&
	    loop_now_ms(site->sender->loop) < site->route_until_ms;
}

/*
 * Each waiting job has a connection, or one that is being made, as far as
 * the window allows; the others go behind the jobs of busy connections
 * that have room, or wait.
 */
static void
serve(struct site *site)
{
	while (site->waiting != NULL && site->idle != NULL)
		connection_start(site->idle, site_take(site));
	if (site->waiting_count <= site->connecting || site->search != NULL)
		return;
	if (site->connections < site->window && !is_route_known(site)) {
		route_free(&site->route);
		site->search = relays_find(site->sender, site->nexthop,
		    on_route, site);
		return;
	}
	while (site->waiting_count > site->connecting &&
	    site->connections < site->window)
		connection_new(site);
	while (site->roomy != NULL && site->waiting_count > site->connecting)
		connection_start(site->roomy, site_take(site));
}

void
site_add(struct sender *sender, struct job *job)
{
	struct site	*site = find(sender, job);

	site->window = job->window;
	site_return(site, job);
}

void
site_return(struct site *site, struct job *job)
{
	job_forget_server(job);
	DL_APPEND(site->waiting, job);
	site->waiting_count++;
	serve(site);
}

/*
 * Mail that was just put off is not for smtp_fallback_relay: greylisting
 * wants it to come again.
 */
static bool
is_young(const struct sender *sender, const struct job *job)
{
	return clock_wall_us() - job->times.arrival_us <
	    sender->conf->minimal_backoff_time * 1000;
}

void
site_note_server(const struct site *site, struct job *job,
    const struct addr *addr)
{
	job->server = *addr;
	job->has_backup = site->route != NULL &&
	    tried_leaves_some(&job->tried, addr, site->sender->conf,
	    site->route, !is_young(site->sender, job));
}

struct job *
site_take(struct site *site)
{
	struct job	*job = site->waiting;

	if (job == NULL)
		return NULL;
	DL_DELETE(site->waiting, job);
	site->waiting_count--;
	return job;
}

struct job *
site_take_ahead(struct site *site)
{
	return site->waiting_count > site->connecting &&
	    site->connections >= site->window ? site_take(site) : NULL;
}

void
site_failed(struct site *site, const struct job_result *result)
{
	struct job	*job = site_take(site);

	if (job != NULL)
		job_decide_all(job, result, site_of_failure(site));
}

void
site_close_idle(struct sender *sender)
{
	struct site	*site, *next;

	HASH_ITER(hh, sender->sites, site, next) {
		struct connection	*c = site->idle, *after;

		for (; c != NULL; c = after) {
			after = connection_next(c);
			connection_quit(c);
		}
	}
}
