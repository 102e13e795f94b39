/*
 * A client under TLS.
 */

#include "smtpd/secured.h"

#include "conf/conf.h"
#include "mail/tls_server.h"
#include "net/tls.h"
#include "smtpd/gate.h"
#include "smtpd/login.h"
#include "smtpd/question.h"
#include "smtpd/reply.h"
#include "smtpd/stage.h"
#include "smtpd/transaction.h"
#include "util/log.h"
#include "util/mem.h"

static char *
take_print(struct tls *tls, enum tls_print what, const char *digest)
{
	struct buf	 text = BUF_INIT;
	char		*print;

	if (tls_facts_put_print(tls, what, digest, &text) < 0)
		buf_empty(&text);
	print = mem_strdup(buf_cstr(&text));
	buf_clear(&text);
	return print;
}

struct secured *
secured_new(struct tls *tls, const struct conf *conf)
{
	struct secured	*secured = mem_new(sizeof(*secured));
	const char	*digest = conf->smtpd_tls_fingerprint_digest;

	tls_facts_get(tls, &secured->facts);
	secured->certificate = take_print(tls, TLS_PRINT_CERTIFICATE, digest);
	secured->key = take_print(tls, TLS_PRINT_KEY, digest);
	/*
	 * What a login is bound to (RFC 5802 section 6): it costs more than
	 * all the rest here.
	 */
	if (conf->smtpd_sasl_auth_enable)
		secured->binding_name = tls_put_binding(tls,
		    &secured->binding);
	return secured;
}

void
secured_free(struct secured **secured)
{
	if (*secured == NULL)
		return;
	mem_free((*secured)->certificate);
	mem_free((*secured)->key);
	buf_clear(&(*secured)->binding);
	mem_free(*secured);
	*secured = NULL;
}

/* "TLS connection established from", if it is wanted in the log. */
static void
log_facts(const struct session *s)
{
	const struct conf	*conf = s->gate->conf;
	const struct tls_facts	*facts = &s->secured->facts;
	char			 client[SESSION_CLIENT_SIZE];
	struct buf		 line = BUF_INIT;

	if (conf->smtpd_tls_loglevel < 1)
		return;
	tls_facts_put_line(facts, "from", session_client(s, client), &line);
	log_info("%s", buf_cstr(&line));
	/* At level 1 only where it matters who the client is. */
	if (facts->trust == TLS_UNTRUSTED && (conf->smtpd_tls_req_ccert ||
	    conf->smtpd_tls_loglevel > 1))
		log_info("certificate of %s, fingerprint %s: %s", client,
		    s->secured->certificate, facts->reason);
	buf_clear(&line);
}

/*
 * Too many new sessions are an end.  When lookup cannot be had the client may
 * go on: nobody has asked for a reply here.
 */
static void
on_counted(struct question *question)
{
	struct session	*s = question->session;

	if (question->is_judged && question->code != 250) {
		reply_refuse(question);
		session_hang_up(s);
	}
	question_free(&s->question);
	session_resume(s);
}

/*
 * Who needs a certificate may have one tomorrow: the mail waits that long
 * (S102).
 */
static enum step
distrust(struct session *s, const char *why)
{
	char	client[SESSION_CLIENT_SIZE];

	log_info("NOQUEUE: abort: TLS from %s: %s", session_client(s, client),
	    why);
	reply_put(s, 421, "4.7.1", "%s Error: %s",
	    s->gate->conf->myhostname, why);
	return session_hang_up(s);
}

enum step
secured_begin(struct session *s, struct secured *secured)
{
	const char	*why;

	s->is_securing = false;
	s->secured = secured;
	transaction_free(&s->txn);
	/* Who it was in plaintext, anybody on the way may have said. */
	login_forget(s);
	mem_free(s->helo);
	s->helo = NULL;
	s->is_esmtp = false;
	s->is_skipping = false;
	session_enter(s, STATE_START);
	log_facts(s);
	if ((why = secured_distrust(s)) != NULL)
		return distrust(s, why);
	if (secured->facts.is_reused ||
	    s->gate->conf->smtpd_client_new_tls_session_rate_limit == 0)
		return STEP_DONE;
	s->question = question_new(s, JUDGE_TLS, "", on_counted);
	/* STARTTLS is over: what is replied now is none of its. */
	s->verb = NULL;
	s->is_waiting = true;
	return STEP_WAIT;
}

/* In plaintext there is nobody who would hear why not. */
static void
on_allowed(struct session *s, bool ok)
{
	s->is_securing = ok;
	if (!ok) {
		buf_empty(s->out);
		session_hang_up(s);
	}
	session_resume(s);
}

enum step
secured_wrap(struct session *s)
{
	if (s->state == STATE_END)
		return STEP_HANGUP;
	if (s->is_securing ||
	    stage_ask(s, JUDGE_STARTTLS, on_allowed) == STEP_DONE)
		return STEP_SECURE;
	s->is_waiting = true;
	return STEP_WAIT;
}

const char *
secured_identity(const struct secured *secured)
{
	return secured != NULL && secured->facts.trust >= TLS_TRUSTED &&
	    secured->facts.subject[0] != '\0' ? secured->facts.subject : NULL;
}

void
secured_put_client(const struct secured *secured, struct buf *text)
{
	const struct tls_facts	*facts = &secured->facts;

	if (facts->trust == TLS_ANONYMOUS)
		buf_put_str(text, facts->was_asked ?
		    "Client did not present a certificate" :
		    "No client certificate requested");
	else
		buf_printf(text, "Client CN \"%s\", Issuer \"%s\" (%s)",
		    facts->subject, facts->issuer,
		    facts->trust == TLS_UNTRUSTED ? "not verified" :
		    "verified OK");
}

const char *
secured_lack(const struct session *s)
{
	const struct tls_server	*tls = s->gate->tls;

	if (tls == NULL || tls->level != TLS_SERVER_ENCRYPT)
		return NULL;
	return s->secured == NULL ? "Must issue a STARTTLS command first" :
	    NULL;
}

const char *
secured_distrust(const struct session *s)
{
	if (s->gate->tls->level != TLS_SERVER_ENCRYPT ||
	    !s->gate->conf->smtpd_tls_req_ccert ||
	    s->secured->facts.trust >= TLS_TRUSTED)
		return NULL;
	return s->secured->facts.trust == TLS_ANONYMOUS ?
	    "No client certificate presented" :
	    "Client certificate not trusted";
}

bool
secured_is_offered(const struct session *s)
{
	const struct tls_server	*tls = s->gate->tls;

	return tls != NULL && tls->context != NULL && !tls->is_wrapper;
}

bool
secured_is_impossible(const struct session *s)
{
	const struct tls_server	*tls = s->gate->tls;

	return tls != NULL && tls->context == NULL &&
	    tls->level != TLS_SERVER_NONE;
}
