#ifndef LOOKUP_LOCALS_H
#define LOOKUP_LOCALS_H

/*
 * The clients of local_header_rewrite_clients (A03): their mail is ours, so
 * that what is missing in its header is added, and addresses there are
 * completed and written anew.
 */

#include <stdbool.h>

#include "util/slice.h"

struct addr;
struct conf;
struct locals;
struct msg_judge;
struct profile;

/* Opens no table; what is wrong in the list is logged, and left out. */
struct locals	*locals_new(const struct conf *conf);
void		 locals_free(struct locals **locals);

/* The client is one.  A table in trouble has nobody. */
bool		 locals_has(const struct locals *locals,
		    const struct profile *profile, struct slice name,
		    const struct addr *addr);

/* It has become one since it connected: by a login or a certificate. */
bool		 locals_has_proof(const struct locals *locals,
		    const struct profile *profile,
		    const struct msg_judge *m);

#endif
