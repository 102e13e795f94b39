#ifndef NET_DNS_ANSWER_H
#define NET_DNS_ANSWER_H

/*
 * The answer to a question to the DNS, out of the packet it came in (RFC
 * 1035 section 4).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "util/slice.h"

enum dns_type {
	DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_PTR = 12, DNS_MX = 15,
	DNS_TXT = 16, DNS_AAAA = 28, DNS_TLSA = 52,
};

enum dns_status {
	DNS_OK,		/* records found */
	DNS_NO_NAME,	/* there is no such name (NXDOMAIN) */
	DNS_NO_DATA,	/* the name has no record of that type */
	DNS_TROUBLE,	/* no answer, a broken one, or a bogus one: try later */
};

/* More records than this in one answer are not looked at. */
#define DNS_RECORD_LIMIT	100

/* Of the text of one TXT record, so many bytes. */
#define DNS_TEXT_LIMIT		1000

/* A TLSA record of more bytes is left out: a whole certificate has less. */
#define DNS_TLSA_LIMIT		8192

/* Longest TTL that is believed, in seconds. */
#define DNS_TTL_LIMIT		86400

struct dns_record {
	struct addr	 addr;		/* A, AAAA; port 0 */
	uint16_t	 preference;	/* MX */
	char		*name;		/* MX ("" is the root), and others */
	char		*text;		/* TXT, its strings in one; printable */
	/* TLSA (RFC 6698 section 2.1): usage, selector, matching, data */
	unsigned char	*data;
	size_t		 len;		/* of data; 4 or more */
};

struct dns_answer {
	enum dns_status		 status;
	const char		*why;		/* not DNS_OK; static */
	struct dns_record	*records;
	size_t			 count;
	char			*owner;		/* of the first; NULL: none */
	bool			 is_cut;	/* there were more */
	bool			 is_secure;	/* all of it, by DNSSEC */
	int			 ttl_s;		/* -1: none */
};

#define DNS_ANSWER_INIT	{ .ttl_s = -1 }

/*
 * The records of a type, whatever their owner: CNAMEs were followed by who
 * fetched the packet; is_secure is for him to say.  What names no host is
 * left out.  A packet that breaks off, or whose records of that type were
 * all left out, is DNS_TROUBLE with no records: that is not "no data".
 * Clear the answer with dns_answer_clear.
 */
void		 dns_answer_parse(struct slice packet, enum dns_type type,
		    struct dns_answer *answer_r);

/* An answer made by hand: its addresses or names, then its status. */
void		 dns_answer_add(struct dns_answer *answer,
		    const struct addr *addr);
void		 dns_answer_add_name(struct dns_answer *answer,
		    const char *name);
void		 dns_answer_finish(struct dns_answer *answer);

/* A copy of all of it; cleared like the other. */
void		 dns_answer_copy(const struct dns_answer *answer,
		    struct dns_answer *copy_r);

/* One record less; its status stays. */
void		 dns_answer_remove(struct dns_answer *answer, size_t i);

/* No records, for there was an error (RFC 1035 section 4.1.1). */
void		 dns_answer_fail(struct dns_answer *answer, unsigned rcode);
void		 dns_answer_clear(struct dns_answer *answer);

/*
 * A name that a host may have: letters, digits, - and _ in labels of at
 * most 63 characters, without a dot at its end.  Anything else would
 * confuse the log, or worse.
 */
bool		 dns_answer_is_name(struct slice name);

/* "A", "AAAA", "MX" ... */
const char	*dns_answer_type_name(enum dns_type type);

#endif
