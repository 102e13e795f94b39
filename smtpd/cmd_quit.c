/*
 * QUIT (RFC 5321 section 4.1.1.10).
 */

#include "smtpd/cmd.h"
#include "smtpd/reply.h"
#include "smtpd/transaction.h"

enum step
cmd_quit(struct session *s, struct slice args)
{
	if (args.len > 0) {
		reply_put(s, 501, "5.5.4", "Syntax: QUIT");
		return STEP_DONE;
	}
	transaction_free(&s->txn);
	reply_put(s, 221, "2.0.0", "Bye");
	session_enter(s, STATE_END);
	return STEP_HANGUP;
}
