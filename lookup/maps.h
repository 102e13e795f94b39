#ifndef LOOKUP_MAPS_H
#define LOOKUP_MAPS_H

/*
 * A parameter that names tables, "hash:/etc/tern/virtual inline:{ a=b }":
 * asked one after the other, until one has an answer.
 */

#include <stdbool.h>
#include <stddef.h>

#include "mail/table.h"
#include "util/buf.h"
#include "util/slice.h"

/* Zeroed it is empty. */
struct maps {
	const char	 *name;		/* of the parameter; borrowed */
	struct table	**tables;	/* owned, as is each of them */
	size_t		  count;
	bool		  is_broken;	/* one cannot be asked, ever */
};

/*
 * Opens nothing.  What is wrong is logged, and every question is trouble
 * then: mail waits until it is mended.  how is a set of TABLE_*.
 */
void	maps_init(struct maps *maps, const char *name, const char *text,
	    unsigned how);
void	maps_clear(struct maps *maps);
bool	maps_is_empty(const struct maps *maps);

enum {
	/* Not the whole of what is asked about: see table_is_whole_key. */
	MAPS_PART = 1,
};

/* The value is appended to value; trouble is logged. */
enum table_answer maps_find(const struct maps *maps, struct slice key,
	    unsigned how, struct buf *value);

#endif
