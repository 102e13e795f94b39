#ifndef SMTPD_RECEIVE_H
#define SMTPD_RECEIVE_H

/*
 * The content of a message on its way from the client to the transaction.
 */

#include "smtpd/session.h"

/* The 354 was given: content comes. */
void		receive_start(struct session *s);

/* BDAT was given: s->chunk comes, wanted or not. */
void		receive_start_chunk(struct session *s);

/*
 * Content in, to its end.  STEP_DONE without having taken anything: more
 * input is needed, or cleanup is congested.
 */
enum step	receive_input(struct session *s, struct buf *in);

#endif
