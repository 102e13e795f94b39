/*
 * tern: what an administrator tells the mail system: start, stop, reload
 * and so on.  The work is master's; this finds it and waits for it.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/conf.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/path.h"
#include "util/process.h"

#define EXIT_USAGE	64
#define WAIT_MS		10000	/* for a stop, for a reload */
#define PAUSE_MS	50

struct command {
	const char	*verb;
	const char	*folder;	/* of main.cf */
	bool		 is_verbose;
};

struct verb {
	const char	*name;
	int		(*run)(const struct command *command);
};

/* What master says of itself in pid/master.pid (master/pidfile.h). */
struct state {
	bool	 is_running;	/* that process is there */
	long	 pid;
	long	 started;
	long	 generation;
	bool	 is_ready;
	long	 refused;	/* reloads so far */
	char	*reason;	/* of the last one refused; owned, or NULL */
};

static void	say(const char *format, ...)
		    __attribute__((format(printf, 1, 2)));

static void
say(const char *format, ...)
{
	va_list	args;

	va_start(args, format);
	fputs("tern: ", stderr);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
}

/* ---- the state of master ------------------------------------------------- */

/* pid/master.pid in the queue directory; the caller frees. */
static char *
find_pidfile(const struct command *command)
{
	struct conf_source	*source = conf_source_new();
	char			*file = path_join(command->folder, "main.cf");
	char			*queue, *why = NULL, *path = NULL;

	/*
	 * A running system can be stopped whatever has become of the rest
	 * of its main.cf.
	 */
	if (access(file, R_OK) < 0) {
		say("fatal: %s: %s", file, strerror(errno));
	} else {
		if (conf_source_read(source, file, &why) < 0)
			mem_free(why);
		queue = conf_expand_name(source, "queue_directory", &why);
		if (queue != NULL)
			path = path_join(queue, "pid/master.pid");
		else
			say("fatal: %s", why);
		mem_free(queue);
	}
	mem_free(file);
	conf_source_free(&source);
	return path;
}

static void
parse_state(struct state *state, char *text)
{
	char	*line, *rest = text;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (state->pid == 0) {
			state->pid = strtol(line, NULL, 10);
		} else if (strncmp(line, "started ", 8) == 0) {
			state->started = strtol(line + 8, NULL, 10);
		} else if (strncmp(line, "generation ", 11) == 0) {
			state->generation = strtol(line + 11, &line, 10);
			state->is_ready = strcmp(line, " ready") == 0;
		} else if (strncmp(line, "refused ", 8) == 0) {
			state->refused = strtol(line + 8, &line, 10);
			mem_free(state->reason);
			state->reason = mem_strdup(*line == ' ' ? line + 1 :
			    line);
		}
	}
}

/* A killed master has left its pid, which another process may have now. */
static bool
is_running(const struct state *state)
{
	int64_t	started = process_start((pid_t)state->pid);

	/* Where users do not see each other's processes. */
	if (state->pid > 0 && started < 0)
		return kill((pid_t)state->pid, 0) < 0 && errno == EPERM;
	return started > 0 && started == state->started;
}

/* 0, or -1 when it has said why not. */
static int
read_state(const char *path, struct state *state)
{
	struct buf	 text = BUF_INIT;
	char		*copy;

	*state = (struct state){ .is_running = false };
	if (path_read(path, 65536, &text) < 0) {
		if (errno == ENOENT)
			return 0;
		say("fatal: %s: %s", path, strerror(errno));
		buf_clear(&text);
		return -1;
	}
	copy = slice_dup(buf_slice(&text));
	parse_state(state, copy);
	state->is_running = is_running(state);
	mem_free(copy);
	buf_clear(&text);
	return 0;
}

/* The state of a master that runs; 0, or -1 when it has said why not. */
static int
find_running(const char *path, struct state *state)
{
	if (path == NULL || read_state(path, state) < 0)
		return -1;
	if (state->is_running)
		return 0;
	mem_free(state->reason);
	say("fatal: the Tern mail system is not running");
	return -1;
}

/* ---- master -------------------------------------------------------------- */

/* A program beside this one; the caller frees. */
static char *
find_beside(const char *name)
{
	char	*folder = path_program_folder();
	char	*path = path_join(folder, name);

	mem_free(folder);
	return path;
}

/* Does not return. */
static void
run_master(const struct command *command, const char *option, int wait_fd)
{
	char	*path = find_beside("master");
	char	*fd_text = mem_printf("%d", wait_fd);
	char	*argv[8];
	int	 count = 0;

	argv[count++] = mem_strdup("master");
	argv[count++] = mem_strdup("-c");
	argv[count++] = mem_strdup(command->folder);
	if (command->is_verbose)
		argv[count++] = mem_strdup("-v");
	argv[count++] = mem_strdup(option);
	if (wait_fd >= 0)
		argv[count++] = fd_text;
	argv[count] = NULL;
	execv(path, argv);
	say("fatal: cannot run %s: %s", path, strerror(errno));
	exit(1);
}

static int
wait_for(pid_t pid)
{
	int	status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	say("fatal: master was killed by signal %d", WTERMSIG(status));
	return 1;
}

/* ---- verbs --------------------------------------------------------------- */

