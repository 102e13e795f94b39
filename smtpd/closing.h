#ifndef SMTPD_CLOSING_H
#define SMTPD_CLOSING_H

/*
 * Messages that are whole, and whose verdict is to come: it takes a flush of
 * the disk.  A client that pipelines (RFC 2920) has sent its next message
 * behind; that goes on meanwhile, and its replies are kept back, since
 * replies come in the order of the commands.  So the flush of one message
 * covers the way of the next, and of many in one session (RFC 3030) more
 * than one is in the same flush.
 *
 * What is no part of a further message waits until all verdicts are there.
 */

#include "smtpd/session.h"
#include "util/slice.h"

/* The content of s->txn is given: it is no more the session's at hand. */
void	closing_add(struct session *s);

/* A verdict has come: what can be told is told, in order. */
void	closing_settle(struct session *s);

/* The next line in in, if there is one, may be run meanwhile. */
bool	closing_lets(const struct session *s, struct slice in);

/* Their content, for which cleanup has no queue ids yet, is enough to hold. */
bool	closing_is_full(const struct session *s);

/* The client will not hear of them any more. */
void	closing_free_all(struct session *s);

#endif
