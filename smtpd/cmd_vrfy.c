/*
 * VRFY (RFC 5321 section 3.5): we promise nothing and give nothing away.
 */

#include "conf/conf.h"
#include "mail/address.h"
#include "smtpd/cmd.h"
#include "smtpd/gate.h"
#include "smtpd/reply.h"

enum step
cmd_vrfy(struct session *s, struct slice args)
{
	struct buf	 address = BUF_INIT;
	const char	*why;

	if (s->gate->conf->disable_vrfy_command)
		reply_put(s, 502, "5.5.1", "VRFY command is disabled");
	else if (args.len == 0)
		reply_put(s, 501, "5.5.4", "Syntax: VRFY address");
	else if (address_parse_path(&args, false, &address, &why) < 0)
		reply_put(s, 501, "5.1.3", "Bad recipient address syntax: %s",
		    why);
	else
		reply_put(s, 252, "2.0.0", "<%s>", buf_cstr(&address));
	buf_clear(&address);
	return STEP_DONE;
}
