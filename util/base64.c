/*
 * Base64.
 */

#include "util/base64.h"

#include "util/ascii.h"

static const char	alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_put(struct buf *into, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t		left = bytes.len - i;
		uint32_t	group = (uint32_t)bytes.data[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes.data[i + 1] << 8;
		if (left > 2)
			group |= bytes.data[i + 2];
		buf_put_u8(into, (uint8_t)alphabet[group >> 18]);
		buf_put_u8(into, (uint8_t)alphabet[group >> 12 & 63]);
		buf_put_u8(into, left > 1 ?
		    (uint8_t)alphabet[group >> 6 & 63] : '=');
		buf_put_u8(into, left > 2 ?
		    (uint8_t)alphabet[group & 63] : '=');
	}
}

static int
value_of(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four letters, of which the last pad are "="; 0 or -1. */
static int
get_group(struct buf *into, const unsigned char *text, size_t pad)
{
	uint32_t	group = 0;

	for (size_t i = 0; i < 4; i++) {
		int	value = i < 4 - pad ? value_of(text[i]) : 0;

		if (value < 0)
			return -1;
		group = group << 6 | (uint32_t)value;
	}
	/* RFC 4648 section 3.5: what no byte uses is zero. */
	if ((pad == 1 && (group & 0xff) != 0) ||
	    (pad == 2 && (group & 0xffff) != 0))
		return -1;
	buf_put_u8(into, (uint8_t)(group >> 16));
	if (pad < 2)
		buf_put_u8(into, (uint8_t)(group >> 8));
	if (pad < 1)
		buf_put_u8(into, (uint8_t)group);
	return 0;
}

int
base64_get(struct buf *into, struct slice text)
{
	size_t	old_len = into->len, pad = 0;

	if (text.len % 4 != 0)
		return -1;
	while (pad < 2 && pad < text.len &&
	    text.data[text.len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < text.len; i += 4)
		if (get_group(into, text.data + i,
		    i + 4 == text.len ? pad : 0) < 0) {
			buf_truncate(into, old_len);
			return -1;
		}
	return 0;
}
