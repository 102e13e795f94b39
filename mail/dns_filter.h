#ifndef MAIL_DNS_FILTER_H
#define MAIL_DNS_FILTER_H

/*
 * Records of the DNS that are taken for not there (smtp_dns_reply_filter,
 * smtpd_dns_reply_filter).  Tables are asked for each record as text:
 *
 *	host.example. 3600 IN AAAA 2001:db8::1
 *	example. 3600 IN MX 10 host.example.
 *
 * The name is the one that was asked for; IGNORE is the only action.
 */

#include "net/dns_answer.h"

struct dns_filter;

/*
 * The tables of that parameter; how as of table_new.  NULL: there are none,
 * or *why_r (caller frees) says what is wrong.
 */
struct dns_filter *dns_filter_new(const char *text, unsigned how,
		    char **why_r);
void		 dns_filter_free(struct dns_filter **filter);

/* From now on tables are as they are now: for who enters a chroot. */
void		 dns_filter_fix(struct dns_filter *filter);

/*
 * Take from the answer what is to be ignored.  Of one that had records, and
 * has none any more, the status becomes empty; a table in trouble makes it
 * DNS_TROUBLE.  filter may be NULL.
 */
void		 dns_filter_apply(const struct dns_filter *filter,
		    const char *name, enum dns_type type,
		    enum dns_status empty, struct dns_answer *answer);

#endif
