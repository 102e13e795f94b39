/*
 * RSET (RFC 5321 section 4.1.1.5).
 */

#include "smtpd/cmd.h"
#include "smtpd/reply.h"
#include "smtpd/transaction.h"

enum step
cmd_rset(struct session *s, struct slice args)
{
	if (args.len > 0) {
		reply_put(s, 501, "5.5.4", "Syntax: RSET");
		return STEP_DONE;
	}
	transaction_free(&s->txn);
	session_enter_idle(s);
	reply_put(s, 250, "2.0.0", "Ok");
	return STEP_DONE;
}
