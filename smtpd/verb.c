/*
 * The verb table.
 */

#include "smtpd/verb.h"

#include <stddef.h>

#include "smtpd/cmd.h"
#include "util/ascii.h"

#define ST_ANY	(STATE_START | STATE_HELLO | STATE_MAIL | STATE_RCPT | \
		    STATE_BETWEEN | STATE_SPOILT)
#define ST_TXN	(STATE_MAIL | STATE_RCPT)

/*
 * RFC 2920 section 3.1 lists what must be last in a group; RSET, MAIL,
 * RCPT may stand anywhere.  QUIT is last by nature: nothing follows it.
 */
static const struct verb verbs[] = {
	/* name, handler, states, flags, text when out of order */
	{ "HELO", cmd_helo, ST_ANY, VERB_LAST | VERB_PLAIN, NULL },
	{ "EHLO", cmd_ehlo, ST_ANY, VERB_LAST | VERB_PLAIN, NULL },
	{ "MAIL", cmd_mail, STATE_START | STATE_HELLO, VERB_MESSAGE,
	    "nested MAIL command" },
	{ "RCPT", cmd_rcpt, ST_TXN, VERB_OVERLAP | VERB_MESSAGE,
	    "need MAIL command" },
	{ "DATA", cmd_data, ST_TXN, VERB_LAST | VERB_MESSAGE,
	    "need RCPT command" },
	/* It sees to what it lacks itself, for the sake of its bytes. */
	{ "BDAT", cmd_bdat, ST_ANY, VERB_PLAIN | VERB_MESSAGE, NULL },
	{ "AUTH", cmd_auth, ST_ANY, 0, NULL },
	{ "RSET", cmd_rset, ST_ANY, VERB_JUNK, NULL },
	{ "NOOP", cmd_noop, ST_ANY, VERB_LAST | VERB_JUNK | VERB_PLAIN,
	    NULL },
	{ "VRFY", cmd_vrfy, ST_ANY, VERB_LAST | VERB_JUNK, NULL },
	{ "HELP", cmd_help, ST_ANY, VERB_JUNK, NULL },
	{ "STARTTLS", cmd_starttls, ST_ANY, VERB_LAST | VERB_PLAIN, NULL },
	{ "QUIT", cmd_quit, ST_ANY, VERB_PLAIN, NULL },

	/* known, but not implemented */
	{ "EXPN", NULL, ST_ANY, VERB_LAST | VERB_JUNK, NULL },
	{ "ETRN", NULL, ST_ANY, VERB_JUNK, NULL },
	{ "TURN", NULL, ST_ANY, VERB_LAST | VERB_JUNK, NULL },
	{ "SEND", NULL, ST_ANY, VERB_JUNK, NULL },
	{ "SOML", NULL, ST_ANY, VERB_JUNK, NULL },
	{ "SAML", NULL, ST_ANY, VERB_JUNK, NULL },
	{ NULL, NULL, 0, 0, NULL },
};

_Static_assert(sizeof(verbs) / sizeof(*verbs) <= SESSION_VERB_LIMIT,
    "raise SESSION_VERB_LIMIT");

struct slice
verb_word(struct slice line)
{
	size_t	len = 0;

	while (len < line.len && !ascii_is_space(line.data[len]))
		len++;
	return slice_first(line, len);
}

const struct verb *
verb_find(struct slice name)
{
	for (const struct verb *verb = verbs; verb->name != NULL; verb++)
		if (slice_is_nocase(name, verb->name))
			return verb;
	return NULL;
}

const struct verb *
verb_table(void)
{
	return verbs;
}
