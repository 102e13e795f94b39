#ifndef SMTP_ANSWER_H
#define SMTP_ANSWER_H

/*
 * Replies of a server (RFC 5321 section 4.2), of any shape, cut anywhere.
 * A server is not trusted: lines, and replies of many lines, are bounded.
 */

#include "util/buf.h"
#include "util/slice.h"

struct table_list_held;

#define ANSWER_DSN_SIZE	16

struct answer {
	int		 code;		/* 200 to 599 */
	struct buf	 text;		/* its lines joined by spaces */
	struct buf	 lines;		/* texts alone, one a line */
	char		 dsn[ANSWER_DSN_SIZE];	/* "4.1.1", or "" */
	size_t		 size;		/* bytes so far */
	int		 line_count;
	bool		 is_whole;
	const struct table_list_held *filter;	/* borrowed; or NULL */
};

/* Its filter stays. */
void	answer_clear(struct answer *answer);

/*
 * Its own status code, or X.0.0, in dsn (ANSWER_DSN_SIZE bytes); returns
 * dsn.
 */
const char *answer_dsn(const struct answer *answer, char *dsn);

/*
 * Take the next reply off in: 1 it is whole; 0 more input is needed;
 * -1 that is no reply, and *why_r (static) says why.  After 1 the next call
 * begins a new reply.
 */
int	answer_next(struct answer *answer, struct buf *in,
	    const char **why_r);

#endif
