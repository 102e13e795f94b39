#ifndef SMTP_ATTEMPT_H
#define SMTP_ATTEMPT_H

/*
 * The way to a server that can be talked to: the hosts of a route in turn,
 * each connected to, on the terms of its next hop, until one will do.
 *
 * Its owner is told when to begin, and says when a host is of no use after
 * all.  From inside any event the attempt may be freed.
 */

#include <stdbool.h>

#include "net/io.h"

struct attempt;
struct job_result;
struct route;
struct route_host;
struct secrecy;
struct sender;
struct tls_policy;
struct tried;

enum attempt_event {
	ATTEMPT_OPEN,		/* connected; there is TLS where it is first */
	ATTEMPT_SECURED,	/* what attempt_start_tls began is done */
	ATTEMPT_LEFT,		/* the stream is gone, another host is tried */
	ATTEMPT_OVER,		/* there is none left: attempt_result */
};

typedef void (*attempt_fn)(enum attempt_event event, void *arg);

/*
 * policies has one for each turn of the route's hosts; they are borrowed.
 * Hosts that were tried are left out: others there must be.
 * Events of a stream that is open go to on_io.  Nothing is called before
 * this returns.
 */
struct attempt	*attempt_new(struct sender *sender,
		    const struct route *route, const struct tried *tried,
		    const struct tls_policy *policies, attempt_fn fn,
		    io_fn on_io, void *arg);
void		 attempt_free(struct attempt **attempt);

/* Of the present host; borrowed until it is left. */
struct io	*attempt_io(const struct attempt *attempt);
const struct route_host *attempt_host(const struct attempt *attempt);
const char	*attempt_relay(const struct attempt *attempt);
struct secrecy	*attempt_secrecy(const struct attempt *attempt);

/* TLS on the stream, now. */
void		 attempt_start_tls(struct attempt *attempt);

/*
 * This host is of no use: the next one, unless it is for good.  Takes
 * reason over, which is logged.
 */
void		 attempt_fail(struct attempt *attempt, const char *dsn,
		    bool is_permanent, char *reason);

/* The same host once more. */
void		 attempt_again(struct attempt *attempt);

/* Of ATTEMPT_OVER; its texts are borrowed. */
void		 attempt_result(struct attempt *attempt,
		    struct job_result *result_r);

#endif
