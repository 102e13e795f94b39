#ifndef SMTPD_SESSION_LOG_H
#define SMTPD_SESSION_LOG_H

/*
 * How sessions begin and end, in the log.
 */

#include "smtpd/session.h"

/*
 * "connect from ...", once: when it is known who it is, and before anything
 * else that is said of the session.
 */
void	session_log_begin(struct session *s);

/* "lost connection after CMD from ..." and the like (O05). */
void	session_log_loss(const struct session *s, const char *what);

/* "disconnect from ... ehlo=1 ... commands=4/6" (O02). */
void	session_log_end(const struct session *s);

#endif
