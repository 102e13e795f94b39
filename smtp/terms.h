#ifndef SMTP_TERMS_H
#define SMTP_TERMS_H

/*
 * On which terms a job's next hops are served: what lookup has of
 * smtp_tls_policy_maps for each of them.  It is asked before the job goes
 * to its site, and the answers are part of what makes the site: so no
 * connection is ever used on other terms than it was made on (T15).
 */

#include <stddef.h>

#include "util/buf.h"

struct job;
struct sender;
struct terms;
struct tls_policy;

/* The job goes to its site, at once or when lookup has answered. */
void		 terms_start(struct job *job);

/* Accepts NULL, as do the others: there are no such tables. */
void		 terms_free(struct terms **terms);

/* Append what tells them from others. */
void		 terms_put_key(const struct terms *terms, struct buf *key);

/*
 * The policies of the next hops of the list and of smtp_fallback_relay, in
 * their turn: count_r of them, the caller's, each to be cleared.
 */
struct tls_policy *terms_policies(const struct terms *terms,
		    const struct sender *sender, const char *nexthop,
		    size_t *count_r);

#endif
