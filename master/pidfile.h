#ifndef MASTER_PIDFILE_H
#define MASTER_PIDFILE_H

/*
 * pid/master.pid: where tools read what the one master of a queue directory
 * does, and any user that it runs.  The lock is elsewhere
 * (mail/queue_lock.h): what all may read, all may lock.
 *
 *	pid
 *	started T			(util/process.h)
 *	generation N starting|ready
 *	refused K reason		after K reloads that were refused
 *
 * After a regular end it is empty.
 */

#include <stdbool.h>
#include <sys/types.h>

#define PIDFILE_PATH	"pid/master.pid"

struct pidfile {
	int	 fd;
	int	 lock;		/* holds the lock */
	int	 generation;
	bool	 is_ready;
	int	 refused;
	char	*reason;	/* owned, of the last refusal */
	bool	 was_killed;	/* the last master left its pid */
};

#define PIDFILE_INIT	(struct pidfile){ .fd = -1, .lock = -1 }

/*
 * Take the lock; folder is the queue directory.  0; -1 with errno, which
 * is EWOULDBLOCK when master runs already (*other_r is its pid, or 0), and
 * EBUSY when a tool has had the queue open for seconds (mail/offline.h).
 */
int	pidfile_open(struct pidfile *pidfile, const char *folder,
	    pid_t *other_r);

void	pidfile_set(struct pidfile *pidfile, int generation, bool is_ready);
void	pidfile_refuse(struct pidfile *pidfile, const char *reason);

/* Empty it and give up the lock. */
void	pidfile_close(struct pidfile *pidfile);

#endif
