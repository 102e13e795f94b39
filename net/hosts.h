#ifndef NET_HOSTS_H
#define NET_HOSTS_H

/*
 * Names that need no DNS, from a file as of hosts(5).
 */

#include <stddef.h>

#include "net/addr.h"
#include "util/slice.h"

struct hosts;

struct hosts	*hosts_new(void);
void		 hosts_free(struct hosts **hosts);

/* Add what stands in the text; what cannot be understood is left out. */
void		 hosts_parse(struct hosts *hosts, struct slice text);

/* The same of a file; 0, or -1 with errno. */
int		 hosts_read(struct hosts *hosts, const char *path);

/*
 * The addresses of a name (ports 0), borrowed, and their number; NULL when
 * the name is not there.  Case does not matter.
 */
const struct addr *hosts_find(const struct hosts *hosts, const char *name,
		    size_t *count_r);

/*
 * The name that stands first beside an address, which is given as of
 * addr_format_arpa; borrowed, or NULL.
 */
const char	*hosts_find_reverse(const struct hosts *hosts,
		    const char *arpa);

#endif
