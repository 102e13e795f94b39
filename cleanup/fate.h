#ifndef CLEANUP_FATE_H
#define CLEANUP_FATE_H

/*
 * What becomes of a message, as access rules (from smtpd, S48) and content
 * checks (F02) want it.  Of several filters, and of several redirections,
 * the last counts.
 */

#include <stdbool.h>

#include "mail/ipc.h"
#include "util/buf.h"

/* Zeroed it is delivered as it came. */
struct fate {
	bool		 is_held;
	bool		 is_discarded;
	char		*reason;	/* of is_held */
	char		*filter;	/* transport:nexthop; or NULL */
	char		*redirect;	/* address; or NULL */
	char		**bccs;		/* addresses */
	size_t		 bcc_count;
	struct buf	 front;		/* header fields that stand first */
};

void	fate_clear(struct fate *fate);

/* Bytes of memory beside the struct. */
size_t	fate_size(const struct fate *fate);

/* 0, or -1 and *why_r (static): nothing has changed. */
int	fate_add(struct fate *fate, enum judge_action kind,
	    struct slice text, const char **why_r);

/* Whether the text can be the argument of that action; as fate_add. */
int	fate_check(enum judge_action kind, struct slice text,
	    const char **why_r);

#endif
