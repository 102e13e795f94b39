#ifndef SMTPD_MECHANISMS_H
#define SMTPD_MECHANISMS_H

/*
 * The SASL mechanisms that a client may use.  The program auth knows them;
 * it is asked once, and again only when it could not tell.
 */

#include "smtpd/session.h"

struct ipc_call;
struct peer_wait;

/*
 * See that they are known.  STEP_DONE: they are, as far as they can be;
 * STEP_WAIT: fn(s) is called later.  Without an answer there are none.
 */
enum step	 mechanisms_ask(struct session *s,
		    void (*fn)(struct session *s));

/* Nobody waits any more. */
void		 mechanisms_forget(struct session *s);

/* Append those of this client, by spaces. */
void		 mechanisms_put(const struct session *s, struct buf *names);

#endif
