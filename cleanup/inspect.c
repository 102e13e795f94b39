/*
 * Parts and lines.
 */

#include "cleanup/inspect.h"

#include <string.h>

#include "cleanup/checks.h"
#include "conf/conf.h"
#include "mail/header.h"
#include "mail/mime.h"
#include "util/buf.h"
#include "util/mem.h"

#define GATHER_SIZE	32768	/* output handed on at a time */

struct inspect {
	struct inspect_settings	 settings;
	struct mime		*mime;
	struct buf		 out;
	struct buf		 field;
	bool			 drops_rest;	/* of this field */
	struct buf		 line;		/* its beginning */
	uint64_t		 looked_at;	/* bytes, of this segment */

	/* what is to be found */
	bool			 has_lines;
	bool			 is_plain;	/* no MIME */
	bool			 no_8bit_headers;
	bool			 no_8bit_bodies;
	bool			 no_coded_domains;
	bool			 is_coded_domain; /* this entity, if encoded */
};

/* ---- lines --------------------------------------------------------------- */

/* The length of the first line, with the line end; 0: it does not end. */
static size_t
line_len(const struct inspect *inspect, struct slice text)
{
	const struct buf	*line = &inspect->line;
	const unsigned char	*p = text.data, *end = text.data + text.len;
	bool			 has_cr = line->len > 0 &&
	    buf_slice(line).data[line->len - 1] == '\r';

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (p > text.data ? p[-1] == '\r' : has_cr)
			return (size_t)(p - text.data) + 1;
		p++;
	}
	return 0;
}

static bool
is_far_enough(const struct inspect *inspect)
{
	int64_t	limit = inspect->settings.conf->body_checks_size_limit;

	return !inspect->has_lines || inspect->settings.checks->is_over ||
	    (limit > 0 && inspect->looked_at >= (uint64_t)limit);
}

static void
put_out(struct inspect *inspect)
{
	inspect->settings.put(inspect->settings.arg,
	    buf_slice(&inspect->out));
	buf_empty(&inspect->out);
}

/* A rule may make much of a line. */
static void
take_line(struct inspect *inspect, struct slice line)
{
	inspect->looked_at += line.len;
	checks_line(inspect->settings.checks, line, &inspect->out);
	if (inspect->out.len >= GATHER_SIZE)
		put_out(inspect);
}

/* What fits of text into the line; what does not is another piece. */
static struct slice
gather(struct inspect *inspect, struct slice text, size_t len)
{
	size_t		 limit = (size_t)
	    inspect->settings.conf->line_length_limit;
	size_t		 room = limit + 2 - inspect->line.len;
	struct slice	 piece;

	len = len == 0 ? text.len : len;
	piece = slice_first(text, len < room ? len : room);
	buf_put_slice(&inspect->line, piece);
	return slice_after(text, piece.len);
}

static bool
is_whole(struct slice line)
{
	return line.len >= 2 && line.data[line.len - 2] == '\r' &&
	    line.data[line.len - 1] == '\n';
}

static void
end_gathered(struct inspect *inspect)
{
	size_t		limit = (size_t)
	    inspect->settings.conf->line_length_limit;
	struct slice	line = buf_slice(&inspect->line);

	if (is_whole(line)) {
		take_line(inspect, line);
		buf_empty(&inspect->line);
	} else if (line.len == limit + 2) {
		take_line(inspect, slice_first(line, limit));
		buf_drop(&inspect->line, limit);
	}
}

static void
put_lines(struct inspect *inspect, struct slice text)
{
	size_t	limit = (size_t)inspect->settings.conf->line_length_limit;
	size_t	len;

	while (text.len > 0) {
		if (inspect->line.len == 0 && is_far_enough(inspect)) {
			buf_put_slice(&inspect->out, text);
			return;
		}
		len = line_len(inspect, text);
		if (inspect->line.len == 0 && len > 0 && len <= limit + 2) {
			take_line(inspect, slice_first(text, len));
			text = slice_after(text, len);
			continue;
		}
		text = gather(inspect, text, len);
		end_gathered(inspect);
	}
}

/* What comes is another part. */
static void
end_segment(struct inspect *inspect)
{
	if (inspect->line.len > 0)
		take_line(inspect, buf_slice(&inspect->line));
	buf_empty(&inspect->line);
	inspect->looked_at = 0;
}

/* The boundary's first line end is that of the line before it. */
static void
put_boundary(struct inspect *inspect, struct slice text)
{
	struct slice	line = slice_first(text, 2);

	if (slice_is(line, "\r\n")) {
		put_lines(inspect, line);
		text = slice_after(text, 2);
	}
	end_segment(inspect);
	put_lines(inspect, text);
}

/* ---- events -------------------------------------------------------------- */

static bool
has_8bit(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] >= 0x80)
			return true;
	return false;
}

static void
note_type(struct inspect *inspect, struct slice field)
{
	struct buf	boundary = BUF_INIT;

	if (header_is(field, "Content-Type") &&
	    mime_field_type(field, &boundary) != MIME_TYPE_LEAF)
		inspect->is_coded_domain = true;
	buf_clear(&boundary);
}

static void
take_field(struct inspect *inspect, const struct mime_event *event)
{
	struct checks	*checks = inspect->settings.checks;
	enum rules_kind	 kind = event->header == MIME_HEADER_NESTED &&
	    !checks_is_mime(event->text) ? RULES_NESTED : RULES_MIME;

	if (inspect->no_8bit_headers && has_8bit(event->text))
		checks_refuse_mime(checks, "improper use of 8-bit data in "
		    "message header", event->text);
	if (inspect->no_coded_domains)
		note_type(inspect, event->text);
	/* fixup has seen to the others. */
	if (event->header == MIME_HEADER_PRIMARY) {
		buf_put_slice(&inspect->out, event->text);
		return;
	}
	buf_empty(&inspect->field);
	buf_put_slice(&inspect->field, event->text);
	checks_field(checks, kind, &inspect->field, &inspect->out);
	inspect->drops_rest = !slice_equal(buf_slice(&inspect->field),
	    event->text);
	buf_put_slice(&inspect->out, buf_slice(&inspect->field));
}

