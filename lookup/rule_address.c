/*
 * Restrictions on sender and recipient addresses.
 */

#include "conf/conf.h"
#include "lookup/host.h"
#include "lookup/profile.h"
#include "lookup/resolve.h"
#include "lookup/rule.h"
#include "lookup/verdict.h"
#include "mail/address.h"
#include "net/addr.h"
#include "util/log.h"

static struct slice
address_of(const struct hearing *hearing, int how)
{
	return (how & RULE_WHO) == RULE_SENDER ? hearing->m->sender :
	    hearing->m->recipient;
}

/* Whatever list it stands in, it is about that address. */
static enum ruling
refuse(struct hearing *hearing, int how, int code, const char *dsn,
    const char *why)
{
	return hearing_refuse(hearing, code, dsn, "<%.*s>: %s rejected: %s",
	    SLICE_ARG(address_of(hearing, how)), rule_class(how), why);
}

/* ---- syntax -------------------------------------------------------------- */

enum ruling
rule_address_non_fqdn(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	address = address_of(hearing, restriction->how);
	struct slice	domain = address_domain(address);

	if (address.len == 0 || address_is_literal(domain) ||
	    (slice_find(domain, '.') >= 0 &&
	    domain.data[domain.len - 1] != '.'))
		return RULING_DUNNO;
	return refuse(hearing, restriction->how,
	    (int)hearing->conf->non_fqdn_reject_code, "5.5.2",
	    "need fully-qualified address");
}

enum ruling
rule_address_bounce(struct hearing *hearing,
    const struct restriction *restriction)
{
	const struct msg_judge	*m = hearing->m;

	(void)restriction;
	/* At RCPT there is one more than were accepted. */
	if (!hearing_has_sender(hearing) || m->sender.len > 0 ||
	    m->recipients + (m->stage == JUDGE_RCPT) <= 1)
		return RULING_DUNNO;
	return hearing_refuse_name(hearing,
	    (int)hearing->conf->multi_recipient_bounce_reject_code, "5.5.3",
	    "Multi-recipient bounce");
}

/* ---- domains ------------------------------------------------------------- */

static enum ruling
refuse_null_mx(struct hearing *hearing, int how, struct slice domain)
{
	bool	is_sender = (how & RULE_WHO) == RULE_SENDER;

	/* RFC 7505 section 4 */
	return hearing_refuse(hearing, is_sender ? 550 : 556,
	    is_sender ? "5.7.27" : "5.1.10",
	    "<%.*s>: %s rejected: Domain %.*s does not accept mail (nullMX)",
	    SLICE_ARG(address_of(hearing, how)), rule_class(how),
	    SLICE_ARG(domain));
}

static enum ruling
put_off(struct hearing *hearing, int how, const char *dsn)
{
	const char	*action;

	action = hearing->conf->unknown_address_tempfail_action;
	if (slice_is(slice_str(action), "defer"))
		return refuse(hearing, how, 450, dsn, "Domain not found");
	return hearing_defer_if_permit(hearing, dsn,
	    "<%.*s>: %s rejected: Domain not found",
	    SLICE_ARG(address_of(hearing, how)), rule_class(how));
}

enum ruling
rule_address_unknown_domain(struct hearing *hearing,
    const struct restriction *restriction)
{
	int		 how = restriction->how;
	bool		 is_sender = (how & RULE_WHO) == RULE_SENDER;
	struct slice	 address = buf_slice(is_sender ? &hearing->sender :
			    &hearing->recipient);
	struct slice	 domain = address_domain(address);
	const char	*dsn = is_sender ? "4.1.8" : "4.1.2";
	enum class	 class;

	if (address.len == 0 || domain.len == 0 ||
	    address_is_literal(domain))
		return RULING_DUNNO;
	class = resolve_class(hearing->profile, address);
	if (class == CLASS_TROUBLE)
		return hearing_cannot_tell(hearing,
		    address_of(hearing, how));
	/* Mail for a domain of ours needs no MX; what we relay does. */
	if (class != CLASS_DEFAULT && class != CLASS_RELAY)
		return RULING_DUNNO;
	switch (host_find_mail(hearing->query, domain)) {
	case HOST_FOUND:
		return RULING_DUNNO;
	case HOST_NULL_MX:
		return refuse_null_mx(hearing, how, domain);
	case HOST_TROUBLE:
		return put_off(hearing, how, dsn);
	case HOST_NONE:
		break;
	}
	return refuse(hearing, how,
	    (int)hearing->conf->unknown_address_reject_code, dsn,
	    "Domain not found");
}

