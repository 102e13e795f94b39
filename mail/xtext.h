#ifndef MAIL_XTEXT_H
#define MAIL_XTEXT_H

/*
 * xtext (RFC 3461 section 4): printable ASCII but "+" and "=", and any byte
 * as "+" and two upper-case hexadecimal digits.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

/*
 * Append what the xtext stands for.  0, or -1 when it is none; into may
 * have grown then.
 */
int	xtext_decode(struct slice xtext, struct buf *into);

/* Append text as xtext. */
void	xtext_encode(struct slice text, struct buf *into);

/* It is xtext, and stands for printable ASCII. */
bool	xtext_is_printable(struct slice xtext);

/* It is xtext, and stands for well-formed UTF-8 without control characters. */
bool	xtext_is_utf8(struct slice xtext);

#endif
