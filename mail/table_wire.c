/*
 * The protocols of tcp_table(5) and socketmap_table(5).
 */

#include "mail/table_wire.h"

#include <string.h>

#include "util/ascii.h"

/* ---- tcp: lines ---------------------------------------------------------- */

int
table_wire_get_line(struct slice *from, struct slice *reply_r)
{
	struct slice	seen = slice_first(*from, TABLE_WIRE_LINE_LIMIT);
	ptrdiff_t	end = slice_find(seen, '\n');

	if (end < 0)
		return seen.len < TABLE_WIRE_LINE_LIMIT ? 0 : -1;
	*reply_r = slice_first(seen, (size_t)end);
	*from = slice_after(*from, (size_t)end + 1);
	return 1;
}

void
table_wire_put_line(struct buf *into, struct slice key)
{
	buf_put_str(into, "get ");
	for (size_t i = 0; i < key.len; i++) {
		int	c = key.data[i];

		if (ascii_is_print(c) && c != ' ' && c != '%')
			buf_put_u8(into, (uint8_t)c);
		else
			buf_printf(into, "%%%02X", (unsigned)c);
	}
	buf_put_u8(into, '\n');
}

/* %20 becomes a space; -1 when what follows a "%" is no such number. */
static int
put_decoded(struct buf *into, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		int	high, low;

		if (text.data[i] != '%') {
			buf_put_u8(into, text.data[i]);
			continue;
		}
		if (i + 2 >= text.len ||
		    (high = ascii_hex(text.data[i + 1])) < 0 ||
		    (low = ascii_hex(text.data[i + 2])) < 0)
			return -1;
		buf_put_u8(into, (uint8_t)(high << 4 | low));
		i += 2;
	}
	return 0;
}

enum table_answer
table_wire_answer_line(struct slice reply, struct buf *value)
{
	struct slice	text = slice_trim(slice_after(reply, 4));
	size_t		old_len = value->len;

	if (reply.len < 4 || reply.data[3] != ' ' ||
	    put_decoded(value, text) < 0) {
		buf_truncate(value, old_len);
		buf_put_str(value, "malformed reply");
		return TABLE_TROUBLE;
	}
	if (slice_has_prefix(reply, "200"))
		return TABLE_FOUND;
	if (slice_has_prefix(reply, "500")) {
		buf_truncate(value, old_len);
		return TABLE_NONE;
	}
	if (!slice_has_prefix(reply, "400")) {
		buf_truncate(value, old_len);
		buf_put_str(value, "malformed reply");
	}
	return TABLE_TROUBLE;
}

/* ---- socketmap: netstrings ----------------------------------------------- */

int
table_wire_get_netstring(struct slice *from, struct slice *reply_r)
{
	struct slice	s = *from;
	size_t		len = 0, digits = 0;

	while (digits < s.len && ascii_is_digit(s.data[digits])) {
		/* No zero in front, and never beyond what len can hold. */
		if (digits == 1 && len == 0)
			return -1;
		len = len * 10 + (size_t)(s.data[digits++] - '0');
		if (len > TABLE_WIRE_NETSTRING_LIMIT)
			return -1;
	}
	if (digits == s.len)
		return 0;
	if (digits == 0 || s.data[digits] != ':')
		return -1;
	s = slice_after(s, digits + 1);
	if (s.len <= len)
		return 0;
	if (s.data[len] != ',')
		return -1;
	*reply_r = slice_first(s, len);
	*from = slice_after(s, len + 1);
	return 1;
}

void
table_wire_put_netstring(struct buf *into, const char *name,
    struct slice key)
{
	buf_printf(into, "%zu:%s ", strlen(name) + 1 + key.len, name);
	buf_put_slice(into, key);
	buf_put_u8(into, ',');
}

enum table_answer
table_wire_answer_netstring(struct slice reply, struct buf *value)
{
	struct slice	word = { NULL, 0 };

	slice_get_word(&reply, " ", &word);
	if (slice_is(word, "NOTFOUND"))
		return TABLE_NONE;
	reply = slice_after(reply, 1);
	if (slice_is(word, "OK")) {
		buf_put_slice(value, reply);
		return TABLE_FOUND;
	}
	if (slice_is(word, "TEMP") || slice_is(word, "TIMEOUT") ||
	    slice_is(word, "PERM"))
		buf_printf(value, "%.*s: %.*s", SLICE_ARG(word),
		    SLICE_ARG(slice_first(reply, 500)));
	else
		buf_put_str(value, "malformed reply");
	return TABLE_TROUBLE;
}
