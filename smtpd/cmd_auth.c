/*
 * AUTH mechanism [initial-response] (RFC 4954 section 4).
 */

#include <string.h>

#include "conf/conf.h"
#include "smtpd/cmd.h"
#include "smtpd/gate.h"
#include "smtpd/login.h"
#include "smtpd/reply.h"
#include "smtpd/stage.h"
#include "util/base64.h"

/* NULL: it may be said now. */
static const char *
why_not(const struct session *s)
{
	if (!s->has_auth)
		return "authentication not enabled";
	if (s->helo == NULL || !s->is_esmtp)
		return "send EHLO first";
	if (s->txn != NULL)
		return "MAIL transaction in progress";
	if (s->sasl_username != NULL)
		return "already authenticated";
	return NULL;
}

/* "=" is an empty response, and nothing is none. */
static int
decode(struct slice text, struct buf *initial)
{
	if (slice_is(text, "="))
		return 0;
	return base64_get(initial, text);
}

static enum step
begin(struct session *s, struct slice mechanism, struct slice text)
{
	struct buf		initial = BUF_SECRET;
	struct login_request	request = { .mechanism = mechanism };
	enum step		step = STEP_DONE;

	request.has_initial = text.len > 0;
	if (decode(text, &initial) < 0) {
		reply_put(s, 501, "5.5.2",
		    "Error: cannot decode initial response");
	} else if (!request.has_initial && s->is_followed) {
		/* It cannot know yet what it is to answer. */
		step = session_refuse_pipelining(s, slice_from(NULL, 0));
		s->is_followed = false;
	}
	if (step == STEP_DONE && !s->has_error) {
		request.initial = buf_slice(&initial);
		step = login_begin(s, &request);
	}
	buf_clear(&initial);
	return step;
}

enum step
cmd_auth(struct session *s, struct slice args)
{
	const char	*why = why_not(s);
	struct slice	 mechanism = { NULL, 0 }, text = { NULL, 0 }, more;

	if (why != NULL) {
		reply_put(s, 503, "5.5.1", "Error: %s", why);
		return STEP_DONE;
	}
	if (slice_get_word(&args, " \t", &mechanism) < 0 ||
	    (slice_get_word(&args, " \t", &text) == 0 &&
	    slice_get_word(&args, " \t", &more) == 0)) {
		reply_put(s, 501, "5.5.4", "Syntax: AUTH mechanism");
		return STEP_DONE;
	}
	return begin(s, mechanism, text);
}
