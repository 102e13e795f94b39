/*
 * The qmgr program: connections, room, the beginning and the end.
 */

#include "qmgr/manager.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/daemon.h"
#include "mail/door.h"
#include "mail/peer.h"
#include "mail/queue_id.h"
#include "net/loop.h"
#include "qmgr/active.h"
#include "qmgr/admin.h"
#include "qmgr/agent.h"
#include "qmgr/intake.h"
#include "qmgr/scan.h"
#include "qmgr/schedule.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define IPC_FOR_QMGR
#include "mail/ipc_dispatch.h"

#define BACKLOG_HIGH	(32 << 20)	/* bytes waiting for the disk */
#define BACKLOG_LOW	(16 << 20)
#define WRITERS		(IPC_CLEANUP | IPC_AGENTS)	/* who makes it grow */
#define ROOM_MS		5		/* how often we look, when full */
#define SPACE_MS	1000		/* how often we look at the disk */
#define DISK_RESERVE	(8 << 20)	/* for results, without which we end */
#define LAST_CALL_MS	4000		/* for what is in flight at the end */
#define LAZY_MS		100		/* of unhurried writes, queue.md */

/* ---- back-pressure ------------------------------------------------------- */

static void
pause_intake(struct manager *manager, bool pause)
{
	struct client	*client;

	manager->is_paused = pause;
	DL_FOREACH(manager->clients, client) {
		if ((ipc_peer(client->ipc) & WRITERS) == 0)
			continue;
		if (pause)
			ipc_pause(client->ipc);
		else
			ipc_resume(client->ipc);
	}
}

void
manager_check_room(struct manager *manager)
{
	size_t	pending = store_pending(manager->store);

	if (!manager->is_paused && pending > BACKLOG_HIGH)
		pause_intake(manager, true);
	else if (manager->is_paused && pending < BACKLOG_LOW)
		pause_intake(manager, false);
	if (manager->is_paused && !loop_timer_is_running(manager->room))
		loop_timer_start(manager->room, ROOM_MS);
}

static void
on_room(void *arg)
{
	manager_check_room(arg);
}

/* ---- the disk ------------------------------------------------------------ */

static void
send_space(const struct manager *manager, struct client *client)
{
	struct msg_queue_space	m = { manager->free_bytes };

	ipc_send_queue_space(client->ipc, 0, &m);
}

/* It goes to the log of the database, too. */
bool
manager_take_disk(struct manager *manager, uint64_t bytes)
{
	if (manager->free_bytes < DISK_RESERVE + 2 * bytes)
		return false;
	manager->free_bytes -= 2 * bytes;
	return true;
}

static void
on_space(void *arg)
{
	struct manager	*manager = arg;
	struct client	*client;
	struct statvfs	 fs;

	loop_timer_start(manager->space, SPACE_MS);
	if (statvfs(".", &fs) < 0)
		return;
	manager->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	DL_FOREACH(manager->clients, client)
		if (ipc_peer(client->ipc) == IPC_CLEANUP &&
		    !ipc_is_congested(client->ipc))
			send_space(manager, client);
}

/* ---- connections --------------------------------------------------------- */

/*
 * Ids of this cleanup start after all that were ever given: after the
 * clock, and after the last one that was committed.
 */
static void
send_lease(struct manager *manager, struct client *client)
{
	uint64_t		last = queue_id_time_us(
				    store_last_id(manager->store));
	uint64_t		now = (uint64_t)clock_wall_us();
	struct msg_queue_lease	m = {
		.slot = manager->next_slot++ % QUEUE_ID_SLOTS,
		.floor_us = now > last ? now : last,
	};

	ipc_send_queue_lease(client->ipc, 0, &m);
}

static void
drop(struct client *client)
{
	struct manager	*manager = client->manager;

	DL_DELETE(manager->clients, client);
	intake_abort_all(client);
	agent_lost(client);
	admin_lost(client);
	ipc_free(&client->ipc);
	mem_free(client);
	manager_check_end(manager);
}

static void
on_client(struct ipc *ipc, enum ipc_event event, void *arg)
{
	struct client	*client = arg;

	switch (event) {
	case IPC_OPENED:
		if (client->manager->is_paused &&
		    (ipc_peer(ipc) & WRITERS) != 0)
			ipc_pause(ipc);
		if (ipc_peer(ipc) != IPC_CLEANUP)
			break;
		send_lease(client->manager, client);
		send_space(client->manager, client);
		break;
	case IPC_CLOSED:
		drop(client);
		break;
	case IPC_DRAINED:
		admin_drained(client);
		agent_drained(client);
		break;
	}
}

