/*
 * From 8 bits to 7, entity by entity.
 *
 * What an entity says of itself (its Content-Transfer-Encoding) decides:
 *
 *	8bit, binary		encoded, and it says so
 *	nothing, 7bit		looked at; encoded when it is not 7bit
 *	nonsense		the same; its old word is kept aside
 *	quoted-printable	8-bit bytes are quoted, too
 *	base64			8-bit bytes, which a reader ignores, are "?"
 *	(multipart, message)	8bit and binary become 7bit
 *
 * Where the look ends without an answer, a body that says nothing is encoded,
 * which is always right; one that says 7bit, or that may not be encoded, is
 * believed, and an 8-bit byte later on stands in it as "=E9" does.
 */

#include "smtp/downgrade.h"

#include <stdbool.h>

#include "mail/header.h"
#include "mail/mime.h"
#include "mail/mime_encode.h"
#include "util/mem.h"

#define HOLD_LIMIT	32768	/* bytes of an entity that are looked at */
#define LINE_LIMIT	998	/* RFC 2045 section 2.7 */

/* What is done to a body. */
enum treatment {
	TREAT_NONE,		/* there is none */
	TREAT_LOOK,		/* it is held back */
	TREAT_ENCODE,
	TREAT_QUOTED,		/* it is quoted-printable */
	TREAT_BASE64,		/* it is base64 */
	TREAT_BELIEVE
};

struct downgrade {
	struct mime		*mime;
	struct buf		*out;		/* of the call, borrowed */
	bool			 is_line_start;	/* in what was put */

	/* The entity that is being read. */
	enum mime_content	 content;
	enum mime_encoding	 encoding;
	enum treatment		 treatment;
	struct mime_encode	 encode;
	size_t			 column;	/* TREAT_QUOTED */
	bool			 is_part;	/* not a message */
	bool			 has_version;	/* its MIME-Version was seen */
	bool			 has_encoding;	/* and that field */
	bool			 is_encoding;	/* the field now read is it */
	bool			 is_dropped;	/* the field now read is */

	/*
	 * Held back, from that field on, or from the empty line: it may turn
	 * out to be wrong.
	 */
	bool			 is_held;
	struct buf		 held;
	size_t			 field_len;	/* at its front */
	size_t			 header_len;	/* to the empty line */
	size_t			 blank_len;	/* the empty line */
	size_t			 line_len;	/* of the line so far */
	bool			 has_cr;	/* a CR was last */
};

static void
release(struct downgrade *d)
{
	buf_put_slice(d->out, buf_slice(&d->held));
	buf_clear(&d->held);
	d->is_held = false;
}

static void
put(struct downgrade *d, struct slice text)
{
	if (text.len == 0)
		return;
	d->is_line_start = text.data[text.len - 1] == '\n';
	if (!d->is_held) {
		buf_put_slice(d->out, text);
		return;
	}
	buf_put_slice(&d->held, text);
	if (d->held.len > HOLD_LIMIT)
		release(d);
}

/* ---- headers ------------------------------------------------------------- */

static void
begin_entity(struct downgrade *d)
{
	d->treatment = TREAT_NONE;
	d->has_version = d->has_encoding = false;
	d->is_encoding = d->is_dropped = false;
	d->field_len = 0;
}

/* 8 bits without any encoding (RFC 2045 section 6.2). */
static bool
is_raw(enum mime_encoding encoding)
{
	return encoding == MIME_ENCODING_8BIT ||
	    encoding == MIME_ENCODING_BINARY;
}

static void
take_encoding(struct downgrade *d, enum mime_encoding encoding)
{
	/* Of two fields the first counts: the reader's rule for all. */
	if (d->has_encoding) {
		d->is_dropped = true;
		return;
	}
	d->has_encoding = d->is_encoding = true;
	if (is_raw(encoding))
		d->is_dropped = true;
	else if (encoding == MIME_ENCODING_7BIT ||
	    encoding == MIME_ENCODING_UNKNOWN)
		d->is_held = true;
}

static void
take_field(struct downgrade *d, const struct mime_event *event)
{
	d->is_encoding = d->is_dropped = false;
	if (header_is(event->text, "content-transfer-encoding"))
		take_encoding(d, event->encoding);
	else if (header_is(event->text, "mime-version"))
		d->has_version = true;
}

