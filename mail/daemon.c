/*
 * The frame of every program that master starts.
 */

#include "mail/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "mail/control.h"
#include "net/loop.h"
#include "net/tls_ticket.h"
#include "util/log.h"
#include "util/log_limit.h"
#include "util/mem.h"
#include "util/privilege.h"

#define ACCEPT_BURST	64	/* clients taken in one tick */
#define REST_MS		200	/* without descriptors, before we try again */

/* A connection that master was asked for. */
struct wish {
	char			*service;
	daemon_connect_fn	 fn;
	void			*arg;
	struct wish		*next, *prev;
};

struct listener {
	struct daemon		*daemon;
	struct loop_watch	*watch;
	int			 fd;
};

struct daemon {
	const struct daemon_program	*program;
	struct loop			*loop;
	struct loop_watch		*control;
	struct loop_timer		*beat;
	struct loop_signal		*terminate;
	struct conf			*conf;
	char				*service;	/* -n */
	char				*root;		/* -r, or NULL */
	char *const			*arguments;	/* behind the options */
	struct listener			*listeners;
	int				 listener_count;
	struct loop_timer		*rest;	/* of accepting */
	struct log_limit		 no_accept;
	struct wish			*wishes;
	void				*state;
	bool				 keep_rights;	/* -u */
	bool				 is_offline;	/* -O */
	bool				 is_paused;	/* no new clients */
	bool				 is_draining;
	bool				 is_stopping;
};

struct loop *
daemon_loop(const struct daemon *daemon)
{
	return daemon->loop;
}

const struct conf *
daemon_conf(const struct daemon *daemon)
{
	return daemon->conf;
}

const char *
daemon_service(const struct daemon *daemon)
{
	return daemon->service;
}

char *const *
daemon_arguments(const struct daemon *daemon)
{
	return daemon->arguments;
}

bool
daemon_is_draining(const struct daemon *daemon)
{
	return daemon->is_draining;
}

bool
daemon_is_offline(const struct daemon *daemon)
{
	return daemon->is_offline;
}

void *
daemon_state(const struct daemon *daemon)
{
	return daemon->state;
}

void
daemon_set_state(struct daemon *daemon, void *state)
{
	daemon->state = state;
}

void
daemon_leave(struct daemon *daemon)
{
	loop_stop(daemon->loop);
}

/* ---- configuration and log ----------------------------------------------- */

static void
read_snapshot(struct conf_source *source)
{
	struct stat	 st;
	void		*p;

	if (fstat(DAEMON_CONF_FD, &st) < 0 || st.st_size == 0)
		log_fatal("no configuration from master: "
		    "is this program started by hand?");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
	    DAEMON_CONF_FD, 0);
	if (p == MAP_FAILED || conf_source_parse(source,
	    slice_from(p, (size_t)st.st_size)) < 0)
		log_fatal("malformed configuration from master");
	munmap(p, (size_t)st.st_size);
	close(DAEMON_CONF_FD);
}

static void
set_option(struct conf_source *source, const char *option)
{
	const char	*equals = strchr(option, '=');
	char		*name;

	if (equals == NULL)
		log_fatal("bad option -o %s", option);
	name = mem_strndup(option, (size_t)(equals - option));
	conf_source_set(source, name, equals + 1, "master.cf");
	mem_free(name);
}

static void
read_arguments(struct daemon *daemon, int argc, char **argv)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;
	int			 option;

	read_snapshot(source);
	opterr = 0;
	while ((option = getopt(argc, argv, "+cn:Oo:r:s:t:uv")) != -1)
		switch (option) {
		case 'n':
			daemon->service = mem_strdup(optarg);
			break;
		case 'O':
			daemon->is_offline = true;
			break;
		case 'o':
			set_option(source, optarg);
			break;
		case 'r':
			daemon->root = mem_strdup(optarg);
			break;
		case 's':
			daemon->listener_count = atoi(optarg);
			break;
		case 'u':
			daemon->keep_rights = true;
			break;
		case 'v':
			log_set_verbose(true);
			break;
		case 'c':
		case 't':
			break;
		default:
			log_fatal("unknown argument -%c", optopt);
		}
	daemon->arguments = argv + optind;
	if (daemon->service == NULL)
		log_fatal("no -n: is this program started by hand?");
	if (daemon->program->set != NULL)
		daemon->program->set(source);
	if ((daemon->conf = conf_new(source, &why)) == NULL)
		log_fatal("%s", why);
}

static void
open_log(const struct daemon *daemon)
{
	char	*tag = mem_printf("%s/%s", daemon->conf->syslog_name,
		    daemon->program->name);

	if (daemon->conf->maillog_file[0] != '\0')
		log_open_fd(tag, STDERR_FILENO);
	else
		log_open_syslog(tag, daemon->conf->syslog_facility);
	mem_free(tag);
}

