/*
 * EHLO (RFC 5321 section 4.1.1.1).
 */

#include "smtpd/cmd.h"
#include "smtpd/hello.h"
#include "smtpd/keyword.h"
#include "smtpd/mechanisms.h"
#include "smtpd/stage.h"

static void
on_mechanisms(struct session *s)
{
	keyword_announce(s);
	session_resume(s);
}

/* What is announced has to be known. */
static enum step
announce(struct session *s)
{
	enum step	step = mechanisms_ask(s, on_mechanisms);

	if (step == STEP_DONE)
		keyword_announce(s);
	return step;
}

static void
go_on(struct session *s, bool ok)
{
	if (!ok)
		hello_forget(s);
	else if (announce(s) == STEP_WAIT)
		return;
	session_resume(s);
}

enum step
cmd_ehlo(struct session *s, struct slice args)
{
	enum step	step;

	if (!hello_accept(s, args, true))
		return STEP_DONE;
	step = stage_ask(s, JUDGE_HELO, go_on);
	return step == STEP_DONE ? announce(s) : step;
}