static void
put_field(struct downgrade *d, struct slice text)
{
	if (d->is_dropped)
		return;
	put(d, text);
	if (d->is_encoding)
		d->field_len = d->held.len;
}

/*
 * The line between header and body; where it is missing, the body's first
 * line could become a field by what is done to it.
 */
static void
put_blank(struct downgrade *d, struct slice text)
{
	if (!d->is_line_start)
		put(d, SLICE_LIT("\r\n"));
	put(d, text.len > 0 ? text : SLICE_LIT("\r\n"));
}

/* The end of the header, which has no such field any more. */
static void
put_encoding(struct downgrade *d, const char *name)
{
	if (!d->is_line_start)
		put(d, SLICE_LIT("\r\n"));
	/* RFC 2045 section 4: without it the field means nothing. */
	if (!d->is_part && !d->has_version)
		put(d, SLICE_LIT("MIME-Version: 1.0\r\n"));
	put(d, SLICE_LIT("Content-Transfer-Encoding: "));
	put(d, slice_str(name));
	put(d, SLICE_LIT("\r\n\r\n"));
}

/* ---- bodies -------------------------------------------------------------- */

static void	put_body(struct downgrade *d, struct slice text);

static void
start_encoding(struct downgrade *d, bool is_base64)
{
	put_encoding(d, is_base64 ? "base64" : "quoted-printable");
	mime_encode_init(&d->encode, is_base64);
	d->treatment = TREAT_ENCODE;
}

/* What is held is none of what it says. */
static void
convert(struct downgrade *d)
{
	struct buf	held = d->held;
	struct slice	all = buf_slice(&held);
	struct slice	header = slice_first(all, d->header_len);

	d->held = (struct buf)BUF_INIT;
	d->is_held = false;
	d->is_line_start = true;
	if (d->encoding == MIME_ENCODING_UNKNOWN) {
		put(d, SLICE_LIT("X-Original-"));
		put(d, slice_first(header, d->field_len));
	}
	put(d, slice_after(header, d->field_len));
	start_encoding(d, false);
	put_body(d, slice_after(all, d->header_len + d->blank_len));
	buf_clear(&held);
}

/* RFC 2045 section 2.7 */
static bool
is_7bit(struct downgrade *d, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char	c = text.data[i];

		if (c >= 0x80 || c == '\0' || d->has_cr != (c == '\n'))
			return false;
		d->has_cr = c == '\r';
		d->line_len = c == '\n' ? 0 : d->line_len + !d->has_cr;
		if (d->line_len > LINE_LIMIT)
			return false;
	}
	return true;
}

static void
look(struct downgrade *d, struct slice text)
{
	struct slice	part = slice_first(text, HOLD_LIMIT - d->held.len);

	if (!is_7bit(d, part)) {
		convert(d);
		put_body(d, text);
		return;
	}
	buf_put_slice(&d->held, part);
	if (part.len == text.len)
		return;
	if (d->encoding == MIME_ENCODING_NONE &&
	    d->content == MIME_CONTENT_LEAF) {
		convert(d);
	} else {
		release(d);
		d->treatment = TREAT_BELIEVE;
	}
	put_body(d, slice_after(text, part.len));
}

/* RFC 2045 section 6.8: a reader ignores what is not of the alphabet. */
static void
put_base64(struct downgrade *d, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_put_u8(d->out, text.data[i] >= 0x80 ||
		    text.data[i] == '\0' ? '?' : text.data[i]);
}

static void
put_body(struct downgrade *d, struct slice text)
{
	switch (d->treatment) {
	case TREAT_LOOK:
		look(d, text);
		break;
	case TREAT_ENCODE:
		mime_encode_put(&d->encode, text, d->out);
		break;
	case TREAT_QUOTED:
		mime_encode_mark(&d->column, text, d->out);
		break;
	case TREAT_BASE64:
		put_base64(d, text);
		break;
	case TREAT_BELIEVE:
	case TREAT_NONE:
		mime_encode_mark(NULL, text, d->out);
		break;
	}
}

