#ifndef UTIL_LOG_H
#define UTIL_LOG_H

/*
 * The log: one line per event, in Postfix's shape,
 *
 *	Mon dd hh:mm:ss host tern/smtpd[pid]: text
 *
 * to syslog, or to a file descriptor (a file opened for appending, a pipe,
 * a terminal).  What a peer sent may stand in any argument: control bytes
 * and malformed UTF-8 are written as '?', long lines are cut.
 *
 * Lines for a descriptor may be gathered (log_set_gather); a program that
 * does so calls log_flush before it sleeps, as net/loop.c does.  Any thread
 * may log; what opens and sets is for the time before there are threads.
 *
 * A thread in haste (util/haste.h) logs nothing.
 *
 * Severities: info, warn (the line starts with "warning: "), fatal (the
 * world is wrong: exit 1, master restarts), panic (we are wrong: abort).
 * No peer, on the network or on a Unix socket, may cause the last two.
 */

#include <stdbool.h>

/*
 * Until one of these is called, lines go to stderr without a prefix; those of
 * a tool with its name in front.
 */
void	log_open_terminal(const char *name);
void	log_open_syslog(const char *tag, const char *facility);
void	log_open_fd(const char *tag, int fd);

/* The syslog facility has a name we know ("mail", "local0" ...). */
bool	log_is_facility(const char *name);

/* Lines are gathered until log_flush (or until 16 KB wait). */
void	log_set_gather(bool gather);
void	log_flush(void);

/* log_debug lines are written only when verbose is set. */
void	log_set_verbose(bool verbose);
bool	log_is_verbose(void);

void	log_debug(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));
void	log_info(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));
void	log_warn(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));
void	log_fatal(const char *format, ...)
	    __attribute__((format(printf, 1, 2), noreturn));
void	log_panic(const char *format, ...)
	    __attribute__((format(printf, 1, 2), noreturn));

#endif
