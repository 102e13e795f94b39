/*
 * The bounce program: its peers, its end.
 */

#include "bounce/returner.h"

#include <unistd.h>

#include "bounce/errand.h"
#include "mail/daemon.h"
#include "mail/peer.h"
#include "net/loop.h"
#include "util/mem.h"

#define IPC_FOR_AGENT
#define IPC_ON(name)	errand_on_##name
#include "mail/ipc_dispatch.h"

/* Each may be a thousand recipients and their replies: 2 MB, and its text. */
#define CAPACITY	20

struct ipc *
returner_qmgr(const struct returner *returner)
{
	return returner->qmgr == NULL ? NULL : peer_ipc(returner->qmgr);
}

static void
tell_ready(struct returner *returner)
{
	struct msg_agent_ready	m = {
		.transport = SLICE_LIT(REPORT_TRANSPORT),
		.capacity = daemon_is_draining(returner->daemon) ? 0 :
		    CAPACITY,
	};

	if (returner_qmgr(returner) != NULL)
		ipc_send_agent_ready(returner_qmgr(returner), 0, &m);
}

static void
on_qmgr(struct peer *peer, enum ipc_event event, void *arg)
{
	struct returner	*returner = arg;

	(void)peer;
	if (event == IPC_OPENED) {
		errand_tell_all(returner);
		tell_ready(returner);
	} else if (event == IPC_CLOSED) {
		errand_drop_partial(returner);
		/* Not now: the peer still has the old connection. */
		loop_defer(returner->loop, (loop_fn)returner_check_end,
		    returner);
	}
}

static void
on_start(struct daemon *daemon)
{
	static const struct ipc_side	 to_qmgr = { "bounce", ipc_handlers,
					    NULL, IPC_QMGR };
	static const struct ipc_side	 to_cleanup = { "bounce",
					    ipc_handlers, NULL, IPC_CLEANUP };
	static const struct ipc_side	 to_lookup = { "bounce", ipc_handlers,
					    NULL, IPC_LOOKUP };
	struct returner			*returner = mem_new(sizeof(*returner));

	returner->daemon = daemon;
	returner->conf = daemon_conf(daemon);
	returner->loop = daemon_loop(daemon);
	daemon_set_state(daemon, returner);
	returner->cleanup = peer_new(daemon, "cleanup", &to_cleanup, NULL,
	    NULL);
	returner->lookup = peer_new(daemon, "lookup", &to_lookup, NULL, NULL);
	returner->qmgr = peer_new(daemon, "qmgr", &to_qmgr, on_qmgr,
	    returner);
}

/* An agent has no clients: its socket is there by master.cf only. */
static void
on_accept(struct daemon *daemon, int fd, const struct addr *peer)
{
	(void)daemon;
	(void)peer;
	close(fd);
}

void
returner_check_end(struct returner *returner)
{
	bool	is_told = returner->over_count == 0 ||
		    (returner->is_stopping && returner_qmgr(returner) == NULL);

	if (returner->errand_count == 0 && is_told &&
	    daemon_is_draining(returner->daemon))
		daemon_leave(returner->daemon);
}

static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	struct returner	*returner = daemon_state(daemon);

	returner->is_stopping = in_a_hurry;
	tell_ready(returner);
	returner_check_end(returner);
}

const struct daemon_program returner_program = {
	.name = "bounce",
	.user = DAEMON_MAIL,
	.start = on_start,
	.accept = on_accept,
	.drain = on_drain,
};
