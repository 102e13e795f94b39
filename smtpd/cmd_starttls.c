/*
 * STARTTLS (RFC 3207).
 */

#include "smtpd/cmd.h"
#include "smtpd/keyword.h"
#include "smtpd/reply.h"
#include "smtpd/secured.h"
#include "smtpd/stage.h"

static void
begin(struct session *s)
{
	reply_put(s, 220, "2.0.0", "Ready to start TLS");
	s->is_securing = true;
}

/* smtpd_client_new_tls_session_rate_limit; a refusal was replied. */
static void
on_allowed(struct session *s, bool ok)
{
	if (ok)
		begin(s);
	session_resume(s);
}

enum step
cmd_starttls(struct session *s, struct slice args)
{
	if (s->secured != NULL) {
		/* Section 4.2: not again. */
		reply_put(s, 503, "5.5.1", "Error: TLS already active");
	} else if (secured_is_impossible(s)) {
		reply_put(s, 454, "4.7.0",
		    "TLS not available due to local problem");
	} else if (!keyword_is_offered(s, "STARTTLS")) {
		reply_put(s, 502, "5.5.1", "Error: command not implemented");
	} else if (args.len > 0) {
		/* Section 4 */
		reply_put(s, 501, "5.5.4", "Syntax: STARTTLS");
	} else if (stage_ask(s, JUDGE_STARTTLS, on_allowed) == STEP_WAIT) {
		return STEP_WAIT;
	} else {
		begin(s);
	}
	return STEP_DONE;
}
