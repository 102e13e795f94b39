/*
 * A queue manager for one tool, while the suite is down.
 */

#include "mail/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/conf.h"
#include "mail/control.h"
#include "mail/daemon.h"
#include "mail/queue_lock.h"
#include "mail/snapshot.h"
#include "util/mem.h"
#include "util/path.h"
#include "util/privilege.h"

struct offline {
	pid_t	pid;
	int	control;
	int	client;		/* -1: taken */
};

/* What the new process gets. */
struct plan {
	const char	*folder;	/* of the queue; borrowed */
	uid_t		 uid;
	gid_t		 gid;
	int		 control, client;
	int		 snapshot;
	int		 log;
	int		 lock;
	int		 program;
};

/* ---- what must be so ----------------------------------------------------- */

/* Whose the queue is, if the caller may have it. */
static int
find_owner(struct plan *plan, char **why_r)
{
	char		*path = path_join(plan->folder, "db");
	struct stat	 st;
	int		 result = lstat(path, &st);

	if (result < 0 && errno != EACCES)
		*why_r = mem_printf("no queue to open: %s: %s", path,
		    strerror(errno));
	else if (result < 0 || (geteuid() != 0 && geteuid() != st.st_uid))
		*why_r = mem_strdup("the mail system is down, and then only "
		    "root and the owner of the queue may open it");
	else if (!S_ISDIR(st.st_mode))
		*why_r = mem_printf("%s is no folder", path);
	mem_free(path);
	plan->uid = st.st_uid;
	plan->gid = st.st_gid;
	return *why_r == NULL ? 0 : -1;
}

/* Shared with other tools; master wants it for itself. */
static enum offline_answer
lock(struct plan *plan, char **why_r)
{
	plan->lock = queue_lock_share(plan->folder);
	if (plan->lock >= 0)
		return OFFLINE_OPEN;
	if (errno == EWOULDBLOCK)
		return OFFLINE_RUNNING;
	*why_r = mem_printf("cannot lock the queue in %s: %s", plan->folder,
	    strerror(errno));
	return OFFLINE_REFUSED;
}

/* Opened while we may, for its folder may be closed to the owner. */
static int
open_program(struct plan *plan, const struct conf *conf, char **why_r)
{
	char	*folder = conf->daemon_directory[0] == '\0' ?
		    path_program_folder() :
		    mem_strdup(conf->daemon_directory);
	char	*path = path_join(folder, "qmgr");

	plan->program = open(path, O_RDONLY | O_CLOEXEC);
	if (plan->program < 0)
		*why_r = mem_printf("cannot open %s: %s", path,
		    strerror(errno));
	mem_free(folder);
	mem_free(path);
	return plan->program < 0 ? -1 : 0;
}

/*
 * The log file, if there is one: made by us, it could be of the wrong
 * user.  A log that goes to master's terminal comes to ours.
 */
static int
open_log(const struct conf *conf)
{
	const char	*path = conf->maillog_file;
	int		 fd = -1;

	if (path[0] == '/' && strncmp(path, "/dev/", 5) != 0 &&
	    access(path, F_OK) == 0)
		fd = path_open_append(path);
	return fd >= 0 ? fd : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

/* ---- in the new process -------------------------------------------------- */

/* See mail/daemon.h; the lock comes behind them and just stays open. */
static int
place_descriptors(struct plan *plan)
{
	int	fds[] = {
		-1, -1, STDERR_FILENO,
		[DAEMON_CONTROL_FD] = plan->control,
		[DAEMON_CONF_FD] = plan->snapshot,
		[DAEMON_LISTEN_FD] = plan->client,
		[DAEMON_LOG_FD] = plan->log,
		plan->lock,
	};
	int	count = sizeof(fds) / sizeof(*fds);

	fds[0] = fds[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* First out of the way of each other, then to their places. */
	for (int i = 0; i < count; i++)
		if ((fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, count)) < 0)
			return -1;
	plan->program = fcntl(plan->program, F_DUPFD_CLOEXEC, count);
	for (int i = 0; i < count; i++)
		if (dup2(fds[i], i) < 0)
			return -1;
	return close_range((unsigned)count, ~0U, CLOSE_RANGE_CLOEXEC);
}

static void
become(struct plan *plan)
{
	char		*argv[] = { "qmgr", "-n", "qmgr", "-O", NULL };
	const char	*step = "chdir";

	/* Signals of the terminal are for the tool. */
	setsid();
	umask(077);
	if (chdir(plan->folder) == 0 && (geteuid() != 0 ||
	    privilege_drop(plan->uid, plan->gid, NULL, NULL, &step) == 0)) {
		step = "exec";
		if (place_descriptors(plan) == 0)
			fexecve(plan->program, argv, environ);
	}
	dprintf(STDERR_FILENO, "cannot run qmgr: %s: %s\n", step,
	    strerror(errno));
	_exit(1);
}

/* ---- in ours ------------------------------------------------------------- */

static int
start(struct offline *offline, struct plan *plan)
{
	int	control[2], client[2];

	if (control_pair(control) < 0)
		return -1;
	offline->control = control[0];
	plan->control = control[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    client) < 0)
		return -1;
	offline->client = client[0];
	plan->client = client[1];
	offline->pid = fork();
	if (offline->pid == 0)
		become(plan);
	return offline->pid < 0 ? -1 : 0;
}

