#ifndef MAIL_TABLE_LEAD_H
#define MAIL_TABLE_LEAD_H

/*
 * How a key must begin for a pattern to match: most patterns for headers
 * are "^Subject:..." and the like, and to see that a key has another name
 * costs a hundredth of what the pattern itself would.
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/slice.h"

#define TABLE_LEAD_SIZE	24

struct table_lead {
	size_t		len;		/* 0: it may begin in any way */
	bool		is_caseless;
	unsigned char	text[TABLE_LEAD_SIZE];	/* lower case then */
};

/*
 * Of an extended regular expression, of POSIX or of Perl, in which "^" is
 * the beginning of the key only.  In doubt it is empty.
 */
struct table_lead table_lead_make(struct slice pattern, bool is_caseless);

bool	table_lead_has(const struct table_lead *lead, const char *text,
	    size_t len);

#endif
