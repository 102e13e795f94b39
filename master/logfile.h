#ifndef MASTER_LOGFILE_H
#define MASTER_LOGFILE_H

/*
 * maillog_file: opened by master for all programs, and opened anew when it
 * was renamed or removed, so that rotating it takes one mv.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "conf/conf.h"

struct logfile {
	char	*path;		/* owned; "" for syslog */
	char	*tag;		/* owned; "tern/master" */
	char	*facility;	/* owned */
	int	 fd;		/* -1 for syslog */
	dev_t	 device;
	ino_t	 inode;
	off_t	 start;		/* its size when it was opened */
};

#define LOGFILE_INIT	{ .fd = -1 }

/*
 * Let the log go where conf says; what was open is closed.  0, or -1 and
 * *why_r (caller frees), and nothing has changed.
 */
int	logfile_open(struct logfile *logfile, const struct conf *conf,
	    char **why_r);
void	logfile_clear(struct logfile *logfile);

/* The file has another name now: true when a new one was opened. */
bool	logfile_rotate(struct logfile *logfile);

/*
 * Why the process ended, in its own words: the text of the "fatal" or
 * "panic" line it wrote to the log file since that was opened, or NULL
 * (caller frees).
 */
char	*logfile_find_fatal(const struct logfile *logfile, pid_t pid);

#endif
