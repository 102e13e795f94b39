#ifndef MAIL_OUTCOME_H
#define MAIL_OUTCOME_H

/*
 * What became of a recipient, decided where it is first known and carried
 * unchanged to the log, the store and the bounce.  Lost contact is always
 * deferred.
 */

enum outcome_kind {
	OUTCOME_SENT,
	OUTCOME_DEFERRED,
	OUTCOME_FAILED,
	/*
	 * To be had by best_mx_transport: the best MX of its next hop is us
	 * (K21).  Only an agent says so, and only to the queue manager.
	 */
	OUTCOME_ELSEWHERE,
	/*
	 * Sent, and its sender wants to hear of that from us, for the server
	 * knows no DSN (RFC 3461 section 5.2.2).  Likewise from agents only.
	 */
	OUTCOME_RELAYED,
};

/* What a job says of its destination as a whole (Q44). */
enum outcome_site {
	OUTCOME_SITE_ALIVE,
	OUTCOME_SITE_DEAD,	/* it does not connect, or does not greet */
	OUTCOME_SITE_UNKNOWN,	/* nothing was tried */
};

/* "sent", "deferred", "bounced": as in the log; "elsewhere" is in none. */
const char	*outcome_name(enum outcome_kind kind);

#endif
