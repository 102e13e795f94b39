/*
 * EHLO (RFC 5321 section 4.1.1.1).
 */

#include "smtpd/cmd.h"
#include "smtpd/hello.h"
#include "smtpd/keyword.h"
#include "smtpd/stage.h"

static void
go_on(struct session *s, bool ok)
{
	if (ok)
		keyword_announce(s);
	else
		hello_forget(s);
	session_resume(s);
}

enum step
cmd_ehlo(struct session *s, struct slice args)
{
	enum step	step;

	if (!hello_accept(s, args, true))
		return STEP_DONE;
	step = stage_ask(s, JUDGE_HELO, go_on);
	if (step == STEP_DONE)
		keyword_announce(s);
	return step;
}
