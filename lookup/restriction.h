#ifndef LOOKUP_RESTRICTION_H
#define LOOKUP_RESTRICTION_H

/*
 * Lists of restrictions (smtpd_recipient_restrictions and the like),
 * compiled.  A restriction is one row of the table in restriction.c and one
 * function of lookup/rule.h.
 *
 * What is wrong in a list is told to the log when it is compiled; at run
 * time it is a temporary refusal, so that nothing is let in by mistake.
 */

#include <stdint.h>

#include "lookup/hearing.h"
#include "util/slice.h"

struct dnsbl;
struct policy_service;
struct profile;
struct restriction;
struct table;

struct restriction {
	char			*name;		/* owned */
	enum ruling		(*run)(struct hearing *hearing,
				    const struct restriction *restriction);
	int			 how;		/* for run; see the table */
	struct table		*table;		/* borrowed: the profile's */
	struct policy_service	*service;	/* borrowed likewise */
	struct dnsbl		*dnsbl;		/* borrowed likewise */
	int64_t			 number;
	struct restriction	*next, *prev;
};

enum {
	/* Out of an access table: only what needs no table or service. */
	RESTRICTION_FROM_TABLE = 1,
};

/*
 * The list that text stands for, or NULL when it is empty; where names it
 * in the log ("smtpd_client_restrictions").  acl is the restriction that a
 * bare "type:table" stands for ("check_client_access").  The caller frees.
 */
struct restriction *restriction_parse(struct profile *profile,
		    const char *where, const char *acl, struct slice text,
		    unsigned how);
void		 restriction_free(struct restriction **list);

/* One after the other, until one says yes or no. */
enum ruling	 restriction_run(const struct restriction *list,
		    struct hearing *hearing);

#endif
