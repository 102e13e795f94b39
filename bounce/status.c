/*
 * Fields of a delivery status.
 */

#include "bounce/status.h"

#include <string.h>

#include "bounce/report.h"
#include "conf/conf.h"
#include "mail/header.h"
#include "mail/queue_id.h"
#include "mail/xtext.h"
#include "util/ascii.h"

#define LINE_WIDTH	76	/* where there is a blank to break at */
#define WORD_LIMIT	900	/* bytes, where there is none */
#define TEXT_LIMIT	1000	/* of one address or reply */

/* ---- text that is not ours ----------------------------------------------- */

/* U+0080 to U+009F are control characters, too. */
static bool
is_c1(const unsigned char *p, size_t len)
{
	return len == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

void
status_put_text(struct buf *into, struct slice text, bool is_global)
{
	for (size_t i = 0; i < text.len;) {
		const unsigned char	*p = text.data + i;
		size_t			 len = 1;

		if (*p >= 0x80)
			len = is_global ? ascii_utf8_len(p, text.len - i) : 0;
		if (len == 1 ? !ascii_is_print(*p) : is_c1(p, len))
			len = 0;
		if (len == 0)
			buf_put_u8(into, '?');
		else
			buf_put(into, p, len);
		i += len == 0 ? 1 : len;
	}
}

/* A word, in as many lines as it takes; indent is what begins one. */
static size_t
put_word(struct buf *into, const char *indent, struct slice word,
    size_t column)
{
	while (word.len > WORD_LIMIT) {
		size_t	len = WORD_LIMIT;

		/* Not within a character. */
		while (len > WORD_LIMIT - 4 && (word.data[len] & 0xc0) == 0x80)
			len--;
		buf_put_slice(into, slice_first(word, len));
		buf_printf(into, "\r\n%s", indent);
		word = slice_after(word, len);
		column = strlen(indent);
	}
	buf_put_slice(into, word);
	return column + word.len;
}

/* Words from that column on. */
static void
put_wrapped(struct buf *into, const char *indent, struct slice text,
    size_t column)
{
	struct slice	word;
	bool		is_first = true;

	while (slice_get_word(&text, " ", &word) == 0) {
		if (!is_first && column + 1 + word.len > LINE_WIDTH) {
			buf_printf(into, "\r\n%s", indent);
			column = strlen(indent);
		} else if (!is_first) {
			buf_put_u8(into, ' ');
			column++;
		}
		column = put_word(into, indent, word, column);
		is_first = false;
	}
	buf_put(into, "\r\n", 2);
}

void
status_put_field(struct buf *into, const char *name, struct slice value)
{
	buf_printf(into, "%s: ", name);
	put_wrapped(into, "    ", value, strlen(name) + 2);
}

void
status_put_lines(struct buf *into, const char *indent, struct slice text)
{
	buf_put_str(into, indent);
	put_wrapped(into, indent, text, strlen(indent));
}

/* ---- addresses ----------------------------------------------------------- */

static uint32_t
code_point(const unsigned char *p, size_t len)
{
	uint32_t	code = len == 2 ? *p & 0x1f : len == 3 ? *p & 0x0f :
			    *p & 0x07;

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (p[i] & 0x3f);
	return code;
}

/*
 * RFC 6533 section 3: what may not stand for itself is \x{...}; outside of
 * the global form that is all but ASCII.
 */
static void
put_utf8_address(struct buf *into, struct slice address, bool is_global)
{
	for (size_t i = 0; i < address.len;) {
		const unsigned char	*p = address.data + i;
		size_t			 len = *p < 0x80 ? 1 :
					    ascii_utf8_len(p, address.len - i);

		if (len == 0 || (len == 1 && (!ascii_is_print(*p) ||
		    *p == ' ')))
			buf_put_u8(into, '?');
		else if (len == 1 ? *p == '\\' || *p == '+' || *p == '=' :
		    !is_global || is_c1(p, len))
			buf_printf(into, "\\x{%02X}", len == 1 ? *p :
			    code_point(p, len));
		else
			buf_put(into, p, len);
		i += len == 0 ? 1 : len;
	}
}

static void
put_address_field(struct buf *into, const char *name, const char *text,
    bool is_global)
{
	struct slice	address = slice_first(slice_str(text), TEXT_LIMIT);
	struct buf	value = BUF_INIT;

	if (slice_is_ascii(address)) {
		buf_put_str(&value, "rfc822; ");
		status_put_text(&value, address, false);
	} else {
		buf_put_str(&value, "utf-8; ");
		put_utf8_address(&value, address, is_global);
	}
	status_put_field(into, name, buf_slice(&value));
	buf_clear(&value);
}

/*
 * RFC 3461 section 6.3 (d): only as the sender gave it.  The xtext stands for
 * what is told (RFC 3464 section 2.3.1); what is none is told as it is.
 */
static void
put_original(struct buf *into, const char *orcpt, bool is_global)
{
	struct slice	rest = slice_first(slice_str(orcpt), TEXT_LIMIT);
	ptrdiff_t	at = slice_find(rest, ';');
	struct buf	text = BUF_INIT, value = BUF_INIT;

	if (at <= 0)
		return;
	if (xtext_decode(slice_after(rest, (size_t)at + 1), &text) < 0) {
		buf_empty(&text);
		buf_put_slice(&text, slice_after(rest, (size_t)at + 1));
	}
	status_put_text(&value, slice_first(rest, (size_t)at), false);
	buf_put_str(&value, "; ");
	if (slice_is_nocase(slice_first(rest, (size_t)at), "utf-8") &&
	    !slice_is_ascii(buf_slice(&text)))
		put_utf8_address(&value, buf_slice(&text), is_global);
	else
		status_put_text(&value, buf_slice(&text), is_global);
	status_put_field(into, "Original-Recipient", buf_slice(&value));
	buf_clear(&text);
	buf_clear(&value);
}

/* ---- replies ------------------------------------------------------------- */

/* "host mx.example[192.0.2.1] said: 550 ... (in reply to ...)", our words. */
static bool
split_reply(struct slice reply, struct slice *host_r, struct slice *said_r)
{
	static const char	said[] = "] said: ", tail[] = " (in reply to ";
	ptrdiff_t		at, bracket;

	if (!slice_has_prefix(reply, "host "))
		return false;
	reply = slice_after(reply, strlen("host "));
	bracket = slice_find(reply, '[');
	at = slice_find(reply, ' ');
	if (bracket <= 0 || at < bracket ||
	    !slice_has_prefix(slice_after(reply, (size_t)at - 1), said))
		return false;
	*host_r = slice_first(reply, (size_t)bracket);
	*said_r = slice_after(reply, (size_t)at - 1 + strlen(said));
	at = slice_find_last(*said_r, '(');
	if (at > 0 && slice_has_prefix(slice_after(*said_r, (size_t)at - 1),
	    tail))
		*said_r = slice_first(*said_r, (size_t)at - 1);
	return said_r->len > 0;
}

static void
put_diagnosis(struct buf *into, const char *reply)
{
	struct slice	text = slice_first(slice_str(reply), TEXT_LIMIT);
	struct slice	host, said;
	struct buf	value = BUF_INIT;

	if (text.len == 0)
		return;
	if (split_reply(text, &host, &said)) {
		buf_put_str(&value, "dns; ");
		status_put_text(&value, host, false);
		status_put_field(into, "Remote-MTA", buf_slice(&value));
		buf_empty(&value);
		buf_put_str(&value, "smtp; ");
		text = said;
	} else {
		buf_put_str(&value, "X-Tern; ");
	}
	/* RFC 3464 section 2.3.6: text of a type that is ASCII. */
	status_put_text(&value, text, false);
	status_put_field(into, "Diagnostic-Code", buf_slice(&value));
	buf_clear(&value);
}

/* RFC 3463 section 2: class, subject, detail. */
static bool
is_status(struct slice dsn)
{
	size_t	digits = 0;
	int	dots = 0;

	if (dsn.len < 5 || dsn.data[1] != '.' || (dsn.data[0] != '2' &&
	    dsn.data[0] != '4' && dsn.data[0] != '5'))
		return false;
	for (size_t i = 0; i < dsn.len; i++) {
		if (dsn.data[i] == '.' && digits > 0) {
			digits = 0;
			dots++;
		} else if (!ascii_is_digit(dsn.data[i]) || ++digits > 3) {
			return false;
		}
	}
	return dots == 2 && digits > 0;
}

/* ---- the blocks ---------------------------------------------------------- */

static void
put_date_field(struct buf *into, const char *name, uint64_t time_us)
{
	buf_printf(into, "%s: ", name);
	header_put_date(into, time_us);
	buf_put(into, "\r\n", 2);
}

static void
put_message(const struct report *report, bool is_global, struct buf *into)
{
	char		id[QUEUE_ID_TEXT_SIZE];
	struct buf	value = BUF_INIT;
	struct buf	text = BUF_INIT;

	buf_printf(into, "Reporting-MTA: dns; %s\r\n",
	    report->conf->myhostname);
	/* RFC 3464 section 2.2.1: decoded. */
	if (report->envid[0] != '\0' &&
	    xtext_decode(slice_str(report->envid), &text) == 0) {
		status_put_text(&value, slice_first(buf_slice(&text),
		    TEXT_LIMIT), is_global);
		status_put_field(into, "Original-Envelope-Id",
		    buf_slice(&value));
	}
	put_date_field(into, "Arrival-Date", report->arrival_us);
	buf_printf(into, "X-Tern-Queue-ID: %s\r\n",
	    queue_id_format(report->queue_id, id));
	if (report->sender[0] != '\0')
		put_address_field(into, "X-Tern-Sender", report->sender,
		    is_global);
	buf_clear(&value);
	buf_clear(&text);
}

static void
put_recipient(const struct report *report, const struct report_rcpt *r,
    bool is_global, struct buf *into)
{
	static const char *const actions[][2] = {
		[REPORT_OF_FAILURE] = { "failed", "5.0.0" },
		[REPORT_OF_DELAY] = { "delayed", "4.0.0" },
		[REPORT_OF_RELAY] = { "relayed", "2.0.0" },
	};
	struct slice	dsn = slice_str(r->dsn);

	buf_put(into, "\r\n", 2);
	put_address_field(into, "Final-Recipient", r->address, is_global);
	put_original(into, r->orcpt, is_global);
	buf_printf(into, "Action: %s\r\nStatus: %.*s\r\n",
	    actions[report->kind][0], SLICE_ARG(is_status(dsn) ? dsn :
	    slice_str(actions[report->kind][1])));
	put_diagnosis(into, r->reply);
	if (report->kind == REPORT_OF_DELAY)
		put_date_field(into, "Will-Retry-Until", report->arrival_us +
		    (uint64_t)report->conf->maximal_queue_lifetime * 1000);
}

void
status_format(const struct report *report, bool is_global, struct buf *into)
{
	put_message(report, is_global, into);
	for (size_t i = 0; i < report->count; i++)
		if (report->recipients[i].is_wanted)
			put_recipient(report, &report->recipients[i],
			    is_global, into);
}
