/*
 * Judging: which lists of restrictions, in which order.
 */

#include "lookup/judge.h"

#include <string.h>

#include "conf/conf.h"
#include "lookup/hearing.h"
#include "lookup/locals.h"
#include "lookup/profile.h"
#include "lookup/quota.h"
#include "lookup/resolve.h"
#include "lookup/restriction.h"
#include "lookup/rule.h"
#include "lookup/verdict.h"
#include "mail/ipc.h"
#include "util/mem.h"

/* How many texts a message has, so that the next function has them all. */
#define TEXTS_u32	0
#define TEXTS_u64	0
#define TEXTS_str	1
#define TEXTS_bytes	1
#define MSG(name, code, from, to, text)		enum { texts_of_##name = 0
#define REPLY(name, code, from, to, text)	enum { texts_of_##name = 0
#define FIELD(type, name, text)			+ TEXTS_##type
#define END(name)				};
#include "mail/ipc.def"

/* Every str of a judge message: they are borrowed from a frame. */
static struct slice *
text_of(struct msg_judge *m, size_t i)
{
	struct slice	*texts[] = {
		&m->client_addr, &m->client_name, &m->reverse_name,
		&m->server_addr, &m->instance, &m->proto, &m->helo,
		&m->sender, &m->recipient, &m->queue_id, &m->sasl_method,
		&m->sasl_username, &m->sasl_sender, &m->tls_protocol,
		&m->tls_cipher, &m->ccert_subject, &m->ccert_issuer,
		&m->ccert_print, &m->ccert_key_print,
	};

	_Static_assert(sizeof(texts) / sizeof(*texts) == texts_of_judge,
	    "name every text of the message here");

	return i < sizeof(texts) / sizeof(*texts) ? texts[i] : NULL;
}

void
judge_init(struct judge_question *question, const struct msg_judge *m)
{
	struct slice	*text;

	memset(question, 0, sizeof(*question));
	question->m = mem_copy(m, sizeof(*m));
	for (size_t i = 0; (text = text_of(question->m, i)) != NULL; i++)
		buf_put_slice(&question->text, *text);
	for (size_t i = 0, at = 0;
	    (text = text_of(question->m, i)) != NULL; i++) {
		*text = slice_first(slice_after(buf_slice(&question->text),
		    at), text->len);
		at += text->len;
	}
	question->asked = mem_copy(question->m, sizeof(*m));
	question->has_client = addr_parse_ip(question->m->client_addr,
	    (uint16_t)m->client_port, &question->client) == 0;
}

void
judge_clear(struct judge_question *question)
{
	mem_free(question->m);
	mem_free(question->asked);
	buf_clear(&question->text);
	buf_clear(&question->client_text);
	identity_clear(&question->identity);
}

void
judge_again(struct judge_question *question)
{
	*question->m = *question->asked;
	buf_empty(&question->client_text);
	identity_clear(&question->identity);
}

/* ---- who it is ----------------------------------------------------------- */

/* What the client may for who it is: smtpd itself knows no lists. */
static uint32_t
find_rights(const struct profile *profile,
    const struct judge_question *question)
{
	struct slice		 name = question->m->client_name;
	const struct addr	*addr = &question->client;
	uint32_t		 flags = 0;

	if (locals_has(profile->locals, profile, name, addr))
		flags |= JUDGE_LOCAL;
	if (profile_is_in(profile->bare_lf,
	    "smtpd_forbid_bare_newline_exclusions", name, addr))
		flags |= JUDGE_BARE_LF;
	if (profile_is_in(profile->pipe_connect,
	    "smtpd_authorized_pipeconnect_clients", name, addr))
		flags |= JUDGE_PIPECONNECT;
	if (profile_is_in(profile->verp, "smtpd_authorized_verp_clients",
	    name, addr))
		flags |= JUDGE_VERP;
	if (profile_is_in(profile->no_auth,
	    "smtpd_sasl_exceptions_networks", name, addr))
		flags |= JUDGE_NO_AUTH;
	if (profile_is_in(profile->networks, "mynetworks", name, addr))
		flags |= JUDGE_NETWORK;
	return flags;
}

