/*
 * Lines and dots of SMTP.
 */

#include "net/smtp_text.h"

#include <stdbool.h>
#include <string.h>

int
smtp_text_line(struct buf *in, size_t limit, struct slice *line_r)
{
	struct slice	line = buf_slice(in);
	ptrdiff_t	end = slice_find(slice_first(line, limit + 2), '\n');
	size_t		len = (size_t)end;

	if (end < 0)
		return line.len > limit + 1 ? -1 : 0;
	if (len > 0 && line.data[len - 1] == '\r')
		len--;
	if (len > limit)
		return -1;
	*line_r = slice_first(line, len);
	buf_drop(in, (size_t)end + 1);
	return 1;
}

void
smtp_text_stuff(struct slice body, struct buf *into)
{
	bool	is_start = true;

	while (body.len > 0) {
		ptrdiff_t	end = slice_find(body, '\n');
		size_t		len = end < 0 ? body.len : (size_t)end + 1;

		if (is_start && body.data[0] == '.')
			buf_put_u8(into, '.');
		buf_put(into, body.data, len);
		is_start = end > 0 && body.data[end - 1] == '\r';
		body = slice_after(body, len);
	}
}

/* The place after the byte c, when it belongs to no dot. */
static enum smtp_text_place
place_after(enum smtp_text_place place, int c)
{
	if (c == '\r')
		return SMTP_TEXT_CR;
	if (c == '\n' && place == SMTP_TEXT_CR)
		return SMTP_TEXT_START;
	return SMTP_TEXT_WITHIN;
}

/* The place after text that started within a line. */
static enum smtp_text_place
place_at_end(struct slice text)
{
	size_t	len = text.len;

	if (text.data[len - 1] == '\r')
		return SMTP_TEXT_CR;
	if (len > 1 && text.data[len - 1] == '\n' &&
	    text.data[len - 2] == '\r')
		return SMTP_TEXT_START;
	return SMTP_TEXT_WITHIN;
}

/*
 * How many bytes, of text that starts within a line, stand before the
 * next dot at the start of a line.  Dots are rarer than lines: looking for
 * them is what makes reading cheap.
 */
static size_t
len_before_dot(struct slice text)
{
	const unsigned char	*p = text.data;
	const unsigned char	*end = text.data + text.len;

	while ((p = memchr(p, '.', (size_t)(end - p))) != NULL) {
		if (p - text.data >= 2 && p[-1] == '\n' && p[-2] == '\r')
			return (size_t)(p - text.data);
		p++;
	}
	return text.len;
}

/* One byte at a place that is not within a line; true at the lone dot. */
static bool
step(enum smtp_text_place *place, struct slice byte, smtp_text_fn fn,
    void *arg)
{
	int	c = byte.data[0];

	if (*place == SMTP_TEXT_START && c == '.') {
		*place = SMTP_TEXT_DOT;
		return false;
	}
	if (*place == SMTP_TEXT_DOT && c == '\r') {
		*place = SMTP_TEXT_DOT_CR;
		return false;
	}
	if (*place == SMTP_TEXT_DOT_CR) {
		if (c == '\n')
			return true;
		fn(SLICE_LIT("\r"), arg);
	}
	*place = place_after(*place, c);
	fn(byte, arg);
	return false;
}

int
smtp_text_unstuff(enum smtp_text_place *place, struct slice *from,
    smtp_text_fn fn, void *arg)
{
	while (from->len > 0) {
		size_t		len = 1;
		bool		is_end = false;
		struct slice	text;

		if (*place == SMTP_TEXT_WITHIN) {
			len = len_before_dot(*from);
			text = slice_first(*from, len);
			*place = place_at_end(text);
			fn(text, arg);
		} else {
			is_end = step(place, slice_first(*from, 1), fn, arg);
		}
		*from = slice_after(*from, len);
		if (is_end)
			return 1;
	}
	return 0;
}
