#ifndef LOOKUP_POLICY_REQUEST_H
#define LOOKUP_POLICY_REQUEST_H

/*
 * A question as policy services read it: lines "name=value", and an empty
 * line.
 */

#include "util/buf.h"

struct hearing;

/* context is the attribute policy_context. */
void	policy_request_format(const struct hearing *hearing,
	    const char *context, struct buf *request);

#endif
