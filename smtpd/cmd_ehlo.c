/*
 * EHLO (RFC 5321 section 4.1.1.1).
 */

#include "smtpd/cmd.h"
#include "smtpd/hello.h"
#include "smtpd/keyword.h"

enum step
cmd_ehlo(struct session *s, struct slice args)
{
	if (hello_accept(s, args, true))
		keyword_announce(s);
	return STEP_DONE;
}
