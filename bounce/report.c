/*
 * Reports, part by part.
 */

#include "bounce/report.h"

#include <string.h>

#include "bounce/status.h"
#include "conf/conf.h"
#include "mail/header.h"
#include "mail/queue_id.h"

#define TEXT_LIMIT	1000	/* of one address or reply */
#define ID_LIMIT	900	/* of a Message-Id that is told */

struct slice
report_header(struct slice content, bool *is_complete_r)
{
	size_t	used = 0, len;

	*is_complete_r = true;
	while ((len = header_line_len(slice_after(content, used))) > 0) {
		struct slice	line = slice_first(slice_after(content, used),
				    len);

		if (len == 2 || (line.data[0] != ' ' && line.data[0] != '\t' &&
		    header_name_len(line) == 0))
			return slice_first(content, used);
		used += len;
	}
	*is_complete_r = false;
	return content;
}

/* ---- which form ---------------------------------------------------------- */

static struct slice
header_of(const struct report *report)
{
	bool	is_complete;

	return report_header(report->content, &is_complete);
}

bool
report_needs_utf8(const struct report *report)
{
	if (!report->is_utf8)
		return false;
	if (!slice_is_ascii(slice_str(report->sender)) ||
	    !slice_is_ascii(slice_str(report->to)) ||
	    !slice_is_ascii(header_of(report)))
		return true;
	for (size_t i = 0; i < report->count; i++)
		if (!slice_is_ascii(slice_str(report->recipients[i].address)))
			return true;
	return false;
}

/* ---- the letter ---------------------------------------------------------- */

static const char *
subject_of(const struct report *report)
{
	if (report->is_notice)
		return "Mail that could not be delivered (copy for the "
		    "postmaster)";
	switch (report->kind) {
	case REPORT_OF_DELAY:
		return "Your message is delayed";
	case REPORT_OF_RELAY:
		return "Your message was passed on";
	default:
		return "Your message could not be delivered";
	}
}

static void
put_preface(const struct report *report, struct buf *into)
{
	const struct conf	*conf = report->conf;

	buf_printf(into, "This is a report by the mail system of %s.\r\n\r\n",
	    conf->myhostname);
	buf_put_str(into, report->is_notice ? "A message" : "Your message");
	buf_put_str(into, " of ");
	header_put_date(into, report->arrival_us);
	if (report->kind == REPORT_OF_FAILURE)
		buf_put_str(into, "\r\ncould not be delivered to the "
		    "recipients below, and is not tried again. Under\r\neach "
		    "of them stands why, often in the words of another mail "
		    "system.\r\n\r\nIf that is of no help, ask the "
		    "postmaster here, and send this report along:\r\n");
	else if (report->kind == REPORT_OF_RELAY)
		buf_put_str(into, "\r\nwas passed on for the recipients "
		    "below, to systems that do not report whether it\r\n"
		    "arrives.\r\n\r\nThe postmaster here is ");
	else
		buf_put_str(into, "\r\nhas not reached the recipients below "
		    "yet. You need not send it again: it goes\r\non being "
		    "tried, and if that comes to nothing, you will be told."
		    "\r\n\r\nThe postmaster here is ");
	buf_printf(into, "postmaster@%s.\r\n", conf->myorigin);
}

static void
put_person(const struct report_rcpt *r, bool is_global, struct buf *into)
{
	struct slice	original = slice_first(slice_str(r->original),
			    TEXT_LIMIT);
	struct buf	text = BUF_INIT;

	buf_put_u8(&text, '<');
	status_put_text(&text, slice_first(slice_str(r->address),
	    TEXT_LIMIT), is_global);
	buf_put_u8(&text, '>');
	if (original.len > 0 && !slice_is_nocase(original, r->address)) {
		buf_put_str(&text, " (for <");
		status_put_text(&text, original, is_global);
		buf_put_str(&text, ">)");
	}
	buf_put(into, "\r\n", 2);
	status_put_lines(into, "", buf_slice(&text));
	buf_empty(&text);
	status_put_text(&text, slice_first(slice_str(r->reply), TEXT_LIMIT),
	    is_global);
	if (text.len > 0)
		status_put_lines(into, "    ", buf_slice(&text));
	buf_clear(&text);
}

static void
put_letter(const struct report *report, bool is_global, struct buf *into)
{
	put_preface(report, into);
	for (size_t i = 0; i < report->count; i++)
		if (report->recipients[i].is_wanted)
			put_person(&report->recipients[i], is_global, into);
}

/* ---- parts --------------------------------------------------------------- */

static void
put_content(const struct report *report, struct buf *into)
{
	struct slice	content = report->is_whole ? report->content :
			    header_of(report);

	buf_put_slice(into, content);
	/* Cut, or the last line has no end. */
	if (content.len > 0 && content.data[content.len - 1] != '\n')
		buf_put_str(into, "\r\n");
}

