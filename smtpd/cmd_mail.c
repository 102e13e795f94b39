/*
 * MAIL FROM:<path> [parameters] (RFC 5321 section 4.1.1.2).
 */

#include "conf/conf.h"
#include "mail/address.h"
#include "mail/ipc.h"
#include "mail/xtext.h"
#include "smtpd/cmd.h"
#include "smtpd/dsn.h"
#include "smtpd/gate.h"
#include "smtpd/keyword.h"
#include "smtpd/parameter.h"
#include "smtpd/reply.h"
#include "smtpd/stage.h"
#include "smtpd/transaction.h"
#include "util/mem.h"

#define AUTH_LIMIT	500	/* RFC 4954 section 3, item 5 */

struct mail {
	uint32_t	flags;
	uint64_t	size;
	struct slice	envid;		/* borrowed from the line */
	struct buf	auth;		/* AUTH=, decoded */
};

/* RFC 6152 section 2, RFC 3030 section 3 */
static bool
take_body(struct session *s, struct slice value, void *arg)
{
	struct mail	*mail = arg;

	if (slice_is_nocase(value, "8BITMIME"))
		mail->flags |= MAIL_EIGHT_BIT;
	else if (slice_is_nocase(value, "BINARYMIME") &&
	    keyword_is_offered(s, "BINARYMIME"))
		mail->flags |= MAIL_BINARY;
	else if (!slice_is_nocase(value, "7BIT")) {
		reply_put(s, 501, "5.5.4", "Error: unknown BODY type");
		return false;
	}
	return true;
}

/* RFC 1870 section 6.1 */
static bool
take_size(struct session *s, struct slice value, void *arg)
{
	struct mail	*mail = arg;
	int64_t		 limit = s->gate->conf->message_size_limit;

	if (value.len > 20 || slice_parse_u64(value, &mail->size) < 0) {
		reply_put(s, 501, "5.5.4", "Error: bad message size syntax");
		return false;
	}
	if (limit > 0 && mail->size > (uint64_t)limit) {
		reply_put(s, 552, "5.3.4",
		    "Message size exceeds fixed limit");
		return false;
	}
	return true;
}

static bool
take_ret(struct session *s, struct slice value, void *arg)
{
	struct mail	*mail = arg;

	if (dsn_parse_ret(value, &mail->flags) == 0)
		return true;
	reply_put(s, 501, "5.5.4", "Error: bad RET parameter syntax");
	return false;
}

static bool
take_envid(struct session *s, struct slice value, void *arg)
{
	struct mail	*mail = arg;

	mail->envid = value;
	if (dsn_is_envid(value))
		return true;
	reply_put(s, 501, "5.5.4", "Error: bad ENVID parameter syntax");
	return false;
}

/*
 * RFC 4954 section 5: "<>", or an address as xtext.  Of who has not logged
 * in it is taken for "<>", whatever it is.
 */
static bool
take_auth(struct session *s, struct slice value, void *arg)
{
	struct mail	*mail = arg;

	if (value.len > 0 && value.len <= AUTH_LIMIT &&
	    xtext_is_printable(value) &&
	    xtext_decode(value, &mail->auth) == 0)
		return true;
	reply_put(s, 501, "5.5.4", "Error: bad AUTH parameter syntax");
	return false;
}

/* RFC 6531 section 3.4 */
static bool
take_utf8(struct session *s, struct slice value, void *arg)
{
	struct mail	*mail = arg;

	mail->flags |= MAIL_UTF8;
	if (value.data == NULL)
		return true;
	reply_put(s, 501, "5.5.4", "Error: SMTPUTF8 takes no value");
	return false;
}

/* Postfix's: "XVERP" alone, or with two delimiters (A17). */
static bool
take_verp(struct session *s, struct slice value, void *arg)
{
	const struct conf	*conf = s->gate->conf;
	struct mail		*mail = arg;
	struct slice		 filter = slice_str(
				    conf->verp_delimiter_filter);

	if (value.data == NULL)
		value = slice_str(conf->default_verp_delimiters);
	if (value.len == 2 && slice_find(filter, value.data[0]) >= 0 &&
	    slice_find(filter, value.data[1]) >= 0) {
		mail->flags &= ~MAIL_VERP;
		mail->flags |= MAIL_VERP_OF(value.data[0], value.data[1]);
		return true;
	}
	reply_put(s, 501, "5.5.4",
	    "Error: XVERP needs two characters from %s",
	    conf->verp_delimiter_filter);
	return false;
}