/* RFC 2045 section 6.4 */
static void
end_header(struct inspect *inspect, const struct mime_event *event)
{
	if (inspect->is_coded_domain &&
	    (event->encoding == MIME_ENCODING_BASE64 ||
	    event->encoding == MIME_ENCODING_QUOTED_PRINTABLE ||
	    event->encoding == MIME_ENCODING_UNKNOWN))
		checks_refuse_mime(inspect->settings.checks, "invalid "
		    "message/* or multipart/* encoding domain",
		    slice_from(NULL, 0));
	inspect->is_coded_domain = false;
	end_segment(inspect);
	buf_put_slice(&inspect->out, event->text);
}

static void
take_text(struct inspect *inspect, const struct mime_event *event)
{
	if (inspect->no_8bit_bodies && event->kind == MIME_BODY &&
	    (event->encoding == MIME_ENCODING_NONE ||
	    event->encoding == MIME_ENCODING_7BIT) && has_8bit(event->text))
		checks_refuse_mime(inspect->settings.checks, "improper use "
		    "of 8-bit data in message body", event->text);
	put_lines(inspect, event->text);
}

static void
on_event(void *arg, const struct mime_event *event)
{
	struct inspect	*inspect = arg;

	if (inspect->is_plain && event->header != MIME_HEADER_PRIMARY) {
		put_lines(inspect, event->text);
		return;
	}
	switch (event->kind) {
	case MIME_FIELD:
		take_field(inspect, event);
		break;
	case MIME_FIELD_REST:
		if (!inspect->drops_rest)
			buf_put_slice(&inspect->out, event->text);
		break;
	case MIME_HEADER_END:
		end_header(inspect, event);
		break;
	case MIME_BOUNDARY:
		put_boundary(inspect, event->text);
		break;
	case MIME_BODY:
	case MIME_OUTSIDE:
	case MIME_BOUNDARY_REST:
		take_text(inspect, event);
		break;
	}
}

/* ---- all of it ----------------------------------------------------------- */

static void
read_settings(struct inspect *inspect)
{
	const struct conf	*conf = inspect->settings.conf;

	inspect->is_plain = conf->disable_mime_input_processing;
	inspect->has_lines = rules_has(inspect->settings.checks->rules,
	    RULES_BODY);
	inspect->no_8bit_headers = !inspect->settings.is_utf8 &&
	    (conf->strict_7bit_headers || conf->strict_8bitmime);
	inspect->no_8bit_bodies = conf->strict_8bitmime_body ||
	    conf->strict_8bitmime;
	inspect->no_coded_domains = conf->strict_mime_encoding_domain;
	if (!inspect->is_plain)
		return;
	inspect->no_8bit_headers = inspect->no_8bit_bodies =
	    inspect->no_coded_domains = false;
}

static bool
is_needed(const struct inspect *inspect)
{
	const struct rules	*rules = inspect->settings.checks->rules;

	return inspect->has_lines || inspect->no_8bit_headers ||
	    inspect->no_8bit_bodies || inspect->no_coded_domains ||
	    (!inspect->is_plain && (rules_has(rules, RULES_MIME) ||
	    rules_has(rules, RULES_NESTED)));
}

struct inspect *
inspect_new(const struct inspect_settings *settings)
{
	struct inspect		*inspect = mem_new(sizeof(*inspect));
	const struct conf	*conf = settings->conf;
	struct mime_limits	 limits = {
		.nesting = conf->disable_mime_input_processing ? 0 :
		    (size_t)conf->mime_nesting_limit,
		.boundary = (size_t)conf->mime_boundary_length_limit,
		.header = (size_t)conf->header_size_limit,
	};

	inspect->settings = *settings;
	read_settings(inspect);
	if (!is_needed(inspect))
		inspect_free(&inspect);
	else
		inspect->mime = mime_new(&limits, on_event, inspect);
	return inspect;
}

void
inspect_free(struct inspect **inspect)
{
	if (*inspect == NULL)
		return;
	mime_free(&(*inspect)->mime);
	buf_clear(&(*inspect)->out);
	buf_clear(&(*inspect)->field);
	buf_clear(&(*inspect)->line);
	mem_free(*inspect);
	*inspect = NULL;
}

size_t
inspect_size(const struct inspect *inspect)
{
	return sizeof(*inspect) + mime_size(inspect->mime) +
	    inspect->out.cap + inspect->field.cap + inspect->line.cap;
}

void
inspect_shrink(struct inspect *inspect)
{
	mime_shrink(inspect->mime);
	buf_clear(&inspect->field);
	buf_shrink(&inspect->out);
	buf_shrink(&inspect->line);
}

static void
flush(struct inspect *inspect)
{
	if (!inspect->is_plain &&
	    (mime_exceeded(inspect->mime) & MIME_OVER_NESTING) != 0)
		checks_refuse_mime(inspect->settings.checks,
		    "MIME nesting exceeds safety limit", slice_from(NULL, 0));
	put_out(inspect);
}

void
inspect_put(struct inspect *inspect, struct slice bytes)
{
	mime_put(inspect->mime, bytes);
	flush(inspect);
}

void
inspect_end(struct inspect *inspect)
{
	mime_end(inspect->mime);
	end_segment(inspect);
	flush(inspect);
}
