/*
 * Replies.
 */

#include "smtpd/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "smtpd/footer.h"
#include "smtpd/gate.h"
#include "smtpd/question.h"
#include "smtpd/substitute.h"
#include "smtpd/transaction.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/log.h"

#define LINE_SIZE	512	/* RFC 5321 section 4.5.3.1.5, with CR LF */

/* RFC 6531 section 3.5: UTF-8 only for who has asked for it. */
static void
make_printable(const struct session *s, unsigned char *p, size_t len)
{
	size_t	n;

	for (size_t i = 0; i < len; i += n) {
		n = ascii_is_print(p[i]) ? 1 : p[i] < 0x80 || !s->is_utf8 ?
		    0 : ascii_utf8_len(p + i, len - i);
		if (n == 0) {
			p[i] = '?';
			n = 1;
		}
	}
}

static void
put_line(struct session *s, const char *head, struct slice text)
{
	struct buf	*out = s->is_late ? &s->late : s->replies;
	char		 line[LINE_SIZE - 1];
	int		 len = snprintf(line, sizeof(line), "%s%.*s", head,
			    SLICE_ARG(text));

	if ((size_t)len >= sizeof(line))
		len = (int)sizeof(line) - 1;
	make_printable(s, (unsigned char *)line, (size_t)len);
	buf_put(out, line, (size_t)len);
	buf_put(out, "\r\n", 2);
}

static void
put_text(struct session *s, const char *head, const char *format,
    va_list args)
{
	char	text[LINE_SIZE];
	int	len = vsnprintf(text, sizeof(text), format, args);

	if ((size_t)len >= sizeof(text))
		len = (int)sizeof(text) - 1;
	put_line(s, head, slice_from(text, (size_t)len));
}

/* "550-5.1.1 " */
static void
make_head(char *head, size_t size, int code, const char *dsn, bool more)
{
	snprintf(head, size, "%d%c%s%s", code, more ? '-' : ' ',
	    dsn == NULL ? "" : dsn, dsn == NULL ? "" : " ");
}

/* RFC 2034 section 4: each line has the status code. */
static void
put_lines(struct session *s, int code, const char *dsn, struct slice text)
{
	ptrdiff_t	end;

	do {
		char		head[32];
		struct slice	line;

		end = slice_find(text, '\n');
		line = end < 0 ? text : slice_first(text, (size_t)end);
		text = slice_after(text, line.len + 1);
		make_head(head, sizeof(head), code, dsn, end >= 0);
		put_line(s, head, line);
	} while (end >= 0);
}

/* 421 and 521 say that we hang up (RFC 5321 section 3.8, RFC 7504). */
static void
note_code(struct session *s, int code)
{
	if (code == 421 || code == 521)
		s->is_leaving = true;
}

/* By smtpd_reject_filter_maps; dsn has SUBSTITUTE_DSN_SIZE bytes. */
static void
filter(struct session *s, int *code, char *dsn, struct buf *text)
{
	char		head[32];
	struct buf	reply = BUF_INIT, other = BUF_INIT;

	make_head(head, sizeof(head), *code, dsn[0] == '\0' ? NULL : dsn,
	    false);
	buf_put_str(&reply, head);
	buf_put_slice(&reply, buf_slice(text));
	if (substitute_refusal(s->gate->refusals, buf_slice(&reply), code,
	    dsn, &other)) {
		buf_empty(text);
		buf_put_slice(text, buf_slice(&other));
	}
	buf_clear(&reply);
	buf_clear(&other);
}

