#ifndef MAIL_TABLE_TEMPLATE_H
#define MAIL_TABLE_TEMPLATE_H

/*
 * Queries and results with parts of a key or a value in them:
 *
 *	%%	a percent sign
 *	%s	all of it
 *	%u	what is before the last @; all of it when there is none
 *	%d	what is behind the last @
 *	%S %U %D	the same, of the key
 *	%1 ... %9	labels of the key's domain, from its end
 */

#include "util/buf.h"
#include "util/slice.h"

/* NULL, or a static text saying what is wrong. */
const char	*table_template_why_bad(const char *template);

/*
 * Append bytes so that they cannot end what they stand in: 0, or -1 when
 * they cannot be written so.
 */
typedef int (*table_template_quote_fn)(void *arg, struct slice bytes,
		    struct buf *into);

struct table_template_values {
	struct slice	key;
	struct slice	value;		/* in a query: the key */
};

/*
 * Append what template is with these: 0; -1 when they lack a part, or it
 * cannot be quoted: there is no such query, or result.  quote may be NULL.
 */
int		 table_template_expand(const char *template,
		    const struct table_template_values *values,
		    table_template_quote_fn quote, void *arg,
		    struct buf *into);

#endif
