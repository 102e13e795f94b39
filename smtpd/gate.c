/*
 * The smtpd program: its configuration, its clients, its cleanup.
 */

#include "smtpd/gate.h"

#include <string.h>
#include <sys/resource.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/daemon.h"
#include "mail/peer.h"
#include "mail/tls_server.h"
#include "net/loop.h"
#include "net/tls_context.h"
#include "net/tls_library.h"
#include "smtpd/client.h"
#include "smtpd/substitute.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define IPC_FOR_SMTPD
#include "mail/ipc_dispatch.h"

#define SPARE_DESCRIPTORS	64

void
on_mail_space(struct ipc *ipc, uint32_t id, const struct msg_mail_space *m)
{
	struct gate	*gate = peer_arg(ipc_arg(ipc));

	(void)id;
	gate->free_bytes = m->free_bytes;
}

static void
on_cleanup(struct peer *peer, enum ipc_event event, void *arg)
{
	(void)peer;
	if (event == IPC_DRAINED)
		gate_wake(arg);
}

/* Logins look by themselves. */
static void
on_auth(struct peer *peer, enum ipc_event event, void *arg)
{
	(void)arg;
	if (event == IPC_OPENED)
		ipc_keep_secrets(peer_ipc(peer));
}

void
gate_wake(struct gate *gate)
{
	struct client	*client, *next;

	DL_FOREACH_SAFE(gate->clients, client, next)
		client_wake(client);
}

/* ---- configuration ------------------------------------------------------- */

static enum gate_bare_lf
read_bare_lf(const char *value)
{
	if (strcmp(value, "reject") == 0)
		return BARE_LF_REJECT;
	if (strcmp(value, "note") == 0)
		return BARE_LF_NOTE;
	if (strcmp(value, "no") == 0)
		return BARE_LF_ACCEPT;
	if (strcmp(value, "normalize") != 0 && strcmp(value, "yes") != 0)
		log_warn("smtpd_forbid_bare_newline: unknown value \"%s\": "
		    "taken for \"normalize\"", value);
	return BARE_LF_NORMALIZE;
}

/* The fourth of Postfix, no_unknown_recipient_checks, is for lookup. */
static uint32_t
read_overrides(const char *value)
{
	static const struct {
		const char	*name;
		uint32_t	 flag;
	} names[] = {
		{ "no_header_body_checks", MAIL_NO_CHECKS },
		{ "no_address_mappings", MAIL_NO_MAPPINGS },
		{ "no_milters", MAIL_NO_MILTERS },
		{ "no_unknown_recipient_checks", 0 },
	};
	struct slice	rest = slice_str(value), word;
	uint32_t	flags = 0;

	while (slice_get_word(&rest, ", \t\r\n", &word) == 0) {
		size_t	i = 0, count = sizeof(names) / sizeof(*names);

		while (i < count && !slice_is(word, names[i].name))
			i++;
		if (i < count)
			flags |= names[i].flag;
		else
			log_warn("receive_override_options: unknown option "
			    "\"%.*s\"", SLICE_ARG(word));
	}
	return flags;
}

/* ---- clients ------------------------------------------------------------- */

void
gate_add(struct gate *gate, struct client *client)
{
	DL_APPEND(gate->clients, client);
	if (++gate->client_count < gate->client_limit || !gate->is_accepting)
		return;
	log_warn("%zu clients: new ones wait until some have left",
	    gate->client_count);
	gate->is_accepting = false;
	daemon_pause_accept(gate->daemon);
}

void
gate_remove(struct gate *gate, struct client *client)
{
	DL_DELETE(gate->clients, client);
	gate->client_count--;
	if (daemon_is_draining(gate->daemon)) {
		if (gate->client_count == 0)
			daemon_leave(gate->daemon);
	} else if (!gate->is_accepting) {
		gate->is_accepting = true;
		daemon_resume_accept(gate->daemon);
	}
}

/* ---- the program --------------------------------------------------------- */

static struct substitute *
open_tables(const char *name, const char *tables)
{
	char			*why;
	struct substitute	*substitute;

	substitute = substitute_new(name, tables, &why);
	if (why != NULL)
		log_fatal("%s: %s", name, why);
	return substitute;
}

/* Files can be read now, and not any more when we are who we will be. */
static void
on_open(struct daemon *daemon)
{
	struct gate		*gate = mem_new(sizeof(*gate));
	const struct conf	*conf = daemon_conf(daemon);
	struct buf		 why = BUF_INIT;

	if (tls_library_open(conf->tls_config_file, conf->tls_config_name,
	    &why) == 0)
		gate->tls = tls_server_new(conf, daemon_service(daemon), &why);
	/* master has told what makes it less, and asked for another. */
	if (gate->tls == NULL)
		log_fatal("%s", buf_cstr(&why));
	buf_clear(&why);
	gate->commands = open_tables("smtpd_command_filter",
	    conf->smtpd_command_filter);
	gate->refusals = open_tables("smtpd_reject_filter_maps",
	    conf->smtpd_reject_filter_maps);
	daemon_set_state(daemon, gate);
}

static void
on_tickets(struct daemon *daemon, const struct tls_ticket_key *keys,
    size_t count)
{
	struct gate	*gate = daemon_state(daemon);

	if (gate->tls->context != NULL && gate->tls->has_tickets)
		tls_context_set_tickets(gate->tls->context, keys, count);
}

static void
on_start(struct daemon *daemon)
{
	static const struct ipc_side	 to_cleanup = { "smtpd", ipc_handlers,
					    NULL, IPC_CLEANUP };
	static const struct ipc_side	 to_lookup = { "smtpd", ipc_handlers,
					    NULL, IPC_LOOKUP };
	static const struct ipc_side	 to_auth = { "smtpd", ipc_handlers,
					    NULL, IPC_AUTH };
	struct gate			*gate = daemon_state(daemon);
	struct rlimit			 limit = { 1024, 1024 };

	gate->daemon = daemon;
	gate->conf = daemon_conf(daemon);
	gate->loop = daemon_loop(daemon);
	gate->bare_lf = read_bare_lf(gate->conf->smtpd_forbid_bare_newline);
	gate->overrides =
	    read_overrides(gate->conf->receive_override_options);
	/* As it is written: no $name in it is a parameter. */
	gate->footer = conf_source_find(gate->conf->source,
	    "smtpd_reject_footer");
	gate->free_bytes = UINT64_MAX;
	gate->started_us = clock_wall_us();
	getrlimit(RLIMIT_NOFILE, &limit);
	gate->client_limit = limit.rlim_cur - SPARE_DESCRIPTORS;
	gate->is_accepting = true;
	gate->cleanup = peer_new(daemon, "cleanup", &to_cleanup, on_cleanup,
	    gate);
	gate->lookup = peer_new(daemon, "lookup", &to_lookup, NULL, NULL);
	if (gate->conf->smtpd_sasl_auth_enable)
		gate->auth = peer_new(daemon, "auth", &to_auth, on_auth,
		    gate);
}

static void
on_accept(struct daemon *daemon, int fd, const struct addr *peer)
{
	client_new(daemon_state(daemon), fd, peer);
}

static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	struct gate	*gate = daemon_state(daemon);
	struct client	*client, *next;

	if (gate->client_count == 0)
		daemon_leave(daemon);
	if (in_a_hurry)
		DL_FOREACH_SAFE(gate->clients, client, next)
			client_shutdown(client);
}

const struct daemon_program gate_program = {
	.name = "smtpd",
	.user = DAEMON_GATE,
	.open = on_open,
	.start = on_start,
	.accept = on_accept,
	.drain = on_drain,
	.tickets = on_tickets,
};
