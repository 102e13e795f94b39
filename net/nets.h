#ifndef NET_NETS_H
#define NET_NETS_H

/*
 * A list of networks, as a parameter has it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "net/addr.h"

/* Zeroed it is empty. */
struct nets {
	struct addr_net	*list;		/* owned */
	size_t		 count;
};

/*
 * Add those of text, by commas and white space; 0, or -1 and *word_r the
 * bad one (borrowed from text) and *why_r (static).
 */
int	nets_parse(struct nets *nets, const char *text,
	    struct slice *word_r, const char **why_r);
void	nets_clear(struct nets *nets);

/* The first that the address is in decides: a "!" in front of it says no. */
bool	nets_has(const struct nets *nets, const struct addr *addr);

#endif
