#ifndef MAIL_ADDRESS_LIST_H
#define MAIL_ADDRESS_LIST_H

/*
 * The addresses in a list of them, as a header field (RFC 5322 section
 * 3.4) or the result of a table has it: "user, \"J. D.\" <jd@host>,
 * friends: a@b, c@d (Carl);".  Names, comments, groups and folding are
 * passed over.  It takes one pass, and no more memory than one address.
 */

#include <stddef.h>

#include "util/buf.h"
#include "util/slice.h"

struct address_list {
	struct slice	text;		/* borrowed */
	size_t		at;		/* what was read of it */
	/* The last address: text[start] to text[end - 1], without <>. */
	size_t		start, end;
};

void	address_list_init(struct address_list *list, struct slice text);

/*
 * The next one: 1 and it is appended to address as in mail/address.h,
 * maybe without a domain; 0 at the end of the list; -1 when the next one
 * is no address: it is passed over.
 */
int	address_list_get(struct address_list *list, struct buf *address);

#endif
