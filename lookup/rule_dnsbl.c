/*
 * Lists in the DNS that refuse and permit.
 */

#include "conf/conf.h"
#include "lookup/action.h"
#include "lookup/dnsbl.h"
#include "lookup/judge.h"
#include "lookup/profile.h"
#include "lookup/rbl_reply.h"
#include "lookup/rule.h"
#include "util/log.h"

/* Whom the reply names. */
static struct slice
what(const struct hearing *hearing, int whom)
{
	switch (whom) {
	case RULE_CLIENT:
		return hearing->m->client_name;
	case RULE_REVERSE_CLIENT:
		return hearing->m->reverse_name;
	case RULE_HELO:
		return hearing->m->helo;
	case RULE_SENDER:
		return hearing->m->sender;
	case RULE_RECIPIENT:
		return hearing->m->recipient;
	}
	return hearing->m->client_addr;
}

static const char *
class(int whom)
{
	return whom == DNSBL_ADDRESS ? "Client host" : rule_class(whom);
}

/* The template: of this list, or of all. */
static enum table_answer
find_template(const struct hearing *hearing, const struct dnsbl *dnsbl,
    struct buf *template)
{
	const struct profile	*profile = hearing->profile;
	enum table_answer	 answer;

	answer = maps_find(&profile->rbl_replies,
	    slice_str(dnsbl_spec(dnsbl)), 0, template);
	if (answer == TABLE_NONE)
		answer = maps_find(&profile->rbl_replies,
		    slice_str(dnsbl_domain(dnsbl)), 0, template);
	if (answer == TABLE_NONE)
		buf_put_str(template, profile->rbl_reply);
	return answer;
}

/* "554 Service unavailable; ..." or "554 5.7.1 Service ..." */
static enum ruling
say(struct hearing *hearing, struct slice reply)
{
	struct slice	word;
	uint64_t	code;
	char		dsn[16];

	if (slice_get_word(&reply, " ", &word) < 0 || word.len != 3 ||
	    slice_parse_u64(word, &code) < 0 || code < 400 || code > 599) {
		log_warn("RBL reply error: it begins with no code of 4xx "
		    "or 5xx");
		return hearing_misconfigured(hearing);
	}
	reply = action_split_dsn(slice_trim(reply), (int)code, "5.7.1", dsn);
	return hearing_refuse(hearing, (int)code, dsn, "%.*s",
	    SLICE_ARG(reply));
}

enum ruling
rule_dnsbl_reject(struct hearing *hearing,
    const struct restriction *restriction)
{
	const struct dnsbl	*dnsbl = restriction->dnsbl;
	int			 whom = dnsbl_whom(dnsbl);
	struct buf		 template = BUF_INIT, reason = BUF_INIT,
				 text = BUF_INIT;
	struct rbl_reply	 reply = {
		.hearing = hearing,
		.code = (int)hearing->conf->maps_rbl_reject_code,
		.class = class(whom),
		.what = what(hearing, whom),
		.domain = dnsbl_domain(dnsbl),
	};
	enum ruling		 ruling;

	/* Trouble is no reason to refuse a stranger. */
	if (dnsbl_find(dnsbl, hearing) != DNSBL_LISTED)
		return RULING_DUNNO;
	if (find_template(hearing, dnsbl, &template) == TABLE_TROUBLE) {
		ruling = hearing_cannot_tell(hearing, reply.what);
	} else {
		dnsbl_reason(dnsbl, hearing, &reason);
		reply.reason = buf_slice(&reason);
		rbl_reply_expand(&reply, buf_slice(&template), &text);
		ruling = say(hearing, buf_slice(&text));
	}
	buf_clear(&template);
	buf_clear(&reason);
	buf_clear(&text);
	return ruling;
}

/*
 * Who may be in it is not refused for good while that is not known.  Being
 * in it lets nobody send to other places than ours.
 */
enum ruling
rule_dnsbl_permit(struct hearing *hearing,
    const struct restriction *restriction)
{
	const struct dnsbl	*dnsbl = restriction->dnsbl;
	int			 whom = dnsbl_whom(dnsbl);
	enum ruling		 ruling = RULING_PERMIT;

	if (hearing->m->recipient.len > 0)
		ruling = rule_relay_permit(hearing, restriction);
	if (ruling != RULING_PERMIT)
		return ruling;
	switch (dnsbl_find(dnsbl, hearing)) {
	case DNSBL_LISTED:
		return RULING_PERMIT;
	case DNSBL_UNLISTED:
		return RULING_DUNNO;
	case DNSBL_TROUBLE:
		break;
	}
	return hearing_defer_if_refuse(hearing, "4.7.1", "<%.*s>: %s "
	    "rejected: Service unavailable",
	    SLICE_ARG(what(hearing, whom)), class(whom));
}
