/*
 * Restrictions on where a message may go: what stands between us and an
 * open relay.
 */

#include "conf/conf.h"
#include "lookup/resolve.h"
#include "lookup/rewrite.h"
#include "lookup/rule.h"

enum place { OURS, ELSEWHERE, UNCERTAIN };

static enum place
place_of(const struct hearing *hearing)
{
	/* As the client wrote it: a route is nobody's, wherever it leads. */
	if (rewrite_has_route(hearing->m->recipient))
		return ELSEWHERE;
	switch (resolve_class(hearing->profile,
	    buf_slice(&hearing->recipient))) {
	case CLASS_LOCAL:
	case CLASS_VIRTUAL_ALIAS:
	case CLASS_VIRTUAL_MAILBOX:
	case CLASS_RELAY:
		return OURS;
	case CLASS_TROUBLE:
		return UNCERTAIN;
	case CLASS_DEFAULT:
		break;
	}
	return ELSEWHERE;
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
