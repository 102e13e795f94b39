/*
 * The supervisor.  It holds the generations of the configuration: the
 * current one, and older ones whose processes still finish their work.
 */

#include "master/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#include "master/broker.h"
#include "master/child.h"
#include "master/environment.h"
#include "master/folders.h"
#include "master/generation.h"
#include "master/service.h"
#include "master/startup.h"
#include "master/tickets.h"
#include "net/loop.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/version.h"

#define START_MS	20000	/* for all programs to be set up */
#define STOP_MS		5000	/* for all programs to end */
#define LOG_CHECK_MS	2000
#define SIGNAL_COUNT	4

enum phase { PHASE_STARTING, PHASE_RUNNING, PHASE_STOPPING };

struct supervisor {
	const struct supervisor_options	*options;
	struct startup		 own;		/* the folder ... the lock */
	struct loop		*loop;
	struct generation	*current;
	struct generation	*old;		/* list: they are leaving */
	struct service_host	 host;
	struct loop_timer	*deadline;	/* of a start, of a stop */
	struct loop_timer	*log_timer;
	struct loop_timer	*watchdog;
	struct tickets		*tickets;
	int64_t			 watchdog_ms;
	int64_t			 watched_ms;	/* when it last ran */
	struct loop_signal	*signals[SIGNAL_COUNT];
	enum phase		 phase;
	int			 status;	/* exit status */
};

/* ---- all services -------------------------------------------------------- */

typedef void (*each_fn)(struct service *service, void *arg);

static void
each_service(struct supervisor *supervisor, each_fn fn, void *arg)
{
	struct generation	*generation;
	struct service		*service;

	if (supervisor->current != NULL)
		LL_FOREACH(supervisor->current->services, service)
			fn(service, arg);
	LL_FOREACH(supervisor->old, generation)
		LL_FOREACH(generation->services, service)
			fn(service, arg);
}

static void
stop_service(struct service *service, void *arg)
{
	(void)arg;
	service_retire(service, CONTROL_STOP);
}

static void
kill_service(struct service *service, void *arg)
{
	(void)arg;
	service_kill(service);
}

static void
tell_log(struct service *service, void *arg)
{
	service_tell_log(service, *(int *)arg);
}

static void
tell_tickets(struct service *service, void *arg)
{
	(void)arg;
	service_tell_tickets(service);
}

static void
on_tickets(void *arg)
{
	each_service(arg, tell_tickets, NULL);
}

static bool
has_children(const struct supervisor *supervisor)
{
	const struct generation	*generation;

	LL_FOREACH(supervisor->old, generation)
		if (!generation_is_over(generation))
			return true;
	return supervisor->current != NULL &&
	    !generation_is_over(supervisor->current);
}

/* ---- stop ---------------------------------------------------------------- */

static void
on_stop_deadline(void *arg)
{
	struct supervisor	*supervisor = arg;

	log_warn("killing the processes that have not ended in %d s",
	    STOP_MS / 1000);
	each_service(supervisor, kill_service, NULL);
}

static void
stop(struct supervisor *supervisor)
{
	if (supervisor->phase == PHASE_STOPPING)
		return;
	/* Whoever waits for a start does not get one. */
	supervisor->status = supervisor->phase == PHASE_STARTING ? 1 : 0;
	supervisor->phase = PHASE_STOPPING;
	each_service(supervisor, stop_service, NULL);
	loop_timer_free(&supervisor->deadline);
	supervisor->deadline = loop_timer_new(supervisor->loop,
	    on_stop_deadline, supervisor);
	loop_timer_start(supervisor->deadline, STOP_MS);
	if (!has_children(supervisor))
		loop_stop(supervisor->loop);
}

static void
on_terminate(void *arg)
{
	log_info("terminating on signal %d", SIGTERM);
	stop(arg);
}

static void
on_interrupt(void *arg)
{
	log_info("terminating on signal %d", SIGINT);
	stop(arg);
}

/* ---- start --------------------------------------------------------------- */

static void
announce_ready(struct supervisor *supervisor)
{
	int	log_fd = supervisor->own.logfile.fd, null;

	if (supervisor->options->wait_fd < 0)
		return;
	/* Nobody is at the terminal any more, for the children neither. */
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(log_fd >= 0 ? log_fd : null, STDERR_FILENO);
		close(null);
	}
	if (log_fd < 0)
		each_service(supervisor, tell_log, &supervisor->host.error_fd);
	if (write(supervisor->options->wait_fd, "R", 1) < 0)
		log_debug("nobody waits for the start any more");
	close(supervisor->options->wait_fd);
}

static void
on_change(struct service *service, void *arg)
{
	struct supervisor	*supervisor = arg;
	struct generation	*current = supervisor->current;
	bool			 is_ready;

	if (supervisor->phase == PHASE_STOPPING) {
		if (!has_children(supervisor))
			loop_stop(supervisor->loop);
		return;
	}
	if (current == NULL || service->generation != current->number)
		return;
	is_ready = generation_is_ready(current);
	if (!is_ready || supervisor->own.pidfile.is_ready)
		return;
	pidfile_set(&supervisor->own.pidfile, current->number, true);
	log_debug("generation %d is ready", current->number);
	if (supervisor->phase != PHASE_STARTING)
		return;
	loop_timer_stop(supervisor->deadline);
	announce_ready(supervisor);
	supervisor->phase = PHASE_RUNNING;
	supervisor->own.is_over = true;
}

