/*
 * The reader of MIME.
 *
 * Two things are kept: the field that is being read, and a line that may be
 * a boundary.  Everything else goes on as it comes.
 */

#include "mail/mime.h"

#include <string.h>

#include "mail/header.h"
#include "mail/mime_stack.h"
#include "util/mem.h"

/* After a boundary on its line: "--" and blanks.  More is not waited for. */
#define SLACK	64

/* What a boundary follows. */
#define LEAD	"\r\n--"
#define LEAD_LEN	4

enum state {
	STATE_HEADER,		/* field: a field, or its beginning */
	STATE_FIELD_REST,	/* in a field that is over the limit */
	STATE_TEXT,		/* in a body, matched: bytes of LEAD so far */
	STATE_LINE,		/* line: LEAD and what may be a boundary */
	STATE_BOUNDARY_REST	/* in a long line after a boundary */
};

struct mime {
	struct mime_limits	 limits;
	mime_fn			 fn;
	void			*arg;
	enum state		 state;
	unsigned		 exceeded;

	struct mime_stack	 stack;

	/* The entity that is being read. */
	enum mime_header	 header;
	enum mime_content	 content;
	enum mime_type		 type;
	enum mime_encoding	 encoding;
	bool			 has_type;
	struct buf		 boundary;
	bool			 is_outside;

	struct buf		 field;
	size_t			 line_at;	/* of field's last line */
	struct buf		 line;
	size_t			 matched;
	size_t			 skip;	/* bytes of LEAD sent on before */
	bool			 has_cr;	/* the last byte of a rest */
	bool			 is_new_line;	/* FIELD_REST */
};

static const unsigned char	lead[] = LEAD;

static void	put(struct mime *mime, struct slice piece);

static void
send_event(struct mime *mime, enum mime_kind kind, struct slice text,
    bool is_last)
{
	struct mime_event	event = {
		.kind = kind,
		.text = text,
		.header = mime->header,
		.content = mime->content,
		.encoding = mime->encoding,
		.depth = mime->stack.depth,
		.is_last = is_last,
	};

	mime->fn(mime->arg, &event);
}

static void
send_text(struct mime *mime, struct slice text)
{
	if (text.len > 0)
		send_event(mime, mime->is_outside ? MIME_OUTSIDE : MIME_BODY,
		    text, false);
}

/* ---- entities and their boundaries --------------------------------------- */

static void
begin_header(struct mime *mime, enum mime_header header, bool is_digest)
{
	mime->state = STATE_HEADER;
	mime->header = header;
	mime->content = MIME_CONTENT_LEAF;
	mime->type = is_digest ? MIME_TYPE_RFC822 : MIME_TYPE_LEAF;
	mime->encoding = MIME_ENCODING_NONE;
	mime->has_type = false;
	mime->is_outside = false;
	buf_empty(&mime->boundary);
	buf_empty(&mime->field);
	mime->line_at = 0;
}

static void
begin_text(struct mime *mime)
{
	mime->state = STATE_TEXT;
	/* A line begins here, whose CR LF is that of the line before. */
	mime->matched = mime->skip = LEAD_LEN - 2;
}

static bool
is_encoded(const struct mime *mime)
{
	return mime->encoding == MIME_ENCODING_QUOTED_PRINTABLE ||
	    mime->encoding == MIME_ENCODING_BASE64;
}

static enum mime_content
decide_content(struct mime *mime)
{
	switch (mime->type) {
	case MIME_TYPE_LEAF:
		return MIME_CONTENT_LEAF;
	case MIME_TYPE_RFC822:
		/* RFC 2046 section 5.2.1 forbids it: then it cannot be read. */
		return is_encoded(mime) ? MIME_CONTENT_LEAF :
		    MIME_CONTENT_MESSAGE;
	case MIME_TYPE_PIECE:
		return MIME_CONTENT_OPAQUE;
	case MIME_TYPE_MULTIPART:
	case MIME_TYPE_DIGEST:
		break;
	}
	/*
	 * RFC 2045 section 6.4: a multipart is not encoded, so the encoding
	 * does not matter here.
	 */
	if (mime->boundary.len == 0)
		return MIME_CONTENT_OPAQUE;
	if (mime->boundary.len > mime->limits.boundary) {
		mime->exceeded |= MIME_OVER_BOUNDARY;
		return MIME_CONTENT_OPAQUE;
	}
	if (mime->stack.depth >= mime->limits.nesting) {
		mime->exceeded |= MIME_OVER_NESTING;
		return MIME_CONTENT_OPAQUE;
	}
	return MIME_CONTENT_MULTIPART;
}