/* ---- who is there -------------------------------------------------------- */

/* "Recipient" or "Sender" is what it is called there. */
enum ruling
rule_address_listed(struct hearing *hearing, int how)
{
	bool		is_sender = (how & RULE_WHO) == RULE_SENDER;
	struct verdict	found = { .code = 0 };
	enum ruling	ruling = RULING_DUNNO;

	if (address_of(hearing, how).len > 0 &&
	    !resolve_is_listed(hearing->profile, address_of(hearing, how),
	    is_sender ? "Sender" : "Recipient", &found))
		ruling = hearing_refuse(hearing, found.code, found.dsn, "%s",
		    buf_cstr(&found.text));
	verdict_clear(&found);
	return ruling;
}

enum ruling
rule_address_unlisted(struct hearing *hearing,
    const struct restriction *restriction)
{
	bool	is_sender = (restriction->how & RULE_WHO) == RULE_SENDER;

	if (is_sender)
		hearing->is_sender_found = true;
	else
		hearing->is_recipient_found = true;
	return rule_address_listed(hearing, restriction->how);
}

/* ---- whose sender address it is ------------------------------------------ */

/* The login is one of those in the list. */
static bool
has_login(struct slice owners, struct slice login)
{
	struct slice	owner;

	while (slice_get_word(&owners, ", \t\r\n", &owner) == 0)
		if (slice_equal_nocase(owner, login))
			return true;
	return false;
}

static enum ruling
judge_owners(struct hearing *hearing, int how, struct slice owners)
{
	const struct msg_judge	*m = hearing->m;
	bool			 is_in = m->sasl_username.len > 0;

	if (!is_in) {
		if (owners.len == 0 ||
		    (how & (RULE_LOGIN_ANY | RULE_LOGIN_NO_AUTH)) == 0)
			return RULING_DUNNO;
		return hearing_refuse(hearing, 553, "5.7.1",
		    "<%.*s>: Sender address rejected: not logged in",
		    SLICE_ARG(m->sender));
	}
	if ((how & RULE_LOGIN_NO_AUTH) || has_login(owners,
	    m->sasl_username) || ((how & RULE_LOGIN_KNOWN) &&
	    owners.len == 0))
		return RULING_DUNNO;
	return hearing_refuse(hearing, 553, "5.7.1",
	    "<%.*s>: Sender address rejected: not owned by user %.*s",
	    SLICE_ARG(m->sender), SLICE_ARG(m->sasl_username));
}

enum ruling
rule_address_login(struct hearing *hearing,
    const struct restriction *restriction)
{
	const struct profile	*profile = hearing->profile;
	struct slice		 sender = hearing->m->sender;
	struct buf		 owners = BUF_INIT;
	enum ruling		 ruling = RULING_DUNNO;
	enum table_answer	 answer;

	if (!hearing_has_sender(hearing))
		return RULING_DUNNO;
	if (maps_is_empty(&profile->logins)) {
		log_warn("%s without smtpd_sender_login_maps",
		    restriction->name);
		return hearing_misconfigured(hearing);
	}
	if (sender.len == 0)
		answer = maps_find(&profile->logins, slice_str(
		    hearing->conf->smtpd_null_access_lookup_key), 0,
		    &owners);
	else
		answer = addressing_find(&profile->addressing,
		    &profile->logins, buf_slice(&hearing->sender), &owners,
		    NULL);
	if (answer == TABLE_TROUBLE)
		ruling = hearing_cannot_tell(hearing, sender);
	else
		ruling = judge_owners(hearing, restriction->how,
		    buf_slice(&owners));
	buf_clear(&owners);
	return ruling;
}