static int
run_start(const struct command *command)
{
	int	fds[2], status;
	char	byte = '\0';
	pid_t	pid;

	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		say("fatal: %s", strerror(errno));
		return 1;
	}
	if (pid == 0) {
		close(fds[0]);
		say("starting the Tern mail system");
		setsid();
		run_master(command, "-w", fds[1]);
	}
	close(fds[1]);
	while (read(fds[0], &byte, 1) < 0 && errno == EINTR)
		continue;
	/* One byte, or the end: then master has said why on stderr. */
	if (waitpid(pid, &status, WNOHANG) == 0 && byte == 'R')
		return 0;
	status = wait_for(pid);
	return status == 0 ? 1 : status;
}

static int
run_start_fg(const struct command *command)
{
	run_master(command, "-s", -1);
	return 1;
}

static int
run_check(const struct command *command)
{
	pid_t	pid = fork();

	if (pid < 0) {
		say("fatal: %s", strerror(errno));
		return 1;
	}
	if (pid == 0)
		run_master(command, "-t", -1);
	return wait_for(pid);
}

static int
run_status(const struct command *command)
{
	char		*path = find_pidfile(command);
	struct state	 state;

	if (path == NULL || read_state(path, &state) < 0) {
		mem_free(path);
		return 1;
	}
	if (state.is_running)
		printf("the Tern mail system is running: PID: %ld\n",
		    state.pid);
	else
		printf("the Tern mail system is not running\n");
	mem_free(state.reason);
	mem_free(path);
	return state.is_running ? 0 : 1;
}

/* Until pid has emptied its file, or is gone. */
static int
wait_stop(const char *path, long pid)
{
	int64_t		until_ms = clock_now_ms() + WAIT_MS;
	struct state	now;

	while (clock_now_ms() < until_ms) {
		poll(NULL, 0, PAUSE_MS);
		if (read_state(path, &now) < 0)
			return 1;
		mem_free(now.reason);
		/* Or somebody has started the next one already. */
		if (!now.is_running || now.pid != pid)
			return 0;
	}
	say("fatal: process %ld has not ended in %d s", pid, WAIT_MS / 1000);
	return 1;
}

static int
run_stop(const struct command *command)
{
	char		*path = find_pidfile(command);
	struct state	 state;
	int		 status = 1;

	if (find_running(path, &state) == 0) {
		say("stopping the Tern mail system");
		if (kill((pid_t)state.pid, SIGTERM) == 0)
			status = wait_stop(path, state.pid);
		else
			say("fatal: cannot stop process %ld: %s", state.pid,
			    strerror(errno));
		mem_free(state.reason);
	}
	mem_free(path);
	return status;
}

/* Until there is a new generation, or a refusal. */
static int
wait_reload(const char *path, const struct state *before)
{
	int64_t		until_ms = clock_now_ms() + WAIT_MS;
	struct state	now;

	while (clock_now_ms() < until_ms) {
		poll(NULL, 0, PAUSE_MS);
		if (find_running(path, &now) < 0)
			return 1;
		if (now.refused != before->refused) {
			say("fatal: reload refused, nothing is changed: %s",
			    now.reason);
			mem_free(now.reason);
			return 1;
		}
		mem_free(now.reason);
		if (now.generation != before->generation && now.is_ready)
			return 0;
	}
	say("fatal: not all programs are set up after %d s; the log tells "
	    "more", WAIT_MS / 1000);
	return 1;
}

static int
reload(const struct command *command, const char *path,
    const struct state *state)
{
	if (run_check(command) != 0)
		return 1;
	say("refreshing the Tern mail system");
	if (kill((pid_t)state->pid, SIGHUP) == 0)
		return wait_reload(path, state);
	say("fatal: cannot signal process %ld: %s", state->pid,
	    strerror(errno));
	return 1;
}

static int
run_reload(const struct command *command)
{
	char		*path = find_pidfile(command);
	struct state	 state;
	int		 status = 1;

	if (find_running(path, &state) == 0) {
		status = reload(command, path, &state);
		mem_free(state.reason);
	}
	mem_free(path);
	return status;
}

static int
run_flush(const struct command *command)
{
	char	*path = find_beside("ternqueue");

	execl(path, "ternqueue", "-c", command->folder, "-f", (char *)NULL);
	say("fatal: cannot run %s: %s", path, strerror(errno));
	return 1;
}

static const struct verb verbs[] = {
	{ "start", run_start },
	{ "start-fg", run_start_fg },
	{ "stop", run_stop },
	{ "reload", run_reload },
	{ "status", run_status },
	{ "check", run_check },
	{ "flush", run_flush },
};

static int
usage(void)
{
	fprintf(stderr, "usage: tern [-c folder] [-v] "
	    "start|start-fg|stop|reload|status|check|flush\n");
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	struct command	command = { .folder = getenv("MAIL_CONFIG") };
	int		option;

	while ((option = getopt(argc, argv, "c:v")) != -1)
		switch (option) {
		case 'c':
			command.folder = optarg;
			break;
		case 'v':
			command.is_verbose = true;
			break;
		default:
			return usage();
		}
	if (command.folder == NULL)
		command.folder = CONF_FOLDER;
	if (optind != argc - 1)
		return usage();
	command.verb = argv[optind];
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, command.verb) == 0)
			return verbs[i].run(&command);
	return usage();
}