/* blank: the line that ended the header, or nothing. */
static void
end_header(struct mime *mime, struct slice blank)
{
	mime->content = decide_content(mime);
	send_event(mime, MIME_HEADER_END, blank, false);
	buf_empty(&mime->field);
	begin_text(mime);
	if (mime->content == MIME_CONTENT_MULTIPART) {
		mime_stack_push(&mime->stack, &mime->boundary,
		    mime->type == MIME_TYPE_DIGEST);
		mime->is_outside = true;
	} else if (mime->content == MIME_CONTENT_MESSAGE)
		begin_header(mime, MIME_HEADER_NESTED, false);
}

static bool
is_line(struct slice text)
{
	return text.len >= 2 && text.data[text.len - 2] == '\r' &&
	    text.data[text.len - 1] == '\n';
}

/*
 * text: a line that begins with "--" at offset at, or as much of it as is
 * looked at.  It is a boundary: send it on and go to what comes then.
 */
static bool
take_boundary(struct mime *mime, struct slice text, size_t at)
{
	struct slice	rest = slice_after(text, at + 2);
	size_t		level;
	bool		is_whole = is_line(rest), is_last;

	if (is_whole)
		rest.len -= 2;
	level = mime_stack_find(&mime->stack, rest);
	if (level == 0)
		return false;
	while (mime->state == STATE_HEADER)
		end_header(mime, slice_from(NULL, 0));
	is_last = slice_has_prefix(slice_after(rest,
	    mime->stack.levels[level - 1].boundary.len), "--");
	/* RFC 2046 section 5.1.2: it ends all that is open inside of it. */
	mime_stack_pop_to(&mime->stack, is_last ? level - 1 : level);
	send_event(mime, MIME_BOUNDARY, text, is_last);
	if (is_last) {
		mime->is_outside = true;
		begin_text(mime);
	} else
		begin_header(mime, MIME_HEADER_PART,
		    mime->stack.levels[level - 1].is_digest);
	if (!is_whole) {
		mime->has_cr = text.data[text.len - 1] == '\r';
		mime->state = STATE_BOUNDARY_REST;
	}
	return true;
}

/* ---- headers ------------------------------------------------------------- */

static void
note_field(struct mime *mime, struct slice field)
{
	if (!mime->has_type && header_is(field, "content-type")) {
		mime->has_type = true;
		mime->type = mime_field_type(field, &mime->boundary);
	} else if (mime->encoding == MIME_ENCODING_NONE &&
	    header_is(field, "content-transfer-encoding"))
		mime->encoding = mime_field_encoding(field);
}

static void
end_field(struct mime *mime)
{
	struct slice	field = buf_slice(&mime->field);

	if (field.len == 0)
		return;
	note_field(mime, field);
	send_event(mime, MIME_FIELD, field, false);
	buf_empty(&mime->field);
	mime->line_at = 0;
}

/* The line in field is none of a header's: it begins the body. */
static void
leave_header(struct mime *mime)
{
	struct buf	line = mime->field;

	mime->field = (struct buf)BUF_INIT;
	end_header(mime, slice_from(NULL, 0));
	put(mime, buf_slice(&line));
	buf_clear(&line);
}

static bool
may_be_boundary(const struct mime *mime)
{
	return mime->stack.depth > 0 && mime->line_at == 0 &&
	    slice_has_prefix(buf_slice(&mime->field), "--");
}

/* field holds one line, or as much of it as is looked at. */
static void
take_line(struct mime *mime)
{
	struct slice	line = buf_slice(&mime->field);

	if (slice_is(line, "\r\n"))
		end_header(mime, line);
	else if (may_be_boundary(mime) && take_boundary(mime, line, 0))
		return;
	else if (header_name_len(line) == 0)
		leave_header(mime);
	else
		mime->line_at = line.len;
}

