#ifndef SMTPD_GREETING_H
#define SMTPD_GREETING_H

/*
 * The beginning of a session: who is it, may he be here at all, and 220.
 */

#include "smtpd/session.h"

/* STEP_WAIT: the session's wake is called, then send the greeting. */
enum step	 greeting_identify(struct session *s);

/* early: what the client has said already (S25). */
enum step	 greeting_send(struct session *s, struct slice early);

#endif
