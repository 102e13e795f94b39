#ifndef MASTER_SUPERVISOR_H
#define MASTER_SUPERVISOR_H

/*
 * The life of master: start, watch, reload, stop.
 */

#include <stdbool.h>

struct supervisor_options {
	const char	*folder;	/* -c; NULL: where main.cf belongs */
	bool		 stays;		/* -s: in the foreground */
	bool		 checks_only;	/* -t: is the configuration good? */
	bool		 is_verbose;	/* -v */

	/*
	 * -w: a pipe that gets one byte when all programs are set up, and
	 * its end when that cannot be; -1 for none.
	 */
	int		 wait_fd;
};

/* The exit status of master. */
int	supervisor_run(const struct supervisor_options *options);

#endif
