#ifndef SMTP_SITE_H
#define SMTP_SITE_H

/*
 * A next hop on its terms (smtp/terms.h): the jobs that wait for a
 * connection to it, its connections, and where it is.  Jobs whose senders
 * log in have a site for each login, so that no connection is used with
 * another's; jobs that some servers have put off have one without those.
 */

#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "smtp/tried.h"

struct connection;
struct credentials;
struct job;
struct job_result;
struct relays_search;
struct route;
struct sender;
struct tls_policy;

struct site {
	struct sender		*sender;
	char			*key;		/* from nexthop to tried */
	char			*nexthop;
	struct tls_policy	*policies;	/* by turn of its hosts */
	size_t			 policy_count;
	struct credentials	*credentials;	/* NULL: as by its host */
	struct tried		 tried;		/* servers to do without */
	UT_hash_handle		 hh;
	struct job		*waiting;	/* list */
	size_t			 waiting_count;
	struct connection	*idle;		/* list: ready for a job */
	struct connection	*roomy;		/* list: for one more */
	size_t			 connecting;	/* not ready yet */
	size_t			 connections;	/* all */
	size_t			 window;	/* of them, at most */
	struct route		*route;		/* NULL: not known */
	struct relays_search	*search;	/* for it */
	int64_t			 route_until_ms;
};

/*
 * A job to be done, on its terms and with its login, and not by servers that
 * it has tried; it is the site's until a connection takes it.
 */
void	site_add(struct sender *sender, struct job *job);

/* A job came back from a connection that did not begin it. */
void	site_return(struct site *site, struct job *job);

/* The next job for a connection; NULL: there is none. */
struct job *site_take(struct site *site);

/*
 * The same for a connection that has a job already: only what no other
 * connection will come for soon.
 */
struct job *site_take_ahead(struct site *site);

/* The job begins at that server: is there another one for it? */
void	site_note_server(const struct site *site, struct job *job,
	    const struct addr *addr);

/*
 * A connection attempt came to nothing: it costs one waiting job, if there
 * is one.
 */
void	site_failed(struct site *site, const struct job_result *result);

/* One connection less; the site may be gone. */
void	site_check(struct site *site);

/* QUIT on all idle connections. */
void	site_close_idle(struct sender *sender);

#endif
