/*
 * Greeting, EHLO, STARTTLS, AUTH.
 */

#include "smtp/opening.h"

#include "conf/conf.h"
#include "smtp/answer.h"
#include "smtp/challenge.h"
#include "smtp/quirks.h"
#include "smtp/wire.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

static void
send_starttls(struct opening *o)
{
	buf_put_str(o->wire->out, "STARTTLS\r\n");
	wire_await(o->wire, AWAITED_STARTTLS, NULL, AWAITED_ALL);
	o->has_asked_tls = true;
}

static void
send_hello(struct opening *o, enum awaited_kind kind)
{
	static const char	*const verbs[AWAITED_KINDS] = {
		[AWAITED_EHLO] = "EHLO",
		[AWAITED_HELO] = "HELO",
		[AWAITED_LHLO] = "LHLO",
	};

	buf_printf(o->wire->out, "%s %s\r\n", verbs[kind],
	    o->wire->conf->smtp_helo_name);
	wire_await(o->wire, kind, NULL, AWAITED_ALL);
}

static enum awaited_kind
first_hello(const struct opening *o)
{
	if (o->wire->is_lmtp)
		return AWAITED_LHLO;
	return o->is_plain ? AWAITED_HELO : AWAITED_EHLO;
}

/*
 * EHLO, and what may follow it, without waiting.  That is STARTTLS, or the
 * first job.
 */
static void
begin_guessing(struct opening *o, const struct offer *guess)
{
	bool	is_secure = o->tls != DIALOGUE_TLS_NEVER &&
		    guess->has_starttls;

	o->is_guessing = true;
	o->is_ready = !is_secure;
	o->guess = o->wire->offer = *guess;
	send_hello(o, first_hello(o));
	if (is_secure)
		send_starttls(o);
}

void
opening_start(struct opening *o, struct wire *wire,
    const struct dialogue_server *server)
{
	o->wire = wire;
	o->is_distrusted = server->is_distrusted;
	o->tls = server->tls;
	o->has_login = server->has_login;
	o->firewall = server->firewall;
	wire_await(wire, AWAITED_GREETING, NULL, AWAITED_ALL);
	if (server->guess != NULL)
		begin_guessing(o, server->guess);
}

void
opening_clear(struct opening *o)
{
	challenge_free(&o->challenge);
}

void
opening_secured(struct opening *o, const struct offer *guess)
{
	o->is_securing = o->has_asked_tls = false;
	o->is_ready = o->is_known = o->is_settled = o->is_guessing = false;
	o->tls = DIALOGUE_TLS_NEVER;
	o->wire->offer = (struct offer){ .size_limit = 0 };
	answer_clear(&o->wire->answer);
	if (guess != NULL)
		begin_guessing(o, guess);
	else
		send_hello(o, first_hello(o));
}

/*
 * The end of a server that is well, but not for us.  It is taken leave of
 * (RFC 5321 section 4.1.1.10), unless it waits for something else.
 */
static void
leave(struct opening *o, const char *dsn, bool is_permanent, char *reason)
{
	struct wire	*wire = o->wire;

	if (!wire->is_broken && wire->awaited.count == 0 &&
	    wire->answer.code / 100 != 3 && wire->answer.code != 421) {
		buf_put_str(wire->out, "QUIT\r\n");
		wire->fault.is_parting = true;
	}
	wire_break(wire, dsn, is_permanent, reason);
}

/* ---- logging in ---------------------------------------------------------- */

/* Mail waits: a password may be wrong today (smtp_sasl_auth_soft_bounce). */
static void
refuse_login(struct opening *o)
{
	struct wire	*wire = o->wire;
	bool		 is_permanent = wire->answer.code / 100 == 5;
	char		 dsn[ANSWER_DSN_SIZE];

	answer_dsn(&wire->answer, dsn);
	if (is_permanent)
		wire->fault.blame = DIALOGUE_CREDENTIALS;
	if (wire->conf->smtp_sasl_auth_soft_bounce) {
		is_permanent = false;
		dsn[0] = '4';
	}
	leave(o, dsn, is_permanent, mem_printf(
	    "SASL authentication failed; server %s said: %s", wire->peer,
	    buf_cstr(&wire->answer.text)));
}

