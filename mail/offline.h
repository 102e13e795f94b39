#ifndef MAIL_OFFLINE_H
#define MAIL_OFFLINE_H

/*
 * A queue manager for one tool, while the suite is down: only qmgr opens
 * the queue, then too.  It is started as master would start it, as the
 * user that owns the queue, but with the tool for its only client (-O of
 * mail/daemon.h); it schedules nothing, and ends with the tool.
 *
 * Until it has ended it shares the lock that master takes for itself: the
 * suite cannot start meanwhile (mail/queue_lock.h).  Of two tools the second
 * waits for the first, up to 15 s.
 */

struct conf;
struct offline;

enum offline_answer {
	OFFLINE_OPEN,		/* here it is */
	OFFLINE_RUNNING,	/* the suite is not down */
	OFFLINE_REFUSED,	/* for the reason given */
};

/*
 * For root and the owner of the queue.  *offline_r is set with OFFLINE_OPEN
 * only, *why_r (caller frees) with OFFLINE_REFUSED only; qmgr itself says
 * on stderr what is wrong with a queue that it cannot open.
 */
enum offline_answer offline_new(const struct conf *conf,
		    struct offline **offline_r, char **why_r);

/* The connection to it: a stream socket, from now on the caller's. */
int	 offline_take_client(struct offline *offline);

/* Let it go, and wait until it has closed the queue; accepts NULL. */
void	 offline_free(struct offline **offline);

#endif
