/*
 * The table of restrictions, and lists of them.
 */

#include "lookup/restriction.h"

#include <string.h>
#include <utlist.h>

#include "lookup/dnsbl.h"
#include "lookup/policy_service.h"
#include "lookup/profile.h"
#include "lookup/rule.h"
#include "mail/word.h"
#include "util/log.h"
#include "util/mem.h"

#define DEPTH_LIMIT	100	/* of classes in classes */

/* What follows the name. */
enum argument { NOTHING, TABLE, CCERT_TABLE, ZONE, SERVICE, NUMBER };

struct kind {
	const char	*name;
	enum argument	 argument;
	enum ruling	(*run)(struct hearing *, const struct restriction *);
	int		 how;
};

#define BY_SERVERS(who, how)						\
	{ "check_" who "_access", TABLE, rule_table_access, how },	\
	{ "check_" who "_a_access", TABLE, rule_table_server,		\
	    (how) | RULE_BY_A },					\
	{ "check_" who "_mx_access", TABLE, rule_table_server,		\
	    (how) | RULE_BY_MX },					\
	{ "check_" who "_ns_access", TABLE, rule_table_server,		\
	    (how) | RULE_BY_NS }

static const struct kind kinds[] = {
	{ "permit", NOTHING, rule_generic_permit, 0 },
	{ "reject", NOTHING, rule_generic_reject, 0 },
	{ "defer", NOTHING, rule_generic_defer, 0 },
	{ "defer_if_permit", NOTHING, rule_generic_defer_if_permit, 0 },
	{ "defer_if_reject", NOTHING, rule_generic_defer_if_reject, 0 },
	{ "sleep", NUMBER, rule_generic_sleep, 0 },
	{ "check_policy_service", SERVICE, rule_generic_policy, 0 },
	{ "reject_plaintext_session", NOTHING, rule_generic_plaintext, 0 },
	/* smtpd has put an end to that before. */
	{ "reject_unauth_pipelining", NOTHING, rule_generic_dunno, 0 },

	{ "permit_mynetworks", NOTHING, rule_client_mynetworks, 0 },
	{ "permit_inet_interfaces", NOTHING, rule_client_interfaces, 0 },
	{ "permit_sasl_authenticated", NOTHING, rule_client_sasl, 0 },
	{ "permit_tls_clientcerts", NOTHING, rule_ccert_listed, 0 },
	{ "permit_tls_all_clientcerts", NOTHING, rule_ccert_trusted, 0 },
	{ "check_ccert_access", CCERT_TABLE, rule_table_access, RULE_CCERT },
	{ "check_sasl_access", TABLE, rule_table_access, RULE_SASL },
	{ "check_etrn_access", TABLE, rule_table_access, RULE_ETRN },
	BY_SERVERS("client", RULE_CLIENT),
	BY_SERVERS("reverse_client_hostname", RULE_REVERSE_CLIENT),
	BY_SERVERS("helo", RULE_HELO),
	BY_SERVERS("sender", RULE_SENDER),
	BY_SERVERS("recipient", RULE_RECIPIENT),

	{ "reject_unknown_client_hostname", NOTHING, rule_client_unknown, 0 },
	{ "reject_unknown_client", NOTHING, rule_client_unknown, 0 },
	{ "reject_unknown_reverse_client_hostname", NOTHING,
	    rule_client_unknown_reverse, 0 },
	{ "reject_rbl_client", ZONE, rule_dnsbl_reject, DNSBL_ADDRESS },
	{ "reject_rhsbl_client", ZONE, rule_dnsbl_reject, RULE_CLIENT },
	{ "reject_rhsbl_reverse_client", ZONE, rule_dnsbl_reject,
	    RULE_REVERSE_CLIENT },
	{ "reject_rhsbl_helo", ZONE, rule_dnsbl_reject, RULE_HELO },
	{ "reject_rhsbl_sender", ZONE, rule_dnsbl_reject, RULE_SENDER },
	{ "reject_rhsbl_recipient", ZONE, rule_dnsbl_reject,
	    RULE_RECIPIENT },
	{ "permit_dnswl_client", ZONE, rule_dnsbl_permit, DNSBL_ADDRESS },
	{ "permit_rhswl_client", ZONE, rule_dnsbl_permit, RULE_CLIENT },

	{ "reject_invalid_helo_hostname", NOTHING, rule_helo_invalid, 0 },
	{ "reject_invalid_hostname", NOTHING, rule_helo_invalid, 0 },
	{ "reject_non_fqdn_helo_hostname", NOTHING, rule_helo_non_fqdn, 0 },
	{ "reject_non_fqdn_hostname", NOTHING, rule_helo_non_fqdn, 0 },
	{ "reject_unknown_helo_hostname", NOTHING, rule_helo_unknown, 0 },
	{ "reject_unknown_hostname", NOTHING, rule_helo_unknown, 0 },

	{ "reject_non_fqdn_sender", NOTHING, rule_address_non_fqdn,
	    RULE_SENDER },
	{ "reject_non_fqdn_recipient", NOTHING, rule_address_non_fqdn,
	    RULE_RECIPIENT },
	{ "reject_unknown_sender_domain", NOTHING,
	    rule_address_unknown_domain, RULE_SENDER },
	{ "reject_unknown_recipient_domain", NOTHING,
	    rule_address_unknown_domain, RULE_RECIPIENT },
	{ "reject_unlisted_sender", NOTHING, rule_address_unlisted,
	    RULE_SENDER },
	{ "reject_unlisted_recipient", NOTHING, rule_address_unlisted,
	    RULE_RECIPIENT },
	{ "reject_multi_recipient_bounce", NOTHING, rule_address_bounce, 0 },
	{ "reject_sender_login_mismatch", NOTHING, rule_address_login,
	    RULE_LOGIN_ANY },
	{ "reject_authenticated_sender_login_mismatch", NOTHING,
	    rule_address_login, RULE_LOGIN_AUTH },
	{ "reject_known_sender_login_mismatch", NOTHING, rule_address_login,
	    RULE_LOGIN_KNOWN },
	{ "reject_unauthenticated_sender_login_mismatch", NOTHING,
	    rule_address_login, RULE_LOGIN_NO_AUTH },

	{ "reject_unauth_destination", NOTHING, rule_relay_reject, 0 },
	{ "defer_unauth_destination", NOTHING, rule_relay_defer, 0 },
	{ "permit_auth_destination", NOTHING, rule_relay_permit, 0 },
	{ "permit_mx_backup", NOTHING, rule_backup_permit, 0 },
};

