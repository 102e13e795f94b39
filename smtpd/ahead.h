#ifndef SMTPD_AHEAD_H
#define SMTPD_AHEAD_H

/*
 * A RCPT waits for its answer, and more of them stand behind it in their
 * group (RFC 2920): their questions are asked at the same time, so that
 * many recipients take the time of one.  Nothing but asking is done ahead
 * of a command's turn.
 */

#include "smtpd/session.h"

/* in: what stands behind the command that waits. */
void	ahead_look(struct session *s, struct slice in);

/* So many bytes of it were taken. */
void	ahead_drop(struct session *s, size_t bytes);

#endif
