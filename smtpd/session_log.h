#ifndef SMTPD_SESSION_LOG_H
#define SMTPD_SESSION_LOG_H

/*
 * How sessions end, in the log.
 */

#include "smtpd/session.h"

/* "lost connection after CMD from ..." and the like (O05). */
void	session_log_loss(const struct session *s, const char *what);

/* "disconnect from ... ehlo=1 ... commands=4/6" (O02). */
void	session_log_end(const struct session *s);

#endif
