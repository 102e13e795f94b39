/*
 * Connections: the stream under a dialogue, and the jobs on it.
 */

#include "smtp/connection.h"

#include <utlist.h>

#include "conf/conf.h"
#include "mail/daemon.h"
#include "net/io.h"
#include "net/loop.h"
#include "smtp/attempt.h"
#include "smtp/credentials.h"
#include "smtp/dialogue.h"
#include "smtp/job.h"
#include "smtp/known.h"
#include "smtp/logon.h"
#include "smtp/offer.h"
#include "smtp/patience.h"
#include "smtp/quirks.h"
#include "smtp/route.h"
#include "smtp/secrecy.h"
#include "smtp/sender.h"
#include "smtp/site.h"
#include "util/log.h"
#include "util/mem.h"

struct connection {
	struct site		*site;
	struct sender		*sender;
	struct attempt		*attempt;	/* the way to its host */
	struct io		*io;		/* its stream; borrowed */
	struct dialogue		*dialogue;	/* NULL until connected */
	bool			 is_ready;	/* was ready for a job once */
	bool			 is_noted;	/* the server's offer was */
	struct logon		*logon;		/* NULL: not yet, or over */
	struct connection	**list;		/* of the site, it is in */
	bool			 is_quitting;
	struct patience		 patience;	/* with its server */
	struct loop_timer	*pause;		/* before a dot, or NULL */
	int64_t			 ready_ms;	/* since when */
	int64_t			 jobs;
	struct connection	*next, *prev;
};

/* A server whose PIPELINING failed is served without it for so long. */
#define DISTRUST_MS	3600000

static void	on_broken(void *);
static void	take_state(struct connection *, enum dialogue_state);
static void	find_login(struct connection *);

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
	    attempt_relay(c->attempt), (long long)c->jobs, commands, waits);
}

/* A TLS 1.3 server may have sent another ticket meanwhile. */
static void
end_session(struct connection *c)
{
	secrecy_keep(attempt_secrecy(c->attempt), c->io);
	log_session(c);
}

static void
destroy(struct connection *c)
{
	struct site	*site = c->site;

	set_list(c, NULL);
	if (!c->is_ready)
		site->connecting--;
	else
		end_session(c);
	site->connections--;
	loop_timer_free(&c->pause);
	logon_free(&c->logon);
	dialogue_free(&c->dialogue);
	attempt_free(&c->attempt);
	loop_undefer(c->sender->loop, c);
	loop_defer(c->sender->loop, on_free, c);
	site_check(site);
}

struct connection *
connection_next(struct connection *c)
{
	return c->next;
}

/* ---- jobs ---------------------------------------------------------------- */

/* K28: is it of use to another message? */
static bool
is_cached(const struct connection *c)
{
	const struct conf	*conf = c->sender->conf;
	const char		*domain = attempt_host(c->attempt)->domain;
	struct slice		 rest, word;

	if (conf->smtp_connection_cache_time_limit == 0)
		return false;
	if (conf->smtp_connection_cache_on_demand)
		return true;
	rest = slice_str(conf->smtp_connection_cache_destinations);
	while (slice_get_word(&rest, ", \t\r\n", &word) == 0)
		if (slice_is_nocase(word, domain))
			return true;
	return false;
}

/* And its time and count limits. */
static bool
is_worn_out(const struct connection *c)
{
	const struct conf	*conf = c->sender->conf;

	return !is_cached(c) ||
	    secrecy_is_single_use(attempt_secrecy(c->attempt)) ||
	    loop_now_ms(c->sender->loop) - c->ready_ms >
	    conf->smtp_connection_reuse_time_limit ||
	    (conf->smtp_connection_reuse_count_limit > 0 &&
	    c->jobs >= conf->smtp_connection_reuse_count_limit);
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
	patience_renew(&c->patience);
}

/* What it offers in plaintext and what inside of TLS are two things. */
static char *
known_name(const struct connection *c)
{
	return mem_printf("%s%s", attempt_relay(c->attempt),
	    io_is_secured(c->io) ? " TLS" : "");
}

static void
note_offer(struct connection *c)
{
	const struct offer	*offer = dialogue_offer(c->dialogue);
	struct sender		*sender = c->sender;
	char			*name;

	if (!offer->has_pipeconnect)
		return;
	name = known_name(c);
	known_put_offer(sender->known, name, offer,
	    loop_now_ms(sender->loop) +
	    sender->conf->smtp_pipeconnect_lifetime);
	mem_free(name);
}