static void
find_identity(const struct profile *profile, struct judge_question *question,
    struct verdict *verdict)
{
	struct identity	*identity = &question->identity;

	if (!question->has_client)
		return;
	identity_find(profile->conf->smtpd_peername_lookup ? profile->query :
	    NULL, &question->client, identity);
	question->m->client_name = slice_str(identity->name);
	question->m->reverse_name = slice_str(identity->reverse_name);
	question->m->flags |= identity->flags;
	verdict_set_client(verdict, identity->name, identity->reverse_name,
	    identity->flags | find_rights(profile, question));
}

/* ---- lists --------------------------------------------------------------- */

/* What is about name, of that class; a yes ends no other list. */
static enum ruling
run_list(struct hearing *hearing, enum profile_list list, struct slice name,
    const char *class)
{
	/* What is thrown away is refused to nobody. */
	if (hearing->is_discarded)
		return RULING_PERMIT;
	hearing->name = name;
	hearing->class = class;
	hearing->must_warn = false;
	return restriction_run(hearing->profile->lists[list], hearing);
}

/* A deferral in place of a refusal is for the refusals of one stage. */
static void
begin_stage(struct hearing *hearing)
{
	hearing->if_refuse.code = 0;
}

static enum ruling
judge_client(struct hearing *hearing)
{
	begin_stage(hearing);
	return run_list(hearing, PROFILE_CLIENT,
	    buf_slice(&hearing->question->client_text), "Client host");
}

static enum ruling
judge_helo(struct hearing *hearing)
{
	begin_stage(hearing);
	if (hearing->m->helo.len == 0)
		return RULING_DUNNO;
	return run_list(hearing, PROFILE_HELO, hearing->m->helo,
	    "Helo command");
}

static enum ruling
judge_sender(struct hearing *hearing)
{
	enum ruling	ruling;

	begin_stage(hearing);
	if (!hearing_has_sender(hearing))
		return RULING_DUNNO;
	ruling = run_list(hearing, PROFILE_SENDER, hearing->m->sender,
	    "Sender address");
	if (ruling == RULING_REFUSE || hearing->is_sender_found ||
	    !hearing->conf->smtpd_reject_unlisted_sender)
		return ruling;
	return rule_address_listed(hearing, RULE_SENDER);
}

/*
 * RFC 5321 section 4.5.1: mail for the postmaster, without a domain, is
 * taken whoever sends it.
 */
static bool
is_postmaster(const struct hearing *hearing)
{
	return slice_is_nocase(hearing->m->recipient, "postmaster");
}

/* What was put off from the stages before. */
static enum ruling
judge_delayed(struct hearing *hearing)
{
	enum ruling	ruling;

	if (!hearing->conf->smtpd_delay_reject)
		return RULING_DUNNO;
	ruling = judge_client(hearing);
	if (ruling != RULING_REFUSE)
		ruling = judge_helo(hearing);
	if (ruling != RULING_REFUSE)
		ruling = judge_sender(hearing);
	return ruling;
}

static enum ruling
judge_recipient(struct hearing *hearing)
{
	bool		relay_first =
	    hearing->conf->smtpd_relay_before_recipient_restrictions;
	enum ruling	ruling = judge_delayed(hearing);

	begin_stage(hearing);
	for (int i = 0; i < 2 && ruling != RULING_REFUSE; i++)
		ruling = run_list(hearing, (i == 0) == relay_first ?
		    PROFILE_RELAY : PROFILE_RECIPIENT, hearing->m->recipient,
		    "Recipient address");
	ruling = hearing_finish(hearing, ruling);
	if (ruling == RULING_REFUSE || hearing->is_recipient_found ||
	    hearing->is_discarded ||
	    !hearing->conf->smtpd_reject_unlisted_recipient)
		return ruling;
	return rule_address_listed(hearing, RULE_RECIPIENT);
}

