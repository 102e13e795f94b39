/*
 * Restrictions on the name in HELO and EHLO.
 */

#include "conf/conf.h"
#include "lookup/host.h"
#include "lookup/rule.h"
#include "mail/address.h"
#include "net/addr.h"

static bool
is_ip(struct slice name)
{
	struct addr	addr;

	return addr_parse_ip(name, 0, &addr) == 0;
}

static bool
is_name(struct slice name)
{
	return address_is_domain(name) && !address_is_number(name);
}

/* A trailing dot adds nothing. */
static struct slice
trimmed(struct slice name)
{
	return name.len > 1 && name.data[name.len - 1] == '.' ?
	    slice_first(name, name.len - 1) : name;
}

/* Whatever list it stands in, it is about that name. */
static enum ruling
refuse(struct hearing *hearing, int64_t code, const char *dsn,
    const char *why)
{
	return hearing_refuse(hearing, (int)code, dsn, "<%.*s>: %s rejected: "
	    "%s", SLICE_ARG(hearing->m->helo), rule_class(RULE_HELO), why);
}

static enum ruling
put_off(struct hearing *hearing, const char *dsn, const char *why)
{
	const char	*action;

	action = hearing->conf->unknown_helo_hostname_tempfail_action;
	if (slice_is(slice_str(action), "defer"))
		return refuse(hearing, 450, dsn, why);
	return hearing_defer_if_permit(hearing, dsn, "<%.*s>: %s rejected: "
	    "%s", SLICE_ARG(hearing->m->helo), rule_class(RULE_HELO), why);
}

/* What begins like an address is one. */
static bool
is_bad_literal(struct slice name)
{
	return name.len > 0 && name.data[0] == '[' &&
	    !address_is_literal(name);
}

static enum ruling
refuse_literal(struct hearing *hearing)
{
	return refuse(hearing, hearing->conf->invalid_hostname_reject_code,
	    "5.5.2", "invalid ip address");
}

/* An address is a name like another, in brackets or not. */
enum ruling
rule_helo_invalid(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	name = hearing->m->helo;

	(void)restriction;
	if (name.len == 0 || address_is_literal(name) || is_ip(name) ||
	    is_name(trimmed(name)))
		return RULING_DUNNO;
	if (is_bad_literal(name))
		return refuse_literal(hearing);
	return refuse(hearing, hearing->conf->invalid_hostname_reject_code,
	    "5.5.2", "Invalid name");
}

enum ruling
rule_helo_non_fqdn(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	name = trimmed(hearing->m->helo);

	(void)restriction;
	if (name.len == 0 || address_is_literal(name) ||
	    (is_name(name) && slice_find(name, '.') >= 0))
		return RULING_DUNNO;
	if (is_bad_literal(name))
		return refuse_literal(hearing);
	return refuse(hearing, hearing->conf->non_fqdn_reject_code, "5.5.2",
	    "need fully-qualified hostname");
}

enum ruling
rule_helo_unknown(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	name = hearing->m->helo;

	(void)restriction;
	if (name.len == 0 || address_is_literal(name))
		return RULING_DUNNO;
	if (is_bad_literal(name))
		return refuse_literal(hearing);
	switch (host_find_mail(hearing->query, trimmed(name))) {
	case HOST_FOUND:
	case HOST_NULL_MX:
		return RULING_DUNNO;
	case HOST_TROUBLE:
		return put_off(hearing, "4.7.1", "Host not found");
	case HOST_NONE:
		break;
	}
	return refuse(hearing, hearing->conf->unknown_hostname_reject_code,
	    "4.7.1", "Host not found");
}