static void
give_up_login(struct opening *o, const char *why)
{
	leave(o, "4.7.0", false, mem_printf("SASL authentication failed; "
	    "cannot authenticate to server %s: %s", o->wire->peer, why));
}

static void
start_login(struct opening *o, struct challenge_setup *setup)
{
	char	*why;

	setup->mechanisms = o->wire->offer.mechanisms;
	o->wire->out->keeps_secrets = true;
	o->challenge = challenge_new(setup, o->wire->out, &why);
	if (o->challenge != NULL) {
		wire_await(o->wire, AWAITED_AUTH, NULL, AWAITED_ALL);
		return;
	}
	give_up_login(o, why);
	mem_free(why);
}

void
opening_log_in(struct opening *o, struct challenge_setup *setup)
{
	const struct wire	*wire = o->wire;

	o->has_login = false;
	if (setup->credentials == NULL || (!wire->offer.has_auth &&
	    !wire->conf->smtp_sasl_auth_enforce))
		o->is_ready = true;
	else if (!wire->offer.has_auth)
		give_up_login(o, "it does not offer AUTH");
	else
		start_login(o, setup);
}

static void
take_auth(struct opening *o)
{
	switch (challenge_take(o->challenge, &o->wire->answer, o->wire->out)) {
	case CHALLENGE_MORE:
		wire_await(o->wire, AWAITED_AUTH, NULL, AWAITED_ALL);
		return;
	case CHALLENGE_DONE:
		o->wire->is_logged_in = o->is_ready = true;
		break;
	case CHALLENGE_REFUSED:
		refuse_login(o);
		break;
	case CHALLENGE_BROKEN:
		give_up_login(o, challenge_reason(o->challenge));
		break;
	}
	challenge_free(&o->challenge);
	o->wire->out->keeps_secrets = false;
}

/* ---- replies ------------------------------------------------------------- */

static void
refuse_to_talk(struct opening *o, enum awaited_kind kind)
{
	struct wire	*wire = o->wire;
	bool		 is_permanent = wire->answer.code / 100 == 5;
	char		 dsn[ANSWER_DSN_SIZE];

	answer_dsn(&wire->answer, dsn);
	if (kind == AWAITED_GREETING && wire->conf->smtp_skip_5xx_greeting) {
		is_permanent = false;
		dsn[0] = '4';
	}
	if (o->is_guessing) {
		wire->fault.blame = DIALOGUE_GUESS;
		is_permanent = false;
	}
	leave(o, dsn, is_permanent,
	    mem_printf("host %s refused to talk to me: %s", wire->peer,
	    buf_cstr(&wire->answer.text)));
}

/* K32: a firewall stands before the server. */
static void
take_mask(struct opening *o)
{
	struct wire	*wire = o->wire;
	struct buf	 names = BUF_INIT;

	if (o->firewall == 0 ||
	    !quirks_is_masked(buf_cstr(&wire->answer.text)))
		return;
	wire->quirks = o->firewall;
	for (unsigned quirk = 1; quirk <= o->firewall; quirk <<= 1)
		if ((o->firewall & quirk) != 0)
			buf_printf(&names, " %s", quirks_name(quirk));
	log_info("enabling PIX workarounds:%s for %s", buf_cstr(&names),
	    wire->relay);
	buf_clear(&names);
}

/* Does the greeting say ESMTP?  Our own name in it is a mistake (K31). */
static bool
is_esmtp(const struct opening *o)
{
	struct wire	*wire = o->wire;
	struct slice	 rest, word;
	bool		 is_first = true, has_esmtp = false;

	rest = slice_after(slice_str(buf_cstr(&wire->answer.text)), 3);
	while (slice_get_word(&rest, "- \t\n", &word) == 0) {
		if (is_first && !wire->is_lmtp &&
		    slice_is_nocase(word, wire->conf->myhostname))
			log_warn("host %s greeted me with my own hostname "
			    "%s", wire->relay, wire->conf->myhostname);
		is_first = false;
		if (slice_is_nocase(word, "ESMTP"))
			has_esmtp = true;
	}
	return has_esmtp;
}

