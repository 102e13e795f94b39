#ifndef NET_DNS_H
#define NET_DNS_H

/*
 * Questions to the DNS, on the loop, over libunbound (which caches and
 * honours TTLs).
 */

#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

struct dns;
struct dns_query;
struct loop;

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_MX = 15 };

enum dns_status {
	DNS_OK,		/* records found */
	DNS_NO_NAME,	/* there is no such name (NXDOMAIN) */
	DNS_NO_DATA,	/* the name has no record of that type */
	DNS_TROUBLE,	/* no answer, a broken one, or a bogus one */
};

/* More records than this in one answer are not looked at. */
#define DNS_RECORD_LIMIT	100

struct dns_record {
	struct addr	 addr;		/* A, AAAA */
	uint16_t	 preference;	/* MX */
	char		*name;		/* MX; NULL otherwise */
};

struct dns_answer {
	enum dns_status		 status;
	struct dns_record	*records;
	size_t			 count;
	int			 ttl_s;
};

/*
 * Servers from resolv_conf, names from /etc/hosts.  Opens what it needs:
 * call it before a chroot.  NULL and *why_r (static) when it cannot be.
 */
struct dns	*dns_new(struct loop *loop, const char *resolv_conf,
		    const char **why_r);

/* The answer is borrowed until fn returns; fn may be called at once. */
typedef void (*dns_fn)(const struct dns_answer *answer, void *arg);

/*
 * Ask; fn is called once.  The query is over then; before, dns_cancel
 * (accepts NULL).  NULL is returned when fn was called already.
 */
struct dns_query *dns_ask(struct dns *dns, const char *name,
		    enum dns_type type, dns_fn fn, void *arg);
void		 dns_cancel(struct dns_query **query);

#endif
