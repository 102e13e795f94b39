/*
 * Connections: the stream under a dialogue, the hosts of a site in turn.
 */

#include "smtp/connection.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/daemon.h"
#include "net/io.h"
#include "net/loop.h"
#include "smtp/dialogue.h"
#include "smtp/job.h"
#include "smtp/known.h"
#include "smtp/offer.h"
#include "smtp/route.h"
#include "smtp/sender.h"
#include "smtp/site.h"
#include "util/log.h"
#include "util/mem.h"

struct connection {
	struct site		*site;
	struct sender		*sender;
	struct io		*io;		/* NULL between attempts */
	struct dialogue		*dialogue;	/* NULL until connected */
	struct route_host	*hosts;		/* to try, in turn */
	size_t			 host_count;
	size_t			 host;		/* the present one */
	int64_t			 sessions;	/* with hosts, so far */
	char			*reason;	/* of the last failure */
	char			 dsn[16];
	bool			 is_permanent;
	bool			 is_ready;	/* was ready for a job once */
	bool			 is_noted;	/* the server's offer was */
	struct connection	**list;		/* of the site, it is in */
	bool			 is_quitting;
	unsigned		 turn;		/* of it, when timed */
	int64_t			 ready_ms;	/* since when */
	int64_t			 jobs;
	struct connection	*next, *prev;
};

/* A server whose PIPELINING failed is served without it for so long. */
#define DISTRUST_MS	3600000

static void	try_host(struct connection *);
static void	on_broken(void *);
static void	on_io(struct io *, enum io_event, void *);

static void
on_free(void *arg)
{
	mem_free(arg);
}

/* The site's list it is in: its idle ones, those with room, or NULL. */
static void
set_list(struct connection *c, struct connection **list)
{
	if (c->list == list)
		return;
	if (c->list != NULL)
		DL_DELETE(*c->list, c);
	c->list = list;
	if (list != NULL)
		DL_APPEND(*list, c);
}

static void
log_session(const struct connection *c)
{
	unsigned	commands = dialogue_commands(c->dialogue);
	unsigned	waits = dialogue_waits(c->dialogue);

	log_info("disconnect from %s messages=%lld commands=%u waits=%u",
	    dialogue_relay(c->dialogue), (long long)c->jobs, commands, waits);
}

static void
destroy(struct connection *c)
{
	struct site	*site = c->site;

	set_list(c, NULL);
	if (!c->is_ready)
		site->connecting--;
	else
		log_session(c);
	site->connections--;
	dialogue_free(&c->dialogue);
	io_free(&c->io);
	route_clear_hosts(c->hosts, c->host_count);
	mem_free(c->reason);
	loop_undefer(c->sender->loop, c);
	loop_defer(c->sender->loop, on_free, c);
	site_check(site);
}

struct connection *
connection_next(struct connection *c)
{
	return c->next;
}

/* ---- attempts ------------------------------------------------------------ */

static void
note_failure(struct connection *c, const char *dsn, bool is_permanent,
    char *reason)
{
	mem_free(c->reason);
	c->reason = reason;
	c->is_permanent = is_permanent;
	memset(c->dsn, 0, sizeof(c->dsn));
	memcpy(c->dsn, dsn, strnlen(dsn, sizeof(c->dsn) - 1));
}

static bool
has_enough_sessions(const struct connection *c)
{
	int64_t	limit = c->sender->conf->smtp_mx_session_limit;

	return limit > 0 && c->sessions >= limit;
}

/*
 * The next host; after smtp_mx_session_limit of one next hop, the next one
 * of the list has its turn.  False: there is none.
 */
static bool
find_next(struct connection *c)
{
	unsigned	turn = c->hosts[c->host].turn;

	c->host++;
	while (c->host < c->host_count && c->hosts[c->host].turn == turn &&
	    has_enough_sessions(c))
		c->host++;
	if (c->host == c->host_count)
		return false;
	if (c->hosts[c->host].turn != turn)
		c->sessions = 0;
	return true;
}

/* This host is of no use: the next one, or the end of the attempt. */
static void
try_next(struct connection *c)
{
	struct job_result	 result = {
		.kind = OUTCOME_DEFERRED,
		.dsn = c->dsn,
		.reason = c->reason,
		.relay = "none",
	};
	struct site		*site = c->site;
	char			*relay = NULL;

	if (c->dialogue != NULL)
		result.relay = relay = mem_strdup(dialogue_relay(c->dialogue));
	dialogue_free(&c->dialogue);
	io_free(&c->io);
	if (!c->is_permanent && find_next(c)) {
		try_host(c);
		mem_free(relay);
		return;
	}
	if (c->is_permanent)
		result.kind = OUTCOME_FAILED;
	site_failed(site, &result);
	destroy(c);
	mem_free(relay);
}

