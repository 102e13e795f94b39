/*
 * A child process.
 */

#include "master/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "mail/daemon.h"
#include "net/loop.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/log_limit.h"
#include "util/mem.h"

#define ABORT_MS	2000	/* from SIGABRT to SIGKILL */
#define DEAF_MS		5000	/* from the end of the channel to SIGKILL */

/*
 * One that has nothing wrong with it says a beat in a while, and asks ten
 * times a second for a service that is away.
 */
#define PACKET_LIMIT	100	/* packets heard in ... */
#define PACKET_MS	1000

struct child {
	struct loop_watch	*watch;
	struct loop_timer	*killer;
	struct loop_timer	*hush;		/* not heard meanwhile */
	int64_t			 period_ms;	/* its start */
	int			 packets;	/* heard in it */
	struct log_limit	 limit;		/* of warnings it causes */
	child_fn		 fn;
	void			*arg;
	char			*path;
	pid_t			 pid;
	int			 control;	/* -1 when it was lost */
	int64_t			 started_ms;
	int64_t			 beat_ms;	/* last sign of life */
	bool			 is_ready;
	bool			 is_doomed;	/* SIGABRT or SIGKILL is sent */
};

/* ---- in the new process -------------------------------------------------- */

/* All descriptors are close-on-exec; those placed here are the only ones. */
static int
place_descriptors(const struct child_plan *plan, int control)
{
	int	 count = DAEMON_LISTEN_FD + (int)plan->listen_count;
	int	*from = mem_new_array((size_t)count, sizeof(*from));

	from[0] = from[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
	from[2] = plan->error_fd;
	from[DAEMON_CONTROL_FD] = control;
	from[DAEMON_CONF_FD] = plan->snapshot_fd;
	for (size_t i = 0; i < plan->listen_count; i++)
		from[(size_t)DAEMON_LISTEN_FD + i] = plan->listen_fds[i];
	/* First out of the way of each other, then to their places. */
	for (int i = 0; i < count; i++)
		if ((from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, count)) < 0)
			return -1;
	for (int i = 0; i < count; i++)
		if (dup2(from[i], i) < 0)
			return -1;
	mem_free(from);
	return 0;
}

