#ifndef BOUNCE_STATUS_H
#define BOUNCE_STATUS_H

/*
 * The part of a report for programs: message/delivery-status (RFC 3464), or
 * message/global-delivery-status (RFC 6533).
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

struct report;

/* Append its fields; is_global: UTF-8 may stand there. */
void	status_format(const struct report *report, bool is_global,
	    struct buf *into);

/*
 * Append text without what could end a line: control characters, what is no
 * UTF-8, and without is_global all that is not ASCII, become '?'.
 */
void	status_put_text(struct buf *into, struct slice text, bool is_global);

/*
 * Append a field, folded at blanks to short lines, within words where there
 * is no other way (RFC 5322 section 2.1.1: at most 998 bytes).
 */
void	status_put_field(struct buf *into, const char *name,
	    struct slice value);

/* Append text in lines that begin with indent, wrapped like that. */
void	status_put_lines(struct buf *into, const char *indent,
	    struct slice text);

#endif
