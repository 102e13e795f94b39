/*
 * The lookup program: who asks, and how much at a time.
 */

#include "lookup/adviser.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "lookup/profile.h"
#include "lookup/query.h"
#include "lookup/rate.h"
#include "mail/daemon.h"
#include "mail/door.h"
#include "mail/worker.h"
#include "net/addr.h"
#include "mail/dns_filter.h"
#include "net/dns.h"
#include "net/loop.h"
#include "util/buf.h"
#include "util/haste.h"
#include "util/log.h"
#include "util/mem.h"

#define IPC_FOR_LOOKUP
#include "mail/ipc_dispatch.h"

#define HOSTS_FILE	"/etc/hosts"

/* Where one had to wait, the next so many are not tried in haste. */
#define WAITS_AFTER	15

static void	on_asker(struct ipc *, enum ipc_event, void *);

static const struct ipc_side	side = {
	"lookup", ipc_handlers, on_asker,
	IPC_FEEDERS | IPC_QMGR | IPC_CLEANUP | IPC_AGENT,
};

/* ---- how much ------------------------------------------------------------ */

/*
 * One process of smtpd, broken into, may ask what takes long, and no end of
 * it: a quarter of the threads is for others.
 */
static void
check_room(struct asker *asker)
{
	size_t	limit = (size_t)asker->adviser->conf->lookup_threads;
	bool	must_pause = asker->pending >= limit - limit / 4;

	if (asker->ipc == NULL || must_pause == asker->is_paused)
		return;
	asker->is_paused = must_pause;
	if (must_pause)
		ipc_pause(asker->ipc);
	else
		ipc_resume(asker->ipc);
}

static void
check_end(struct adviser *adviser)
{
	if (daemon_is_draining(adviser->daemon) && adviser->askers == NULL)
		daemon_leave(adviser->daemon);
}

static void
destroy(struct asker *asker)
{
	struct adviser	*adviser = asker->adviser;

	DL_DELETE(adviser->askers, asker);
	if (asker->profile != NULL)
		rate_drop(asker->profile->rate, &asker->guests);
	profile_drop(&asker->profile);
	mem_free(asker);
	check_end(adviser);
}

void
adviser_begin(struct asker *asker)
{
	asker->pending++;
	check_room(asker);
}

void
adviser_end(struct asker *asker)
{
	asker->pending--;
	check_room(asker);
	if (asker->ipc == NULL && asker->pending == 0)
		destroy(asker);
}

/* ---- whose parameters ---------------------------------------------------- */

struct profile *
adviser_profile(struct asker *asker)
{
	if (asker->profile == NULL)
		asker->profile = profile_get(asker->adviser,
		    ipc_peer_settings(asker->ipc),
		    strcmp(ipc_peer_name(asker->ipc), "lmtp") == 0);
	return asker->profile;
}

static bool
try_in_haste(struct profile *profile, unsigned kind, loop_fn run, void *job)
{
	unsigned char	*waits = &profile->waits[kind];

	if (*waits > 0) {
		(*waits)--;
		return false;
	}
	haste_begin();
	run(job);
	if (haste_end())
		return true;
	*waits = WAITS_AFTER;
	return false;
}

void
adviser_ask(struct asker *asker, unsigned kind, loop_fn run, loop_fn forget,
    loop_fn done, void *job)
{
	struct profile	*profile = adviser_profile(asker);
	bool		 was_tried;

	/* A stage that there is not, of a peer that made it up. */
	if (kind >= PROFILE_KINDS)
		kind = PROFILE_KINDS - 1;
	was_tried = profile->waits[kind] == 0;
	if (try_in_haste(profile, kind, run, job)) {
		done(job);
		return;
	}
	if (was_tried)
		forget(job);
	worker_give(asker->adviser->worker, run, done, job);
}

/* Nothing was counted for who never asked. */
void
on_leave(struct ipc *ipc, uint32_t id, const struct msg_leave *m)
{
	struct asker	*asker = ipc_arg(ipc);
	struct addr	 client;

	(void)id;
	if (asker->profile == NULL ||
	    addr_parse_ip(m->client_addr, 0, &client) < 0)
		return;
	rate_leave(asker->profile->rate, asker->guests, &client);
	if (m->handshakes > 0)
		rate_count_handshake(asker->profile->rate, &client,
		    loop_now_ms(asker->adviser->loop));
}

/* ---- the program --------------------------------------------------------- */

static void
on_asker(struct ipc *ipc, enum ipc_event event, void *arg)
{
	struct asker	*asker = arg;

	(void)ipc;
	if (event != IPC_CLOSED)
		return;
	ipc_free(&asker->ipc);
	if (asker->pending == 0)
		destroy(asker);
}

/* While we may still read whatever file resolver_config names. */
static void
on_open(struct daemon *daemon)
{
	struct adviser	*adviser = mem_new(sizeof(*adviser));
	struct dns	*dns;
	const char	*why;
	char		*wrong;

	adviser->daemon = daemon;
	adviser->conf = daemon_conf(daemon);
	adviser->loop = daemon_loop(daemon);
	dns = dns_new(adviser->loop, adviser->conf->resolver_config,
	    HOSTS_FILE, NULL, &why);
	if (dns == NULL)
		log_fatal("%s: %s", adviser->conf->resolver_config, why);
	adviser->query = query_new(adviser->loop, dns);
	query_set_filter(adviser->query, dns_filter_new(
	    adviser->conf->smtpd_dns_reply_filter, 0, &wrong));
	if (wrong != NULL)
		log_fatal("smtpd_dns_reply_filter: %s", wrong);
	daemon_set_state(daemon, adviser);
}

static void
on_start(struct daemon *daemon)
{
	struct adviser	*adviser = daemon_state(daemon);

	adviser->door = door_new(adviser->loop);
	adviser->worker = worker_new(adviser->loop,
	    (size_t)adviser->conf->lookup_threads);
}

static void
on_accept(struct daemon *daemon, int fd, const struct addr *peer)
{
	struct adviser	*adviser = daemon_state(daemon);
	struct asker	*asker = mem_new(sizeof(*asker));

	(void)peer;
	asker->adviser = adviser;
	asker->ipc = ipc_accept(adviser->door, fd, &side, asker);
	if (asker->ipc == NULL) {
		mem_free(asker);
		return;
	}
	DL_APPEND(adviser->askers, asker);
}

/* Who asks has replies in flight that need us; they leave first. */
static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	(void)in_a_hurry;
	check_end(daemon_state(daemon));
}

const struct daemon_program adviser_program = {
	.name = "lookup",
	.user = DAEMON_MAIL,
	.open = on_open,
	.start = on_start,
	.accept = on_accept,
	.drain = on_drain,
};
