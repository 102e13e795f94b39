/*
 * Names and passwords.
 */

#include "smtp/credentials.h"

#include <string.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "net/loop.h"
#include "smtp/known.h"
#include "smtp/sender.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define PEER_WAIT_MS	10000	/* for a lookup that is restarting */
#define ANSWER_WAIT_MS	60000

struct credentials_search {
	char			*from, *host, *nexthop;
	credentials_fn		 fn;
	void			*arg;
	struct peer_wait	*wait;
	struct ipc_call		*call;
};

struct credentials *
credentials_copy(const struct credentials *credentials)
{
	struct credentials	*copy;

	if (credentials == NULL)
		return NULL;
	copy = mem_new(sizeof(*copy));
	copy->user = mem_strdup(credentials->user);
	copy->password = mem_strdup(credentials->password);
	return copy;
}

void
credentials_free(struct credentials **credentialsp)
{
	struct credentials	*credentials = *credentialsp;

	if (credentials == NULL)
		return;
	*credentialsp = NULL;
	explicit_bzero(credentials->password, strlen(credentials->password));
	mem_free(credentials->password);
	mem_free(credentials->user);
	mem_free(credentials);
}

/* With lengths, as the terms that follow have them (smtp/terms.c). */
void
credentials_put_key(const struct credentials *c, struct buf *key)
{
	if (c != NULL)
		buf_printf(key, "\n+%zu %zu %s%s", strlen(c->user),
		    strlen(c->password), c->user, c->password);
}

bool
credentials_are_used(const struct sender *sender)
{
	return sender->conf->smtp_sasl_auth_enable &&
	    sender->conf->smtp_sasl_password_maps[0] != '\0';
}

void
credentials_note_refusal(const struct sender *sender,
    const struct credentials *credentials, const char *relay,
    const char *text)
{
	const struct conf	*conf = sender->conf;

	if (conf->smtp_sasl_auth_cache_name[0] != '\0' &&
	    credentials != NULL)
		known_put_refusal(sender->known, relay, credentials, text,
		    loop_now_ms(sender->loop) +
		    conf->smtp_sasl_auth_cache_time);
}

const char *
credentials_refusal(const struct sender *sender,
    const struct credentials *credentials, const char *relay)
{
	return credentials == NULL ? NULL : known_refusal(sender->known,
	    relay, credentials, loop_now_ms(sender->loop));
}

/* ---- searching ----------------------------------------------------------- */

void
credentials_cancel(struct credentials_search **searchp)
{
	struct credentials_search	*search = *searchp;

	if (search == NULL)
		return;
	*searchp = NULL;
	peer_wait_cancel(&search->wait);
	ipc_cancel(&search->call);
	mem_free(search->from);
	mem_free(search->host);
	mem_free(search->nexthop);
	mem_free(search);
}

static void
finish(struct credentials_search *search, bool is_known,
    struct credentials *found)
{
	credentials_fn	 fn = search->fn;
	void		*arg = search->arg;

	credentials_cancel(&search);
	fn(is_known, found, arg);
}

static struct credentials *
make(const struct msg_login_is *m)
{
	struct credentials	*found;

	if (m->code != 250)
		return NULL;
	found = mem_new(sizeof(*found));
	found->user = slice_dup(m->user);
	found->password = slice_dup(m->password);
	return found;
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct credentials_search	*search = arg;
	struct msg_login_is		 m = { .code = 451 };

	(void)call;
	if (code == 0) {
		search->call = NULL;
	} else if (code != IPC_CODE_login_is ||
	    ipc_parse_login_is(payload, &m) < 0) {
		log_warn("unexpected reply %#x from lookup", code);
		m.code = 451;
	}
	finish(search, m.code == 250 || m.code == 404, make(&m));
}

static void
on_peer(struct ipc *ipc, void *arg)
{
	struct credentials_search	*search = arg;
	struct msg_login_ask		 m = {
		.sender = slice_str(search->from),
		.host = slice_str(search->host),
		.nexthop = slice_str(search->nexthop),
	};

	search->wait = NULL;
	if (ipc == NULL) {
		finish(search, false, NULL);
		return;
	}
	ipc_keep_secrets(ipc);
	search->call = ipc_call_new(ipc, on_reply, search);
	ipc_call_deadline(search->call, ANSWER_WAIT_MS);
	ipc_send_login_ask(ipc, ipc_call_id(search->call), &m);
}

struct credentials_search *
credentials_find(struct sender *sender, const char *from, const char *host,
    const char *nexthop, credentials_fn fn, void *arg)
{
	struct credentials_search	*search = mem_new(sizeof(*search));

	search->from = mem_strdup(from);
	search->host = mem_strdup(host);
	search->nexthop = mem_strdup(nexthop);
	search->fn = fn;
	search->arg = arg;
	search->wait = peer_wait_new(sender->lookup, PEER_WAIT_MS, on_peer,
	    search);
	return search;
}
