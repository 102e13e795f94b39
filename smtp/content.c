/*
 * Content for the wire.
 */

#include "smtp/content.h"

#include "smtp/downgrade.h"

void
content_init(struct content *content, int64_t line_limit, bool is_stuffed)
{
	content->is_stuffed = is_stuffed;
	content->column = 0;
	content->has_cr = false;
	/* A folded line is a space and at least one byte. */
	content->limit = line_limit == 1 ? 2 : (size_t)line_limit;
	content->downgrade = NULL;
}

void
content_convert(struct content *content)
{
	content->downgrade = downgrade_new();
}

void
content_clear(struct content *content)
{
	downgrade_free(&content->downgrade);
}

/* Bytes without CR and LF; a line may go on before and after. */
static void
put_text(struct content *content, struct slice text, struct buf *out)
{
	while (text.len > 0) {
		size_t	room = text.len;

		if (content->limit > 0 && content->column >= content->limit) {
			/* Folded as headers are: the next line is indented. */
			buf_put(out, "\r\n ", 3);
			content->column = 1;
		}
		if (content->limit > 0 &&
		    room > content->limit - content->column)
			room = content->limit - content->column;
		if (content->is_stuffed && content->column == 0 &&
		    text.data[0] == '.')
			buf_put_u8(out, '.');
		buf_put(out, text.data, room);
		content->column += room;
		text = slice_after(text, room);
	}
}

/*
 * RFC 5321 section 2.3.8: CR and LF stand only together, at the end of a
 * line.  One that stands alone was refused or replaced on the way in, where
 * the configuration says so; no later hop may take it for a line end.
 */
static void
put_stray(struct content *content, struct buf *out)
{
	put_text(content, SLICE_LIT(" "), out);
}

static void
put_part(struct content *content, struct slice part, struct buf *out)
{
	ptrdiff_t	at;

	while ((at = slice_find(part, '\r')) >= 0) {
		put_text(content, slice_first(part, (size_t)at), out);
		put_stray(content, out);
		part = slice_after(part, (size_t)at + 1);
	}
	put_text(content, part, out);
}

static void
end_line(struct content *content, struct buf *out)
{
	buf_put(out, "\r\n", 2);
	content->column = 0;
}

/* The byte after a CR that ended a piece. */
static struct slice
after_cr(struct content *content, struct slice piece, struct buf *out)
{
	content->has_cr = false;
	if (piece.data[0] != '\n') {
		put_stray(content, out);
		return piece;
	}
	end_line(content, out);
	return slice_after(piece, 1);
}

/* The usual line is whole, in the piece, and not too long: one copy. */
static void
put_lines(struct content *content, struct slice piece, struct buf *out)
{
	if (content->has_cr && piece.len > 0)
		piece = after_cr(content, piece, out);
	while (piece.len > 0) {
		ptrdiff_t	at = slice_find(piece, '\n');
		struct slice	part = at < 0 ? piece :
				    slice_first(piece, (size_t)at);
		bool		has_cr = part.len > 0 &&
				    part.data[part.len - 1] == '\r';

		if (has_cr)
			part.len--;
		put_part(content, part, out);
		if (at < 0) {
			content->has_cr = has_cr;
			return;
		}
		if (has_cr)
			end_line(content, out);
		else
			put_stray(content, out);
		piece = slice_after(piece, (size_t)at + 1);
	}
}

static void
put_converted(struct content *content, struct slice piece, bool is_end,
    struct buf *out)
{
	struct buf	plain = BUF_INIT;

	downgrade_put(content->downgrade, piece, &plain);
	if (is_end)
		downgrade_end(content->downgrade, &plain);
	put_lines(content, buf_slice(&plain), out);
	buf_clear(&plain);
}

void
content_put(struct content *content, struct slice piece, struct buf *out)
{
	if (content->downgrade == NULL)
		put_lines(content, piece, out);
	else
		put_converted(content, piece, false, out);
}

void
content_end(struct content *content, struct buf *out)
{
	if (content->downgrade != NULL)
		put_converted(content, SLICE_LIT(""), true, out);
	content_clear(content);
	if (content->has_cr)
		put_stray(content, out);
	content->has_cr = false;
	if (content->column > 0)
		end_line(content, out);
}
