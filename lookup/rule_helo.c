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

/* A trailing dot adds nothing. */
static struct slice
trimmed(struct slice name)
{
	return name.len > 1 && name.data[name.len - 1] == '.' ?
	    slice_first(name, name.len - 1) : name;
}

/* A literal is a name like another; a bare address is not. */
enum ruling
rule_helo_invalid(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	name = hearing->m->helo;

	(void)restriction;
	if (name.len == 0 || address_is_literal(name) ||
	    (!is_ip(name) && address_is_domain(trimmed(name))))
		return RULING_DUNNO;
	return hearing_refuse_name(hearing,
	    (int)hearing->conf->invalid_hostname_reject_code, "5.5.2",
	    "Invalid name");
}

enum ruling
rule_helo_non_fqdn(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	name = trimmed(hearing->m->helo);

	(void)restriction;
	if (name.len == 0 || address_is_literal(name) || (!is_ip(name) &&
	    address_is_domain(name) && slice_find(name, '.') >= 0))
		return RULING_DUNNO;
	return hearing_refuse_name(hearing,
	    (int)hearing->conf->non_fqdn_reject_code, "5.5.2",
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
	switch (host_find_mail(hearing->query, trimmed(name))) {
	case HOST_FOUND:
	case HOST_NULL_MX:
		return RULING_DUNNO;
	case HOST_TROUBLE:
		return hearing_defer_by_action(hearing,
		    hearing->conf->unknown_helo_hostname_tempfail_action,
		    "4.7.1", "Host not found");
	case HOST_NONE:
		break;
	}
	return hearing_refuse_name(hearing,
	    (int)hearing->conf->unknown_hostname_reject_code, "4.7.1",
	    "Host not found");
}
