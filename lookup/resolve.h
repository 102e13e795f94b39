#ifndef LOOKUP_RESOLVE_H
#define LOOKUP_RESOLVE_H

/*
 * Where a recipient goes: to relayhost when there is one, else to its
 * domain.
 */

#include "util/slice.h"

struct conf;
struct verdict;

/* Adds to the verdict what the address leads to. */
void	resolve_recipient(const struct conf *conf, struct slice address,
	    struct verdict *verdict);

#endif
