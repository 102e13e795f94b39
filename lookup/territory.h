#ifndef LOOKUP_TERRITORY_H
#define LOOKUP_TERRITORY_H

/*
 * Whose a domain is: one of ours, or anybody's (the address classes of
 * Postfix).
 */

#include "util/slice.h"

struct profile;

enum territory {
	TERRITORY_OTHER,
	TERRITORY_RELAY,	/* relay_domains */
	TERRITORY_LOCAL,	/* mydestination */
	TERRITORY_ALIAS,	/* virtual_alias_domains */
	TERRITORY_MAILBOX,	/* virtual_mailbox_domains */
	TERRITORY_UNKNOWN,	/* a table cannot be asked now */
};

/* Of the domain of an address; none, or a literal, is nobody's. */
enum territory	territory_find(const struct profile *profile,
		    struct slice address);

#endif