static void
reset_signals(void)
{
	sigset_t	none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
become(const struct child_plan *plan, int control)
{
	reset_signals();
	if (place_descriptors(plan, control) == 0)
		execve(plan->path, plan->argv, plan->environment);
	log_warn("cannot run %s: %s", plan->path, strerror(errno));
	_exit(1);
}

/* ---- its voice ----------------------------------------------------------- */

static void
lose(struct child *child)
{
	loop_watch_free(&child->watch);
	close(child->control);
	child->control = -1;
	/* Most often it is dying; but if not, nobody could stop it. */
	if (!child->is_doomed)
		loop_timer_start(child->killer, DEAF_MS);
}

static void
take(struct child *child, const struct control_packet *packet)
{
	switch (packet->type) {
	case CONTROL_READY:
		if (strtol(packet->text, NULL, 10) != IPC_VERSION) {
			log_warn("process %s pid %ld speaks version %s, "
			    "not %d: mixed old and new binaries?",
			    child->path, (long)child->pid, packet->text,
			    IPC_VERSION);
			child_kill(child);
			break;
		}
		child->is_ready = true;
		child->fn(child, CHILD_READY, packet->text, child->arg);
		break;
	case CONTROL_CONNECT:
		child->fn(child, CHILD_WISH, packet->text, child->arg);
		break;
	default:
		break;
	}
}

static bool
may_say_more(struct child *child)
{
	int64_t	now_ms = clock_now_ms();

	if (now_ms >= child->period_ms + PACKET_MS) {
		child->period_ms = now_ms;
		child->packets = 0;
	}
	return child->packets++ < PACKET_LIMIT;
}

/* The others are heard, too. */
static void
hush(struct child *child)
{
	log_limit_warn(&child->limit, "%s pid %ld asks for too much: it waits",
	    child->path, (long)child->pid);
	loop_watch_set(child->watch, 0);
	loop_timer_start(child->hush, PACKET_MS);
}

static void
on_hushed(void *arg)
{
	struct child	*child = arg;

	if (child->watch != NULL)
		loop_watch_set(child->watch, LOOP_READ);
}

void
child_hear(struct child *child)
{
	struct control_packet	packet;
	int			got = 0;

	while (child->control >= 0) {
		if (!may_say_more(child)) {
			hush(child);
			return;
		}
		if ((got = control_receive(child->control, &packet)) <= 0)
			break;
		child->beat_ms = clock_now_ms();
		if (packet.fd >= 0)
			close(packet.fd);
		take(child, &packet);
	}
	if (child->control >= 0 && got < 0)
		lose(child);
}

static void
on_control(int fd, unsigned what, void *arg)
{
	(void)fd;
	(void)what;
	child_hear(arg);
}

void
child_tell(struct child *child, enum control_type type, const char *text,
    int fd)
{
	if (child->control < 0 || child->is_doomed ||
	    control_send(child->control, type, text, fd) == 0 ||
	    errno == EPIPE || errno == ECONNRESET)
		return;
	log_limit_warn(&child->limit, "cannot tell %s pid %ld: %s",
	    child->path, (long)child->pid, strerror(errno));
	/* Hundreds of packets wait: it would not hear of a stop, either. */
	if (errno == EAGAIN)
		child_kill(child);
}

struct log_limit *
child_limit(struct child *child)
{
	return &child->limit;
}

/* ---- its end ------------------------------------------------------------- */

void
child_kill(struct child *child)
{
	child->is_doomed = true;
	kill(child->pid, SIGKILL);
}

static void
on_killer(void *arg)
{
	child_kill(arg);
}

void
child_watch(struct child *child, int64_t limit_ms)
{
	int64_t	silent_ms = clock_now_ms() - child->beat_ms;

	if (!child->is_ready || child->is_doomed || silent_ms <= limit_ms)
		return;
	log_warn("process %s pid %ld: no sign of life for %ld s: aborting it",
	    child->path, (long)child->pid, (long)(silent_ms / 1000));
	child->is_doomed = true;
	kill(child->pid, SIGABRT);
	loop_timer_start(child->killer, ABORT_MS);
}

void
child_forgive(struct child *child)
{
	child->beat_ms = clock_now_ms();
}

/* ---- its beginning ------------------------------------------------------- */

static struct child *
make(struct loop *loop, pid_t pid, int control, const char *path)
{
	struct child	*child = mem_new(sizeof(*child));

	child->pid = pid;
	child->control = control;
	child->path = mem_strdup(path);
	child->watch = loop_watch_new(loop, control, LOOP_READ, on_control,
	    child);
	child->killer = loop_timer_new(loop, on_killer, child);
	child->hush = loop_timer_new(loop, on_hushed, child);
	child->started_ms = child->beat_ms = clock_now_ms();
	return child;
}

struct child *
child_new(struct loop *loop, const struct child_plan *plan, child_fn fn,
    void *arg)
{
	int		 ends[2], error;
	sigset_t	 all, old;
	struct child	*child;
	pid_t		 pid;

	if (control_pair(ends) < 0)
		return NULL;
	log_flush();
	/* A signal must not meet master's handlers in the new process. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = fork();
	if (pid == 0)
		become(plan, ends[1]);
	error = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		errno = error;
		return NULL;
	}
	child = make(loop, pid, ends[0], plan->path);
	child->fn = fn;
	child->arg = arg;
	return child;
}

void
child_free(struct child **child)
{
	if (*child == NULL)
		return;
	loop_watch_free(&(*child)->watch);
	loop_timer_free(&(*child)->killer);
	loop_timer_free(&(*child)->hush);
	if ((*child)->control >= 0)
		close((*child)->control);
	mem_free((*child)->path);
	mem_free(*child);
	*child = NULL;
}

pid_t
child_pid(const struct child *child)
{
	return child->pid;
}

bool
child_is_ready(const struct child *child)
{
	return child->is_ready;
}

bool
child_is_doomed(const struct child *child)
{
	return child->is_doomed;
}

int64_t
child_age_ms(const struct child *child)
{
	return clock_now_ms() - child->started_ms;
}
