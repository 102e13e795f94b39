/*
 * The processes of one service: as many as there should be, again and
 * again, but not in a mad loop.
 */

#include "master/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <utlist.h>

#include "master/child.h"
#include "master/listen.h"
#include "master/program.h"
#include "master/tickets.h"
#include "net/loop.h"
#include "util/log.h"
#include "util/mem.h"

#define SOUND_MS	1000	/* who lived so long was no failure */
#define FIRST_DELAY_MS	100
#define SECOND_DELAY_MS	1000
#define READY_DELAY_MS	1000	/* the longest after one that was set up */

struct service_child {
	struct child		*child;
	struct service		*service;
	struct service_child	*next;
};

static void	fill(struct service *service);

/* ---- restarts ------------------------------------------------------------ */

/*
 * A program that cannot even be set up will most likely fail again: wait
 * ever longer.  One that was set up has met something on its way; mail
 * shall go on past it, so it is back within a second.
 */
int64_t
service_delay_ms(int failures, bool was_ready, int64_t limit_ms)
{
	int64_t	delay = FIRST_DELAY_MS;

	if (failures == 0 || (failures == 1 && was_ready))
		return 0;
	failures -= was_ready ? 2 : 1;
	if (!was_ready && failures > 0) {
		delay = SECOND_DELAY_MS;
		failures--;
	}
	if (was_ready && limit_ms > READY_DELAY_MS)
		limit_ms = READY_DELAY_MS;
	while (failures-- > 0 && delay < limit_ms)
		delay *= 2;
	return delay < limit_ms ? delay : limit_ms;
}

static void
set_watches(struct service *service, unsigned what)
{
	if (service->watches == NULL)
		return;
	for (size_t i = 0; i < service->addr_count; i++)
		loop_watch_set(service->watches[i], what);
}

/* On demand: wait for a client; else: have all processes there. */
static void
resume(struct service *service)
{
	if (service->is_retired)
		return;
	if (service->watches != NULL)
		set_watches(service, LOOP_READ);
	else
		fill(service);
}

static void
on_restart(void *arg)
{
	resume(arg);
}

static void
resume_later(struct service *service, bool was_ready)
{
	int64_t	delay = service_delay_ms(service->failures, was_ready,
		    service->throttle_ms);

	if (loop_timer_is_running(service->restart))
		return;
	if (delay > FIRST_DELAY_MS)
		log_warn("%s: %s -- throttling for %ld.%ld s", service->path,
		    was_ready ? "ends too soon" : "bad command startup",
		    (long)(delay / 1000), (long)(delay % 1000 / 100));
	if (delay == 0)
		resume(service);
	else
		loop_timer_start(service->restart, delay);
}

/* ---- processes ----------------------------------------------------------- */

static void
on_child(struct child *child, enum child_event event, const char *text,
    void *arg)
{
	struct service_child	*it = arg;
	const struct service_host *host = it->service->host;

	if (event == CHILD_WISH)
		host->on_wish(it->service, child, text, host->arg);
	else
		host->on_change(it->service, host->arg);
}

static void
tell_tickets(const struct service *service, struct child *child)
{
	if ((service->program->flags & PROGRAM_TICKETS) &&
	    service->host->tickets != NULL)
		child_tell(child, CONTROL_TICKETS,
		    tickets_text(service->host->tickets), -1);
}

static int
start_one(struct service *service)
{
	struct service_child	*it = mem_new(sizeof(*it));
	struct child_plan	 plan = {
		.path = service->path,
		.argv = service->argv,
		.environment = service->host->environment,
		.error_fd = service->host->error_fd,
		.snapshot_fd = service->snapshot_fd,
		.listen_fds = service->fds,
		.listen_count = service->addr_count,
	};

	it->service = service;
	it->child = child_new(service->host->loop, &plan, on_child, it);
	if (it->child == NULL) {
		log_warn("cannot start %s: %s", service->path,
		    strerror(errno));
		mem_free(it);
		return -1;
	}
	LL_PREPEND(service->children, it);
	tell_tickets(service, it->child);
	return 0;
}

static void
fill(struct service *service)
{
	struct service_child	*it;
	int			 count;

	LL_COUNT(service->children, it, count);
	for (; count < service->process_count; count++)
		if (start_one(service) < 0) {
			service->failures++;
			resume_later(service, false);
			return;
		}
}

static void
on_client(int fd, unsigned what, void *arg)
{
	struct service	*service = arg;

	(void)fd;
	(void)what;
	/* The process will take it; see again when that one is gone. */
	set_watches(service, 0);
	fill(service);
}

/* ---- their end ----------------------------------------------------------- */

static char *
describe_end(const struct service *service, pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		return mem_printf("process %s pid %ld killed by signal %d",
		    service->path, (long)pid, WTERMSIG(status));
	return mem_printf("process %s pid %ld exit status %d", service->path,
	    (long)pid, WEXITSTATUS(status));
}

/* Killed from outside, it had no chance to show what it can do. */
static bool
is_victim(const struct child *child, int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    !child_is_doomed(child);
}