/* ---- rights -------------------------------------------------------------- */

static void
give_up_rights(const struct daemon *daemon)
{
	const char	*name, *step;
	uid_t		 uid;
	gid_t		 gid;

	if (geteuid() != 0 || daemon->keep_rights ||
	    daemon->program->user == DAEMON_ROOT)
		return;
	name = daemon->program->user == DAEMON_GATE ?
	    daemon->conf->gate_owner : daemon->program->user == DAEMON_AUTH ?
	    daemon->conf->auth_owner : daemon->conf->mail_owner;
	/* master has warned when the user does not exist. */
	privilege_find_user(name, &uid, &gid);
	if (privilege_drop(uid, gid, daemon->program->user == DAEMON_AUTH ?
	    name : NULL, daemon->root, &step) < 0)
		log_fatal("cannot become user %s: %s: %s", name, step,
		    strerror(errno));
}

static void
raise_descriptor_limit(void)
{
	struct rlimit	limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (geteuid() == 0 && limit.rlim_max < 65536)
		limit.rlim_max = 65536;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- clients ------------------------------------------------------------- */

static void
set_listeners(struct daemon *daemon, unsigned what)
{
	for (int i = 0; i < daemon->listener_count; i++)
		if (daemon->listeners[i].watch != NULL)
			loop_watch_set(daemon->listeners[i].watch, what);
}

static void
on_rested(void *arg)
{
	struct daemon	*daemon = arg;

	if (!daemon->is_paused)
		set_listeners(daemon, LOOP_READ);
}

/* Clients wait in the kernel: to ask it again at once would only spin. */
static void
rest(struct daemon *daemon, int error)
{
	log_limit_warn(&daemon->no_accept, "accept: %s", strerror(error));
	set_listeners(daemon, 0);
	loop_timer_start(daemon->rest, REST_MS);
}

static void
on_client(int fd, unsigned what, void *arg)
{
	struct listener	*listener = arg;
	struct daemon	*daemon = listener->daemon;

	(void)what;
	for (int i = 0; i < ACCEPT_BURST; i++) {
		struct addr	peer = { .len = sizeof(peer.storage) };
		int		client;

		client = accept4(fd, (struct sockaddr *)&peer.storage,
		    &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client < 0) {
			if (errno == EMFILE || errno == ENFILE ||
			    errno == ENOBUFS || errno == ENOMEM)
				rest(daemon, errno);
			return;
		}
		addr_unmap(&peer);
		daemon->program->accept(daemon, client, &peer);
	}
}

static void
start_listeners(struct daemon *daemon)
{
	daemon->listeners = mem_new_array((size_t)daemon->listener_count,
	    sizeof(*daemon->listeners));
	for (int i = 0; i < daemon->listener_count; i++) {
		struct listener	*listener = &daemon->listeners[i];

		listener->daemon = daemon;
		listener->fd = DAEMON_LISTEN_FD + i;
		fcntl(listener->fd, F_SETFD, FD_CLOEXEC);
		listener->watch = loop_watch_new(daemon->loop, listener->fd,
		    LOOP_READ, on_client, listener);
	}
}

void
daemon_pause_accept(struct daemon *daemon)
{
	daemon->is_paused = true;
	set_listeners(daemon, 0);
}

void
daemon_resume_accept(struct daemon *daemon)
{
	daemon->is_paused = false;
	set_listeners(daemon, LOOP_READ);
}

static void
close_listeners(struct daemon *daemon)
{
	for (int i = 0; i < daemon->listener_count; i++) {
		if (daemon->listeners[i].watch == NULL)
			continue;
		loop_watch_free(&daemon->listeners[i].watch);
		close(daemon->listeners[i].fd);
	}
}

/* The only one, and from now on the log is that of the suite. */
static void
start_offline(struct daemon *daemon)
{
	struct addr	nobody = { .len = 0 };

	/* Started by its descriptor, it is called by its number. */
	prctl(PR_SET_NAME, daemon->program->name);
	dup2(DAEMON_LOG_FD, STDERR_FILENO);
	open_log(daemon);
	fcntl(DAEMON_LISTEN_FD, F_SETFD, FD_CLOEXEC);
	daemon->program->accept(daemon, DAEMON_LISTEN_FD, &nobody);
}

/* ---- the control channel ------------------------------------------------- */

static void
drain(struct daemon *daemon, bool in_a_hurry)
{
	if (daemon->is_stopping || (daemon->is_draining && !in_a_hurry))
		return;
	daemon->is_draining = true;
	daemon->is_stopping = in_a_hurry;
	close_listeners(daemon);
	daemon->program->drain(daemon, in_a_hurry);
}

static void
on_terminate(void *arg)
{
	drain(arg, true);
}

static void
tell(int type, const char *text)
{
	/*
	 * A full channel means master is stuck: a lost beat is then right,
	 * a lost wish is asked again by its owner's deadline.
	 */
	if (control_send(DAEMON_CONTROL_FD, (enum control_type)type, text,
	    -1) < 0 && errno != EAGAIN && errno != EPIPE)
		log_warn("control channel: %s", strerror(errno));
}

static void
on_beat(void *arg)
{
	struct daemon	*daemon = arg;

	tell(CONTROL_BEAT, "");
	loop_timer_start(daemon->beat, CONTROL_BEAT_MS);
}

static void
grant(struct daemon *daemon, const struct control_packet *packet)
{
	struct wish	*wish;

	DL_FOREACH(daemon->wishes, wish)
		if (strcmp(wish->service, packet->text) == 0)
			break;
	if (wish == NULL) {
		if (packet->fd >= 0)
			close(packet->fd);
		return;
	}
	DL_DELETE(daemon->wishes, wish);
	wish->fn(packet->fd, wish->arg);
	mem_free(wish->service);
	mem_free(wish);
}

static void
take_tickets(struct daemon *daemon, const char *text)
{
	struct tls_ticket_key	keys[TLS_TICKET_KEYS];
	int			count = tls_ticket_parse(slice_str(text),
				    keys);

	if (count > 0 && daemon->program->tickets != NULL)
		daemon->program->tickets(daemon, keys, (size_t)count);
	explicit_bzero(keys, sizeof(keys));
}

static void
obey(struct daemon *daemon, const struct control_packet *packet)
{
	switch (packet->type) {
	case CONTROL_TICKETS:
		take_tickets(daemon, packet->text);
		break;
	case CONTROL_CONNECTED:
		grant(daemon, packet);
		return;
	case CONTROL_DRAIN:
		drain(daemon, false);
		break;
	case CONTROL_STOP:
		drain(daemon, true);
		break;
	case CONTROL_LOG:
		if (packet->fd >= 0) {
			log_flush();
			dup2(packet->fd, STDERR_FILENO);
		}
		break;
	default:
		break;
	}
	if (packet->fd >= 0)
		close(packet->fd);
}

static void
on_control(int fd, unsigned what, void *arg)
{
	struct daemon		*daemon = arg;
	struct control_packet	 packet;
	int			 got;

	(void)what;
	while ((got = control_receive(fd, &packet)) > 0)
		obey(daemon, &packet);
	if (got < 0) {
		/* No child outlives master. */
		loop_watch_free(&daemon->control);
		daemon_leave(daemon);
	}
}

void
daemon_connect(struct daemon *daemon, const char *service,
    daemon_connect_fn fn, void *arg)
{
	struct wish	*wish = mem_new(sizeof(*wish));

	wish->service = mem_strdup(service);
	wish->fn = fn;
	wish->arg = arg;
	DL_APPEND(daemon->wishes, wish);
	tell(CONTROL_CONNECT, service);
}

/* ---- the life of a program ----------------------------------------------- */

static void
start(struct daemon *daemon)
{
	char	version[16];

	daemon->control = loop_watch_new(daemon->loop, DAEMON_CONTROL_FD,
	    LOOP_READ, on_control, daemon);
	daemon->beat = loop_timer_new(daemon->loop, on_beat, daemon);
	daemon->rest = loop_timer_new(daemon->loop, on_rested, daemon);
	daemon->terminate = loop_signal_new(daemon->loop, SIGTERM,
	    on_terminate, daemon);
	daemon->program->start(daemon);
	if (daemon->is_offline)
		start_offline(daemon);
	else
		start_listeners(daemon);
	loop_timer_start(daemon->beat, CONTROL_BEAT_MS);
	snprintf(version, sizeof(version), "%d", IPC_VERSION);
	tell(CONTROL_READY, version);
}

int
daemon_run(const struct daemon_program *program, int argc, char **argv)
{
	struct daemon	*daemon = mem_new(sizeof(*daemon));

	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	daemon->program = program;
	read_arguments(daemon, argc, argv);
	if (!daemon->is_offline)
		open_log(daemon);
	fcntl(DAEMON_CONTROL_FD, F_SETFD, FD_CLOEXEC);
	raise_descriptor_limit();
	ipc_set_owner(geteuid());
	daemon->loop = loop_new();
	if (program->open != NULL)
		program->open(daemon);
	give_up_rights(daemon);
	log_set_gather(true);
	start(daemon);
	loop_run(daemon->loop);
	if (program->stop != NULL)
		program->stop(daemon);
	log_flush();
	return 0;
}
