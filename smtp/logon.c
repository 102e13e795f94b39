/*
 * The login of a connection.
 */

#include "smtp/logon.h"

#include "net/io.h"
#include "net/loop.h"
#include "net/tls.h"
#include "smtp/attempt.h"
#include "smtp/challenge.h"
#include "smtp/credentials.h"
#include "smtp/relays.h"
#include "smtp/route.h"
#include "smtp/secrecy.h"
#include "smtp/sender.h"
#include "smtp/site.h"
#include "util/buf.h"
#include "util/mem.h"

struct logon {
	struct sender			*sender;	/* borrowed */
	struct attempt			*attempt;	/* borrowed */
	logon_fn			 fn;
	void				*arg;
	struct credentials_search	*search;
	struct credentials		*credentials;	/* NULL: none */
};

/* With these, or with none. */
static void
on_known(void *arg)
{
	struct logon	*logon = arg;
	const char	*refusal;
	char		*reason;

	refusal = credentials_refusal(logon->sender, logon->credentials,
	    attempt_relay(logon->attempt));
	if (refusal == NULL) {
		logon->fn(NULL, NULL, logon->arg);
		return;
	}
	reason = mem_printf("[CACHED] %s", refusal);
	logon->fn("4.7.0", reason, logon->arg);
	mem_free(reason);
}

static void
on_credentials(bool is_known, struct credentials *found, void *arg)
{
	struct logon	*logon = arg;

	logon->search = NULL;
	logon->credentials = found;
	if (is_known)
		on_known(logon);
	else
		logon->fn("4.3.0", "password lookup service is not ready",
		    logon->arg);
}

struct logon *
logon_new(const struct site *site, struct attempt *attempt, logon_fn fn,
    void *arg)
{
	struct logon			*logon = mem_new(sizeof(*logon));
	const struct route_host		*host = attempt_host(attempt);
	char				*nexthop;

	logon->sender = site->sender;
	logon->attempt = attempt;
	logon->fn = fn;
	logon->arg = arg;
	if (site->credentials != NULL) {
		logon->credentials = credentials_copy(site->credentials);
		loop_defer(logon->sender->loop, on_known, logon);
		return logon;
	}
	nexthop = relays_member(site->sender, site->nexthop, host->turn);
	logon->search = credentials_find(site->sender, "", host->name,
	    nexthop, on_credentials, logon);
	mem_free(nexthop);
	return logon;
}

void
logon_free(struct logon **logonp)
{
	struct logon	*logon = *logonp;

	if (logon == NULL)
		return;
	*logonp = NULL;
	loop_undefer(logon->sender->loop, logon);
	credentials_cancel(&logon->search);
	credentials_free(&logon->credentials);
	mem_free(logon);
}

enum dialogue_state
logon_start(struct logon *logon, struct dialogue *d)
{
	struct io		*io = attempt_io(logon->attempt);
	struct buf		 binding = BUF_SECRET;
	struct challenge_setup	 setup = {
		.conf = logon->sender->conf,
		.credentials = logon->credentials,
		.host = attempt_host(logon->attempt)->name,
		.filter = logon->sender->mechanisms,
		.has_tls = io_is_secured(io),
		.is_verified = secrecy_is_verified(
		    attempt_secrecy(logon->attempt)),
	};
	enum dialogue_state	 state;

	if (setup.has_tls)
		setup.binding_name = tls_put_binding(io_tls(io), &binding);
	setup.binding = buf_slice(&binding);
	state = dialogue_log_in(d, &setup);
	buf_clear(&binding);
	return state;
}

void
logon_note_refusal(const struct logon *logon, const char *text)
{
	credentials_note_refusal(logon->sender, logon->credentials,
	    attempt_relay(logon->attempt), text);
}
