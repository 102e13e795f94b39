#ifndef MASTER_STARTUP_H
#define MASTER_STARTUP_H

/*
 * What master needs before it can start any program: the configuration,
 * the log, the lock on the queue directory, the sockets.  It fails with one
 * line that says why, or has it all.
 */

#include <stdbool.h>

#include "master/listen.h"
#include "master/logfile.h"
#include "master/pidfile.h"

struct generation;
struct supervisor_options;

struct startup {
	const struct supervisor_options	*options;	/* borrowed */
	char			*folder;	/* of main.cf, absolute */
	struct generation	*generation;	/* owned */
	struct listen_set	 sockets;
	struct logfile		 logfile;
	struct pidfile		 pidfile;
	bool			 is_over;	/* nobody waits any more */
};

/* 0, or -1 when it has said why not.  With -t only what can be checked. */
int	startup_prepare(struct startup *startup,
	    const struct supervisor_options *options);

/* All but the generation. */
void	startup_clear(struct startup *startup);

/* Say on the terminal and in the log why not; takes text over.  -1. */
int	startup_refuse(const struct startup *startup, char *text);

void	startup_warn(const struct startup *startup,
	    const struct generation *generation);

/* The sockets of a generation; 0, or -1 and *why_r (caller frees). */
int	startup_listen(struct startup *startup,
	    struct generation *generation, char **why_r);

#endif
