/*
 * DATA (RFC 5321 section 4.1.1.4).
 */

#include "mail/ipc.h"
#include "smtpd/cmd.h"
#include "smtpd/receive.h"
#include "smtpd/reply.h"
#include "smtpd/stage.h"
#include "smtpd/transaction.h"

static void
go_on(struct session *s)
{
	reply_put_line(s, 354, false, "End data with <CR><LF>.<CR><LF>");
	receive_start(s);
}

static void
on_ready(struct session *s, bool ok)
{
	if (ok) {
		go_on(s);
	} else {
		reply_put(s, 451, "4.3.0", "Error: mail system is not ready");
		transaction_free(&s->txn);
		session_enter_idle(s);
	}
	session_resume(s);
}

/* cleanup may have been restarted since the first RCPT. */
static enum step
open_content(struct session *s)
{
	enum step	step = transaction_open(s->txn, on_ready);

	if (step == STEP_DONE)
		go_on(s);
	return step;
}

static void
on_judged(struct session *s, bool ok)
{
	if (!ok || open_content(s) == STEP_DONE)
		session_resume(s);
}

enum step
cmd_data(struct session *s, struct slice args)
{

	if (args.len > 0) {
		reply_put(s, 501, "5.5.4", "Syntax: DATA");
		return STEP_DONE;
	}
	/* RFC 3030 section 3: lines cannot carry it. */
	if (s->txn->flags & MAIL_BINARY) {
		reply_put(s, 503, "5.5.1",
		    "Error: BODY=BINARYMIME requires BDAT");
		return STEP_DONE;
	}
	/* RFC 2920 section 3.1: a pipelined DATA may find no recipient. */
	if (s->state == STATE_MAIL) {
		reply_put(s, 554, "5.5.1", "Error: no valid recipients");
		return STEP_DONE;
	}
	if (stage_ask(s, JUDGE_DATA, on_judged) == STEP_WAIT)
		return STEP_WAIT;
	return open_content(s);
}
