#ifndef LOOKUP_ROSTER_H
#define LOOKUP_ROSTER_H

/*
 * Who is there: addresses of our own domains are in the list of their kind
 * of domain, or in no list at all where that list is empty (S60).
 */

#include <stdbool.h>

#include "lookup/hearing.h"
#include "util/slice.h"

/* RULING_DUNNO, or a refusal. */
enum ruling	roster_check(struct hearing *hearing, struct slice address,
		    bool is_sender);

#endif
