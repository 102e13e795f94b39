#ifndef AUTH_FAILURES_H
#define AUTH_FAILURES_H

/*
 * Who has failed to log in how often, lately: client blocks and logins.
 * Whoever guesses waits longer each time, and a client that goes on is not
 * heard for a while.  How many are remembered is bounded; the oldest are
 * forgotten first.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct conf;
struct failures;

#define FAILURES_LIMIT	100000	/* clients and logins at a time */

struct failures	*failures_new(const struct conf *conf);
void		 failures_free(struct failures **failures);

/* This client has had its auth_failure_limit. */
bool		 failures_is_barred(struct failures *failures,
		    struct slice client_addr, int64_t now_ms);

/*
 * One more.  How long its answer is to take, in milliseconds.  client_addr
 * is no address: the login alone counts, and likewise an empty login does
 * not.
 */
int64_t		 failures_add(struct failures *failures,
		    struct slice client_addr, struct slice login,
		    int64_t now_ms);

size_t		 failures_size(const struct failures *failures);

#endif
