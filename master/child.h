#ifndef MASTER_CHILD_H
#define MASTER_CHILD_H

/*
 * One process: started, listened to on its control channel, told what to
 * do, and ended when it does not do it.  Which processes there should be
 * is left to service.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mail/control.h"

/* A child that gave no sign of life for so long is stuck. */
#define MASTER_WATCHDOG_MS	60000

struct child;
struct log_limit;
struct loop;

/* What to run; all borrowed, and only during child_new. */
struct child_plan {
	const char	*path;
	char	       **argv;
	char	       **environment;
	int		 error_fd;
	int		 snapshot_fd;
	const int	*listen_fds;
	size_t		 listen_count;
};

enum child_event {
	CHILD_READY,	/* it is set up */
	CHILD_WISH,	/* it asks for a connection to the service text */
};

typedef void (*child_fn)(struct child *child, enum child_event event,
	    const char *text, void *arg);

/* NULL with errno.  The channel is heard until child_free. */
struct child	*child_new(struct loop *loop, const struct child_plan *plan,
		    child_fn fn, void *arg);

/* Its process is gone, or not cared for any more.  Accepts NULL. */
void		 child_free(struct child **child);

pid_t		 child_pid(const struct child *child);
bool		 child_is_ready(const struct child *child);

/* We have sent it a signal to die of. */
bool		 child_is_doomed(const struct child *child);
int64_t		 child_age_ms(const struct child *child);

/* Hear what it said before its end (not all, when it said very much). */
void		 child_hear(struct child *child);

/*
 * A packet of control.h; fd (or -1) stays the caller's.  A child that reads
 * none of them is killed.
 */
void		 child_tell(struct child *child, enum control_type type,
		    const char *text, int fd);

/* For warnings that the child causes; borrowed. */
struct log_limit *child_limit(struct child *child);

void		 child_kill(struct child *child);

/* Abort it when it was ready and silent for limit_ms. */
void		 child_watch(struct child *child, int64_t limit_ms);

/* Master itself was asleep: silence until now does not count. */
void		 child_forgive(struct child *child);

#endif
