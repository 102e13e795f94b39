/*
 * Restrictions on where a message may go: what stands between us and an
 * open relay.
 */

#include "conf/conf.h"
#include "lookup/rule.h"
#include "lookup/territory.h"
#include "mail/address.h"

enum place { OURS, ELSEWHERE, UNCERTAIN };

/*
 * What could name another destination inside the local part is no address
 * of ours, whatever its domain (open relay by percent hack and the like).
 */
static enum place
place_of(const struct hearing *hearing)
{
	struct slice	recipient = hearing->m->recipient;
	struct slice	local = address_local(recipient);

	if (slice_find(local, '@') >= 0 || slice_find(local, '%') >= 0 ||
	    slice_find(local, '!') >= 0)
		return ELSEWHERE;
	switch (territory_find(hearing->profile, recipient)) {
	case TERRITORY_OTHER:
		return ELSEWHERE;
	case TERRITORY_UNKNOWN:
		return UNCERTAIN;
	case TERRITORY_RELAY:
	case TERRITORY_LOCAL:
	case TERRITORY_ALIAS:
	case TERRITORY_MAILBOX:
		break;
	}
	return OURS;
}

static enum ruling
refuse(struct hearing *hearing, int code, const char *dsn)
{
	struct slice	recipient = hearing->m->recipient;

	if (recipient.len == 0)
		return RULING_DUNNO;
	switch (place_of(hearing)) {
	case OURS:
		return RULING_DUNNO;
	case UNCERTAIN:
		return hearing_cannot_tell(hearing, recipient);
	case ELSEWHERE:
		break;
	}
	return hearing_refuse(hearing, code, dsn,
	    "<%.*s>: Relay access denied", SLICE_ARG(recipient));
}

enum ruling
rule_relay_reject(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	return refuse(hearing,
	    (int)hearing->conf->relay_domains_reject_code, "5.7.1");
}

enum ruling
rule_relay_defer(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	return refuse(hearing, 454, "4.7.1");
}

enum ruling
rule_relay_permit(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	recipient = hearing->m->recipient;

	(void)restriction;
	if (recipient.len == 0)
		return RULING_DUNNO;
	switch (place_of(hearing)) {
	case OURS:
		return RULING_PERMIT;
	case UNCERTAIN:
		return hearing_cannot_tell(hearing, recipient);
	case ELSEWHERE:
		break;
	}
	return RULING_DUNNO;
}