/* The first time: what the server offers is known now. */
static void
note_ready(struct connection *c)
{
	struct secrecy	*secrecy = attempt_secrecy(c->attempt);

	if (!c->is_ready) {
		c->is_ready = true;
		c->site->connecting--;
		c->ready_ms = loop_now_ms(c->sender->loop);
		logon_free(&c->logon);
		secrecy_note_plain(secrecy);
		dialogue_set_tls(c->dialogue, secrecy_status(secrecy));
	}
	if (c->is_noted || dialogue_offer(c->dialogue) == NULL)
		return;
	c->is_noted = true;
	note_offer(c);
	if (dialogue_offer(c->dialogue)->has_starttls)
		secrecy_note_offer(secrecy, attempt_relay(c->attempt));
	secrecy_keep(secrecy, c->io);
}

static void
begin_job(struct connection *c, struct job *job)
{
	c->jobs++;
	site_note_server(c->site, job, &attempt_host(c->attempt)->addr);
	dialogue_start(c->dialogue, job);
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
		begin_job(c, job);
	}
	io_flush_later(c->io);
	patience_check(&c->patience);
	/* Not now: the site may be giving out its jobs. */
	if (dialogue_state(c->dialogue) == DIALOGUE_BROKEN)
		loop_defer(c->sender->loop, on_broken, c);
}

void
connection_start(struct connection *c, struct job *job)
{
	set_list(c, NULL);
	begin_job(c, job);
	become_ready(c);
}

/* ---- events -------------------------------------------------------------- */

/* What a new connection to this server should do without. */
static void
blame(struct connection *c, const struct dialogue_fault *fault)
{
	const char	*relay = attempt_relay(c->attempt);
	char		*name;

	switch (fault->blame) {
	case DIALOGUE_GUESS:
		log_info("%s: no longer takes commands before its greeting",
		    relay);
		name = known_name(c);
		known_drop_offer(c->sender->known, name);
		mem_free(name);
		break;
	case DIALOGUE_PIPELINING:
		log_warn("%s announces PIPELINING but loses replies: "
		    "doing without it", relay);
		known_distrust(c->sender->known, relay,
		    loop_now_ms(c->sender->loop) + DISTRUST_MS);
		break;
	case DIALOGUE_CREDENTIALS:
		logon_note_refusal(c->logon, fault->reason);
		break;
	case DIALOGUE_NOTHING:
		break;
	}
}

/* Before it had a job. */
static void
fail_host(struct connection *c, const struct dialogue_fault *fault)
{
	if (fault->blame == DIALOGUE_GUESS) {
		attempt_again(c->attempt);
		return;
	}
	if (fault->is_parting)
		io_flush(c->io);
	if (fault->is_plain)
		secrecy_refuse_plain(attempt_secrecy(c->attempt));
	attempt_fail(c->attempt, fault->dsn, fault->is_permanent,
	    mem_strdup(fault->reason));
}

static void
on_broken(void *arg)
{
	struct connection		*c = arg;
	const struct dialogue_fault	*fault = dialogue_fault(c->dialogue);
	struct job			*job;

	blame(c, fault);
	if (!c->is_ready) {
		fail_host(c, fault);
		return;
	}
	while ((job = dialogue_release(c->dialogue)) != NULL)
		site_return(c->site, job);
	destroy(c);
}

/* That we waited is not the server's fault. */
static void
on_pause_over(void *arg)
{
	struct connection	*c = arg;

	if (!dialogue_is_pausing(c->dialogue))
		return;
	patience_note_chunk(&c->patience);
	take_state(c, dialogue_end_pause(c->dialogue));
}

/* The pause begins when all that is to come before it has left. */
static void
check_pause(struct connection *c)
{
	if (!dialogue_is_pausing(c->dialogue) || io_pending(c->io) > 0)
		return;
	if (c->pause == NULL)
		c->pause = loop_timer_new(c->sender->loop, on_pause_over, c);
	if (!loop_timer_is_running(c->pause))
		loop_timer_start(c->pause,
		    c->sender->conf->smtp_pix_workaround_delay_time);
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
		if (is_done(c)) {
			destroy(c);
			break;
		}
		patience_check(&c->patience);
		check_pause(c);
		break;
	case DIALOGUE_SECURE:
		note_offer(c);
		attempt_start_tls(c->attempt);
		break;
	case DIALOGUE_LOGIN:
		patience_check(&c->patience);
		find_login(c);
		break;
	}
}

/* Content that was waited for has come. */
static void
on_chunk(void *arg)
{
	struct connection	*c = arg;

	patience_note_chunk(&c->patience);
	take_state(c, dialogue_write(c->dialogue));
}

