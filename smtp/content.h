#ifndef SMTP_CONTENT_H
#define SMTP_CONTENT_H

/*
 * Content on its way to the wire: dots are stuffed (RFC 5321 section
 * 4.5.2), over-long lines are folded (K54), line ends are CR LF and a CR or
 * LF that is none is a space.  Before that it may be converted to 7 bits.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/slice.h"

struct downgrade;

struct content {
	size_t	column;		/* bytes of this line so far */
	bool	is_stuffed;
	bool	has_cr;		/* a CR waits for what follows it */
	size_t	limit;		/* of a line, without CR LF; 0: none */
	struct downgrade *downgrade;	/* NULL: not converted; owned */
};

/*
 * Begin a message.  is_stuffed: for DATA; the chunks of BDAT need no dots
 * (RFC 3030 section 2).
 */
void	content_init(struct content *content, int64_t line_limit,
	    bool is_stuffed);

/* Before the first piece: convert it (smtp/downgrade.h). */
void	content_convert(struct content *content);

/* Of use where it was not ended. */
void	content_clear(struct content *content);

/* A piece, cut anywhere, appended to out. */
void	content_put(struct content *content, struct slice piece,
	    struct buf *out);

/* The end: the last line's CR LF when it is missing.  The dot is not here. */
void	content_end(struct content *content, struct buf *out);

#endif
