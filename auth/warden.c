/*
 * The auth program: who asks.
 */

#include "auth/warden.h"

#include <string.h>
#include <utlist.h>

#include "auth/entry.h"
#include "auth/failures.h"
#include "auth/trial.h"
#include "auth/userdb.h"
#include "conf/conf.h"
#include "mail/daemon.h"
#include "mail/door.h"
#include "mail/worker.h"
#include "net/loop.h"
#include "net/sasl_check.h"
#include "util/log.h"
#include "util/mem.h"

#define IPC_FOR_AUTH
#include "mail/ipc_dispatch.h"

static void	on_visitor(struct ipc *, enum ipc_event, void *);

static const struct ipc_side	side = {
	"auth", ipc_handlers, on_visitor, IPC_SMTPD,
};

static void
check_end(struct warden *warden)
{
	if (daemon_is_draining(warden->daemon) && warden->visitors == NULL)
		daemon_leave(warden->daemon);
}

static void
destroy(struct visitor *visitor)
{
	struct warden	*warden = visitor->warden;

	DL_DELETE(warden->visitors, visitor);
	entry_drop(&warden->entry, &visitor->entry);
	mem_free(visitor);
	check_end(warden);
}

void
warden_begin(struct visitor *visitor)
{
	visitor->pending++;
}

void
warden_end(struct visitor *visitor)
{
	if (--visitor->pending == 0 && visitor->ipc == NULL)
		destroy(visitor);
}

struct entry *
warden_entry(struct visitor *visitor)
{
	struct warden	*warden = visitor->warden;

	if (visitor->entry == NULL)
		visitor->entry = entry_get(&warden->entry, warden->conf,
		    warden->library, ipc_peer_settings(visitor->ipc));
	return visitor->entry;
}

static void
on_visitor(struct ipc *ipc, enum ipc_event event, void *arg)
{
	struct visitor	*visitor = arg;

	(void)ipc;
	if (event != IPC_CLOSED)
		return;
	trial_drop_all(visitor);
	ipc_free(&visitor->ipc);
	if (visitor->pending == 0)
		destroy(visitor);
}

/* ---- the program --------------------------------------------------------- */

/*
 * Plug-ins and configuration are root's.  Without them all attempts end in
 * 454: no reason for the other programs to go down.
 */
static void
on_open(struct daemon *daemon)
{
	struct warden	*warden = mem_new(sizeof(*warden));
	const char	*name;
	char		*why;

	warden->daemon = daemon;
	warden->conf = daemon_conf(daemon);
	warden->loop = daemon_loop(daemon);
	name = strcmp(warden->conf->smtpd_sasl_type, "cyrus") == 0 ?
	    warden->conf->smtpd_sasl_path : "smtpd";
	warden->library = sasl_check_open(name,
	    warden->conf->cyrus_sasl_config_path, &userdb_reader, &why);
	if (warden->library == NULL) {
		log_warn("%s", why);
		mem_free(why);
	}
	daemon_set_state(daemon, warden);
}

static void
on_start(struct daemon *daemon)
{
	struct warden	*warden = daemon_state(daemon);

	warden->door = door_new(warden->loop);
	warden->failures = failures_new(warden->conf);
	warden->worker = worker_new(warden->loop,
	    (size_t)warden->conf->auth_threads);
}

static void
on_accept(struct daemon *daemon, int fd, const struct addr *peer)
{
	struct warden	*warden = daemon_state(daemon);
	struct visitor	*visitor = mem_new(sizeof(*visitor));

	(void)peer;
	visitor->warden = warden;
	visitor->ipc = ipc_accept(warden->door, fd, &side, visitor);
	if (visitor->ipc == NULL) {
		mem_free(visitor);
		return;
	}
	ipc_keep_secrets(visitor->ipc);
	DL_APPEND(warden->visitors, visitor);
}

/* Their clients' attempts end first. */
static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	(void)in_a_hurry;
	check_end(daemon_state(daemon));
}

const struct daemon_program warden_program = {
	.name = "auth",
	.user = DAEMON_AUTH,
	.open = on_open,
	.start = on_start,
	.accept = on_accept,
	.drain = on_drain,
};
