#ifndef SMTPD_VERB_H
#define SMTPD_VERB_H

/*
 * The commands of SMTP: one row each.  The dispatcher answers what is
 * unknown (500), not implemented (502) or out of order (503), so that no
 * handler checks order.
 */

#include "smtpd/session.h"

enum {
	VERB_LAST = 1,	/* must be last in a pipelined group (RFC 2920 3.1) */
	VERB_JUNK = 2,	/* useful now and then, suspicious in masses */
	VERB_OVERLAP = 4, /* asks ahead of its turn: cmd_rcpt_ahead */
	VERB_MESSAGE = 16, /* a part of one: smtpd/closing.h */
	VERB_PLAIN = 8,	/* also where secured_lack (RFC 3207 section 4) */
};

struct verb {
	const char	*name;
	enum step	(*run)(struct session *s, struct slice args);
	unsigned	 states;	/* where it is allowed */
	unsigned	 flags;
	const char	*order;		/* text of the 503 */
};

/* The first word of a command line without blanks at its ends. */
struct slice	 verb_word(struct slice line);

/* By its name, ASCII case apart; NULL when there is none. */
const struct verb *verb_find(struct slice name);

/* The table; ended by a NULL name. */
const struct verb *verb_table(void);

#endif
