#ifndef NET_SMTP_TEXT_H
#define NET_SMTP_TEXT_H

/*
 * The text of RFC 5321 on the wire: lines, and a message between DATA and
 * the lone dot.  No verbs, no replies: those belong to the programs.
 */

#include <stddef.h>

#include "util/buf.h"
#include "util/slice.h"

/*
 * Take a line off the front of in: 1 and the line without its CRLF (or
 * bare LF), borrowed until in changes; 0 when it is not all there; -1 when
 * it is longer than limit.
 */
int	smtp_text_line(struct buf *in, size_t limit, struct slice *line_r);

/*
 * Append body with a dot put before each line that starts with one
 * (section 4.5.2).  The body starts a line; the final dot is not added.
 */
void	smtp_text_stuff(struct slice body, struct buf *into);

/* Where a reader of a message stands; SMTP_TEXT_START before its first byte. */
enum smtp_text_place {
	SMTP_TEXT_START,	/* of a line: after CRLF */
	SMTP_TEXT_WITHIN,	/* a line */
	SMTP_TEXT_CR,
	SMTP_TEXT_DOT,		/* a line has started with a dot */
	SMTP_TEXT_DOT_CR,
};

typedef void (*smtp_text_fn)(struct slice part, void *arg);

/*
 * Take message text off the front of from and hand it on to fn in parts,
 * without the stuffed dots: 1 when the lone dot came (from is what stands
 * behind its line), 0 when more is needed (from is empty).  Only CRLF ends
 * a line: "LF . LF" and its relatives are text.
 */
int	smtp_text_unstuff(enum smtp_text_place *place, struct slice *from,
	    smtp_text_fn fn, void *arg);

#endif
