#ifndef MASTER_SERVICE_H
#define MASTER_SERVICE_H

/*
 * One line of master.cf in one generation: its program, its sockets, and
 * the processes that serve it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/master_cf.h"
#include "mail/control.h"
#include "net/addr.h"

struct child;
struct listen_set;
struct loop;
struct loop_timer;
struct loop_watch;
struct program;
struct service;
struct tickets;

/* What services need of the supervisor; one for all of them. */
struct service_host {
	struct loop	*loop;
	char	       **environment;
	int		 error_fd;	/* descriptor 2 of new processes */
	const struct tickets *tickets;	/* borrowed */
	void		*arg;

	/* The state of the service may be another than before. */
	void	(*on_change)(struct service *service, void *arg);

	/* A process has ended before it was ready; why is borrowed. */
	void	(*on_failure)(struct service *service, pid_t pid,
		    const char *why, void *arg);

	/* A child asks for a connection. */
	void	(*on_wish)(struct service *service, struct child *child,
		    const char *text, void *arg);
};

struct service {
	/* As configured; owned. */
	char			*name;
	char			*where;		/* "master.cf:12" */
	char			*path;		/* of the program */
	char		       **argv;		/* ends with NULL */
	enum master_cf_type	 type;
	const struct program	*program;	/* borrowed, static */
	struct addr		*addrs;		/* Unix: private, public */
	size_t			 addr_count;
	int			 process_count;
	int64_t			 throttle_ms;	/* the longest wait */
	int			 generation;
	int			 snapshot_fd;	/* borrowed */

	/* As it runs. */
	const struct service_host *host;	/* borrowed */
	int			*fds;		/* the set's descriptors */
	struct service_child	*children;	/* list, owned */
	struct loop_watch	**watches;	/* of an on-demand service */
	struct loop_timer	*restart;
	int			 failures;	/* in a row */
	bool			 is_retired;	/* no new processes */
	struct service		*next;
};

void	service_free(struct service **service);

/* Its listening sockets; 0, or -1 and *why_r (caller frees). */
int	service_listen(struct service *service, struct listen_set *set,
	    char **why_r);

/* Start its processes, or wait for a client if it is run on demand. */
void	service_start(struct service *service,
	    const struct service_host *host);

/* No new processes; those there are get DRAIN or STOP. */
void	service_retire(struct service *service, enum control_type type);

void	service_kill(struct service *service);
void	service_tell_log(struct service *service, int fd);

/* The host's tickets are other ones; a process that starts gets them, too. */
void	service_tell_tickets(struct service *service);
void	service_watchdog(struct service *service, int64_t limit_ms,
	    bool forgives);

/* A process has ended: whether it was one of this service's. */
bool	service_reap(struct service *service, pid_t pid, int status);

/* All of its processes are set up. */
bool	service_is_ready(const struct service *service);
bool	service_has_children(const struct service *service);

/*
 * How long to wait before the next start, after so many processes in a row
 * that ended soon; was_ready: the last one had been set up.
 */
int64_t	service_delay_ms(int failures, bool was_ready, int64_t limit_ms);

#endif
