/*
 * xtext.
 */

#include "mail/xtext.h"

#include "util/ascii.h"

static int
upper_hex(int c)
{
	return c >= 'a' && c <= 'f' ? -1 : ascii_hex(c);
}

int
xtext_decode(struct slice xtext, struct buf *into)
{
	for (size_t i = 0; i < xtext.len; i++) {
		unsigned char	c = xtext.data[i];
		int		high, low;

		if (!ascii_is_print(c) || c == ' ' || c == '=')
			return -1;
		if (c == '+') {
			if (xtext.len - i < 3)
				return -1;
			high = upper_hex(xtext.data[i + 1]);
			low = upper_hex(xtext.data[i + 2]);
			if (high < 0 || low < 0)
				return -1;
			c = (unsigned char)(high * 16 + low);
			i += 2;
		}
		buf_put_u8(into, c);
	}
	return 0;
}

void
xtext_encode(struct slice text, struct buf *into)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char	c = text.data[i];

		if (ascii_is_print(c) && c != ' ' && c != '+' && c != '=')
			buf_put_u8(into, c);
		else
			buf_printf(into, "+%02X", (unsigned)c);
	}
}

bool
xtext_is_printable(struct slice xtext)
{
	struct buf	text = BUF_INIT;
	bool		is_printable = xtext_decode(xtext, &text) == 0;

	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_print(buf_slice(&text).data[i]))
			is_printable = false;
	buf_clear(&text);
	return is_printable;
}

/* C0, DEL, and C1, which in UTF-8 are C2 80 to C2 9F. */
static bool
is_control(struct slice c)
{
	return c.len == 1 ? !ascii_is_print(c.data[0]) :
	    c.data[0] == 0xc2 && c.data[1] < 0xa0;
}

bool
xtext_is_utf8(struct slice xtext)
{
	struct buf	text = BUF_INIT;
	bool		is_good = xtext_decode(xtext, &text) == 0;
	struct slice	rest = buf_slice(&text);

	while (is_good && rest.len > 0) {
		size_t	len = ascii_utf8_len(rest.data, rest.len);

		is_good = len > 0 && !is_control(slice_first(rest, len));
		rest = slice_after(rest, len);
	}
	buf_clear(&text);
	return is_good;
}
