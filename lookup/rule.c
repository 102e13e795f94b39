/*
 * What rules share.
 */

#include "lookup/rule.h"

const char *
rule_class(int how)
{
	switch (how & RULE_WHO) {
	case RULE_REVERSE_CLIENT:
		return "Unverified Client host";
	case RULE_HELO:
		return "Helo command";
	case RULE_SENDER:
		return "Sender address";
	case RULE_RECIPIENT:
		return "Recipient address";
	case RULE_SASL:
		return "SASL login name";
	case RULE_CCERT:
		return "Client certificate";
	case RULE_ETRN:
		return "Etrn command";
	}
	return "Client host";
}