static void
replace(struct service *service, struct child *child, int status)
{
	bool	 was_ready = child_is_ready(child);
	bool	 is_done = service->watches != NULL && was_ready &&
		    status == 0;
	char	*why = describe_end(service, child_pid(child), status);

	if (is_done || (was_ready && child_age_ms(child) >= SOUND_MS))
		service->failures = 0;
	else
		service->failures++;
	if (!is_done)
		log_warn("%s", why);
	if (!was_ready)
		service->host->on_failure(service, child_pid(child), why,
		    service->host->arg);
	mem_free(why);
	/* on_failure may have ended the whole suite. */
	if (!service->is_retired)
		resume_later(service, was_ready || is_victim(child, status));
}

bool
service_reap(struct service *service, pid_t pid, int status)
{
	struct service_child	*it;
	char			*why;

	LL_FOREACH(service->children, it)
		if (child_pid(it->child) == pid)
			break;
	if (it == NULL)
		return false;
	child_hear(it->child);
	LL_DELETE(service->children, it);
	if (!service->is_retired) {
		replace(service, it->child, status);
	} else if (status != 0) {
		why = describe_end(service, pid, status);
		log_warn("%s", why);
		mem_free(why);
	}
	child_free(&it->child);
	mem_free(it);
	service->host->on_change(service, service->host->arg);
	return true;
}

/* ---- the service --------------------------------------------------------- */

static char *
cannot_listen(const struct service *service, const struct addr *addr)
{
	char		 text[ADDR_TEXT_SIZE];
	const char	*why = errno == EEXIST ?
			    "another service does already" : strerror(errno);

	if (service->type == MASTER_CF_UNIX)
		return mem_printf("%s: cannot listen on socket %s: %s",
		    service->where, service->name, why);
	return mem_printf("%s: cannot listen on %s port %d: %s",
	    service->where, addr_format_ip(addr, text), addr_port(addr), why);
}

int
service_listen(struct service *service, struct listen_set *set,
    char **why_r)
{
	service->fds = mem_new_array(service->addr_count,
	    sizeof(*service->fds));
	for (size_t i = 0; i < service->addr_count; i++) {
		const struct addr	*addr = &service->addrs[i];

		service->fds[i] = listen_get(set, addr, i == 0 ? 0600 : 0666,
		    service->generation);
		if (service->fds[i] >= 0)
			continue;
		*why_r = cannot_listen(service, addr);
		return -1;
	}
	return 0;
}

void
service_start(struct service *service, const struct service_host *host)
{
	service->host = host;
	service->restart = loop_timer_new(host->loop, on_restart, service);
	if (service->program->flags & PROGRAM_RESIDENT) {
		fill(service);
		return;
	}
	service->watches = mem_new_array(service->addr_count,
	    sizeof(*service->watches));
	for (size_t i = 0; i < service->addr_count; i++)
		service->watches[i] = loop_watch_new(host->loop,
		    service->fds[i], LOOP_READ, on_client, service);
}

static void
stop_watching(struct service *service)
{
	for (size_t i = 0; service->watches != NULL &&
	    i < service->addr_count; i++)
		loop_watch_free(&service->watches[i]);
	mem_free(service->watches);
	service->watches = NULL;
}

void
service_retire(struct service *service, enum control_type type)
{
	struct service_child	*it;

	service->is_retired = true;
	stop_watching(service);
	if (service->restart != NULL)
		loop_timer_stop(service->restart);
	LL_FOREACH(service->children, it)
		child_tell(it->child, type, "", -1);
}

void
service_kill(struct service *service)
{
	struct service_child	*it;

	LL_FOREACH(service->children, it)
		child_kill(it->child);
}

void
service_tell_log(struct service *service, int fd)
{
	struct service_child	*it;

	LL_FOREACH(service->children, it)
		child_tell(it->child, CONTROL_LOG, "", fd);
}

void
service_tell_tickets(struct service *service)
{
	struct service_child	*it;

	LL_FOREACH(service->children, it)
		tell_tickets(service, it->child);
}

void
service_watchdog(struct service *service, int64_t limit_ms, bool forgives)
{
	struct service_child	*it;

	LL_FOREACH(service->children, it) {
		if (forgives)
			child_forgive(it->child);
		else
			child_watch(it->child, limit_ms);
	}
}

bool
service_is_ready(const struct service *service)
{
	const struct service_child	*it;
	int				 count = 0;

	if (!(service->program->flags & PROGRAM_RESIDENT))
		return true;
	LL_FOREACH(service->children, it)
		count += child_is_ready(it->child);
	return count >= service->process_count;
}

bool
service_has_children(const struct service *service)
{
	return service->children != NULL;
}

void
service_free(struct service **service)
{
	struct service		*s = *service;
	struct service_child	*it, *next;

	if (s == NULL)
		return;
	LL_FOREACH_SAFE(s->children, it, next) {
		child_free(&it->child);
		mem_free(it);
	}
	stop_watching(s);
	loop_timer_free(&s->restart);
	for (char **arg = s->argv; arg != NULL && *arg != NULL; arg++)
		mem_free(*arg);
	mem_free(s->argv);
	mem_free(s->name);
	mem_free(s->where);
	mem_free(s->path);
	mem_free(s->addrs);
	mem_free(s->fds);
	mem_free(s);
	*service = NULL;
}
