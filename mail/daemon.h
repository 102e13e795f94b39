#ifndef MAIL_DAEMON_H
#define MAIL_DAEMON_H

/*
 * What every program that master starts has in common: its arguments and
 * descriptors, configuration, log, rights, loop, control channel, and
 * connections to other services.  A program is a struct daemon_program and
 * one call of daemon_run.
 *
 * master starts a program as
 *
 *	smtpd -n name -t inet|unix -s count [-u] [-c] [-r folder]
 *	    [-o name=value ...] [args]
 *
 * with descriptor 2 the log (or the terminal), 3 the control channel, 4 the
 * snapshot of the configuration, 5 ... 5+count-1 the listening sockets.
 * -u: keep the rights (unprivileged = n), -r: chroot there, -c: none.
 *
 * -O: started by a tool while the suite is down (mail/offline.h).  There are
 * no listening sockets; 5 is the one client and 6 the log file.  Until the
 * program is set up, it logs to 2, the terminal of who has started the tool.
 */

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "net/addr.h"

#define DAEMON_CONTROL_FD	3
#define DAEMON_CONF_FD		4
#define DAEMON_LISTEN_FD	5
#define DAEMON_LOG_FD		6

struct daemon;
struct loop;
struct tls_ticket_key;

enum daemon_user {
	DAEMON_GATE,		/* gate_owner, in an empty chroot */
	DAEMON_MAIL,		/* mail_owner */
	DAEMON_AUTH,		/* auth_owner, with its groups */
	DAEMON_ROOT,		/* as master */
};

struct daemon_program {
	const char		*name;
	enum daemon_user	 user;

	/* Before parameters are read: set some; NULL for nothing. */
	void	(*set)(struct conf_source *source);

	/* Before rights are given up: open files; NULL for nothing. */
	void	(*open)(struct daemon *daemon);

	/* Everything is there: make the program's state. */
	void	(*start)(struct daemon *daemon);

	/* A client has connected; fd is the program's now. */
	void	(*accept)(struct daemon *daemon, int fd,
		    const struct addr *peer);

	/*
	 * No new client comes.  Finish what there is, then daemon_leave; in
	 * a hurry (the suite stops, 5 s are left) only replies in flight.
	 * May be called again, in a hurry.
	 */
	void	(*drain)(struct daemon *daemon, bool in_a_hurry);

	/* Other keys of TLS tickets; NULL for who has none. */
	void	(*tickets)(struct daemon *daemon,
		    const struct tls_ticket_key *keys, size_t count);

	/* Clean up before the end of the process; NULL for nothing. */
	void	(*stop)(struct daemon *daemon);
};

/* Does not return before the program's end; returns its exit status. */
int		 daemon_run(const struct daemon_program *program, int argc,
		    char **argv);

struct loop	*daemon_loop(const struct daemon *daemon);
const struct conf *daemon_conf(const struct daemon *daemon);
const char	*daemon_service(const struct daemon *daemon);

/* What stands behind the options in master.cf; ends with NULL. */
char *const	*daemon_arguments(const struct daemon *daemon);
bool		 daemon_is_draining(const struct daemon *daemon);
bool		 daemon_is_offline(const struct daemon *daemon);	/* -O */

/* The program's own state: set in start, used everywhere. */
void		*daemon_state(const struct daemon *daemon);
void		 daemon_set_state(struct daemon *daemon, void *state);

/* Stop accepting clients (others may go on), and go on again. */
void		 daemon_pause_accept(struct daemon *daemon);
void		 daemon_resume_accept(struct daemon *daemon);

/* End the process after this tick. */
void		 daemon_leave(struct daemon *daemon);

/*
 * Ask master for a connection to a service; fn is called once, with -1 when
 * there is none.
 */
typedef void (*daemon_connect_fn)(int fd, void *arg);
void		 daemon_connect(struct daemon *daemon, const char *service,
		    daemon_connect_fn fn, void *arg);

#endif
