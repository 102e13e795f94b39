#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

/*
 * Header fields of messages (RFC 5322).
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/slice.h"

/*
 * The length of the field name at the front of a line, when the line is a
 * header field ("Name:", white space before the colon tolerated); else 0.
 */
size_t	header_name_len(struct slice line);

/* The length of a line with its CR LF; 0: it has not ended yet. */
size_t	header_line_len(struct slice text);

/* The field has that name (ASCII case apart). */
bool	header_is(struct slice line, const char *name);

/* What follows the colon, trimmed. */
struct slice header_value(struct slice line);

/* "Mon, 23 Nov 2026 08:42:41 +0000 (UTC)" (RFC 5322 section 3.3). */
void	header_put_date(struct buf *into, uint64_t time_us);

#endif