static void
on_failure(struct service *service, pid_t pid, const char *why, void *arg)
{
	struct supervisor	*supervisor = arg;
	char			*words;

	if (supervisor->phase != PHASE_STARTING)
		return;
	words = logfile_find_fatal(&supervisor->own.logfile, pid);
	startup_refuse(&supervisor->own, words == NULL ?
	    mem_printf("%s before it was set up; the log tells more", why) :
	    mem_printf("%s: %s", strrchr(service->path, '/') + 1, words));
	mem_free(words);
	stop(supervisor);
}

static void
on_start_deadline(void *arg)
{
	struct supervisor	*supervisor = arg;
	const struct service	*service;

	LL_FOREACH(supervisor->current->services, service)
		if (!service_is_ready(service))
			break;
	startup_refuse(&supervisor->own, mem_printf("%s is not set up after "
	    "%d s", service == NULL ? "master" : service->path,
	    START_MS / 1000));
	stop(supervisor);
}

static void
on_wish(struct service *service, struct child *child, const char *text,
    void *arg)
{
	struct supervisor	*supervisor = arg;

	broker_connect(child, service, supervisor->current->services, text);
}

static void
start_services(struct supervisor *supervisor)
{
	struct generation	*current = supervisor->current;
	struct service		*service;

	pidfile_set(&supervisor->own.pidfile, current->number, false);
	tickets_set_life(supervisor->tickets,
	    current->conf->smtpd_tls_session_cache_timeout);
	LL_FOREACH(current->services, service)
		service_start(service, &supervisor->host);
	/* With services on demand only, nothing else will say so. */
	on_change(current->services, supervisor);
}

/* ---- reload -------------------------------------------------------------- */

static void
retire_current(struct supervisor *supervisor)
{
	struct generation	*old = supervisor->current;
	struct service		*service;

	LL_FOREACH(old->services, service)
		service_retire(service, CONTROL_DRAIN);
	LL_PREPEND(supervisor->old, old);
	supervisor->current = NULL;
}

static void
set_error_fd(struct supervisor *supervisor)
{
	supervisor->host.error_fd = supervisor->own.logfile.fd >= 0 ?
	    supervisor->own.logfile.fd : STDERR_FILENO;
}

/* 0, or -1 and *why_r: then nothing has changed. */
static int
prepare_reload(struct supervisor *supervisor, struct generation *new,
    char **why_r)
{
	const struct conf	*conf = supervisor->current->conf;

	if (*why_r != NULL)
		return -1;
	if (strcmp(conf->queue_directory, new->conf->queue_directory) != 0) {
		*why_r = mem_strdup("queue_directory has changed: stop and "
		    "start to use another");
		return -1;
	}
	if (folders_make(new->conf, why_r) < 0 ||
	    startup_listen(&supervisor->own, new, why_r) < 0)
		return -1;
	if (strcmp(conf->maillog_file, new->conf->maillog_file) == 0 &&
	    new->conf->maillog_file[0] != '\0')
		return 0;
	if (logfile_open(&supervisor->own.logfile, new->conf, why_r) == 0)
		return 0;
	listen_revert(&supervisor->own.sockets, new->number);
	return -1;
}

static void
on_hangup(void *arg)
{
	struct supervisor	*supervisor = arg;
	struct generation	*new;
	char			*why;

	if (supervisor->phase == PHASE_STOPPING)
		return;
	new = generation_read(supervisor->own.folder,
	    supervisor->current->number + 1, &why);
	if (prepare_reload(supervisor, new, &why) < 0) {
		log_warn("reload refused, nothing is changed: %s", why);
		pidfile_refuse(&supervisor->own.pidfile, why);
		mem_free(why);
		generation_free(&new);
		return;
	}
	log_info("reload -- version %s, configuration %s", VERSION,
	    supervisor->own.folder);
	startup_warn(&supervisor->own, new);
	set_error_fd(supervisor);
	retire_current(supervisor);
	listen_keep(&supervisor->own.sockets, new->number);
	supervisor->current = new;
	start_services(supervisor);
}

/* ---- the dead, the stuck, the log ---------------------------------------- */

static void
reap(struct supervisor *supervisor, pid_t pid, int status)
{
	struct generation	*generation, *next;
	struct service		*service;

	if (supervisor->current != NULL)
		LL_FOREACH(supervisor->current->services, service)
			if (service_reap(service, pid, status))
				return;
	LL_FOREACH_SAFE(supervisor->old, generation, next) {
		LL_FOREACH(generation->services, service)
			if (service_reap(service, pid, status))
				break;
		if (!generation_is_over(generation))
			continue;
		LL_DELETE(supervisor->old, generation);
		generation_free(&generation);
	}
}

