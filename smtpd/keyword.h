#ifndef SMTPD_KEYWORD_H
#define SMTPD_KEYWORD_H

/*
 * The service extensions announced by EHLO: one row each.
 */

#include "smtpd/session.h"

/* The EHLO reply; keywords in smtpd_discard_ehlo_keywords are left out. */
void	keyword_announce(struct session *s);

/* It is, or would be, announced to this client. */
bool	keyword_is_offered(const struct session *s, const char *name);

#endif
