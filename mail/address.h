#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

/*
 * Addresses as the SMTP envelope has them (RFC 5321 section 4.1.2).
 *
 * Inside Tern an address is text in its external form: "local@domain",
 * the local part quoted only where it must be, "" for the null reverse-path.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

/* Longest address accepted, in bytes. */
#define ADDRESS_LIMIT	1000

enum {
	ADDRESS_STRICT = 1,	/* the angle brackets must be there */
	ADDRESS_UTF8 = 2,	/* as RFC 6531 section 3.3 extends it */
};

/*
 * A path at the front of *from, as in MAIL FROM and RCPT TO: source routes
 * are stripped (RFC 5321 appendix C).  how is a set of ADDRESS_*.  The
 * address is appended to address_r.  0 and *from moved behind it, or -1 and
 * *why_r (static).  With ADDRESS_UTF8 it is well-formed UTF-8 without any
 * control character; without, "8-bit address" is the reason.
 */
int		 address_parse_path(struct slice *from, unsigned how,
		    struct buf *address_r, const char **why_r);

/* It takes SMTPUTF8 to send it. */
bool		 address_is_utf8(struct slice address);

/* What follows the last @, without it; empty when there is none. */
struct slice	 address_domain(struct slice address);

/* What stands before the last @, as written (maybe quoted). */
struct slice	 address_local(struct slice address);

/*
 * A local part without quotes and backslashes, and back: quoted where it
 * must be (RFC 5321 Local-part).
 */
void		 address_put_plain(struct buf *into, struct slice local);
void		 address_put_local(struct buf *into, struct slice plain);

/* A domain name by its syntax (RFC 5321 Domain), or an address literal. */
bool		 address_is_domain(struct slice domain);
bool		 address_is_literal(struct slice domain);

/* Digits and dots alone: no domain of the DNS (RFC 3696 section 2). */
bool		 address_is_number(struct slice domain);

/*
 * Append the domain as the DNS has it: labels in UTF-8 become A-labels (RFC
 * 5891 section 5).  False, and nothing done: it cannot be one.
 */
bool		 address_put_ascii_domain(struct buf *into,
		    struct slice domain);

/*
 * domain is name, or (when name starts with a dot, or subdomains is set) a
 * subdomain of it; ASCII case does not count.
 */
bool		 address_domain_matches(struct slice domain,
		    struct slice name, bool subdomains);

#endif
