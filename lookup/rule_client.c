/*
 * Restrictions on the client: who it is by its address and name.
 */

#include "conf/conf.h"
#include "lookup/judge.h"
#include "lookup/profile.h"
#include "lookup/rule.h"
#include "mail/self.h"

enum ruling
rule_client_mynetworks(struct hearing *hearing,
    const struct restriction *restriction)
{
	const struct judge_question	*question = hearing->question;

	(void)restriction;
	if (!question->has_client)
		return RULING_DUNNO;
	return profile_is_in(hearing->profile->networks, "mynetworks",
	    hearing->m->client_name, &question->client) ? RULING_PERMIT :
	    RULING_DUNNO;
}

enum ruling
rule_client_interfaces(struct hearing *hearing,
    const struct restriction *restriction)
{
	const struct judge_question	*question = hearing->question;

	(void)restriction;
	return question->has_client && self_has_addr(hearing->profile->self,
	    &question->client) ? RULING_PERMIT : RULING_DUNNO;
}

enum ruling
rule_client_sasl(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	return hearing->m->sasl_username.len > 0 ? RULING_PERMIT :
	    RULING_DUNNO;
}

static bool
is_unknown(struct slice name)
{
	return name.len == 0 || slice_is(name, "unknown");
}

/* While the DNS does not say, it is not known for good. */
static enum ruling
refuse_unknown(struct hearing *hearing, uint32_t trouble, const char *dsn,
    const char *what)
{
	int	code = (int)hearing->conf->unknown_client_reject_code;

	if (hearing->m->flags & trouble)
		code = 450;
	return hearing_refuse(hearing, code, dsn,
	    "Client host rejected: cannot find your %s, [%.*s]", what,
	    SLICE_ARG(hearing->m->client_addr));
}

enum ruling
rule_client_unknown(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	if (!is_unknown(hearing->m->client_name))
		return RULING_DUNNO;
	/* RFC 7372 section 3.3 */
	return refuse_unknown(hearing, JUDGE_NAME_TROUBLE, "4.7.25",
	    "hostname");
}

enum ruling
rule_client_unknown_reverse(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	if (!is_unknown(hearing->m->reverse_name))
		return RULING_DUNNO;
	return refuse_unknown(hearing, JUDGE_REVERSE_TROUBLE, "4.7.1",
	    "reverse hostname");
}
