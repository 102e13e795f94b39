/*
 * HELP (RFC 5321 section 4.1.1.8), from the verb table.
 */

#include "smtpd/cmd.h"
#include "smtpd/reply.h"
#include "smtpd/verb.h"

enum step
cmd_help(struct session *s, struct slice args)
{
	struct buf	text = BUF_INIT;

	(void)args;
	buf_put_str(&text, "2.0.0 Commands:");
	for (const struct verb *verb = verb_table(); verb->name != NULL;
	    verb++)
		if (verb->run != NULL)
			buf_printf(&text, " %s", verb->name);
	reply_put_line(s, 214, false, "%s", buf_cstr(&text));
	buf_clear(&text);
	return STEP_DONE;
}
