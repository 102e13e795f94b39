/*
 * Restrictions that look at nothing, or ask somebody else.
 */

#include "conf/conf.h"
#include "lookup/action.h"
#include "lookup/policy_request.h"
#include "lookup/policy_service.h"
#include "lookup/profile.h"
#include "lookup/rule.h"
#include "lookup/verdict.h"

enum ruling
rule_generic_permit(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)hearing;
	(void)restriction;
	return RULING_PERMIT;
}

enum ruling
rule_generic_reject(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	return hearing_refuse_name(hearing, (int)hearing->conf->reject_code,
	    "5.7.1", "Access denied");
}

enum ruling
rule_generic_defer(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	return hearing_refuse_name(hearing, (int)hearing->conf->defer_code,
	    "4.3.2", "Try again later");
}

enum ruling
rule_generic_defer_if_permit(struct hearing *hearing,
    const struct restriction *restriction)
{
	return hearing_defer_if_permit(hearing, "4.7.0", "<%.*s>: %s "
	    "rejected: %s requested", SLICE_ARG(hearing->name),
	    hearing->class, restriction->name);
}

enum ruling
rule_generic_defer_if_reject(struct hearing *hearing,
    const struct restriction *restriction)
{
	return hearing_defer_if_refuse(hearing, "4.7.0", "<%.*s>: %s "
	    "rejected: %s requested", SLICE_ARG(hearing->name),
	    hearing->class, restriction->name);
}

/* It is smtpd that waits: a thread here would be missed by others. */
enum ruling
rule_generic_sleep(struct hearing *hearing,
    const struct restriction *restriction)
{
	hearing->verdict->pause_s += (uint32_t)restriction->number;
	return RULING_DUNNO;
}

enum ruling
rule_generic_plaintext(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	if (hearing->m->tls_protocol.len > 0)
		return RULING_DUNNO;
	return hearing_refuse(hearing,
	    (int)hearing->conf->plaintext_reject_code, "4.7.1",
	    "Session encryption is required");
}

enum ruling
rule_generic_policy(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct policy_service	*service = restriction->service;
	struct buf		 request = BUF_INIT, action = BUF_INIT;
	enum ruling		 ruling;

	policy_request_format(hearing, policy_service_context(service),
	    &request);
	policy_service_ask(service, buf_slice(&request), &action);
	ruling = action_run(hearing, policy_service_name(service),
	    buf_slice(&action));
	buf_clear(&request);
	buf_clear(&action);
	return ruling;
}

enum ruling
rule_generic_dunno(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)hearing;
	(void)restriction;
	return RULING_DUNNO;
}

enum ruling
rule_generic_class(struct hearing *hearing,
    const struct restriction *restriction)
{
	return restriction_run(profile_class(hearing->profile,
	    restriction->name)->list, hearing);
}

enum ruling
rule_generic_broken(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	return hearing_misconfigured(hearing);
}