/* RFC 2045 section 6.2: a part that is not ASCII says so. */
static void
put_part(const struct report *report, const char *type, const char *about,
    const struct buf *body, struct buf *into)
{
	buf_printf(into, "\r\n--%s\r\nContent-Description: %s\r\n"
	    "Content-Type: %s\r\n", report->boundary, about, type);
	if (!slice_is_ascii(buf_slice(body)))
		buf_put_str(into, "Content-Transfer-Encoding: 8bit\r\n");
	buf_put_str(into, "\r\n");
	buf_put_slice(into, buf_slice(body));
}

static void
put_parts(const struct report *report, bool is_global, struct buf *into)
{
	struct buf	part = BUF_INIT;

	put_letter(report, is_global, &part);
	put_part(report, slice_is_ascii(buf_slice(&part)) ?
	    "text/plain; charset=us-ascii" : "text/plain; charset=utf-8",
	    "Notification", &part, into);
	buf_empty(&part);
	status_format(report, is_global, &part);
	put_part(report, is_global ? "message/global-delivery-status" :
	    "message/delivery-status", "Delivery status", &part, into);
	buf_empty(&part);
	put_content(report, &part);
	if (report->is_whole)
		put_part(report, is_global ? "message/global" :
		    "message/rfc822", "The message", &part, into);
	else
		put_part(report, is_global ? "message/global-headers" :
		    "text/rfc822-headers", "The header of the message", &part,
		    into);
	buf_clear(&part);
	buf_printf(into, "\r\n--%s--\r\n", report->boundary);
}

/* ---- the header ---------------------------------------------------------- */

/* The id in its header, with the brackets; empty: none that is good. */
static struct slice
message_id(struct slice header)
{
	size_t	len;

	for (; (len = header_line_len(header)) > 0;
	    header = slice_after(header, len)) {
		struct slice	line = slice_first(header, len);
		struct slice	id = header_value(line);
		struct slice	next = slice_after(header, len);

		if (!header_is(line, "Message-Id"))
			continue;
		/* Many fold it at once. */
		if (id.len == 0 && next.len > 0 && (next.data[0] == ' ' ||
		    next.data[0] == '\t'))
			id = slice_trim(slice_first(next,
			    header_line_len(next)));
		if (id.len < 3 || id.len > ID_LIMIT || id.data[0] != '<' ||
		    slice_find(id, '>') != (ptrdiff_t)id.len - 1)
			break;
		for (size_t i = 0; i < id.len; i++)
			if (id.data[i] <= ' ' || id.data[i] >= 0x7f)
				return slice_first(id, 0);
		return id;
	}
	return slice_first(header, 0);
}

/* B10 */
static void
put_thread(const struct report *report, struct buf *into)
{
	struct slice	id = message_id(header_of(report));

	if (report->conf->enable_threaded_bounces && id.len > 0)
		buf_printf(into, "In-Reply-To: %.*s\r\nReferences: %.*s\r\n",
		    SLICE_ARG(id), SLICE_ARG(id));
}

static void
put_header(const struct report *report, bool is_global, bool is_ascii,
    struct buf *into)
{
	const struct conf	*conf = report->conf;
	char			 id[QUEUE_ID_TEXT_SIZE];
	struct buf		 to = BUF_INIT;

	buf_put_str(into, "Date: ");
	header_put_date(into, report->now_us);
	buf_printf(into, "\r\nFrom: Mail Delivery System "
	    "<MAILER-DAEMON@%s>\r\n", conf->myorigin);
	status_put_text(&to, slice_str(report->to), is_global);
	buf_printf(into, "To: %.*s\r\n", SLICE_ARG(slice_first(buf_slice(&to),
	    TEXT_LIMIT / 2)));
	buf_printf(into, "Subject: %s\r\nMessage-Id: <%s@%s>\r\n",
	    subject_of(report), queue_id_format(report->own_id, id),
	    conf->myhostname);
	put_thread(report, into);
	/* RFC 3834 section 5: who answers by itself does not answer this. */
	buf_put_str(into, "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;");
	buf_printf(into, "\r\n\tboundary=\"%s\"\r\n", report->boundary);
	if (!is_ascii)
		buf_put_str(into, "Content-Transfer-Encoding: 8bit\r\n");
	buf_put_str(into, "\r\nThis is a report in the form of RFC 3464.\r\n");
	buf_clear(&to);
}

void
report_format(const struct report *report, struct buf *into)
{
	bool		is_global = report_needs_utf8(report);
	struct buf	parts = BUF_INIT;

	put_parts(report, is_global, &parts);
	put_header(report, is_global, slice_is_ascii(buf_slice(&parts)), into);
	buf_put_slice(into, buf_slice(&parts));
	buf_clear(&parts);
}