/* The host that is tried; ip has room for its address. */
static struct dialogue_server
server_of(const struct connection *c, char *ip)
{
	const struct route_host	*host = &c->hosts[c->host];
	struct dialogue_server	 server = {
		.host = host->name,
		.ip = addr_unix_path(&host->addr),
		.is_lmtp = c->sender->is_lmtp,
	};

	if (server.ip == NULL) {
		server.ip = addr_format_ip(&host->addr, ip);
		server.port = addr_port(&host->addr);
	}
	return server;
}

static void
on_connect_failure(struct connection *c, const char *why)
{
	char			 ip[ADDR_TEXT_SIZE];
	struct dialogue_server	 server = server_of(c, ip);
	char			*name = dialogue_format_server(&server);

	note_failure(c, "4.4.1", false, mem_printf("connect to %s: %s", name,
	    why));
	mem_free(name);
	log_info("%s", c->reason);
	try_next(c);
}

static const struct addr *
source_address(const struct connection *c, struct addr *source)
{
	const struct conf	*conf = c->sender->conf;
	int			 family =
	    c->hosts[c->host].addr.storage.ss_family;
	const char		*text;

	text = family == AF_INET6 ? conf->smtp_bind_address6 :
	    conf->smtp_bind_address;
	if (family == AF_UNIX || text[0] == '\0' ||
	    addr_parse_ip(slice_str(text), 0, source) < 0)
		return NULL;
	return source;
}

static void
try_host(struct connection *c)
{
	struct addr	source;

	c->io = io_connect(c->sender->loop, &c->hosts[c->host].addr,
	    source_address(c, &source), on_io, c);
	io_set_timeout(c->io, c->sender->conf->smtp_connect_timeout);
}

void
connection_new(struct site *site)
{
	struct connection	*c = mem_new(sizeof(*c));

	c->site = site;
	c->sender = site->sender;
	c->hosts = route_pick(site->route, c->sender->conf, &c->host_count);
	site->connecting++;
	site->connections++;
	try_host(c);
}

/* ---- jobs ---------------------------------------------------------------- */

/* K28: time and count limits of one connection. */
static bool
is_worn_out(const struct connection *c)
{
	const struct conf	*conf = c->sender->conf;

	return conf->smtp_connection_cache_time_limit == 0 ||
	    loop_now_ms(c->sender->loop) - c->ready_ms >
	    conf->smtp_connection_reuse_time_limit ||
	    (conf->smtp_connection_reuse_count_limit > 0 &&
	    c->jobs >= conf->smtp_connection_reuse_count_limit);
}

static void
set_timeout(struct connection *c)
{
	c->turn = dialogue_turn(c->dialogue);
	io_set_timeout(c->io, dialogue_timeout_ms(c->dialogue));
}

/* A server that sends half a reply, again and again, gains no time. */
static void
check_timeout(struct connection *c)
{
	if (c->turn != dialogue_turn(c->dialogue))
		set_timeout(c);
}

/*
 * The server's 221 adds nothing (smtp_skip_quit_response): once QUIT has
 * left and nothing else is waited for, the connection is of no use.
 */
static bool
is_done(const struct connection *c)
{
	return c->is_quitting && !dialogue_has_jobs(c->dialogue) &&
	    c->sender->conf->smtp_skip_quit_response && io_pending(c->io) == 0;
}

void
connection_quit(struct connection *c)
{
	set_list(c, NULL);
	c->is_quitting = true;
	dialogue_quit(c->dialogue);
	io_flush_later(c->io);
	set_timeout(c);
}

/* The first time: what the server offers is known now. */
static void
note_ready(struct connection *c)
{
	struct sender		*sender = c->sender;
	int64_t			 now_ms = loop_now_ms(sender->loop);

	if (!c->is_ready) {
		c->is_ready = true;
		c->site->connecting--;
		c->ready_ms = now_ms;
	}
	if (c->is_noted || dialogue_offer(c->dialogue) == NULL)
		return;
	c->is_noted = true;
	if (dialogue_offer(c->dialogue)->has_pipeconnect)
		known_put_offer(sender->known, dialogue_relay(c->dialogue),
		    dialogue_offer(c->dialogue),
		    now_ms + sender->conf->smtp_pipeconnect_lifetime);
}

/*
 * Ready: jobs while there are some and there is room, or wait for one.  A
 * job may end at once (too big for this server), so many may be taken.
 */
static void
become_ready(struct connection *c)
{
	struct site	*site = c->site;
	struct job	*job;

	note_ready(c);
	while (dialogue_state(c->dialogue) == DIALOGUE_READY) {
		bool	is_idle = dialogue_is_idle(c->dialogue);

		if (c->jobs > 0 && is_worn_out(c)) {
			connection_quit(c);
			return;
		}
		job = is_idle ? site_take(site) : site_take_ahead(site);
		if (job == NULL && is_idle &&
		    daemon_is_draining(c->sender->daemon)) {
			connection_quit(c);
			return;
		}
		set_list(c, is_idle ? &site->idle : &site->roomy);
		if (job == NULL)
			break;
		set_list(c, NULL);
		c->jobs++;
		dialogue_start(c->dialogue, job);
	}
	io_flush_later(c->io);
	check_timeout(c);
	/* Not now: the site may be giving out its jobs. */
	if (dialogue_state(c->dialogue) == DIALOGUE_BROKEN)
		loop_defer(c->sender->loop, on_broken, c);
}

