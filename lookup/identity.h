#ifndef LOOKUP_IDENTITY_H
#define LOOKUP_IDENTITY_H

/*
 * Who a client is (S73): the name that its address has, and whether that
 * name has the address.
 */

#include <stdint.h>

#include "net/addr.h"

struct query;

/* Names are "unknown" where there is none. */
struct identity {
	char		*name;		/* forward-confirmed */
	char		*reverse_name;	/* by its address alone */
	uint32_t	 flags;		/* JUDGE_*_TROUBLE */
};

/* Blocks.  query may be NULL: nobody is asked. */
void	identity_find(struct query *query, const struct addr *client,
	    struct identity *identity_r);
void	identity_clear(struct identity *identity);

#endif
