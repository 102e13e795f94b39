/*
 * HELO (RFC 5321 section 4.1.1.1).
 */

#include "conf/conf.h"
#include "smtpd/cmd.h"
#include "smtpd/gate.h"
#include "smtpd/hello.h"
#include "smtpd/reply.h"

enum step
cmd_helo(struct session *s, struct slice args)
{
	if (hello_accept(s, args, false))
		reply_put_line(s, 250, false, "%s",
		    s->gate->conf->myhostname);
	return STEP_DONE;
}
