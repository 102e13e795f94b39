#ifndef MAIL_EXTENSION_H
#define MAIL_EXTENSION_H

/*
 * Extensions of local parts: user+folder, where recipient_delimiter has
 * '+' (A08, A13).
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

/*
 * Split a local part, maybe quoted, at the first of the delimiters: the
 * user is appended to user, as a local part; the extension, with its
 * delimiter in front and never quoted, to extension.  False, and nothing
 * done: it has none.
 */
bool	extension_split(struct slice local, const char *delimiters,
	    struct buf *user, struct buf *extension);

/* Append address to into, its local part longer by that extension. */
void	extension_put(struct buf *into, struct slice address,
	    struct slice extension);

#endif