void
connection_start(struct connection *c, struct job *job)
{
	set_list(c, NULL);
	c->jobs++;
	dialogue_start(c->dialogue, job);
	become_ready(c);
}

/* ---- events -------------------------------------------------------------- */

/* What a new connection to this server should do without. */
static void
blame(struct connection *c, const struct dialogue_fault *fault)
{
	const char	*relay = dialogue_relay(c->dialogue);

	switch (fault->blame) {
	case DIALOGUE_GUESS:
		log_info("%s: no longer takes commands before its greeting",
		    relay);
		known_drop_offer(c->sender->known, relay);
		break;
	case DIALOGUE_PIPELINING:
		log_warn("%s announces PIPELINING but loses replies: "
		    "doing without it", relay);
		known_distrust(c->sender->known, relay,
		    loop_now_ms(c->sender->loop) + DISTRUST_MS);
		break;
	case DIALOGUE_NOTHING:
		break;
	}
}

static void
on_broken(void *arg)
{
	struct connection		*c = arg;
	const struct dialogue_fault	*fault = dialogue_fault(c->dialogue);
	struct job			*job;

	if (!c->is_ready) {
		note_failure(c, fault->dsn, fault->is_permanent,
		    mem_strdup(fault->reason));
		log_info("%s", c->reason);
		try_next(c);
		return;
	}
	blame(c, fault);
	while ((job = dialogue_release(c->dialogue)) != NULL)
		site_return(c->site, job);
	destroy(c);
}

static void
take_state(struct connection *c, enum dialogue_state state)
{
	io_flush_later(c->io);
	switch (state) {
	case DIALOGUE_READY:
		become_ready(c);
		break;
	case DIALOGUE_BROKEN:
		on_broken(c);
		break;
	case DIALOGUE_CLOSED:
		destroy(c);
		break;
	case DIALOGUE_BUSY:
		if (is_done(c))
			destroy(c);
		else
			check_timeout(c);
		break;
	}
}

/* Content that was waited for has come. */
static void
on_chunk(void *arg)
{
	struct connection	*c = arg;

	take_state(c, dialogue_write(c->dialogue));
}

/* The server has taken all there was: its time begins anew. */
static void
on_drained(struct connection *c)
{
	if (is_done(c)) {
		destroy(c);
		return;
	}
	if (!dialogue_has_jobs(c->dialogue))
		return;
	set_timeout(c);
	take_state(c, dialogue_write(c->dialogue));
}

static void
on_connected(struct connection *c)
{
	const struct known	*known = c->sender->known;
	int64_t			 now_ms = loop_now_ms(c->sender->loop);
	char			 ip[ADDR_TEXT_SIZE];
	struct dialogue_server	 server = server_of(c, ip);
	char			*relay = dialogue_format_server(&server);

	c->sessions++;
	server.guess = known_offer(known, relay, now_ms);
	server.is_distrusted = known_is_distrusted(known, relay, now_ms);
	mem_free(relay);
	c->dialogue = dialogue_new(c->sender->conf, &server, io_out(c->io),
	    on_chunk, c);
	set_timeout(c);
	take_state(c, dialogue_state(c->dialogue));
}

static void
on_lost(struct connection *c, bool is_timeout)
{
	bool	is_idle = c->list == &c->site->idle;

	if (is_idle && is_timeout) {
		connection_quit(c);
		return;
	}
	if (is_idle || (c->is_quitting && !dialogue_has_jobs(c->dialogue))) {
		destroy(c);
		return;
	}
	dialogue_lose(c->dialogue, is_timeout);
	on_broken(c);
}

static void
on_io(struct io *io, enum io_event event, void *arg)
{
	struct connection	*c = arg;

	if (c->dialogue == NULL) {
		if (event == IO_CONNECTED)
			on_connected(c);
		else if (event == IO_TIMEOUT)
			on_connect_failure(c, "Connection timed out");
		else if (event == IO_ERROR)
			on_connect_failure(c, io_error(io));
		return;
	}
	switch (event) {
	case IO_INPUT:
		take_state(c, dialogue_read(c->dialogue, io_in(io)));
		break;
	case IO_DRAINED:
		on_drained(c);
		break;
	case IO_TIMEOUT:
		on_lost(c, true);
		break;
	case IO_CLOSED:
	case IO_ERROR:
		on_lost(c, false);
		break;
	default:
		break;
	}
}