static enum ruling
judge_etrn(struct hearing *hearing)
{
	enum ruling	ruling = judge_delayed(hearing);

	if (ruling == RULING_REFUSE)
		return ruling;
	begin_stage(hearing);
	return run_list(hearing, PROFILE_ETRN, hearing->m->recipient,
	    "Etrn command");
}

static enum ruling
judge_stage(struct hearing *hearing)
{
	bool	is_delayed = hearing->conf->smtpd_delay_reject;

	switch (hearing->m->stage) {
	case JUDGE_CONNECT:
		return is_delayed ? RULING_DUNNO : judge_client(hearing);
	case JUDGE_HELO:
		return is_delayed ? RULING_DUNNO : judge_helo(hearing);
	case JUDGE_MAIL:
		return is_delayed ? RULING_DUNNO : judge_sender(hearing);
	case JUDGE_RCPT:
	case JUDGE_VRFY:
		return is_postmaster(hearing) ? RULING_PERMIT :
		    judge_recipient(hearing);
	case JUDGE_DATA:
		return run_list(hearing, PROFILE_DATA, SLICE_LIT("DATA"),
		    "Data command");
	case JUDGE_END:
		return run_list(hearing, PROFILE_END,
		    SLICE_LIT("END-OF-MESSAGE"), "End-of-data");
	case JUDGE_ETRN:
		return judge_etrn(hearing);
	case JUDGE_AUTH:
	case JUDGE_STARTTLS:
	case JUDGE_TLS:
		return RULING_DUNNO;
	}
	return hearing_misconfigured(hearing);
}

static void
resolve(const struct profile *profile, const struct msg_judge *m,
    struct verdict *verdict)
{
	resolve_recipient(profile, m->sender, m->recipient, verdict);
	/* Whichever recipient is accepted first was asked like this. */
	if (m->recipients == 0 && verdict->code == 0)
		resolve_message(profile, m->sender, verdict);
}

/* smtpd has the names already; it is the flag that is new. */
static void
find_proof(const struct profile *profile, const struct msg_judge *m,
    struct verdict *verdict)
{
	char	*name, *reverse_name;

	if (verdict->code != 0 ||
	    !locals_has_proof(profile->locals, profile, m))
		return;
	name = slice_dup(m->client_name);
	reverse_name = slice_dup(m->reverse_name);
	verdict_set_client(verdict, name, reverse_name, JUDGE_LOCAL);
	mem_free(name);
	mem_free(reverse_name);
}

/* A table in trouble is no reason for another answer: there is no footer. */
static void
find_footer(const struct profile *profile, struct verdict *verdict)
{
	struct buf	reply = BUF_INIT;

	if (verdict->code == 0 || maps_is_empty(&profile->footers))
		return;
	buf_printf(&reply, "%d %s %.*s", verdict->code, verdict->dsn,
	    SLICE_ARG(buf_slice(&verdict->text)));
	maps_find(&profile->footers, buf_slice(&reply), 0, &verdict->footer);
	buf_clear(&reply);
}

void
judge_run(const struct profile *profile, struct judge_question *question,
    struct verdict *verdict)
{
	struct hearing	hearing;
	enum ruling	ruling;

	if (question->m->stage == JUDGE_CONNECT)
		find_identity(profile, question, verdict);
	buf_printf(&question->client_text, "%.*s[%.*s]",
	    SLICE_ARG(question->m->client_name),
	    SLICE_ARG(question->m->client_addr));
	hearing_init(&hearing, profile, question, verdict);
	ruling = quota_check(&hearing);
	if (ruling != RULING_REFUSE)
		ruling = hearing_finish(&hearing, judge_stage(&hearing));
	if (ruling != RULING_REFUSE && question->m->stage == JUDGE_RCPT) {
		resolve(profile, question->m, verdict);
		find_proof(profile, question->m, verdict);
	}
	find_footer(profile, verdict);
	hearing_clear(&hearing);
}
