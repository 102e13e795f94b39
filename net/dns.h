#ifndef NET_DNS_H
#define NET_DNS_H

/*
 * Questions to the DNS, on the loop, over libunbound (which caches, honours
 * TTLs, and validates by itself: RFC 4035).
 */

#include "net/dns_answer.h"

struct dns;
struct dns_query;
struct loop;

/* So many questions are with libunbound at a time; more wait for them. */
#define DNS_ASKED_LIMIT	500

/*
 * Servers, and the time an answer may take, from the file resolv_conf (see
 * net/resolv_conf.h), names from the file hosts.  anchors is a file of
 * DNSSEC trust anchors, as DS or DNSKEY records: an answer below one of them
 * is secure, or proven to be unsigned, or DNS_TROUBLE; NULL: all answers are
 * taken as they are.  The servers must pass signatures on.  Warns of what
 * cannot be read.  Opens all it needs: call it before a chroot.  NULL and
 * *why_r (static) when it cannot be.
 */
struct dns	*dns_new(struct loop *loop, const char *resolv_conf,
		    const char *hosts, const char *anchors,
		    const char **why_r);

/* Addresses of names that the file hosts has, too. */
enum dns_hosts {
	DNS_HOSTS_FIRST,	/* what it says counts; as after dns_new */
	DNS_HOSTS_LAST,		/* it is for names that the DNS has not */
	DNS_HOSTS_NEVER,
};

void		 dns_set_hosts(struct dns *dns, enum dns_hosts when);

/* There are trust anchors, so that an answer may be secure. */
bool		 dns_can_validate(const struct dns *dns);

/* The answer is borrowed until fn returns. */
typedef void (*dns_fn)(const struct dns_answer *answer, void *arg);

/*
 * Ask; fn is called once, later: when the time is up, with DNS_TROUBLE.
 * The query is over then; before, dns_cancel (accepts NULL).
 */
struct dns_query *dns_ask(struct dns *dns, const char *name,
		    enum dns_type type, dns_fn fn, void *arg);
void		 dns_cancel(struct dns_query **query);

#endif
