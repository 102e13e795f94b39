#ifndef SMTPD_STAGE_H
#define SMTPD_STAGE_H

/*
 * Questions about what a client is about to do, at HELO, STARTTLS, AUTH,
 * MAIL, DATA and the end of the content.  Each costs a way to lookup and
 * back, so only what the configuration has something to say about is asked;
 * at RCPT everything is (smtpd/cmd_rcpt.c).
 */

#include "mail/ipc.h"
#include "smtpd/session.h"

/*
 * STEP_DONE: nothing is asked, go on.  STEP_WAIT: go_on is called later;
 * when ok is false the client has had its reply.  It ends with
 * session_resume.
 */
enum step	 stage_ask(struct session *s, enum judge_stage stage,
		    void (*go_on)(struct session *s, bool ok));

#endif
