#ifndef MAIL_ALIAS_LINE_H
#define MAIL_ALIAS_LINE_H

/*
 * A line of aliases(5): "name: destination, destination ...".
 */

#include "util/buf.h"
#include "util/slice.h"

/*
 * The name is appended to key, in quotes only where it must be; the value
 * is the list as it was written, :include: and all.  0, or -1 and in why_r
 * a static text.
 */
int	alias_line_split(struct slice text, struct buf *key,
	    struct slice *value_r, const char **why_r);

#endif