/* As process 1, master has the orphans of all others, too. */
static void
on_child(void *arg)
{
	struct supervisor	*supervisor = arg;
	int			 status;
	pid_t			 pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reap(supervisor, pid, status);
	if (supervisor->phase == PHASE_STOPPING && !has_children(supervisor))
		loop_stop(supervisor->loop);
}

struct watchdog {
	int64_t	limit_ms;
	bool	forgives;
};

static void
watch_service(struct service *service, void *arg)
{
	const struct watchdog	*watchdog = arg;

	service_watchdog(service, watchdog->limit_ms, watchdog->forgives);
}

static void
on_watchdog(void *arg)
{
	struct supervisor	*supervisor = arg;
	int64_t			 now_ms = loop_now_ms(supervisor->loop);
	struct watchdog		 watchdog = { supervisor->watchdog_ms, false };

	/* When master was stopped for a while, so perhaps were the others. */
	watchdog.forgives = supervisor->watched_ms != 0 &&
	    now_ms - supervisor->watched_ms > supervisor->watchdog_ms / 2;
	supervisor->watched_ms = now_ms;
	each_service(supervisor, watch_service, &watchdog);
	loop_timer_start(supervisor->watchdog, supervisor->watchdog_ms / 6);
}

static void
on_log_check(void *arg)
{
	struct supervisor	*supervisor = arg;

	if (logfile_rotate(&supervisor->own.logfile)) {
		set_error_fd(supervisor);
		if (supervisor->options->wait_fd >= 0 &&
		    supervisor->phase != PHASE_STARTING)
			dup2(supervisor->own.logfile.fd, STDERR_FILENO);
		each_service(supervisor, tell_log,
		    &supervisor->own.logfile.fd);
		log_info("the log file was reopened");
	}
	loop_timer_start(supervisor->log_timer, LOG_CHECK_MS);
}

static int64_t
watchdog_limit(void)
{
	const char	*text = getenv("TERN_WATCHDOG_MS");
	long		 limit = text == NULL ? 0 : strtol(text, NULL, 10);

	return limit > 0 && limit < MASTER_WATCHDOG_MS ? limit :
	    MASTER_WATCHDOG_MS;
}

/* ---- from nothing to a running suite ------------------------------------- */

static void
make_loop(struct supervisor *supervisor)
{
	struct loop	*loop = loop_new();

	supervisor->loop = loop;
	supervisor->signals[0] = loop_signal_new(loop, SIGCHLD, on_child,
	    supervisor);
	supervisor->signals[1] = loop_signal_new(loop, SIGHUP, on_hangup,
	    supervisor);
	supervisor->signals[2] = loop_signal_new(loop, SIGTERM, on_terminate,
	    supervisor);
	supervisor->signals[3] = loop_signal_new(loop, SIGINT, on_interrupt,
	    supervisor);
	supervisor->deadline = loop_timer_new(loop, on_start_deadline,
	    supervisor);
	supervisor->log_timer = loop_timer_new(loop, on_log_check,
	    supervisor);
	supervisor->watchdog = loop_timer_new(loop, on_watchdog, supervisor);
	supervisor->watchdog_ms = watchdog_limit();
	loop_timer_start(supervisor->deadline, START_MS);
	loop_timer_start(supervisor->log_timer, LOG_CHECK_MS);
	loop_timer_start(supervisor->watchdog, supervisor->watchdog_ms / 6);
}

static void
make_host(struct supervisor *supervisor)
{
	supervisor->tickets = tickets_new(supervisor->loop, on_tickets,
	    supervisor);
	supervisor->host = (struct service_host){
		.tickets = supervisor->tickets,
		.loop = supervisor->loop,
		.environment = environment_new(supervisor->own.folder, environ),
		.arg = supervisor,
		.on_change = on_change,
		.on_failure = on_failure,
		.on_wish = on_wish,
	};
	set_error_fd(supervisor);
}

static void
clear(struct supervisor *supervisor)
{
	struct generation	*generation, *next;

	generation_free(&supervisor->current);
	LL_FOREACH_SAFE(supervisor->old, generation, next)
		generation_free(&generation);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		loop_signal_free(&supervisor->signals[i]);
	loop_timer_free(&supervisor->deadline);
	loop_timer_free(&supervisor->log_timer);
	loop_timer_free(&supervisor->watchdog);
	tickets_free(&supervisor->tickets);
	loop_free(&supervisor->loop);
	environment_free(&supervisor->host.environment);
	startup_clear(&supervisor->own);
}

int
supervisor_run(const struct supervisor_options *options)
{
	struct supervisor	supervisor = { .options = options };

	if (startup_prepare(&supervisor.own, options) < 0)
		supervisor.status = 1;
	supervisor.current = supervisor.own.generation;
	if (supervisor.status == 0 && !options->checks_only) {
		make_loop(&supervisor);
		make_host(&supervisor);
		log_info("daemon started -- version %s, configuration %s",
		    VERSION, supervisor.own.folder);
		start_services(&supervisor);
		loop_run(supervisor.loop);
	}
	clear(&supervisor);
	return supervisor.status;
}
