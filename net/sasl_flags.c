/*
 * Options and flags.
 */

#include "net/sasl_flags.h"

#include <sasl/sasl.h>
#include <stddef.h>

#include "net/sasl_options.h"

unsigned
sasl_flags_of(unsigned options)
{
	static const struct {
		unsigned	option, flag;
	} flags[] = {
		{ SASL_OPTIONS_NO_PLAINTEXT, SASL_SEC_NOPLAINTEXT },
		{ SASL_OPTIONS_NO_ACTIVE, SASL_SEC_NOACTIVE },
		{ SASL_OPTIONS_NO_DICTIONARY, SASL_SEC_NODICTIONARY },
		{ SASL_OPTIONS_NO_ANONYMOUS, SASL_SEC_NOANONYMOUS },
		{ SASL_OPTIONS_MUTUAL, SASL_SEC_MUTUAL_AUTH },
		{ SASL_OPTIONS_FORWARD_SECRECY, SASL_SEC_FORWARD_SECRECY },
	};
	unsigned	all = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (options & flags[i].option)
			all |= flags[i].flag;
	return all;
}