/* Filtered, softened, and with what the template of a footer says. */
static void
put_refusal(struct session *s, int code, const char *dsn,
    const char *format, va_list args)
{
	const char	*template = footer_template(s);
	char		 own[SUBSTITUTE_DSN_SIZE];
	struct buf	 text = BUF_INIT;

	note_code(s, code);
	buf_vprintf(&text, format, args);
	snprintf(own, sizeof(own), "%s", dsn == NULL ? "" : dsn);
	filter(s, &code, own, &text);
	note_code(s, code);
	/* S51: whatever it is, the client is to come again. */
	if (code >= 500 && s->gate->conf->soft_bounce) {
		code -= 100;
		if (own[0] != '\0')
			own[0] = '4';
	}
	s->has_error = true;
	s->error_count++;
	/* Only the template ends lines. */
	make_printable(s, text.data + text.start, text.len);
	if (template != NULL)
		footer_add(s, template, &text);
	put_lines(s, code, own[0] == '\0' ? NULL : own, buf_slice(&text));
	buf_clear(&text);
}

static void
put_reply(struct session *s, int code, const char *dsn, const char *format,
    va_list args)
{
	char	head[32];

	if (code >= 400) {
		put_refusal(s, code, dsn, format, args);
		return;
	}
	make_head(head, sizeof(head), code, dsn, false);
	put_text(s, head, format, args);
}

void
reply_put(struct session *s, int code, const char *dsn, const char *format,
    ...)
{
	va_list	args;

	va_start(args, format);
	put_reply(s, code, dsn, format, args);
	va_end(args);
}

void
reply_put_line(struct session *s, int code, bool more, const char *format,
    ...)
{
	va_list	args;
	char	head[8];

	snprintf(head, sizeof(head), "%d%c", code, more ? '-' : ' ');
	va_start(args, format);
	put_text(s, head, format, args);
	va_end(args);
}

void
reply_put_challenge(struct session *s, struct slice challenge)
{
	struct buf	*out = s->is_late ? &s->late : s->replies;

	buf_put_str(out, "334 ");
	base64_put(out, challenge);
	buf_put_str(out, "\r\n");
}

void
reply_log(const struct session *s, const char *what, const char *recipient,
    const char *text)
{
	char		client[SESSION_CLIENT_SIZE];
	char		id[TRANSACTION_ID_SIZE];
	struct buf	line = BUF_INIT;

	buf_printf(&line, "%s: %s: %s from %s: %s;",
	    transaction_id(s->txn, id), what, s->last,
	    session_client(s, client), text);
	if (s->txn != NULL)
		buf_printf(&line, " from=<%.*s>",
		    SLICE_ARG(transaction_given_sender(s->txn)));
	if (recipient != NULL)
		buf_printf(&line, " to=<%s>", recipient);
	buf_printf(&line, " proto=%s", s->is_esmtp ? "ESMTP" : "SMTP");
	if (s->helo != NULL)
		buf_printf(&line, " helo=<%s>", s->helo);
	if (s->sasl_username != NULL)
		buf_printf(&line, " sasl_username=<%s>", s->sasl_username);
	log_info("%s", buf_cstr(&line));
	buf_clear(&line);
}

void
reply_reject(struct session *s, const char *recipient, int code,
    const char *dsn, const char *format, ...)
{
	va_list	args;
	char	text[LINE_SIZE], head[32];
	int	len;

	len = snprintf(head, sizeof(head), "%d %s ", code, dsn);
	snprintf(text, sizeof(text), "%s", head);
	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	va_end(args);
	reply_log(s, "reject", recipient, text);
	reply_put(s, code, dsn, "%s", text + len);
}

/* ---- what lookup says ---------------------------------------------------- */

static const char *
recipient_of(const struct question *q)
{
	return q->recipient[0] == '\0' ? NULL : q->recipient;
}

void
reply_log_notes(const struct question *q)
{
	for (size_t i = 0; i < q->note_count; i++)
		reply_log(q->session, q->notes[i].what, recipient_of(q),
		    q->notes[i].text);
}

void
reply_refuse(const struct question *q)
{
	struct session	*s = q->session;

	s->footer = q->footer == NULL || q->footer[0] == '\0' ? NULL :
	    q->footer;
	reply_reject(s, recipient_of(q), q->code, q->dsn, "%s", q->text);
	s->footer = NULL;
}