/* There is more of this field than fits. */
static void
cut_field(struct mime *mime)
{
	if (mime->line_at == 0)
		take_line(mime);
	if (mime->state != STATE_HEADER || mime->field.len == 0)
		return;
	mime->exceeded |= MIME_OVER_HEADER;
	mime->has_cr = buf_slice(&mime->field).data[mime->field.len - 1] ==
	    '\r';
	mime->is_new_line = false;
	end_field(mime);
	mime->state = STATE_FIELD_REST;
}

static bool
is_continued(struct slice piece)
{
	return piece.data[0] == ' ' || piece.data[0] == '\t';
}

static struct slice
put_header(struct mime *mime, struct slice piece)
{
	struct buf	*field = &mime->field;
	size_t		 limit = mime->limits.header, take;
	ptrdiff_t	 at;

	if (mime->line_at == field->len && !is_continued(piece))
		end_field(mime);
	if (may_be_boundary(mime) &&
	    limit < mime->stack.longest + LEAD_LEN + SLACK)
		limit = mime->stack.longest + LEAD_LEN + SLACK;
	at = slice_find(piece, '\n');
	take = at < 0 ? piece.len : (size_t)at + 1;
	/* Two bytes tell whether it may be a boundary, which has more room. */
	if (field->len - mime->line_at < 2 && take > 2)
		take = 2;
	if (field->len >= limit) {
		cut_field(mime);
		return piece;
	}
	if (take > limit - field->len)
		take = limit - field->len;
	buf_put(field, piece.data, take);
	if (is_line(slice_after(buf_slice(field), mime->line_at))) {
		if (mime->line_at == 0)
			take_line(mime);
		else
			mime->line_at = field->len;
	}
	return slice_after(piece, take);
}

/* The rest of a field that was too long; nothing is kept of it. */
static struct slice
put_field_rest(struct mime *mime, struct slice piece)
{
	size_t	len = 0;

	while (len < piece.len) {
		unsigned char	c = piece.data[len];

		if (mime->is_new_line && c != ' ' && c != '\t') {
			mime->state = STATE_HEADER;
			break;
		}
		mime->is_new_line = c == '\n' && mime->has_cr;
		mime->has_cr = c == '\r';
		len++;
	}
	if (len > 0)
		send_event(mime, MIME_FIELD_REST, slice_first(piece, len),
		    false);
	return slice_after(piece, len);
}

/* ---- bodies -------------------------------------------------------------- */

static void
end_boundary(struct mime *mime)
{
	mime->state = mime->is_outside ? STATE_TEXT : STATE_HEADER;
}

static struct slice
put_boundary_rest(struct mime *mime, struct slice piece)
{
	size_t	len = 0;
	bool	is_end = false;

	while (len < piece.len && !is_end) {
		is_end = piece.data[len] == '\n' && mime->has_cr;
		mime->has_cr = piece.data[len] == '\r';
		len++;
	}
	send_event(mime, MIME_BOUNDARY_REST, slice_first(piece, len), false);
	if (is_end)
		end_boundary(mime);
	return slice_after(piece, len);
}

/* What was matched of LEAD is no boundary's. */
static void
release_lead(struct mime *mime)
{
	send_text(mime, slice_from(lead + mime->skip,
	    mime->matched - mime->skip));
	mime->matched = mime->skip = 0;
}

/* How many bytes of LEAD the end of text may be. */
static size_t
lead_at_end(struct slice text)
{
	for (size_t len = LEAD_LEN - 1; len > 0; len--)
		if (text.len >= len && memcmp(text.data + text.len - len,
		    lead, len) == 0)
			return len;
	return 0;
}

static struct slice
put_text(struct mime *mime, struct slice piece)
{
	const unsigned char	*found;
	size_t			 len;

	while (mime->matched > 0 && mime->matched < LEAD_LEN && piece.len > 0) {
		if (piece.data[0] != lead[mime->matched]) {
			release_lead(mime);
			break;
		}
		mime->matched++;
		piece = slice_after(piece, 1);
	}
	if (mime->matched == 0) {
		found = memmem(piece.data, piece.len, LEAD, LEAD_LEN);
		mime->matched = found != NULL ? LEAD_LEN : lead_at_end(piece);
		len = found != NULL ? (size_t)(found - piece.data) :
		    piece.len - mime->matched;
		send_text(mime, slice_first(piece, len));
		piece = slice_after(piece, len + mime->matched);
	}
	if (mime->matched == LEAD_LEN) {
		mime->state = STATE_LINE;
		buf_empty(&mime->line);
		buf_put(&mime->line, lead + mime->skip,
		    LEAD_LEN - mime->skip);
	}
	return piece;
}

