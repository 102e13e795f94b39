/*
 * Refusals, those that are put off, and what the log says of them.
 */

#include "lookup/hearing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "lookup/dnsbl.h"
#include "lookup/judge.h"
#include "lookup/profile.h"
#include "lookup/resolve.h"
#include "lookup/verdict.h"

void
hearing_init(struct hearing *hearing, const struct profile *profile,
    const struct judge_question *question, struct verdict *verdict)
{
	memset(hearing, 0, sizeof(*hearing));
	hearing->profile = profile;
	hearing->conf = profile->conf;
	hearing->question = question;
	hearing->m = question->m;
	hearing->query = profile->query;
	hearing->verdict = verdict;
	hearing->class = "Client host";
	resolve_put_standard(profile, question->m->sender, &hearing->sender);
	resolve_put_standard(profile, question->m->recipient,
	    &hearing->recipient);
}

void
hearing_clear(struct hearing *hearing)
{
	buf_clear(&hearing->sender);
	buf_clear(&hearing->recipient);
	buf_clear(&hearing->if_permit.text);
	buf_clear(&hearing->if_refuse.text);
	dnsbl_search_free(&hearing->search);
}

bool
hearing_has_message(const struct hearing *hearing)
{
	switch (hearing->m->stage) {
	case JUDGE_MAIL:
	case JUDGE_RCPT:
	case JUDGE_DATA:
	case JUDGE_END:
		return true;
	default:
		return false;
	}
}

bool
hearing_has_sender(const struct hearing *hearing)
{
	return hearing_has_message(hearing) || hearing->m->sender.len > 0;
}

const char *
hearing_stage(const struct hearing *hearing)
{
	static const char *const	names[] = {
		[JUDGE_CONNECT] = "CONNECT", [JUDGE_HELO] = "HELO",
		[JUDGE_MAIL] = "MAIL", [JUDGE_RCPT] = "RCPT",
		[JUDGE_DATA] = "DATA", [JUDGE_END] = "END-OF-MESSAGE",
		[JUDGE_VRFY] = "VRFY", [JUDGE_ETRN] = "ETRN",
		[JUDGE_AUTH] = "AUTH", [JUDGE_STARTTLS] = "STARTTLS",
		[JUDGE_TLS] = "STARTTLS",
	};
	size_t	stage = hearing->m->stage;

	if (stage == JUDGE_HELO && slice_is(hearing->m->proto, "ESMTP"))
		return "EHLO";
	return stage < sizeof(names) / sizeof(*names) ? names[stage] :
	    "UNKNOWN";
}

/* ---- the log ------------------------------------------------------------- */

void
hearing_log(const struct hearing *hearing, const char *what,
    const char *format, ...)
{
	struct buf	text = BUF_INIT;
	va_list		args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	verdict_add_note(hearing->verdict, what, buf_slice(&text));
	buf_clear(&text);
}

/* ---- refusals ------------------------------------------------------------ */

/* RFC 3463: the first digit of a status is that of the reply code. */
static void
set_reply(struct hearing_reply *reply, int code, const char *dsn)
{
	reply->code = code;
	snprintf(reply->dsn, sizeof(reply->dsn), "%s", dsn);
	reply->dsn[0] = (char)('0' + code / 100);
	buf_empty(&reply->text);
}

static void
soften(struct hearing_reply *reply)
{
	reply->code = reply->code % 100 + 400;
	reply->dsn[0] = '4';
}

static enum ruling
pronounce(struct hearing *hearing, struct hearing_reply *reply)
{
	if (hearing->conf->soft_bounce && reply->code >= 500)
		soften(reply);
	verdict_refuse(hearing->verdict, reply->code, reply->dsn, "%s",
	    buf_cstr(&reply->text));
	return RULING_REFUSE;
}

/* Ends reply. */
static enum ruling
say_no(struct hearing *hearing, struct hearing_reply *reply)
{
	enum ruling	ruling = RULING_DUNNO;

	if (hearing->must_warn)
		hearing_log(hearing, "reject_warning", "%d %s %s",
		    reply->code, reply->dsn, buf_cstr(&reply->text));
	else if (hearing->if_refuse.code != 0 && reply->code >= 500)
		ruling = pronounce(hearing, &hearing->if_refuse);
	else
		ruling = pronounce(hearing, reply);
	buf_clear(&reply->text);
	return ruling;
}

enum ruling
hearing_refuse(struct hearing *hearing, int code, const char *dsn,
    const char *format, ...)
{
	struct hearing_reply	reply = { .text = BUF_INIT };
	va_list			args;

	set_reply(&reply, code, dsn);
	va_start(args, format);
	buf_vprintf(&reply.text, format, args);
	va_end(args);
	return say_no(hearing, &reply);
}

enum ruling
hearing_refuse_name(struct hearing *hearing, int code, const char *dsn,
    const char *format, ...)
{
	struct hearing_reply	reply = { .text = BUF_INIT };
	va_list			args;

	set_reply(&reply, code, dsn);
	buf_printf(&reply.text, "<%.*s>: %s rejected: ",
	    SLICE_ARG(hearing->name), hearing->class);
	va_start(args, format);
	buf_vprintf(&reply.text, format, args);
	va_end(args);
	return say_no(hearing, &reply);
}

enum ruling
hearing_misconfigured(struct hearing *hearing)
{
	verdict_refuse(hearing->verdict, 451, "4.3.5",
	    "Server configuration error");
	return RULING_REFUSE;
}

enum ruling
hearing_cannot_tell(struct hearing *hearing, struct slice name)
{
	verdict_refuse(hearing->verdict, 451, "4.3.0",
	    "<%.*s>: Temporary lookup failure", SLICE_ARG(name));
	return RULING_REFUSE;
}

/* ---- put off ------------------------------------------------------------- */

/* The first reason is kept; a warning is given at once. */
static enum ruling __attribute__((format(printf, 4, 0)))
put_off(struct hearing *hearing, struct hearing_reply *reply,
    const char *dsn, const char *format, va_list args)
{
	struct buf	text = BUF_INIT;

	buf_vprintf(&text, format, args);
	if (hearing->must_warn) {
		hearing_log(hearing, "reject_warning", "450 %s %s", dsn,
		    buf_cstr(&text));
	} else if (reply->code == 0) {
		set_reply(reply, 450, dsn);
		buf_put_slice(&reply->text, buf_slice(&text));
	}
	buf_clear(&text);
	return RULING_DUNNO;
}

enum ruling
hearing_defer_if_permit(struct hearing *hearing, const char *dsn,
    const char *format, ...)
{
	enum ruling	ruling;
	va_list		args;

	va_start(args, format);
	ruling = put_off(hearing, &hearing->if_permit, dsn, format, args);
	va_end(args);
	return ruling;
}

enum ruling
hearing_defer_if_refuse(struct hearing *hearing, const char *dsn,
    const char *format, ...)
{
	enum ruling	ruling;
	va_list		args;

	va_start(args, format);
	ruling = put_off(hearing, &hearing->if_refuse, dsn, format, args);
	va_end(args);
	return ruling;
}

enum ruling
hearing_finish(struct hearing *hearing, enum ruling ruling)
{
	if (ruling == RULING_REFUSE || hearing->if_permit.code == 0 ||
	    hearing->is_discarded)
		return ruling;
	return pronounce(hearing, &hearing->if_permit);
}