static const struct parameter parameters[] = {
	{ "BODY", NULL, take_body },
	{ "SIZE", NULL, take_size },
	{ "RET", "DSN", take_ret },
	{ "ENVID", "DSN", take_envid },
	{ "AUTH", "AUTH", take_auth },
	{ "SMTPUTF8", "SMTPUTF8", take_utf8 },
	{ "XVERP", "XVERP", take_verp },
	{ NULL, NULL, NULL },
};

/* S02: room for half as much again as what may come. */
static bool
has_room(struct session *s, uint64_t size)
{
	const struct conf	*conf = s->gate->conf;
	uint64_t		 need = size > 0 ? size :
				    (uint64_t)conf->message_size_limit;

	if (s->gate->free_bytes >= (uint64_t)conf->queue_minfree &&
	    s->gate->free_bytes >= need + need / 2)
		return true;
	reply_reject(s, NULL, 452, "4.3.1", "Insufficient system storage");
	return false;
}

static bool
parse_sender(struct session *s, struct slice *args, struct buf *sender)
{
	const char	*why;

	if (!slice_has_prefix_nocase(*args, "FROM:")) {
		reply_put(s, 501, "5.5.4", "Syntax: MAIL FROM:<address>");
		return false;
	}
	*args = slice_after(*args, 5);
	if (parameter_parse_path(s, args, keyword_is_offered(s, "SMTPUTF8"),
	    sender, &why) == 0)
		return true;
	if (why != NULL)
		reply_reject(s, NULL, 501, "5.1.7",
		    "Bad sender address syntax: %s", why);
	return false;
}

/* RFC 6531 section 3.5; the parameters stand behind the address. */
static bool
is_declared(struct session *s, const struct mail *mail, struct slice sender)
{
	if ((mail->flags & MAIL_VERP) && sender.len == 0) {
		reply_put(s, 503, "5.5.1",
		    "Error: XVERP requires non-null sender");
		return false;
	}
	if ((mail->flags & MAIL_UTF8) || !address_is_utf8(sender))
		return true;
	parameter_refuse_utf8(s);
	return false;
}

static void
accept_mail(struct session *s)
{
	reply_put(s, 250, "2.1.0", "<%s>: Ok", s->txn->sender);
}

static void
go_on(struct session *s, bool ok)
{
	if (ok) {
		accept_mail(s);
	} else {
		transaction_free(&s->txn);
		session_enter_idle(s);
	}
	session_resume(s);
}

enum step
cmd_mail(struct session *s, struct slice args)
{
	enum step	 step = STEP_DONE;
	struct buf	 sender = BUF_INIT;
	struct mail	 mail = { .auth = BUF_INIT };
	bool		 ok, is_bare;

	if (s->helo == NULL && s->gate->conf->smtpd_helo_required) {
		reply_put(s, 503, "5.5.1", "Error: send HELO/EHLO first");
		return STEP_DONE;
	}
	ok = parse_sender(s, &args, &sender) &&
	    parameter_parse(s, args, parameters, &mail) &&
	    is_declared(s, &mail, buf_slice(&sender)) &&
	    has_room(s, mail.size);
	if (ok) {
		is_bare = parameter_complete(s->gate, &sender);
		if (s->is_local)
			mail.flags |= MAIL_LOCAL;
		s->txn = transaction_new(s, buf_slice(&sender), mail.flags,
		    mail.envid);
		s->txn->is_bare = is_bare;
		s->txn->size = mail.size;
		if (s->sasl_username != NULL && mail.auth.len > 0)
			s->txn->sasl_sender = mem_strdup(
			    buf_cstr(&mail.auth));
		s->is_utf8 = (mail.flags & MAIL_UTF8) != 0;
		session_enter(s, STATE_MAIL);
		step = stage_ask(s, JUDGE_MAIL, go_on);
		if (step == STEP_DONE)
			accept_mail(s);
	}
	buf_clear(&sender);
	buf_clear(&mail.auth);
	return step;
}
