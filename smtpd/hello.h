#ifndef SMTPD_HELLO_H
#define SMTPD_HELLO_H

/*
 * What HELO and EHLO have in common.
 */

#include "smtpd/session.h"

/*
 * Note the client's name.  A transaction that was open is over, as after
 * RSET (RFC 5321 section 4.1.4).  False: refused, the reply was given.
 */
bool	hello_accept(struct session *s, struct slice name, bool is_esmtp);

/*
 * Refused after all: who the client was before, it still is (RFC 5321
 * section 4.1.4).
 */
void	hello_forget(struct session *s);

#endif
