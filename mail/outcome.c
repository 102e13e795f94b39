/*
 * Names of outcomes.
 */

#include "mail/outcome.h"

const char *
outcome_name(enum outcome_kind kind)
{
	static const char *const names[] = {
		[OUTCOME_SENT] = "sent",
		[OUTCOME_DEFERRED] = "deferred",
		[OUTCOME_FAILED] = "bounced",
		[OUTCOME_ELSEWHERE] = "elsewhere",
		[OUTCOME_RELAYED] = "sent",
	};

	return names[kind];
}
