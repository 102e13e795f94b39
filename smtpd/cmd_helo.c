/*
 * HELO (RFC 5321 section 4.1.1.1).
 */

#include "conf/conf.h"
#include "smtpd/cmd.h"
#include "smtpd/gate.h"
#include "smtpd/hello.h"
#include "smtpd/reply.h"
#include "smtpd/stage.h"

static void
answer(struct session *s)
{
	reply_put_line(s, 250, false, "%s", s->gate->conf->myhostname);
}

static void
go_on(struct session *s, bool ok)
{
	if (ok)
		answer(s);
	else
		hello_forget(s);
	session_resume(s);
}

enum step
cmd_helo(struct session *s, struct slice args)
{
	enum step	step;

	if (!hello_accept(s, args, false))
		return STEP_DONE;
	step = stage_ask(s, JUDGE_HELO, go_on);
	if (step == STEP_DONE)
		answer(s);
	return step;
}
