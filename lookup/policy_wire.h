#ifndef LOOKUP_POLICY_WIRE_H
#define LOOKUP_POLICY_WIRE_H

/*
 * A connection to a policy service, as one thread at a time uses it.
 * Nothing takes longer than the time that is given.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/slice.h"

/* Linked by its owner. */
struct policy_wire {
	int			 fd;
	int64_t			 timeout_ms;
	int64_t			 made_ms, used_ms;
	int64_t			 requests;
	struct policy_wire	*next, *prev;
};

/* "inet:host:port" or "unix:path" by its syntax. */
bool		 policy_wire_is_name(struct slice name);

/* NULL and *why_r (static, or of strerror).  A path is as of our folder. */
struct policy_wire *policy_wire_new(const char *name, int64_t timeout_ms,
		    const char **why_r);
void		 policy_wire_free(struct policy_wire **wire);

/*
 * Send a question; append the action of its answer.  0, or -1 and *why_r;
 * the connection is of no more use then.
 */
int		 policy_wire_ask(struct policy_wire *wire,
		    struct slice request, struct buf *action,
		    const char **why_r);

/* The server has closed it, maybe before it saw the question. */
bool		 policy_wire_is_loss(const char *why);


#endif
