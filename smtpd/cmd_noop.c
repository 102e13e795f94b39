/*
 * NOOP (RFC 5321 section 4.1.1.9): an argument is allowed and ignored.
 */

#include "smtpd/cmd.h"
#include "smtpd/reply.h"

enum step
cmd_noop(struct session *s, struct slice args)
{
	(void)args;
	reply_put(s, 250, "2.0.0", "Ok");
	return STEP_DONE;
}
