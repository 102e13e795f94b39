#ifndef CLEANUP_MESSAGE_H
#define CLEANUP_MESSAGE_H

/*
 * One message on its way through cleanup.  It has its queue id as soon as
 * it is opened; the queue manager hears of it when its content begins, so a
 * queue manager that is restarted in between is not noticed.
 */

struct feeder;

/*
 * The queue manager is there again, or the time to wait for it is over:
 * what was held goes on, or is refused.
 */
void	message_release_all(struct feeder *feeder);

/* The feeder is gone: what it had not closed is forgotten. */
void	message_abort_all(struct feeder *feeder);

#endif
