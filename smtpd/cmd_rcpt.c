/*
 * RCPT TO:<path> [parameters] (RFC 5321 section 4.1.1.3).
 */

#include "conf/conf.h"
#include "mail/address.h"
#include "smtpd/cmd.h"
#include "smtpd/dsn.h"
#include "smtpd/gate.h"
#include "smtpd/parameter.h"
#include "smtpd/reply.h"
#include "smtpd/transaction.h"

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

/*
 * Only mynetworks may send anywhere; everybody may send to relay_domains.
 * What could name another destination inside the local part is no
 * address of a relay domain (open relay by percent hack and the like).
 */
static bool
may_relay(const struct session *s, struct slice address)
{
	struct slice	local = address_local(address);

	if (s->is_local)
		return true;
	if (slice_find(local, '@') >= 0 || slice_find(local, '%') >= 0 ||
	    slice_find(local, '!') >= 0)
		return false;
	return gate_is_relay_domain(s->gate, address_domain(address));
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
	const struct transaction	*txn = s->txn;

	session_enter(s, STATE_RCPT);
	reply_put(s, 250, "2.1.5", "<%s>: Ok",
	    txn->recipients[txn->count - 1].address);
}

/* The first recipient has waited for cleanup. */
static void
on_ready(struct session *s, bool ok)
{
	if (ok) {
		accept_rcpt(s);
	} else {
		reply_reject(s,
		    s->txn->recipients[s->txn->count - 1].address, 451,
		    "4.3.0", "Error: mail system is not ready");
		transaction_drop_last(s->txn);
	}
	session_resume(s);
}

enum step
cmd_rcpt(struct session *s, struct slice args)
{
	struct buf	address = BUF_INIT;
	struct rcpt	rcpt = { .notify = 0 };
	enum step	step = STEP_DONE;

	if (!has_place(s))
		return STEP_DONE;
	if (parse_recipient(s, args, &address, &rcpt)) {
		parameter_complete(s->gate, &address);
		if (!may_relay(s, buf_slice(&address))) {
			reply_reject(s, buf_cstr(&address), 554, "5.7.1",
			    "<%s>: Relay access denied", buf_cstr(&address));
		} else {
			transaction_add(s->txn, buf_slice(&address),
			    rcpt.notify, rcpt.orcpt);
			step = transaction_open(s->txn, on_ready);
			if (step == STEP_DONE)
				accept_rcpt(s);
		}
	}
	buf_clear(&address);
	return step;
}
