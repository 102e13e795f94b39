/*
 * Next hops.
 */

#include "smtp/site.h"

#include <string.h>
#include <utlist.h>

#include "net/loop.h"
#include "smtp/connection.h"
#include "smtp/job.h"
#include "smtp/relays.h"
#include "smtp/route.h"
#include "smtp/sender.h"
#include "util/mem.h"

static void	serve(struct site *);

static struct site *
find(struct sender *sender, const char *nexthop)
{
	struct site	*site;

	HASH_FIND_STR(sender->sites, nexthop, site);
	if (site != NULL)
		return site;
	site = mem_new(sizeof(*site));
	site->sender = sender;
	site->nexthop = mem_strdup(nexthop);
	HASH_ADD_KEYPTR(hh, sender->sites, site->nexthop,
	    strlen(site->nexthop), site);
	return site;
}

void
site_check(struct site *site)
{
	struct sender	*sender = site->sender;

	if (site->waiting == NULL && site->connections == 0 &&
	    site->search == NULL) {
		HASH_DEL(sender->sites, site);
		route_free(&site->route);
		mem_free(site->nexthop);
		mem_free(site);
	} else {
		serve(site);
	}
	sender_check_end(sender);
}

/* Where it is could not be found out: nobody can be served. */
static void
fail_all(struct site *site, const struct route *route)
{
	struct job_result	 result = {
		.kind = route->kind,
		.dsn = route->dsn,
		.reason = route->reason,
		.relay = "none",
	};
	struct job		*job;

	/* A destination that cannot be found now is set aside as a whole. */
	while ((job = site_take(site)) != NULL) {
		job->times.ready_us = 0;
		job_decide_all(job, &result, route->kind == OUTCOME_DEFERRED ?
		    OUTCOME_SITE_DEAD : OUTCOME_SITE_UNKNOWN);
	}
}

static void
on_route(struct route *route, void *arg)
{
	struct site	*site = arg;

	site->search = NULL;
	route_free(&site->route);
	if (route->count == 0) {
		fail_all(site, route);
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
	struct site	*site = find(sender, job->nexthop);

	site->window = job->window;
	site_return(site, job);
}

void
site_return(struct site *site, struct job *job)
{
	DL_APPEND(site->waiting, job);
	site->waiting_count++;
	serve(site);
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
		job_decide_all(job, result, OUTCOME_SITE_DEAD);
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
