#ifndef SMTP_EXCHANGE_H
#define SMTP_EXCHANGE_H

/*
 * One job on a dialogue: MAIL, RCPT..., and its content with DATA or BDAT.
 * A sending side runs ahead of a receiving side; the awaited items of the
 * wire are what lies between them.
 */

#include <stdbool.h>
#include <stddef.h>

#include "smtp/awaited.h"

struct exchange;
struct job;
struct wire;

/*
 * The job is the exchange's until it ends it, or exchange_release.  use
 * counts the jobs on this connection, from 1.
 */
struct exchange	*exchange_new(struct wire *wire, struct job *job, int use);

/* The job must be gone.  Accepts NULL. */
void		 exchange_free(struct exchange **exchange);

/* Append to out what may be sent now.  Nothing on a broken wire. */
void		 exchange_send(struct exchange *exchange);

/* The wire's answer is for this item of the exchange. */
void		 exchange_take(struct exchange *exchange,
		    const struct awaited_item *item);

/* All of it was sent: the next exchange may follow. */
bool		 exchange_is_sent(const struct exchange *exchange);

/* And answered: it has ended its job. */
bool		 exchange_is_over(const struct exchange *exchange);

/* The body is being sent, or its content waited for. */
bool		 exchange_is_in_body(const struct exchange *exchange);

/*
 * All of the body has left but the dot, which is to come alone (K32); it is
 * sent after this.
 */
bool		 exchange_is_pausing(const struct exchange *exchange);
void		 exchange_end_pause(struct exchange *exchange);

/* Some replies to its envelope have come, others have not. */
bool		 exchange_is_half_answered(const struct exchange *exchange);

/*
 * The wire is broken: its job, when it may be begun again on another
 * connection (the server can have no part of it); else what is undecided is
 * deferred or failed as the fault says, the job is ended, and NULL.
 */
struct job	*exchange_release(struct exchange *exchange);

#endif
