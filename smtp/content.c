/*
 * Content for the wire.
 */

#include "smtp/content.h"

#include <string.h>

void
content_init(struct content *content, int64_t line_limit)
{
	content->column = 0;
	content->has_cr = false;
	content->limit = (size_t)line_limit;
}

/* Bytes without a line end among them; a line may go on before and after. */
static void
put_part(struct content *content, struct slice part, struct buf *out)
{
	while (part.len > 0) {
		size_t	room = part.len;

		if (content->limit > 0 && content->column >= content->limit) {
			/* Folded as headers are: the next line is indented. */
			buf_put(out, "\r\n ", 3);
			content->column = 1;
		}
		if (content->limit > 0 &&
		    room > content->limit - content->column)
			room = content->limit - content->column;
		if (content->column == 0 && part.data[0] == '.')
			buf_put_u8(out, '.');
		buf_put(out, part.data, room);
		content->column += room;
		part = slice_after(part, room);
	}
}

/*
 * The usual line is whole, in the piece, and not too long: one memchr and
 * one copy.  In the store every line ends in CR LF; whatever else is found
 * is sent as it is, but never as a line end.
 */
void
content_put(struct content *content, struct slice piece, struct buf *out)
{
	const unsigned char	*nl;

	if (content->has_cr && piece.len > 0) {
		content->has_cr = false;
		if (piece.data[0] == '\n') {
			buf_put(out, "\r\n", 2);
			content->column = 0;
			piece = slice_after(piece, 1);
		} else {
			put_part(content, SLICE_LIT(" "), out);
		}
	}
	while (piece.len > 0) {
		struct slice	part = piece;

		nl = memchr(piece.data, '\n', piece.len);
		if (nl == NULL) {
			if (piece.data[piece.len - 1] == '\r') {
				content->has_cr = true;
				part.len--;
			}
			put_part(content, part, out);
			return;
		}
		part.len = (size_t)(nl - piece.data);
		piece = slice_after(piece, part.len + 1);
		if (part.len > 0 && part.data[part.len - 1] == '\r') {
			part.len--;
			put_part(content, part, out);
			buf_put(out, "\r\n", 2);
			content->column = 0;
		} else {
			put_part(content, part, out);
			put_part(content, SLICE_LIT(" "), out);
		}
	}
}

void
content_end(struct content *content, struct buf *out)
{
	if (content->column > 0 || content->has_cr)
		buf_put(out, "\r\n", 2);
	buf_put(out, ".\r\n", 3);
	content->column = 0;
	content->has_cr = false;
}
