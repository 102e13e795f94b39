/*
 * Logging in.
 */

#include "smtpd/login.h"

#include <string.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "smtpd/gate.h"
#include "smtpd/mechanisms.h"
#include "smtpd/reply.h"
#include "smtpd/secured.h"
#include "smtpd/stage.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/log.h"
#include "util/mem.h"

#define PEER_WAIT_MS	10000	/* for an auth that is restarting */
#define ANSWER_WAIT_MS	60000	/* besides the delay of failures */
#define NAME_LIMIT	64	/* of a mechanism; its syntax is auth's */

struct login {
	struct session		*session;
	char			*mechanism;
	bool			 has_initial;
	struct buf		 initial;	/* until it is sent */
	struct peer_wait	*wait;
	struct ipc		*ipc;		/* of call; borrowed */
	struct ipc_call		*call;
};

/* ---- the end ------------------------------------------------------------- */

void
login_free(struct login **loginp)
{
	struct login		*login = *loginp;
	struct msg_auth_abort	 m = { .reserved = 0 };

	if (login == NULL)
		return;
	*loginp = NULL;
	if (login->call != NULL)
		ipc_send_auth_abort(login->ipc, ipc_call_id(login->call), &m);
	ipc_cancel(&login->call);
	peer_wait_cancel(&login->wait);
	buf_clear(&login->initial);
	mem_free(login->mechanism);
	mem_free(login);
}

void
login_end(struct session *s)
{
	if (s->login == NULL)
		return;
	login_free(&s->login);
	session_enter_idle(s);
}

void
login_forget(struct session *s)
{
	login_free(&s->login);
	mechanisms_forget(s);
	mem_free(s->sasl_method);
	mem_free(s->sasl_username);
	s->sasl_method = s->sasl_username = NULL;
}

/* ---- replies ------------------------------------------------------------- */

static const struct {
	int		 code;
	const char	*dsn;
	const char	*text;
} replies[] = {
	[AUTH_FAILED] = { 535, "5.7.8", "Error: authentication failed" },
	[AUTH_LATER] = { 454, "4.7.0", "Temporary authentication failure" },
	[AUTH_MALFORMED] = { 501, "5.5.2",
	    "Error: malformed authentication response" },
	[AUTH_UNKNOWN] = { 504, "5.5.4",
	    "Error: unrecognized authentication type" },
	[AUTH_WEAK] = { 534, "5.7.9",
	    "Error: authentication mechanism is too weak" },
	[AUTH_NEEDS_TLS] = { 538, "5.7.11",
	    "Error: encryption required for requested authentication "
	    "mechanism" },
};

/* O07.  Who has given no name yet may still have one. */
static void
log_failure(const struct session *s, struct slice username,
    struct slice reason)
{
	char	client[SESSION_CLIENT_SIZE];

	if (username.len == 0)
		username = SLICE_LIT("(unavailable)");
	if (reason.len == 0)
		reason = SLICE_LIT("(reason unavailable)");
	log_warn("%s: SASL %s authentication failed: %.*s, "
	    "sasl_username=%.*s", session_client(s, client),
	    s->login->mechanism, SLICE_ARG(slice_first(reason, 300)),
	    SLICE_ARG(slice_first(username, 100)));
}

/*
 * RFC 4954 section 4: 5.7.0 for an initial response where the server would
 * have to speak first.
 */
static const char *
dsn_of(const struct login *login, enum auth_result result)
{
	bool	is_server_first = strcmp(login->mechanism, "CRAM-MD5") == 0 ||
		    strcmp(login->mechanism, "DIGEST-MD5") == 0;

	return result == AUTH_MALFORMED && login->has_initial &&
	    is_server_first ? "5.7.0" : replies[result].dsn;
}

/* It is over; what is replied does not depend on the reason. */
static void
conclude(struct session *s, const struct msg_auth_done *m)
{
	ipc_cancel(&s->login->call);
	if (m->result == AUTH_OK) {
		s->sasl_method = mem_strdup(s->login->mechanism);
		s->sasl_username = slice_dup(m->username);
		reply_put(s, 235, "2.7.0", "Authentication successful");
	} else {
		log_failure(s, m->username, m->reason);
		reply_put(s, replies[m->result].code,
		    dsn_of(s->login, m->result), "%s",
		    replies[m->result].text);
	}
	login_end(s);
}

/* There is nobody to ask, or he is too slow: never yes. */
static void
give_up(struct session *s)
{
	struct msg_auth_done	m = {
		.result = AUTH_LATER,
		.reason = SLICE_LIT("the authentication service is not "
		    "ready"),
	};

	conclude(s, &m);
}

/*
 * A client cannot have answered a challenge that it has not seen: what
 * stands there is for somebody else.  It may be a password, too.
 */
static void
take_challenge(struct session *s, struct slice challenge)
{
	ipc_call_deadline(s->login->call, 0);
	if (!s->is_followed || session_refuse_pipelining(s,
	    slice_from(NULL, 0)) == STEP_DONE) {
		reply_put_challenge(s, challenge);
		session_enter(s, STATE_AUTH);
	}
	session_resume(s);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct session			*s = arg;
	struct msg_auth_challenge	 challenge;
	struct msg_auth_done		 m;

	(void)call;
	if (code == 0)
		s->login->call = NULL;
	/* Between two lines of the client: he hears next time that it ended. */
	if (!s->is_waiting) {
		ipc_cancel(&s->login->call);
		return;
	}
	if (code == IPC_CODE_auth_challenge &&
	    ipc_parse_auth_challenge(payload, &challenge) == 0) {
		take_challenge(s, challenge.challenge);
	} else if (code == IPC_CODE_auth_done &&
	    ipc_parse_auth_done(payload, &m) == 0 &&
	    m.result <= AUTH_NEEDS_TLS &&
	    (m.result != AUTH_OK || m.username.len > 0)) {
		conclude(s, &m);
		session_resume(s);
	} else {
		if (code != 0)
			log_warn("unexpected reply %#x from auth", code);
		give_up(s);
		session_resume(s);
	}
}

