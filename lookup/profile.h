#ifndef LOOKUP_PROFILE_H
#define LOOKUP_PROFILE_H

/*
 * What questions are judged by: the parameters as one service of master.cf
 * has them, with lists and tables made of them once.  Services with the
 * same parameters share one.  Threads read it; only the loop makes, keeps
 * and drops it.
 */

#include <stddef.h>

#include "net/nets.h"
#include "util/slice.h"

struct adviser;
struct conf;

struct profile {
	struct adviser		*adviser;	/* borrowed */
	char			*settings;	/* owned; what it is found by */
	size_t			 settings_len;
	const struct conf	*conf;
	struct conf		*own_conf;	/* NULL: the adviser's */
	struct nets		 networks;	/* mynetworks */
	size_t			 users;
	struct profile		*next, *prev;	/* of the adviser */
};

/*
 * The profile of these settings: pairs of name and value, each ended by a
 * NUL; what cannot be understood is left out, with a warning.  The caller
 * drops it.
 */
struct profile	*profile_get(struct adviser *adviser, struct slice settings);
struct profile	*profile_keep(struct profile *profile);
void		 profile_drop(struct profile **profile);

#endif
