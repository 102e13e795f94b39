#ifndef MAIL_STANDARD_H
#define MAIL_STANDARD_H

/*
 * The standard form of an address that somebody has written (A02): with a
 * domain, and without what stands for one in other places.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

struct conf;

/*
 * Append it.  Where a domain is missing, origin is it; NULL: myorigin, and
 * for a domain without a dot mydomain.
 */
void	standard_put(const struct conf *conf, const char *origin,
	    struct slice address, struct buf *into);

/*
 * Of a local part "site!user" append user@site, of "user%domain"
 * user@domain, as far as parameters allow it; false: it is neither.
 */
bool	standard_put_unrouted(const struct conf *conf, struct slice local,
	    struct buf *into);

#endif