/* EHLO that a firewall breaks is better than no TLS where it must be. */
static void
take_greeting(struct opening *o)
{
	const struct conf	*conf = o->wire->conf;
	bool			 has_esmtp;

	if (o->wire->answer.code / 100 != 2) {
		refuse_to_talk(o, AWAITED_GREETING);
		return;
	}
	take_mask(o);
	has_esmtp = is_esmtp(o);
	o->is_plain = conf->smtp_never_send_ehlo ||
	    (!has_esmtp && !conf->smtp_always_send_ehlo) ||
	    ((o->wire->quirks & QUIRK_NO_ESMTP) != 0 &&
	    o->tls != DIALOGUE_TLS_MUST);
	if (!o->is_guessing)
		send_hello(o, first_hello(o));
}

static void
take_offer(struct opening *o)
{
	struct wire	*wire = o->wire;
	struct offer	 offer;

	/* LMTP goes to this very host most of the time. */
	if (offer_parse(wire->conf, wire->discard,
	    buf_slice(&wire->answer.lines), &offer) < 0 && !wire->is_lmtp) {
		leave(o, "5.4.6", true, mem_printf(
		    "mail for %s loops back to myself", wire->peer));
		return;
	}
	if (o->is_guessing && !offer_covers(&offer, &o->guess)) {
		wire->fault.blame = DIALOGUE_GUESS;
		wire_break(wire, "4.5.0", false, mem_printf(
		    "host %s offers less than it did", wire->peer));
		return;
	}
	if (o->is_distrusted)
		offer.has_pipelining = false;
	wire->offer = offer;
}

/* K42: without TLS there is no mail. */
static void
break_plain(struct opening *o, const char *dsn, char *reason)
{
	if (!o->wire->is_broken)
		o->wire->fault.is_plain = true;
	leave(o, dsn, false, reason);
}

/* No TLS is to come: the login, or the first job. */
static void
settle(struct opening *o)
{
	o->is_settled = true;
	if (!o->has_login)
		o->is_ready = true;
}

/* EHLO was answered: STARTTLS, or what comes without. */
static void
become_known(struct opening *o)
{
	struct wire	*wire = o->wire;
	bool		 is_guessing = o->is_guessing;

	o->is_known = true;
	o->is_guessing = false;
	if (wire->is_broken || o->has_asked_tls)
		return;
	/* A job that was guessed may go in plaintext is on its way. */
	if (o->tls != DIALOGUE_TLS_NEVER && wire->offer.has_starttls &&
	    !is_guessing)
		send_starttls(o);
	else if (o->tls == DIALOGUE_TLS_MUST)
		break_plain(o, "4.7.4", mem_printf("TLS is required, but was "
		    "not offered by host %s", wire->peer));
	else
		settle(o);
}

/* RFC 3207 section 4: a server that cannot now may have the mail as it is. */
static void
take_starttls(struct opening *o)
{
	struct wire	*wire = o->wire;
	char		 dsn[ANSWER_DSN_SIZE];

	answer_dsn(&wire->answer, dsn);
	if (wire->answer.code / 100 == 2)
		o->is_securing = true;
	else if (o->tls == DIALOGUE_TLS_MUST)
		break_plain(o, dsn[0] == '4' ? dsn : "4.7.4", mem_printf(
		    "TLS is required, but host %s refused to start TLS: %s",
		    wire->peer, buf_cstr(&wire->answer.text)));
	else
		settle(o);
}

static void
take_hello(struct opening *o, enum awaited_kind kind)
{
	int	class = o->wire->answer.code / 100;

	/* RFC 5321 section 3.2: an old server gets HELO. */
	if (kind == AWAITED_EHLO && class == 5 && !o->is_guessing) {
		send_hello(o, AWAITED_HELO);
		return;
	}
	if (class != 2) {
		refuse_to_talk(o, kind);
		return;
	}
	if (kind != AWAITED_HELO)
		take_offer(o);
	become_known(o);
}

void
opening_take(struct opening *o, enum awaited_kind kind)
{
	switch (kind) {
	case AWAITED_GREETING:
		take_greeting(o);
		break;
	case AWAITED_STARTTLS:
		take_starttls(o);
		break;
	case AWAITED_AUTH:
		take_auth(o);
		break;
	default:
		take_hello(o, kind);
	}
}
