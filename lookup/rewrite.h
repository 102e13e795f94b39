#ifndef LOOKUP_REWRITE_H
#define LOOKUP_REWRITE_H

/*
 * Addresses as they are to be written: in standard form (A02), by the
 * canonical tables (A04), without the names of hosts (A05).
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

struct addressing;

enum rewrite_answer {
	REWRITE_OK,
	REWRITE_TROUBLE,	/* a table is not there, or goes in circles */
};

/* Append the standard form of an address that may be incomplete. */
void	rewrite_standard(const struct addressing *addressing,
	    struct slice address, struct buf *into);

/*
 * The address in standard form, which stands where (one PLACE_* bit)
 * says, in its final form: in the place of what address holds.
 */
enum rewrite_answer rewrite_address(const struct addressing *addressing,
	    unsigned where, struct buf *address);

/* The local part names another destination: a%b, b!a, "a@b". */
bool	rewrite_has_route(struct slice address);

/* True, and that destination's address is appended: a@b. */
bool	rewrite_strip_route(const struct addressing *addressing,
	    struct slice address, struct buf *into);

#endif