/* ---- compiling ----------------------------------------------------------- */

/* What is being read. */
struct reading {
	struct profile		*profile;
	const char		*where, *acl;
	unsigned		 how;
	struct slice		 rest;
	struct restriction	*list;
};

static const struct kind *
find_kind(struct slice name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (slice_is_nocase(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static struct restriction *
add(struct reading *reading, struct slice name,
    enum ruling (*run)(struct hearing *, const struct restriction *), int how)
{
	struct restriction	*restriction = mem_new(sizeof(*restriction));

	restriction->name = slice_dup(name);
	restriction->run = run;
	restriction->how = how;
	DL_APPEND(reading->list, restriction);
	return restriction;
}

/* Whoever comes to it is refused for now. */
static void
spoil(const struct reading *reading, struct restriction *restriction,
    const char *why)
{
	log_warn("%s: %s: %s", reading->where, restriction->name, why);
	restriction->run = rule_generic_broken;
}

static void
set_table(struct reading *reading, struct restriction *restriction,
    struct slice spec)
{
	char	*why = NULL;

	if (reading->how & RESTRICTION_FROM_TABLE) {
		spoil(reading, restriction, "name no table in a table, but a "
		    "restriction class");
		return;
	}
	restriction->table = profile_table(reading->profile, spec, &why);
	if (restriction->table == NULL)
		spoil(reading, restriction, why);
	mem_free(why);
}

static void
set_argument(struct reading *reading, struct restriction *restriction,
    enum argument argument, struct slice text)
{
	struct profile	*profile = reading->profile;
	uint64_t	 number;
	char		*why = NULL;

	switch (argument) {
	case NOTHING:
		return;
	case TABLE:
		set_table(reading, restriction, text);
		return;
	case CCERT_TABLE:
		if (rule_ccert_parse(text, &text, &restriction->number) == 0)
			set_table(reading, restriction, text);
		else
			why = mem_strdup("a table, or { table, { search_order "
			    "= ... } } must follow");
		break;
	case ZONE:
		if (reading->how & RESTRICTION_FROM_TABLE)
			why = mem_strdup("name no list in a table, but a "
			    "restriction class");
		else
			restriction->dnsbl = dnsbl_add(&profile->dnsbls,
			    text, restriction->how, &why);
		break;
	case SERVICE:
		if (reading->how & RESTRICTION_FROM_TABLE)
			why = mem_strdup("name no service in a table, but a "
			    "restriction class");
		else
			restriction->service = policy_service_add(
			    &profile->services, profile->conf, text, &why);
		break;
	case NUMBER:
		if (slice_parse_u64(text, &number) < 0 || number > 3600)
			why = mem_strdup("a number of seconds must follow");
		else
			restriction->number = (int64_t)number;
		break;
	}
	if (why != NULL)
		spoil(reading, restriction, why);
	mem_free(why);
}

static void
read_kind(struct reading *reading, const struct kind *kind)
{
	struct restriction	*restriction;
	struct slice		 text = slice_from(NULL, 0);

	restriction = add(reading, slice_str(kind->name), kind->run,
	    kind->how);
	if (kind->argument == NOTHING)
		return;
	if (word_get(&reading->rest, &text) < 0)
		spoil(reading, restriction, "an argument must follow");
	else
		set_argument(reading, restriction, kind->argument, text);
}

/* One restriction off the front; false: there is none. */
static bool
read_one(struct reading *reading)
{
	const struct kind	*kind;
	struct slice		 word;
	char			*name;

	if (word_get(&reading->rest, &word) < 0)
		return false;
	if (slice_is_nocase(word, "warn_if_reject")) {
		add(reading, word, NULL, 0);
		return true;
	}
	if ((kind = find_kind(word)) != NULL) {
		read_kind(reading, kind);
		return true;
	}
	name = slice_dup(word);
	if (profile_class(reading->profile, name) != NULL) {
		add(reading, word, rule_generic_class, 0);
	} else if (slice_find(word, ':') > 0 && reading->acl != NULL) {
		kind = find_kind(slice_str(reading->acl));
		set_argument(reading, add(reading, slice_str(kind->name),
		    kind->run, kind->how), kind->argument, word);
	} else {
		log_warn("%s: unknown smtpd restriction: \"%s\"",
		    reading->where, name);
		add(reading, word, rule_generic_broken, 0);
	}
	mem_free(name);
	return true;
}

struct restriction *
restriction_parse(struct profile *profile, const char *where,
    const char *acl, struct slice text, unsigned how)
{
	struct reading	reading = { profile, where, acl, how, text, NULL };

	while (read_one(&reading))
		;
	return reading.list;
}

void
restriction_free(struct restriction **list)
{
	struct restriction	*restriction, *next;

	DL_FOREACH_SAFE(*list, restriction, next) {
		mem_free(restriction->name);
		mem_free(restriction);
	}
	*list = NULL;
}

/* ---- running ------------------------------------------------------------- */

enum ruling
restriction_run(const struct restriction *list, struct hearing *hearing)
{
	const struct restriction	*restriction;
	enum ruling			 ruling = RULING_DUNNO;
	bool				 must_warn = hearing->must_warn;

	if (hearing->depth >= DEPTH_LIMIT) {
		log_warn("restriction class \"%s\": it contains itself",
		    list == NULL ? "" : list->name);
		return hearing_misconfigured(hearing);
	}
	hearing->depth++;
	DL_FOREACH(list, restriction) {
		/* warn_if_reject: the next one only */
		if (restriction->run == NULL) {
			hearing->must_warn = true;
			continue;
		}
		ruling = restriction->run(hearing, restriction);
		hearing->must_warn = must_warn;
		if (ruling != RULING_DUNNO)
			break;
	}
	hearing->depth--;
	return ruling;
}
