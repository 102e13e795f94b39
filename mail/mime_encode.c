/*
 * Quoted-printable and base64.
 */

#include "mail/mime_encode.h"

#include <string.h>

#include "util/ascii.h"

#define LINE_LIMIT	76	/* RFC 2045 section 6.7 (5), section 6.8 */

void
mime_encode_init(struct mime_encode *encode, bool is_base64)
{
	memset(encode, 0, sizeof(*encode));
	encode->is_base64 = is_base64;
}

/* ---- quoted-printable ---------------------------------------------------- */

static void
put_escaped(unsigned char c, struct buf *out)
{
	static const char	digits[] = "0123456789ABCDEF";
	unsigned char		text[3] = { '=', (unsigned char)digits[c >> 4],
				    (unsigned char)digits[c & 15] };

	buf_put(out, text, sizeof(text));
}

/* A soft line break, when len characters more have no room. */
static void
make_room(size_t *column, size_t len, struct buf *out)
{
	/* The last place is the "=" of a break. */
	if (*column + len < LINE_LIMIT)
		return;
	buf_put(out, "=\r\n", 3);
	*column = 0;
}

static void
escape(struct mime_encode *encode, unsigned char c, struct buf *out)
{
	make_room(&encode->column, 3, out);
	put_escaped(c, out);
	encode->column += 3;
}

static void
put_literal(struct mime_encode *encode, unsigned char c, struct buf *out)
{
	make_room(&encode->column, 1, out);
	if (encode->column == 0)
		encode->is_dash = c == '-';
	else if (encode->column == 1 && encode->is_dash && c == '-') {
		escape(encode, c, out);
		return;
	}
	buf_put_u8(out, c);
	encode->column++;
}

/* A blank that something other than a line end follows. */
static void
release_blank(struct mime_encode *encode, struct buf *out)
{
	if (encode->blank != 0)
		put_literal(encode, encode->blank, out);
	encode->blank = 0;
}

/* RFC 2045 section 6.7 (3): no blank stands at the end of a line. */
static void
escape_blank(struct mime_encode *encode, struct buf *out)
{
	if (encode->blank != 0)
		escape(encode, encode->blank, out);
	encode->blank = 0;
}

static void
quote(struct mime_encode *encode, unsigned char c, struct buf *out)
{
	if (encode->has_cr) {
		encode->has_cr = false;
		if (c == '\n') {
			escape_blank(encode, out);
			buf_put(out, "\r\n", 2);
			encode->column = 0;
			return;
		}
		release_blank(encode, out);
		escape(encode, '\r', out);
	}
	if (c == '\r') {
		encode->has_cr = true;
		return;
	}
	release_blank(encode, out);
	if (c == ' ' || c == '\t')
		encode->blank = c;
	else if (ascii_is_print(c) && c != '=')
		put_literal(encode, c, out);
	else
		escape(encode, c, out);
}

static void
end_quoted(struct mime_encode *encode, struct buf *out)
{
	if (encode->has_cr) {
		release_blank(encode, out);
		escape(encode, '\r', out);
	}
	escape_blank(encode, out);
}

void
mime_encode_mark(size_t *column, struct slice piece, struct buf *out)
{
	for (size_t i = 0; i < piece.len; i++) {
		unsigned char	c = piece.data[i];
		bool		is_marked = c >= 0x80 || c == '\0';

		if (column != NULL && is_marked)
			make_room(column, 3, out);
		if (is_marked)
			put_escaped(c, out);
		else
			buf_put_u8(out, c);
		if (column != NULL)
			*column = c == '\n' ? 0 :
			    *column + (is_marked ? 3 : 1);
	}
}

/* ---- base64 -------------------------------------------------------------- */

static void
put_group(struct mime_encode *encode, struct buf *out)
{
	static const char	digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char	*g = encode->group;
	unsigned char		 text[4];

	if (encode->column == LINE_LIMIT) {
		buf_put(out, "\r\n", 2);
		encode->column = 0;
	}
	text[0] = (unsigned char)digits[g[0] >> 2];
	text[1] = (unsigned char)digits[(g[0] & 3) << 4 | g[1] >> 4];
	text[2] = encode->group_len < 2 ? '=' :
	    (unsigned char)digits[(g[1] & 15) << 2 | g[2] >> 6];
	text[3] = encode->group_len < 3 ? '=' :
	    (unsigned char)digits[g[2] & 63];
	buf_put(out, text, sizeof(text));
	encode->column += sizeof(text);
	encode->group_len = 0;
	memset(encode->group, 0, sizeof(encode->group));
}

static void
gather(struct mime_encode *encode, unsigned char c, struct buf *out)
{
	encode->group[encode->group_len++] = c;
	if (encode->group_len == sizeof(encode->group))
		put_group(encode, out);
}

/* ---- both ---------------------------------------------------------------- */

void
mime_encode_put(struct mime_encode *encode, struct slice piece,
    struct buf *out)
{
	if (encode->is_base64)
		for (size_t i = 0; i < piece.len; i++)
			gather(encode, piece.data[i], out);
	else
		for (size_t i = 0; i < piece.len; i++)
			quote(encode, piece.data[i], out);
}

void
mime_encode_end(struct mime_encode *encode, struct buf *out)
{
	if (!encode->is_base64)
		end_quoted(encode, out);
	else if (encode->group_len > 0)
		put_group(encode, out);
	mime_encode_init(encode, encode->is_base64);
}
