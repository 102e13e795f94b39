/*
 * RCPT TO:<path> [parameters] (RFC 5321 section 4.1.1.3).
 */

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/address.h"
#include "smtpd/cmd.h"
#include "smtpd/dsn.h"
#include "smtpd/gate.h"
#include "smtpd/parameter.h"
#include "smtpd/question.h"
#include "smtpd/reply.h"
#include "smtpd/transaction.h"
#include "util/mem.h"

struct rcpt {
	uint32_t	notify;		/* RCPT_NOTIFY_* */
	struct slice	orcpt;		/* borrowed from the line */
};

static bool
take_notify(struct session *s, struct slice value, void *arg)
{
	struct rcpt	*rcpt = arg;

	if (dsn_parse_notify(value, &rcpt->notify) == 0)
		return true;
	reply_put(s, 501, "5.5.4", "Error: bad NOTIFY parameter syntax");
	return false;
}

static bool
take_orcpt(struct session *s, struct slice value, void *arg)
{
	struct rcpt	*rcpt = arg;

	rcpt->orcpt = value;
	if (dsn_is_orcpt(value, s->is_utf8))
		return true;
	reply_put(s, 501, "5.5.4", "Error: bad ORCPT parameter syntax");
	return false;
}

static const struct parameter parameters[] = {
	{ "NOTIFY", "DSN", take_notify },
	{ "ORCPT", "DSN", take_orcpt },
	{ NULL, NULL, NULL },
};

static bool
parse_recipient(struct session *s, struct slice args, struct buf *address,
    struct rcpt *rcpt)
{
	const char	*why;

	if (!slice_has_prefix_nocase(args, "TO:")) {
		reply_put(s, 501, "5.5.4", "Syntax: RCPT TO:<address>");
		return false;
	}
	args = slice_after(args, 3);
	if (parameter_parse_path(s, &args, s->is_utf8, address, &why) < 0) {
		if (why != NULL)
			reply_reject(s, NULL, 501, "5.1.3",
			    "Bad recipient address syntax: %s", why);
		return false;
	}
	if (address->len == 0) {
		reply_put(s, 501, "5.1.3", "Bad recipient address syntax: "
		    "the null address is no recipient");
		return false;
	}
	return parameter_parse(s, args, parameters, rcpt);
}

/* smtpd_recipient_limit; far beyond it, every RCPT is an error (S64). */
static bool
has_place(struct session *s)
{
	const struct conf	*conf = s->gate->conf;

	if (s->txn->count < (size_t)conf->smtpd_recipient_limit)
		return true;
	reply_put(s, 452, "4.5.3", "Error: too many recipients");
	if (++s->txn->over_count <= conf->smtpd_recipient_overshoot_limit)
		s->error_count--;
	return false;
}

static void
accept_rcpt(struct session *s)
{
	session_enter(s, STATE_RCPT);
	reply_put(s, 250, "2.1.5", "<%s>: Ok",
	    s->txn->asked->question->recipient);
	transaction_end_rcpt(s->txn);
}

/* The first recipient has waited for cleanup. */
static void
on_ready(struct session *s, bool ok)
{
	if (ok) {
		accept_rcpt(s);
	} else {
		reply_reject(s, s->txn->asked->question->recipient, 451,
		    "4.3.0", "Error: mail system is not ready");
		transaction_drop_last(s->txn);
		transaction_end_rcpt(s->txn);
	}
	session_resume(s);
}

/* The answer is there. */
static enum step
take_answer(struct session *s)
{
	struct transaction_asked	*asked = s->txn->asked;
	const struct question		*question = asked->question;
	enum step			 step;

	reply_log_notes(question);
	if (question->code != 250) {
		reply_refuse(question);
		transaction_end_rcpt(s->txn);
		return STEP_DONE;
	}
	transaction_act(s->txn, question);
	if (question->flags & JUDGE_LOCAL)
		s->txn->flags |= MAIL_LOCAL;
	transaction_add(s->txn, asked);
	step = transaction_open(s->txn, on_ready);
	if (step == STEP_DONE)
		accept_rcpt(s);
	return step;
}

static void
on_answer(struct question *question)
{
	struct session	*s = question->session;

	/* One that was asked ahead of its turn. */
	if (s->txn->asked == NULL || s->txn->asked->question != question)
		return;
	if (take_answer(s) == STEP_DONE)
		session_resume(s);
}

/* What was asked ahead of its turn, or NULL. */
static struct question *
take_ahead(struct transaction *txn, const char *address)
{
	struct question	*question = txn->ahead;

	if (question == NULL || strcmp(question->recipient, address) != 0)
		return NULL;
	DL_DELETE(txn->ahead, question);
	return question;
}

static struct question *
ask(struct session *s, const char *address)
{
	return question_new(s, JUDGE_RCPT, address, on_answer);
}

bool
cmd_rcpt_ahead(struct session *s, struct slice args)
{
	struct buf	 address = BUF_INIT;
	struct question	*question;
	const char	*why;
	unsigned	 how = s->is_utf8 ? ADDRESS_UTF8 : 0;
	bool		 ok;

	if (!slice_has_prefix_nocase(args, "TO:"))
		return false;
	args = slice_after(args, 3);
	ok = address_parse_path(&args, how, &address, &why) == 0 &&
	    address.len > 0;
	if (ok) {
		question = ask(s, buf_cstr(&address));
		DL_APPEND(s->txn->ahead, question);
	}
	buf_clear(&address);
	return ok;
}

enum step
cmd_rcpt(struct session *s, struct slice args)
{
	struct buf			 address = BUF_INIT;
	struct rcpt			 rcpt = { .notify = 0 };
	struct transaction_asked	*asked;

	if (!has_place(s))
		return STEP_DONE;
	if (!parse_recipient(s, args, &address, &rcpt)) {
		buf_clear(&address);
		return STEP_DONE;
	}
	asked = s->txn->asked = mem_new(sizeof(*asked));
	asked->notify = rcpt.notify;
	asked->orcpt = slice_dup(rcpt.orcpt);
	asked->question = take_ahead(s->txn, buf_cstr(&address));
	if (asked->question == NULL)
		asked->question = ask(s, buf_cstr(&address));
	buf_clear(&address);
	return asked->question->is_answered ? take_answer(s) : STEP_WAIT;
}
