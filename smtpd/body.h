#ifndef SMTPD_BODY_H
#define SMTPD_BODY_H

/*
 * Content.  After DATA (RFC 5321 section 4.1.1.4): finds its end and undoes
 * dot-stuffing.  The end is CR LF . CR LF and nothing else: other ends are
 * how messages are smuggled.  In the chunks of BDAT (RFC 3030) a dot is a
 * dot.  In both a bare LF ends a line and becomes CR LF; a bare CR ends
 * nothing.  Only what is BINARYMIME is not looked at.
 */

#include <stdbool.h>

#include "util/slice.h"

struct body {
	bool	at_start;	/* of a line */
	bool	after_crlf;	/* the line before ended as it should */
	bool	has_bare_lf;	/* a line ended in a bare LF */
	bool	has_cr;		/* the last chunk ended in half a CR LF */
	bool	is_binary;	/* BODY=BINARYMIME */
};

#define BODY_INIT	{ true, true, false, false, false }

enum body_next {
	BODY_MORE,	/* *used_r taken, needs more input */
	BODY_PIECE,	/* *used_r taken, *piece_r is content */
	BODY_END,	/* *used_r taken, with it the end */
};

/*
 * Take from the front of in.  The piece is borrowed from in, or static.
 */
enum body_next	body_next(struct body *body, struct slice in,
		    struct slice *piece_r, size_t *used_r);

/*
 * The same for chunks, as far as in is of one: BODY_PIECE as long as there
 * is any, BODY_MORE when all is taken, never BODY_END.
 */
enum body_next	body_next_chunk(struct body *body, struct slice in,
		    struct slice *piece_r, size_t *used_r);

/* After the last chunk: what is missing of the last line's end. */
struct slice	body_rest(const struct body *body);

#endif
