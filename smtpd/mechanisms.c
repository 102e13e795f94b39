/*
 * Lists of mechanisms.
 */

#include "smtpd/mechanisms.h"

#include "mail/ipc.h"
#include "mail/peer.h"
#include "smtpd/gate.h"
#include "smtpd/secured.h"
#include "util/log.h"
#include "util/mem.h"

/* EHLO does not wait longer: then there is no AUTH in its reply. */
#define PEER_WAIT_MS	5000
#define ANSWER_WAIT_MS	10000

struct mechanisms {
	struct session		*session;
	void			(*fn)(struct session *s);
	struct peer_wait	*wait;
	struct ipc_call		*call;
};

void
mechanisms_forget(struct session *s)
{
	struct mechanisms	*asked = s->mechanisms;

	if (asked == NULL)
		return;
	s->mechanisms = NULL;
	peer_wait_cancel(&asked->wait);
	ipc_cancel(&asked->call);
	mem_free(asked);
}

static void
finish(struct mechanisms *asked)
{
	struct session	*s = asked->session;
	void		(*fn)(struct session *) = asked->fn;

	mechanisms_forget(s);
	fn(s);
}

static void
keep(struct gate *gate, const struct msg_auth_listed *m)
{
	mem_free(gate->plain_mechanisms);
	mem_free(gate->tls_mechanisms);
	gate->plain_mechanisms = slice_dup(m->plain);
	gate->tls_mechanisms = slice_dup(m->tls);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct mechanisms	*asked = arg;
	struct msg_auth_listed	 m;

	(void)call;
	if (code == 0)
		asked->call = NULL;
	else if (code != IPC_CODE_auth_listed ||
	    ipc_parse_auth_listed(payload, &m) < 0)
		log_warn("unexpected reply %#x from auth", code);
	else if (m.code == 250)
		keep(asked->session->gate, &m);
	finish(asked);
}

static void
ask_on(struct mechanisms *asked, struct ipc *ipc)
{
	struct msg_auth_list	m = { .reserved = 0 };

	asked->call = ipc_call_new(ipc, on_reply, asked);
	ipc_call_deadline(asked->call, ANSWER_WAIT_MS);
	ipc_send_auth_list(ipc, ipc_call_id(asked->call), &m);
}

static void
on_peer(struct ipc *ipc, void *arg)
{
	struct mechanisms	*asked = arg;

	asked->wait = NULL;
	if (ipc != NULL)
		ask_on(asked, ipc);
	else
		finish(asked);
}

enum step
mechanisms_ask(struct session *s, void (*fn)(struct session *s))
{
	struct peer	*peer = s->gate->auth;

	if (!s->has_auth || s->gate->plain_mechanisms != NULL)
		return STEP_DONE;
	s->mechanisms = mem_new(sizeof(*s->mechanisms));
	s->mechanisms->session = s;
	s->mechanisms->fn = fn;
	if (peer_ipc(peer) != NULL)
		ask_on(s->mechanisms, peer_ipc(peer));
	else
		s->mechanisms->wait = peer_wait_new(peer, PEER_WAIT_MS,
		    on_peer, s->mechanisms);
	return STEP_WAIT;
}

/* What auth lists for TLS, not every TLS has. */
static bool
is_possible(const struct session *s, struct slice name)
{
	if (slice_is_nocase(name, "EXTERNAL"))
		return secured_identity(s->secured) != NULL;
	if (name.len > 5 &&
	    slice_is_nocase(slice_after(name, name.len - 5), "-PLUS"))
		return s->secured != NULL && s->secured->binding.len > 0;
	return true;
}

void
mechanisms_put(const struct session *s, struct buf *names)
{
	struct slice	rest = slice_str(s->secured != NULL ?
			    s->gate->tls_mechanisms :
			    s->gate->plain_mechanisms);
	struct slice	name;
	const char	*between = "";

	/* Where mail needs TLS, no client is to be led to log in without. */
	if (!s->has_auth || secured_lack(s) != NULL)
		return;
	while (slice_get_word(&rest, " ", &name) == 0) {
		if (!is_possible(s, name))
			continue;
		buf_put_str(names, between);
		buf_put_slice(names, name);
		between = " ";
	}
}