/* Until the queue is open. */
static int
wait_ready(const struct offline *offline, char **why_r)
{
	struct pollfd		p = { offline->control, POLLIN, 0 };
	struct control_packet	packet = { .fd = -1 };
	int			got = 0;

	while (got == 0 || (got > 0 && packet.type != CONTROL_READY)) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			break;
		got = control_receive(offline->control, &packet);
		if (got > 0 && packet.fd >= 0)
			close(packet.fd);
	}
	if (got <= 0)
		*why_r = mem_strdup("the mail system is down, and its queue "
		    "cannot be opened");
	else if (strtol(packet.text, NULL, 10) != IPC_VERSION)
		*why_r = mem_strdup("qmgr is of another version: mixed old "
		    "and new binaries?");
	return *why_r == NULL ? 0 : -1;
}

static enum offline_answer
run(struct offline *offline, struct plan *plan, const struct conf *conf,
    char **why_r)
{
	enum offline_answer	answer = lock(plan, why_r);

	if (answer != OFFLINE_OPEN)
		return answer;
	if (open_program(plan, conf, why_r) < 0)
		return OFFLINE_REFUSED;
	plan->log = open_log(conf);
	plan->snapshot = snapshot_new(conf);
	if (start(offline, plan) < 0) {
		*why_r = mem_printf("cannot start qmgr: %s",
		    strerror(errno));
		return OFFLINE_REFUSED;
	}
	/* Of its end of the channel there must be one only: its own. */
	close(plan->control);
	plan->control = -1;
	return wait_ready(offline, why_r) < 0 ? OFFLINE_REFUSED :
	    OFFLINE_OPEN;
}

static void
close_all(const struct plan *plan)
{
	const int	fds[] = { plan->control, plan->client, plan->snapshot,
			    plan->log, plan->lock, plan->program };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

enum offline_answer
offline_new(const struct conf *conf, struct offline **offline_r,
    char **why_r)
{
	struct plan		 plan = {
		.folder = conf->queue_directory, .control = -1, .client = -1,
		.snapshot = -1, .log = -1, .lock = -1, .program = -1,
	};
	struct offline		*offline;
	enum offline_answer	 answer;

	*offline_r = NULL;
	*why_r = NULL;
	if (find_owner(&plan, why_r) < 0)
		return OFFLINE_REFUSED;
	offline = mem_new(sizeof(*offline));
	*offline = (struct offline){ .pid = -1, .control = -1, .client = -1 };
	answer = run(offline, &plan, conf, why_r);
	close_all(&plan);
	if (answer == OFFLINE_OPEN)
		*offline_r = offline;
	else
		offline_free(&offline);
	return answer;
}

int
offline_take_client(struct offline *offline)
{
	int	fd = offline->client;

	offline->client = -1;
	return fd;
}

void
offline_free(struct offline **offlinep)
{
	struct offline	*offline = *offlinep;

	if (offline == NULL)
		return;
	*offlinep = NULL;
	if (offline->client >= 0)
		close(offline->client);
	if (offline->control >= 0)
		close(offline->control);
	while (offline->pid > 0 && waitpid(offline->pid, NULL, 0) < 0 &&
	    errno == EINTR)
		continue;
	mem_free(offline);
}
