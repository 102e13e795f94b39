#ifndef LOAD_SINK_RULE_H
#define LOAD_SINK_RULE_H

/*
 * How a test server misbehaves: "RCPT=550 5.1.1 no such user",
 * "RCPT<bad@=550 5.1.1 no", "DATA=451 4.3.0 busy/10" (each tenth time),
 * "DOT=CLOSE", "MAIL=HANG".
 */

#include <stdint.h>

#include "util/slice.h"

struct sink_rules;

enum sink_deed {
	SINK_NOTHING,	/* no rule speaks: behave */
	SINK_REPLY,
	SINK_CLOSE,	/* the connection, without a word */
	SINK_HANG,	/* never answer again */
};

struct sink_rules *sink_rule_new(void);
void		 sink_rule_free(struct sink_rules **rules);

/* Add a rule as it is written above; 0, or -1 when it is not well-formed. */
int		 sink_rule_add(struct sink_rules *rules, const char *text);

/*
 * What the first rule for step whose turn it is says; about is the address
 * or argument to compare.  reply_r, for SINK_REPLY, is borrowed from rules.
 */
enum sink_deed	 sink_rule_find(struct sink_rules *rules, const char *step,
		    struct slice about, const char **reply_r);

#endif
