#ifndef MAIL_SNAPSHOT_H
#define MAIL_SNAPSHOT_H

/*
 * The configuration as programs get it (DAEMON_CONF_FD of mail/daemon.h): a
 * memory file that nobody can change.
 */

struct conf;

/* A descriptor, close-on-exec; there must be memory for it. */
int	snapshot_new(const struct conf *conf);

#endif
