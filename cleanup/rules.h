#ifndef CLEANUP_RULES_H
#define CLEANUP_RULES_H

/*
 * The tables of content checks (F01).  They are asked in the event loop:
 * patterns are CPU and no wait, and types that may wait are refused.
 */

#include <stdbool.h>

#include "mail/table_list.h"

struct conf;
struct rules;

enum rules_kind {
	RULES_HEADER,		/* of the message itself */
	RULES_MIME,		/* that MIME defines, and of parts */
	RULES_NESTED,		/* of messages in the message */
	RULES_BODY,		/* a line */
	RULES_COUNT
};

/* NULL and *why_r (caller frees) when a parameter is wrong. */
struct rules	*rules_new(const struct conf *conf, char **why_r);
void		 rules_free(struct rules **rules);

/* The parameter. */
const char	*rules_name(enum rules_kind kind);

bool		 rules_has(const struct rules *rules, enum rules_kind kind);

/* The tables as they are now, for one message. */
struct table_list_held *rules_hold(const struct rules *rules,
		    enum rules_kind kind);

#endif
