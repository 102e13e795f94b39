/*
 * The cleanup program: its feeders and its queue manager.
 */

#include "cleanup/cleaner.h"

#include <utlist.h>

#include "cleanup/message.h"
#include "cleanup/rewriting.h"
#include "cleanup/rules.h"
#include "conf/conf.h"
#include "mail/daemon.h"
#include "mail/door.h"
#include "mail/peer.h"
#include "mail/queue_id.h"
#include "net/loop.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define IPC_FOR_CLEANUP
#include "mail/ipc_dispatch.h"

#define AWAY_MS		10000	/* how long we wait for a new qmgr */
#define HELD_LIMIT	(8u << 20) /* bytes of content held meanwhile */

/* ---- feeders ------------------------------------------------------------- */

static void
send_space(const struct cleaner *cleaner, struct feeder *feeder)
{
	struct msg_mail_space	m = { cleaner->free_bytes };

	ipc_send_mail_space(feeder->ipc, 0, &m);
}

static bool
must_pause(const struct cleaner *cleaner)
{
	const struct ipc	*queue = cleaner_queue(cleaner);

	if (cleaner->asked_bytes > HELD_LIMIT)
		return true;
	if (!cleaner->has_lease || cleaner->held_bytes > HELD_LIMIT)
		return cleaner_may_wait(cleaner);
	return queue != NULL && ipc_is_congested(queue);
}

void
cleaner_check_room(struct cleaner *cleaner)
{
	struct feeder	*feeder;
	bool		 pause = must_pause(cleaner);

	DL_FOREACH(cleaner->feeders, feeder)
		if (!pause)
			ipc_resume(feeder->ipc);
		/* Its HELLO is heard in any case: it has a deadline. */
		else if (ipc_peer(feeder->ipc) != IPC_NONE)
			ipc_pause(feeder->ipc);
}

void
cleaner_check_end(struct cleaner *cleaner)
{
	if (daemon_is_draining(cleaner->daemon) &&
	    cleaner->message_count == 0 && cleaner->feeders == NULL)
		daemon_leave(cleaner->daemon);
}

static void
on_feeder(struct ipc *ipc, enum ipc_event event, void *arg)
{
	struct feeder	*feeder = arg;
	struct cleaner	*cleaner = feeder->cleaner;

	switch (event) {
	case IPC_OPENED:
		if (cleaner->free_bytes > 0 && ipc_peer(ipc) == IPC_SMTPD)
			send_space(cleaner, feeder);
		if (must_pause(cleaner))
			ipc_pause(ipc);
		break;
	case IPC_CLOSED:
		DL_DELETE(cleaner->feeders, feeder);
		message_abort_all(feeder);
		ipc_free(&feeder->ipc);
		mem_free(feeder);
		cleaner_check_end(cleaner);
		break;
	case IPC_DRAINED:
		break;
	}
}

/*
 * The handlers take a feeder or the queue manager for granted: neither may
 * come as the other.
 */
static const struct ipc_side feeder_side = {
	"cleanup", ipc_handlers, on_feeder, IPC_FEEDERS,
};
static const struct ipc_side qmgr_side = {
	"cleanup", ipc_handlers, NULL, IPC_QMGR,
};
static const struct ipc_side lookup_side = {
	"cleanup", ipc_handlers, NULL, IPC_LOOKUP,
};

/* ---- the queue manager --------------------------------------------------- */

struct ipc *
cleaner_queue(const struct cleaner *cleaner)
{
	return peer_ipc(cleaner->qmgr);
}

bool
cleaner_may_wait(const struct cleaner *cleaner)
{
	return loop_timer_is_running(cleaner->away) && !cleaner->is_stopping;
}

static void
release_all(struct cleaner *cleaner)
{
	struct feeder	*feeder;

	DL_FOREACH(cleaner->feeders, feeder)
		message_release_all(feeder);
}

static void
on_qmgr(struct peer *peer, enum ipc_event event, void *arg)
{
	struct cleaner	*cleaner = arg;

	(void)peer;
	if (event == IPC_CLOSED) {
		loop_timer_start(cleaner->away, AWAY_MS);
	} else if (event == IPC_OPENED) {
		loop_timer_stop(cleaner->away);
		release_all(cleaner);
	}
	/* Not now: on IPC_CLOSED the peer still has the old connection. */
	loop_defer(cleaner->loop, (loop_fn)cleaner_check_room, cleaner);
}

