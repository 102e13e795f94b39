#ifndef SMTPD_PARAMETER_H
#define SMTPD_PARAMETER_H

/*
 * The parameters behind the path of MAIL and RCPT, and what both do with
 * an address.
 */

#include "smtpd/session.h"

struct parameter {
	const char	*name;
	const char	*keyword;	/* where it is offered; NULL: always */
	/* False: refused, the reply was given. */
	bool		(*take)(struct session *s, struct slice value,
			    void *arg);
};

/*
 * "NAME=value NAME ..." by a table ended by a NULL name; what is not in it
 * is refused with 555 (RFC 5321 section 4.1.1.11), what comes twice with
 * 501.  False: the reply was given.
 */
bool	parameter_parse(struct session *s, struct slice args,
	    const struct parameter *table, void *arg);

/*
 * address_parse_path as main.cf will have it, with is_utf8 also in UTF-8.
 * 0, or -1: *why_r says what to reply; NULL when the reply was given.
 */
int	parameter_parse_path(struct session *s, struct slice *args,
	    bool is_utf8, struct buf *address, const char **why_r);

/* The 553 for an address in UTF-8 without SMTPUTF8 (RFC 6531 3.5). */
void	parameter_refuse_utf8(struct session *s);

/* True: an address without a domain got @$myorigin (A02); "" stays. */
bool	parameter_complete(const struct gate *gate, struct buf *address);

#endif
