/*
 * The client introduces itself.
 */

#include "smtpd/hello.h"

#include "smtpd/reply.h"
#include "smtpd/transaction.h"
#include "smtpd/verb.h"
#include "util/ascii.h"
#include "util/mem.h"

bool
hello_accept(struct session *s, struct slice name, bool is_esmtp)
{
	if (name.len == 0) {
		reply_put(s, 501, "5.5.4", "Syntax: %s hostname",
		    s->verb->name);
		return false;
	}
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_print(name.data[i]) || name.len > 255) {
			reply_put(s, 501, "5.5.2",
			    "Error: invalid host name");
			return false;
		}
	transaction_free(&s->txn);
	mem_free(s->old_helo);
	s->old_helo = s->helo;
	s->was_esmtp = s->is_esmtp;
	s->helo = slice_dup(name);
	s->is_esmtp = is_esmtp;
	session_enter(s, STATE_HELLO);
	return true;
}

void
hello_forget(struct session *s)
{
	mem_free(s->helo);
	s->helo = s->old_helo;
	s->old_helo = NULL;
	s->is_esmtp = s->was_esmtp;
	session_enter_idle(s);
}