static void
on_away(void *arg)
{
	log_warn("the queue manager is away: mail is deferred");
	release_all(arg);
	cleaner_check_room(arg);
}

void
on_queue_leaving(struct ipc *ipc, uint32_t id,
    const struct msg_queue_leaving *m)
{
	struct cleaner	*cleaner = peer_arg(ipc_arg(ipc));

	(void)id;
	(void)m;
	loop_timer_start(cleaner->away, AWAY_MS);
	peer_renew(cleaner->qmgr);
}

void
on_queue_lease(struct ipc *ipc, uint32_t id, const struct msg_queue_lease *m)
{
	struct cleaner	*cleaner = peer_arg(ipc_arg(ipc));

	(void)id;
	cleaner->has_lease = true;
	cleaner->slot = m->slot;
	if (cleaner->last_us < m->floor_us)
		cleaner->last_us = m->floor_us;
	cleaner_check_room(cleaner);
}

void
on_queue_space(struct ipc *ipc, uint32_t id, const struct msg_queue_space *m)
{
	struct cleaner	*cleaner = peer_arg(ipc_arg(ipc));
	struct feeder	*feeder;

	(void)id;
	cleaner->free_bytes = m->free_bytes;
	DL_FOREACH(cleaner->feeders, feeder)
		if (ipc_peer(feeder->ipc) == IPC_SMTPD &&
		    !ipc_is_congested(feeder->ipc))
			send_space(cleaner, feeder);
}

/* Ids follow the clock and never repeat, even where it is set back. */
uint64_t
cleaner_next_id(struct cleaner *cleaner)
{
	uint64_t	now = (uint64_t)clock_wall_us();

	cleaner->last_us = now > cleaner->last_us ? now :
	    cleaner->last_us + 1;
	return queue_id_make(cleaner->last_us, cleaner->slot);
}

/* ---- the program --------------------------------------------------------- */

static void
on_start(struct daemon *daemon)
{
	struct cleaner	*cleaner = mem_new(sizeof(*cleaner));
	char		*why;

	cleaner->daemon = daemon;
	cleaner->conf = daemon_conf(daemon);
	cleaner->loop = daemon_loop(daemon);
	cleaner->door = door_new(cleaner->loop);
	cleaner->rules = rules_new(cleaner->conf, &why);
	if (cleaner->rules == NULL)
		log_fatal("%s", why);
	cleaner->away = loop_timer_new(cleaner->loop, on_away, cleaner);
	loop_timer_start(cleaner->away, AWAY_MS);
	cleaner->qmgr = peer_new(daemon, "qmgr", &qmgr_side, on_qmgr,
	    cleaner);
	cleaner->lookup = peer_new(daemon, "lookup", &lookup_side, NULL, NULL);
	cleaner->mapped = rewriting_places(cleaner->conf);
	daemon_set_state(daemon, cleaner);
}

static void
on_accept(struct daemon *daemon, int fd, const struct addr *peer)
{
	struct cleaner	*cleaner = daemon_state(daemon);
	struct feeder	*feeder = mem_new(sizeof(*feeder));

	(void)peer;
	feeder->cleaner = cleaner;
	feeder->ipc = ipc_accept(cleaner->door, fd, &feeder_side, feeder);
	if (feeder->ipc == NULL) {
		mem_free(feeder);
		return;
	}
	DL_APPEND(cleaner->feeders, feeder);
}

static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	struct cleaner	*cleaner = daemon_state(daemon);

	/* No qmgr comes any more: who waits for one is told so at once. */
	cleaner->is_stopping = in_a_hurry;
	if (in_a_hurry)
		release_all(cleaner);
	cleaner_check_room(cleaner);
	cleaner_check_end(cleaner);
}

const struct daemon_program cleaner_program = {
	.name = "cleanup",
	.user = DAEMON_MAIL,
	.start = on_start,
	.accept = on_accept,
	.drain = on_drain,
};
