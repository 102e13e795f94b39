#ifndef LOOKUP_POLICY_SERVICE_H
#define LOOKUP_POLICY_SERVICE_H

/*
 * Policy services (check_policy_service), asked from threads.  Each has
 * connections of its own, one for each question that is open; idle ones are
 * used again.  So a slow service delays its own questions only; of those
 * there may be so many at a time (half of lookup_threads), and the rest get
 * its default action at once.
 */

#include "util/buf.h"
#include "util/slice.h"

struct conf;
struct policy_service;

/*
 * Add the service of "inet:host:port", "unix:path", or "{ inet:...,
 * timeout=10s, ... }" to a list, or find it there; NULL and *why_r (caller
 * frees).  Nothing is connected.
 */
struct policy_service *policy_service_add(struct policy_service **list,
		    const struct conf *conf, struct slice spec, char **why_r);

/* No thread may be asking. */
void		 policy_service_free_all(struct policy_service **list);

const char	*policy_service_name(const struct policy_service *service);
const char	*policy_service_context(const struct policy_service *service);

/*
 * The action it answers with, or, when it does not, its default action:
 * appended.  Blocks.
 */
void		 policy_service_ask(struct policy_service *service,
		    struct slice request, struct buf *action);

#endif
