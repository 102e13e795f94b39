#ifndef LOOKUP_RBL_REPLY_H
#define LOOKUP_RBL_REPLY_H

/*
 * The reply to who is in a DNS list, from a template with $rbl_what,
 * ${rbl_reason?; $rbl_reason} and so on.
 */

#include "util/buf.h"
#include "util/slice.h"

struct hearing;

struct rbl_reply {
	const struct hearing	*hearing;
	int			 code;		/* maps_rbl_reject_code */
	const char		*class;		/* "Client host" */
	struct slice		 what;		/* who is listed */
	const char		*domain;	/* of the list */
	struct slice		 reason;	/* its TXT; empty: none */
};

/*
 * Appended to out.  A name that means nothing gives nothing; what names
 * stand for is not expanded again.
 */
void	rbl_reply_expand(const struct rbl_reply *reply, struct slice template,
	    struct buf *out);

#endif
