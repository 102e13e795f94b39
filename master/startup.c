/*
 * From nothing to a locked queue directory and open sockets.
 */

#include "master/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "master/folders.h"
#include "master/generation.h"
#include "master/service.h"
#include "master/supervisor.h"
#include "master/survey.h"
#include "util/log.h"
#include "util/mem.h"

#define OLD_PORTS_MS		5000	/* for orphans of a killed master */
#define OLD_PORTS_PAUSE_MS	100

/* ---- words --------------------------------------------------------------- */

static bool
has_log(const struct startup *startup)
{
	return startup->logfile.path != NULL;
}

int
startup_refuse(const struct startup *startup, char *text)
{
	if (!startup->is_over)
		dprintf(STDERR_FILENO, "tern: fatal: %s\n", text);
	if (has_log(startup))
		log_info("fatal: %s", text);
	mem_free(text);
	return -1;
}

void
startup_warn(const struct startup *startup,
    const struct generation *generation)
{
	const struct generation_note	*note;

	LL_FOREACH(generation->notes, note) {
		if (!note->is_warning) {
			if (startup->options->checks_only)
				dprintf(STDERR_FILENO, "tern: %s\n",
				    note->text);
			continue;
		}
		if (!startup->is_over)
			dprintf(STDERR_FILENO, "tern: warning: %s\n",
			    note->text);
		if (has_log(startup))
			log_warn("%s", note->text);
	}
}

/* ---- the process --------------------------------------------------------- */

static void
set_descriptors(const struct supervisor_options *options)
{
	int		wait_fd = options->wait_fd;
	unsigned	first = STDERR_FILENO + 1;
	int		fd;

	/*
	 * Whatever the caller has open: it shall not stay so for as long as
	 * we run.
	 */
	if (wait_fd > STDERR_FILENO) {
		if ((unsigned)wait_fd > first)
			close_range(first, (unsigned)wait_fd - 1, 0);
		fcntl(wait_fd, F_SETFD, FD_CLOEXEC);
		first = (unsigned)wait_fd + 1;
	}
	close_range(first, ~0U, 0);
	while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 &&
	    fd <= STDERR_FILENO)
		fcntl(fd, F_SETFD, 0);
	close(fd);
}

static void
set_process(const struct supervisor_options *options)
{
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	set_descriptors(options);
	log_set_verbose(options->is_verbose);
	if (options->wait_fd >= 0)
		setsid();
}

/* ---- configuration and log ----------------------------------------------- */

static int
find_folder(struct startup *startup)
{
	const char	*folder = startup->options->folder;

	if (folder == NULL)
		folder = getenv("MAIL_CONFIG");
	if (folder == NULL)
		folder = CONF_FOLDER;
	startup->folder = realpath(folder, NULL);
	if (startup->folder != NULL)
		return 0;
	return startup_refuse(startup, mem_printf("configuration folder %s: "
	    "%s", folder, strerror(errno)));
}

/* Wherever possible the log hears of a bad configuration, too. */
static void
open_log(struct startup *startup, char **why)
{
	const struct conf	*conf = startup->generation->conf;
	char			*log_why = NULL;

	if (conf == NULL || (conf->maillog_file[0] != '\0' &&
	    conf->maillog_file[0] != '/'))
		return;
	if (!startup->options->stays &&
	    strncmp(conf->maillog_file, "/dev/std", 8) == 0)
		log_why = mem_printf("maillog_file: %s is for start-fg only",
		    conf->maillog_file);
	else
		logfile_open(&startup->logfile, conf, &log_why);
	if (*why == NULL)
		*why = log_why;
	else
		mem_free(log_why);
}

/* What the tables would log themselves is told once, as warnings. */
static void
look_at_tables(struct generation *generation)
{
	log_open_fd("tern/master", open("/dev/null", O_WRONLY | O_CLOEXEC));
	survey_tables(generation);
}

static int
read_configuration(struct startup *startup)
{
	char	*why;

	startup->generation = generation_read(startup->folder, 1, &why);
	if (!startup->options->checks_only)
		open_log(startup, &why);
	else if (why == NULL)
		look_at_tables(startup->generation);
	startup_warn(startup, startup->generation);
	return why == NULL ? 0 : startup_refuse(startup, why);
}

/* ---- the queue directory and the sockets --------------------------------- */

static int
lock(struct startup *startup)
{
	const char	*queue = startup->generation->conf->queue_directory;
	char		*why;
	pid_t		 other;

	if (folders_make(startup->generation->conf, &why) < 0)
		return startup_refuse(startup, why);
	if (chdir(queue) < 0)
		return startup_refuse(startup, mem_printf("%s: %s", queue,
		    strerror(errno)));
	if (pidfile_open(&startup->pidfile, queue, &other) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return startup_refuse(startup, mem_printf("already running: "
		    "pid %ld", (long)other));
	if (errno == EBUSY)
		return startup_refuse(startup, mem_strdup("the queue is open "
		    "for ternqueue, ternsuper or terncat: let them end"));
	return startup_refuse(startup, mem_printf("cannot open %s/%s: %s",
	    queue, PIDFILE_PATH, strerror(errno)));
}

int
startup_listen(struct startup *startup, struct generation *generation,
    char **why_r)
{
	struct service	*service;

	LL_FOREACH(generation->services, service) {
		if (service_listen(service, &startup->sockets, why_r) == 0)
			continue;
		listen_revert(&startup->sockets, generation->number);
		return -1;
	}
	return 0;
}

/*
 * When the last master was killed, its children are just ending and may
 * still hold the ports.
 */
static int
open_sockets(struct startup *startup)
{
	int	 left = startup->pidfile.was_killed ?
		    OLD_PORTS_MS / OLD_PORTS_PAUSE_MS : 0;
	char	*why;

	while (startup_listen(startup, startup->generation, &why) < 0) {
		if (left-- == 0)
			return startup_refuse(startup, why);
		mem_free(why);
		poll(NULL, 0, OLD_PORTS_PAUSE_MS);
	}
	return 0;
}

int
startup_prepare(struct startup *startup,
    const struct supervisor_options *options)
{
	*startup = (struct startup){
		.options = options,
		.logfile = LOGFILE_INIT,
		.pidfile = PIDFILE_INIT,
	};
	set_process(options);
	if (find_folder(startup) < 0 || read_configuration(startup) < 0)
		return -1;
	if (options->checks_only)
		return 0;
	return lock(startup) < 0 || open_sockets(startup) < 0 ? -1 : 0;
}

void
startup_clear(struct startup *startup)
{
	listen_clear(&startup->sockets);
	logfile_clear(&startup->logfile);
	free(startup->folder);
	if (startup->pidfile.fd >= 0)
		pidfile_close(&startup->pidfile);
}
