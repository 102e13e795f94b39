#ifndef LOOKUP_DNSBL_H
#define LOOKUP_DNSBL_H

/*
 * Lists of clients and domains in the DNS, as restrictions name them:
 * "zone.example" or "zone.example=127.0.0.[2..11;20]", which counts those
 * answers only.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

struct dns_answer;
struct dnsbl;
struct dnsbl_search;
struct hearing;

#define DNSBL_ADDRESS	0x80	/* whom: the client's address; else RULE_* */

enum dnsbl_finding {
	DNSBL_UNLISTED,
	DNSBL_LISTED,
	DNSBL_TROUBLE,		/* the DNS does not say */
};

/*
 * Add what spec says of whom to a list, or find it there; NULL and *why_r
 * (caller frees).
 */
struct dnsbl	*dnsbl_add(struct dnsbl **list, struct slice spec, int whom,
		    char **why_r);
void		 dnsbl_free_all(struct dnsbl **list);

const char	*dnsbl_domain(const struct dnsbl *dnsbl);
const char	*dnsbl_spec(const struct dnsbl *dnsbl);
int		 dnsbl_whom(const struct dnsbl *dnsbl);

/* One of the addresses is what its filter wants. */
bool		 dnsbl_matches(const struct dnsbl *dnsbl,
		    const struct dns_answer *answer);

/*
 * Whether the one it is about is listed.  The first call of a hearing asks
 * all lists of its profile at the same time.
 */
enum dnsbl_finding dnsbl_find(const struct dnsbl *dnsbl,
		    struct hearing *hearing);

/* What the list says of it (TXT), appended; nothing: nothing. */
void		 dnsbl_reason(const struct dnsbl *dnsbl,
		    struct hearing *hearing, struct buf *reason);

/* Accepts NULL. */
void		 dnsbl_search_free(struct dnsbl_search **search);

#endif
