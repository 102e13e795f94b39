/*
 * Limits.
 */

#include "lookup/quota.h"

#include "conf/conf.h"
#include "lookup/judge.h"
#include "lookup/profile.h"
#include "lookup/rate.h"
#include "util/log.h"

/* One limit that a number is held against. */
struct limit {
	uint32_t	 stage;
	int64_t		 number, limit;
	const char	*what;		/* is limited */
	struct slice	 who;
	const char	*too;		/* "too much mail" */
	bool		 is_client;	/* some have none */
};

static bool
is_exception(const struct hearing *hearing)
{
	const struct judge_question	*question = hearing->question;

	return question->has_client && profile_is_in(
	    hearing->profile->exceptions,
	    "smtpd_client_event_limit_exceptions",
	    hearing->m->client_name, &question->client);
}

static void
warn(const struct hearing *hearing, const struct limit *limit)
{
	struct slice	client = buf_slice(&hearing->question->client_text);

	if (limit->stage == JUDGE_STARTTLS)
		log_warn("Refusing %s request from %.*s",
		    hearing->conf->smtpd_tls_wrappermode ? "TLS service" :
		    "STARTTLS", SLICE_ARG(client));
	else
		log_warn("%s limit exceeded: %lld from %.*s%s%.*s",
		    limit->what, (long long)limit->number, SLICE_ARG(client),
		    limit->is_client ? "" : " for ", SLICE_ARG(
		    limit->is_client ? slice_from(NULL, 0) : limit->who));
}

/* 421 ends the session, and says whose it was (RFC 5321 section 3.8). */
static enum ruling
refuse(struct hearing *hearing, const struct limit *limit)
{
	warn(hearing, limit);
	if (limit->stage == JUDGE_CONNECT || limit->stage == JUDGE_TLS)
		return hearing_refuse(hearing, 421, "4.7.0",
		    "%s Error: %s from %.*s", hearing->conf->myhostname,
		    limit->too, SLICE_ARG(limit->who));
	/* RFC 3207 section 4: 454 means that there is no TLS for now. */
	if (limit->stage == JUDGE_STARTTLS)
		return hearing_refuse(hearing, 454, "4.7.0",
		    "Error: %s from %.*s", limit->too, SLICE_ARG(limit->who));
	return hearing_refuse(hearing, 450, "4.7.1", "Error: %s from %.*s",
	    limit->too, SLICE_ARG(limit->who));
}

static enum ruling
check(struct hearing *hearing, const struct limit *limits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (limits[i].stage == hearing->m->stage &&
		    limits[i].limit > 0 &&
		    limits[i].number > limits[i].limit &&
		    (!limits[i].is_client || !is_exception(hearing)))
			return refuse(hearing, &limits[i]);
	return RULING_DUNNO;
}

enum ruling
quota_check(struct hearing *hearing)
{
	const struct conf		*conf = hearing->conf;
	const struct msg_judge		*m = hearing->m;
	const struct rate_numbers	*n = &hearing->question->numbers;
	struct slice			 client =
					    buf_slice(&hearing->question->
					    client_text);
	const struct limit		 limits[] = {
		{ JUDGE_CONNECT, n->connections,
		    conf->smtpd_client_connection_count_limit,
		    "Connection concurrency", m->client_addr,
		    "too many connections", true },
		{ JUDGE_CONNECT, n->connection_rate,
		    conf->smtpd_client_connection_rate_limit,
		    "Connection rate", m->client_addr,
		    "too many connections", true },
		{ JUDGE_AUTH, n->logins,
		    conf->smtpd_client_auth_rate_limit,
		    "AUTH command rate", m->client_addr,
		    "too many AUTH commands", true },
		{ JUDGE_STARTTLS, n->tls_sessions,
		    conf->smtpd_client_new_tls_session_rate_limit,
		    "New TLS session rate", client,
		    "too many new TLS sessions", true },
		{ JUDGE_TLS, n->tls_sessions,
		    conf->smtpd_client_new_tls_session_rate_limit,
		    "New TLS session rate", client,
		    "too many new TLS sessions", true },
		{ JUDGE_MAIL, n->messages,
		    conf->smtpd_client_message_rate_limit,
		    "Message delivery request rate", m->client_addr,
		    "too much mail", true },
		{ JUDGE_MAIL, n->sasl_messages,
		    conf->smtpd_sasl_message_rate_limit,
		    "Message delivery request rate", m->sasl_username,
		    "too much mail", false },
		{ JUDGE_MAIL, n->sender_messages,
		    conf->smtpd_sender_message_rate_limit,
		    "Message delivery request rate", m->sender,
		    "too much mail", false },
		{ JUDGE_RCPT, n->recipients,
		    conf->smtpd_client_recipient_rate_limit,
		    "Recipient address rate", m->client_addr,
		    "too many recipients", true },
		{ JUDGE_RCPT, n->sasl_recipients,
		    conf->smtpd_sasl_recipient_rate_limit,
		    "Recipient address rate", m->sasl_username,
		    "too many recipients", false },
		{ JUDGE_RCPT, n->sender_recipients,
		    conf->smtpd_sender_recipient_rate_limit,
		    "Recipient address rate", m->sender,
		    "too many recipients", false },
	};

	return check(hearing, limits, sizeof(limits) / sizeof(*limits));
}
