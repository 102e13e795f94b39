/*
 * BDAT (RFC 3030) is not announced.  A client that sends it all the same
 * would have its payload taken for commands: the session ends (S29).
 */

#include "smtpd/cmd.h"
#include "smtpd/reply.h"
#include "smtpd/transaction.h"

enum step
cmd_bdat(struct session *s, struct slice args)
{
	(void)args;
	transaction_free(&s->txn);
	reply_put(s, 521, "5.5.1", "Error: command not implemented");
	session_enter(s, STATE_END);
	return STEP_HANGUP;
}