/* ---- asking -------------------------------------------------------------- */

static void
set_deadline(const struct login *login)
{
	const struct conf	*conf = login->session->gate->conf;

	ipc_call_deadline(login->call, conf->auth_failure_delay_limit +
	    (conf->ipc_timeout < ANSWER_WAIT_MS ? conf->ipc_timeout :
	    ANSWER_WAIT_MS));
}

static void
ask_on(struct login *login, struct ipc *ipc)
{
	const struct session	*s = login->session;
	char			 self[ADDR_TEXT_SIZE];
	struct msg_auth_begin	 m = {
		.mechanism = slice_str(login->mechanism),
		.flags = (s->secured != NULL ? AUTH_TLS : 0u) |
		    (s->is_near ? AUTH_LOCAL : 0u) |
		    (login->has_initial ? AUTH_INITIAL : 0u),
		.client_addr = slice_str(s->addr),
		.client_port = addr_port(&s->peer),
		.server_addr = slice_str(addr_format_ip(&s->self, self)),
		.server_port = addr_port(&s->self),
		.external = slice_str(secured_identity(s->secured)),
		.response = buf_slice(&login->initial),
	};

	if (s->secured != NULL && s->secured->binding.len > 0) {
		m.binding_name = slice_str(s->secured->binding_name);
		m.binding = buf_slice(&s->secured->binding);
	}
	login->ipc = ipc;
	login->call = ipc_call_new(ipc, on_reply, login->session);
	set_deadline(login);
	ipc_send_auth_begin(ipc, ipc_call_id(login->call), &m);
	buf_clear(&login->initial);
}

static void
on_peer(struct ipc *ipc, void *arg)
{
	struct login	*login = arg;

	struct session	*s = login->session;

	login->wait = NULL;
	if (ipc != NULL) {
		ask_on(login, ipc);
		return;
	}
	give_up(s);
	session_resume(s);
}

static void
ask(struct login *login)
{
	struct peer	*peer = login->session->gate->auth;

	if (peer_ipc(peer) != NULL)
		ask_on(login, peer_ipc(peer));
	else
		login->wait = peer_wait_new(peer, PEER_WAIT_MS, on_peer,
		    login);
}

/* smtpd_client_auth_rate_limit; the refusal was replied. */
static void
on_counted(struct session *s, bool ok)
{
	if (ok) {
		ask(s->login);
		return;
	}
	login_end(s);
	session_resume(s);
}

enum step
login_begin(struct session *s, const struct login_request *request)
{
	struct login	*login = mem_new(sizeof(*login));

	login->session = s;
	login->mechanism = slice_dup(slice_first(request->mechanism,
	    NAME_LIMIT));
	for (char *p = login->mechanism; *p != '\0'; p++)
		*p = (char)ascii_upper((unsigned char)*p);
	login->has_initial = request->has_initial;
	login->initial = (struct buf)BUF_SECRET;
	buf_put_slice(&login->initial, request->initial);
	s->login = login;
	if (stage_ask(s, JUDGE_AUTH, on_counted) == STEP_DONE)
		ask(login);
	return STEP_WAIT;
}

/* ---- answers ------------------------------------------------------------- */

/* RFC 4954 section 4: "*" cancels. */
static enum step
refuse(struct session *s, const char *dsn, const char *text)
{
	reply_put(s, 501, dsn, "%s", text);
	login_end(s);
	return STEP_DONE;
}

static void
send_answer(struct login *login, struct slice response)
{
	struct msg_auth_answer	m = { response };

	set_deadline(login);
	ipc_send_auth_answer(login->ipc, ipc_call_id(login->call), &m);
}

enum step
login_answer(struct session *s, struct slice line)
{
	struct buf	response = BUF_SECRET;
	enum step	step = STEP_WAIT;

	if (slice_is(line, "*"))
		return refuse(s, "5.7.0", "Authentication aborted");
	if (base64_get(&response, line) < 0) {
		step = refuse(s, "5.5.2", "Error: cannot decode response");
	} else if (s->login->call == NULL) {
		give_up(s);
		step = STEP_DONE;
	} else {
		send_answer(s->login, buf_slice(&response));
	}
	buf_clear(&response);
	return step;
}

bool
login_is_line(const struct session *s, struct slice line)
{
	return s->state == STATE_AUTH || (s->has_auth &&
	    slice_has_prefix_nocase(line, "AUTH "));
}

size_t
login_line_limit(const struct session *s, struct slice line)
{
	const struct conf	*conf = s->gate->conf;

	return (size_t)(login_is_line(s, line) &&
	    conf->smtpd_sasl_response_limit > conf->line_length_limit ?
	    conf->smtpd_sasl_response_limit : conf->line_length_limit);
}

void
login_refuse_line(struct session *s)
{
	reply_put(s, 500, "5.5.6",
	    "Error: authentication exchange line is too long");
	login_end(s);
}