static void
on_accept(struct daemon *daemon, int fd, const struct addr *peer)
{
	static const struct ipc_side	 side = { "qmgr", ipc_handlers,
					    on_client, IPC_CLEANUP |
					    IPC_AGENTS | IPC_ADMIN | IPC_USER };
	struct manager			*manager = daemon_state(daemon);
	struct client			*client = mem_new(sizeof(*client));

	(void)peer;
	client->manager = manager;
	client->ipc = ipc_accept(manager->door, fd, &side, client);
	if (client->ipc == NULL) {
		mem_free(client);
		return;
	}
	DL_APPEND(manager->clients, client);
}

/* ---- the beginning and the end ------------------------------------------- */

static void
open_store(struct manager *manager)
{
	const struct conf	*conf = manager->conf;
	char			*why = NULL;
	/*
	 * Of the queue directory, where master has put us: the path to it
	 * may lead through folders that only root may enter.
	 */
	struct store_settings	 settings = {
		.folder = "db",
		.cache_size = conf->qmgr_db_cache_size,
		.log_file_size = conf->qmgr_db_log_file_size,
		.checkpoint_size = conf->qmgr_checkpoint_log_size,
		.lazy_ms = LAZY_MS,
	};

	manager->store = store_open(manager->loop, &settings, &why);
	if (manager->store == NULL)
		log_fatal("cannot open the queue: %s", why);
}

static void
on_last_call(void *arg)
{
	struct manager	*manager = arg;

	daemon_leave(manager->daemon);
}

static const struct ipc_side	lookup_side = {
	"qmgr", ipc_handlers, NULL, IPC_LOOKUP,
};

static void
on_start(struct daemon *daemon)
{
	struct manager	*manager = mem_new(sizeof(*manager));

	manager->daemon = daemon;
	manager->conf = daemon_conf(daemon);
	manager->loop = daemon_loop(daemon);
	manager->door = door_new(manager->loop);
	daemon_set_state(daemon, manager);
	open_store(manager);
	manager->schedule = schedule_new(manager);
	manager->scan = scan_new(manager);
	manager->free_bytes = UINT64_MAX;
	agent_start(manager);
	manager->room = loop_timer_new(manager->loop, on_room, manager);
	manager->space = loop_timer_new(manager->loop, on_space, manager);
	manager->last_call = loop_timer_new(manager->loop, on_last_call,
	    manager);
	on_space(manager);
	/* Only looked at and acted on: it is not ours to deliver. */
	if (daemon_is_offline(daemon)) {
		schedule_stop(manager->schedule);
		scan_stop(manager->scan);
	} else {
		manager->lookup = peer_new(daemon, "lookup", &lookup_side,
		    NULL, NULL);
	}
}

/*
 * At the end: no more jobs go out.  Messages that are arriving may finish,
 * and when the whole suite stops, deliveries too; agents that outlive us
 * tell their results to the next queue manager.
 */
void
manager_check_end(struct manager *manager)
{
	if (!daemon_is_draining(manager->daemon) ||
	    manager->intake_count > 0)
		return;
	if (!loop_timer_is_running(manager->last_call) ||
	    !agent_has_entries(manager))
		daemon_leave(manager->daemon);
}

static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	struct manager	*manager = daemon_state(daemon);
	struct client	*client, *next;
	struct msg_queue_leaving leaving = { 0 };

	schedule_stop(manager->schedule);
	scan_stop(manager->scan);
	/* What comes now is for the next one; what is open is finished. */
	DL_FOREACH_SAFE(manager->clients, client, next)
		if (ipc_peer(client->ipc) == IPC_CLEANUP)
			ipc_send_queue_leaving(client->ipc, 0, &leaving);
	loop_timer_start(manager->last_call, LAST_CALL_MS);
	(void)in_a_hurry;
	manager_check_end(manager);
}

static void
on_stop(struct daemon *daemon)
{
	struct manager	*manager = daemon_state(daemon);
	struct client	*client;

	peer_free(&manager->lookup);
	active_write_all(manager);
	manager->is_ending = true;
	store_close(&manager->store);
	/* Commits that ended just now have their answers in the buffers. */
	DL_FOREACH(manager->clients, client)
		ipc_free(&client->ipc);
}

const struct daemon_program manager_program = {
	.name = "qmgr",
	.user = DAEMON_MAIL,
	.start = on_start,
	.accept = on_accept,
	.drain = on_drain,
	.stop = on_stop,
};
