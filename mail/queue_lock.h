#ifndef MAIL_QUEUE_LOCK_H
#define MAIL_QUEUE_LOCK_H

/*
 * Who has a queue directory: master alone, or tools while the suite is down
 * (mail/offline.h).  The lock is on the folder db, into which only root and
 * the owner of the queue can look: whoever can open a file can lock it, and
 * no other user shall keep the suite from its start.
 *
 * The functions return a descriptor that holds the lock until its last copy
 * is closed, or -1 with errno.
 */

/*
 * For master.  EWOULDBLOCK: another master runs; EBUSY: a tool has had the
 * queue open for seconds.
 */
int	queue_lock_take(const char *queue_folder);

/* For a tool, beside others.  EWOULDBLOCK: master runs. */
int	queue_lock_share(const char *queue_folder);

#endif
