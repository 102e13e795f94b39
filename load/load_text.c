/*
 * Bodies and addresses for load.
 */

#include "load/load_text.h"

#include <string.h>

#define LINE_MAX_LEN	76	/* without its CRLF */

static uint32_t
random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void
put_text_line(struct buf *into, size_t len, uint32_t *state)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t	c = random_next(state) % 32;

		buf_put_u8(into, c < 26 ? (uint8_t)('a' + c) : ' ');
	}
}

/* Any byte but NUL, CR and LF, which RFC 5321 has no place for. */
static void
put_8bit_line(struct buf *into, size_t len, uint32_t *state)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t	c = (uint8_t)random_next(state);

		if (c == '\0' || c == '\r' || c == '\n')
			c = 0xff;
		buf_put_u8(into, i == 0 && c % 4 == 0 ? '.' : c);
	}
}

void
load_text_body(uint64_t len, bool is_8bit, struct buf *into)
{
	uint32_t	state = 20260731;	/* the same body every time */

	while (len > 0) {
		uint64_t	line = LINE_MAX_LEN;

		if (is_8bit)
			line = random_next(&state) % (LINE_MAX_LEN + 1);
		if (line + 2 > len)
			line = len < 2 ? 1 : len - 2;
		/* One byte left over could not be a line. */
		if (len == line + 3)
			line = line == 0 ? 1 : line - 1;
		if (is_8bit)
			put_8bit_line(into, line, &state);
		else
			put_text_line(into, line, &state);
		buf_put_str(into, "\r\n");
		len = len < line + 2 ? 0 : len - line - 2;
	}
}

int
load_text_address(const char *pattern,
    const struct load_text_numbers *numbers, struct buf *into)
{
	const char	*percent;

	for (; (percent = strchr(pattern, '%')) != NULL;
	    pattern = percent + 2) {
		uint64_t	value;

		if (percent[1] == 'm')
			value = numbers->message;
		else if (percent[1] == 'r')
			value = numbers->recipient;
		else if (percent[1] == 'n')
			value = numbers->running;
		else if (percent[1] == 'd')
			value = numbers->domain;
		else
			return -1;
		buf_put(into, pattern, (size_t)(percent - pattern));
		buf_printf(into, "%llu", (unsigned long long)value);
	}
	buf_put_str(into, pattern);
	return 0;
}
