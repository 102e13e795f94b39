#ifndef LOOKUP_HOST_H
#define LOOKUP_HOST_H

/*
 * What the DNS says of a host name or a mail domain.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/dns.h"
#include "util/slice.h"

struct query;

enum host_finding {
	HOST_FOUND,
	HOST_NONE,
	HOST_NULL_MX,		/* it says that it takes no mail (RFC 7505) */
	HOST_TROUBLE,		/* the DNS does not say */
};

/* It has MX records, or an address.  query may be NULL: trouble. */
enum host_finding host_find_mail(struct query *query, struct slice name);

/*
 * The names of the servers of a domain (DNS_MX, DNS_NS; NS of the parent
 * where the domain has none of its own), or the domain itself (DNS_A), and
 * of each its addresses.  Bounded.
 */
struct host_server {
	char			*name;
	uint16_t		 preference;	/* MX */
	struct dns_answer	 addrs[2];	/* A, AAAA */
};

struct host_servers {
	struct host_server	*list;
	size_t			 count;
	bool			 is_cut;	/* there are more */
};

/* HOST_FOUND, HOST_NONE or HOST_TROUBLE; the caller clears them. */
enum host_finding host_find_servers(struct query *query, struct slice name,
		    enum dns_type type, struct host_servers *servers_r);
void		 host_clear_servers(struct host_servers *servers);

#endif