static void
begin_look(struct downgrade *d, struct slice blank)
{
	/* A field that has gone cannot be taken back. */
	if (d->encoding != MIME_ENCODING_NONE && !d->is_held) {
		d->treatment = TREAT_BELIEVE;
		put_blank(d, blank);
		return;
	}
	d->is_held = true;
	d->header_len = d->held.len;
	d->blank_len = blank.len;
	d->line_len = 0;
	d->has_cr = false;
	put(d, blank);
	d->treatment = d->is_held ? TREAT_LOOK : TREAT_BELIEVE;
}

static void
begin_body(struct downgrade *d, struct slice blank)
{
	switch (d->encoding) {
	case MIME_ENCODING_8BIT:
		start_encoding(d, false);
		break;
	case MIME_ENCODING_BINARY:
		start_encoding(d, d->content == MIME_CONTENT_LEAF);
		break;
	case MIME_ENCODING_QUOTED_PRINTABLE:
		d->treatment = TREAT_QUOTED;
		d->column = 0;
		put_blank(d, blank);
		break;
	case MIME_ENCODING_BASE64:
		d->treatment = TREAT_BASE64;
		put_blank(d, blank);
		break;
	case MIME_ENCODING_NONE:
	case MIME_ENCODING_7BIT:
	case MIME_ENCODING_UNKNOWN:
		begin_look(d, blank);
		break;
	}
}

static void
end_body(struct downgrade *d)
{
	/* A CR that nothing follows. */
	if (d->treatment == TREAT_LOOK && d->has_cr)
		convert(d);
	if (d->treatment == TREAT_LOOK)
		release(d);
	else if (d->treatment == TREAT_ENCODE)
		mime_encode_end(&d->encode, d->out);
	d->treatment = TREAT_NONE;
}

/* ---- all of it ----------------------------------------------------------- */

static void
end_header(struct downgrade *d, const struct mime_event *event)
{
	d->content = event->content;
	d->encoding = event->encoding;
	d->is_part = event->header == MIME_HEADER_PART;
	if (event->content != MIME_CONTENT_MULTIPART &&
	    event->content != MIME_CONTENT_MESSAGE) {
		begin_body(d, event->text);
		return;
	}
	/* RFC 2045 section 6.4: it may be of 7, 8 or binary bits only. */
	if (is_raw(event->encoding)) {
		put_encoding(d, "7bit");
	} else {
		release(d);
		put_blank(d, event->text);
	}
	if (event->content == MIME_CONTENT_MESSAGE)
		begin_entity(d);
}

static void
on_event(void *arg, const struct mime_event *event)
{
	struct downgrade	*d = arg;

	switch (event->kind) {
	case MIME_FIELD:
		take_field(d, event);
		put_field(d, event->text);
		break;
	case MIME_FIELD_REST:
		put_field(d, event->text);
		break;
	case MIME_HEADER_END:
		end_header(d, event);
		break;
	case MIME_BODY:
	case MIME_OUTSIDE:
		put_body(d, event->text);
		break;
	case MIME_BOUNDARY:
		end_body(d);
		put(d, event->text);
		begin_entity(d);
		break;
	case MIME_BOUNDARY_REST:
		put(d, event->text);
		break;
	}
}

struct downgrade *
downgrade_new(void)
{
	static const struct mime_limits	 limits = MIME_LIMITS_DEFAULT;
	struct downgrade		*d = mem_new(sizeof(*d));

	d->mime = mime_new(&limits, on_event, d);
	d->is_line_start = true;
	return d;
}

void
downgrade_free(struct downgrade **downgrade)
{
	if (*downgrade == NULL)
		return;
	mime_free(&(*downgrade)->mime);
	buf_clear(&(*downgrade)->held);
	mem_free(*downgrade);
	*downgrade = NULL;
}

void
downgrade_put(struct downgrade *downgrade, struct slice piece,
    struct buf *out)
{
	downgrade->out = out;
	mime_put(downgrade->mime, piece);
}

void
downgrade_end(struct downgrade *downgrade, struct buf *out)
{
	downgrade->out = out;
	mime_end(downgrade->mime);
	end_body(downgrade);
}