/* The server has taken all there was. */
static void
on_drained(struct connection *c)
{
	if (is_done(c)) {
		destroy(c);
		return;
	}
	if (!dialogue_has_jobs(c->dialogue))
		return;
	patience_note_drained(&c->patience);
	take_state(c, dialogue_write(c->dialogue));
}

/* ---- the way to a server ------------------------------------------------- */

static void
on_logon(const char *dsn, const char *reason, void *arg)
{
	struct connection	*c = arg;

	if (dsn == NULL)
		take_state(c, logon_start(c->logon, c->dialogue));
	else
		attempt_fail(c->attempt, dsn, false, mem_strdup(reason));
}

/* Where there is no TLS now, there will be none: a result may say so. */
static void
find_login(struct connection *c)
{
	secrecy_note_plain(attempt_secrecy(c->attempt));
	if (c->logon == NULL)
		c->logon = logon_new(c->site, c->attempt, on_logon, c);
}

/* What it will offer, or NULL: before a login nothing is sent ahead. */
static const struct offer *
guess(const struct connection *c)
{
	const struct offer	*offer;
	char			*name;

	if (credentials_are_used(c->sender))
		return NULL;
	name = known_name(c);
	offer = known_offer(c->sender->known, name,
	    loop_now_ms(c->sender->loop));
	mem_free(name);
	return offer != NULL && !offer->has_starttls &&
	    secrecy_need(attempt_secrecy(c->attempt)) ==
	    DIALOGUE_TLS_MUST ? NULL : offer;
}

static void
begin(struct connection *c)
{
	const struct route_host	*host = attempt_host(c->attempt);
	struct secrecy		*secrecy = attempt_secrecy(c->attempt);
	struct quirks		 quirks;
	char			 ip[ADDR_TEXT_SIZE];
	struct dialogue_server	 server = {
		.host = host->name,
		.ip = addr_unix_path(&host->addr),
		.is_lmtp = c->sender->is_lmtp,
		.is_distrusted = known_is_distrusted(c->sender->known,
		    attempt_relay(c->attempt), loop_now_ms(c->sender->loop)),
		.tls = secrecy_need(secrecy),
		.guess = guess(c),
		.filter = c->sender->replies,
		.has_login = credentials_are_used(c->sender),
	};

	if (server.ip == NULL) {
		server.ip = addr_format_ip(&host->addr, ip);
		server.port = addr_port(&host->addr);
	}
	quirks_find(c->sender, server.ip, &quirks);
	server.discard = quirks.discard;
	server.firewall = quirks.firewall;
	c->dialogue = dialogue_new(c->sender->conf, &server, io_out(c->io),
	    on_chunk, c);
	quirks_clear(&quirks);
	dialogue_set_tls(c->dialogue, secrecy_status(secrecy));
	c->patience.conf = c->sender->conf;
	c->patience.loop = c->sender->loop;
	c->patience.io = c->io;
	c->patience.dialogue = c->dialogue;
	patience_renew(&c->patience);
	take_state(c, dialogue_state(c->dialogue));
}

static void
go_on_secured(struct connection *c)
{
	dialogue_set_tls(c->dialogue,
	    secrecy_status(attempt_secrecy(c->attempt)));
	dialogue_secured(c->dialogue, guess(c));
	patience_renew(&c->patience);
	take_state(c, dialogue_state(c->dialogue));
}

/* It costs one job that waits, if there is one. */
static void
give_up(struct connection *c)
{
	struct job_result	result;

	attempt_result(c->attempt, &result);
	site_failed(c->site, &result);
	destroy(c);
}

static void
on_attempt(enum attempt_event event, void *arg)
{
	struct connection	*c = arg;

	c->io = attempt_io(c->attempt);
	switch (event) {
	case ATTEMPT_OPEN:
		begin(c);
		break;
	case ATTEMPT_SECURED:
		go_on_secured(c);
		break;
	case ATTEMPT_LEFT:
		logon_free(&c->logon);
		dialogue_free(&c->dialogue);
		break;
	case ATTEMPT_OVER:
		give_up(c);
		break;
	}
}

static void
on_lost(struct connection *c, bool is_timeout)
{
	bool	is_idle = c->list == &c->site->idle;

	if (is_timeout && (dialogue_is_pausing(c->dialogue) ||
	    !patience_is_over(&c->patience)))
		return;
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

void
connection_new(struct site *site)
{
	struct connection	*c = mem_new(sizeof(*c));

	c->site = site;
	c->sender = site->sender;
	c->attempt = attempt_new(site->sender, site->route, &site->tried,
	    site->policies, on_attempt, on_io, c);
	site->connecting++;
	site->connections++;
}