/* line is whole, or as much of it as is looked at. */
static void
end_line(struct mime *mime)
{
	struct slice	line = buf_slice(&mime->line);
	size_t		tail = 0;

	if (take_boundary(mime, line, LEAD_LEN - 2 - mime->skip))
		return;
	/* Its end may be the CR LF of a boundary. */
	if (is_line(line))
		tail = 2;
	else if (line.data[line.len - 1] == '\r')
		tail = 1;
	send_text(mime, slice_first(line, line.len - tail));
	mime->state = STATE_TEXT;
	mime->matched = tail;
	mime->skip = 0;
}

static struct slice
put_line(struct mime *mime, struct slice piece)
{
	size_t		limit = mime->stack.longest + LEAD_LEN + SLACK -
			    mime->skip;
	ptrdiff_t	at = slice_find(piece, '\n');
	size_t		take = at < 0 ? piece.len : (size_t)at + 1;

	if (take > limit - mime->line.len)
		take = limit - mime->line.len;
	buf_put(&mime->line, piece.data, take);
	if (mime->line.len == limit || is_line(slice_after(
	    buf_slice(&mime->line), LEAD_LEN - mime->skip)))
		end_line(mime);
	return slice_after(piece, take);
}

/* ---- all of it ----------------------------------------------------------- */

static void
put(struct mime *mime, struct slice piece)
{
	while (piece.len > 0) {
		switch (mime->state) {
		case STATE_HEADER:
			piece = put_header(mime, piece);
			break;
		case STATE_FIELD_REST:
			piece = put_field_rest(mime, piece);
			break;
		case STATE_TEXT:
			if (mime->stack.depth == 0) {
				release_lead(mime);
				send_text(mime, piece);
				return;
			}
			piece = put_text(mime, piece);
			break;
		case STATE_LINE:
			piece = put_line(mime, piece);
			break;
		case STATE_BOUNDARY_REST:
			piece = put_boundary_rest(mime, piece);
			break;
		}
	}
}

struct mime *
mime_new(const struct mime_limits *limits, mime_fn fn, void *arg)
{
	struct mime	*mime = mem_new(sizeof(*mime));

	mime->limits = *limits;
	if (mime->limits.header < 2)	/* put_header needs two bytes */
		mime->limits.header = 2;
	mime->fn = fn;
	mime->arg = arg;
	begin_header(mime, MIME_HEADER_PRIMARY, false);
	return mime;
}

void
mime_free(struct mime **mime)
{
	if (*mime == NULL)
		return;
	mime_stack_clear(&(*mime)->stack);
	buf_clear(&(*mime)->boundary);
	buf_clear(&(*mime)->field);
	buf_clear(&(*mime)->line);
	mem_free(*mime);
	*mime = NULL;
}

size_t
mime_size(const struct mime *mime)
{
	return sizeof(*mime) + mime_stack_size(&mime->stack) +
	    mime->boundary.cap + mime->field.cap + mime->line.cap;
}

void
mime_shrink(struct mime *mime)
{
	buf_shrink(&mime->boundary);
	buf_shrink(&mime->field);
	buf_shrink(&mime->line);
}

void
mime_put(struct mime *mime, struct slice piece)
{
	put(mime, piece);
}

void
mime_end(struct mime *mime)
{
	for (;;) {
		switch (mime->state) {
		case STATE_HEADER:
			if (mime->field.len > 0 && mime->line_at == 0) {
				take_line(mime);
				break;
			}
			end_field(mime);
			end_header(mime, slice_from(NULL, 0));
			break;
		case STATE_FIELD_REST:
			mime->state = STATE_HEADER;
			break;
		case STATE_LINE:
			end_line(mime);
			break;
		case STATE_BOUNDARY_REST:
			end_boundary(mime);
			break;
		case STATE_TEXT:
			release_lead(mime);
			return;
		}
	}
}

unsigned
mime_exceeded(const struct mime *mime)
{
	return mime->exceeded;
}
