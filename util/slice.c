/*
 * Borrowed runs of bytes and the getters that parse them.
 */

#include "util/slice.h"

#include <string.h>

#include "util/ascii.h"
#include "util/mem.h"

struct slice
slice_from(const void *data, size_t len)
{
	return (struct slice){ data, len };
}

struct slice
slice_str(const char *s)
{
	return slice_from(s, s == NULL ? 0 : strlen(s));
}

struct slice
slice_after(struct slice s, size_t offset)
{
	if (offset > s.len)
		offset = s.len;
	return slice_from(s.data + offset, s.len - offset);
}

struct slice
slice_first(struct slice s, size_t len)
{
	return slice_from(s.data, len < s.len ? len : s.len);
}

bool
slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
slice_equal_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

bool
slice_is(struct slice s, const char *text)
{
	return slice_equal(s, slice_str(text));
}

bool
slice_is_nocase(struct slice s, const char *text)
{
	return slice_equal_nocase(s, slice_str(text));
}

bool
slice_has_prefix(struct slice s, const char *prefix)
{
	return slice_is(slice_first(s, strlen(prefix)), prefix);
}

bool
slice_has_prefix_nocase(struct slice s, const char *prefix)
{
	return slice_is_nocase(slice_first(s, strlen(prefix)), prefix);
}

/* Content passes through here: a word at a time. */
bool
slice_is_ascii(struct slice s)
{
	uint64_t	word, all = 0;

	for (; s.len >= sizeof(word); s = slice_after(s, sizeof(word))) {
		memcpy(&word, s.data, sizeof(word));
		all |= word;
	}
	for (size_t i = 0; i < s.len; i++)
		all |= s.data[i];
	return (all & 0x8080808080808080u) == 0;
}

ptrdiff_t
slice_find(struct slice s, int c)
{
	const unsigned char	*p;

	if (s.len == 0 || (p = memchr(s.data, c, s.len)) == NULL)
		return -1;
	return p - s.data;
}

ptrdiff_t
slice_find_last(struct slice s, int c)
{
	for (size_t i = s.len; i-- > 0;)
		if (s.data[i] == c)
			return (ptrdiff_t)i;
	return -1;
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && ascii_is_space(s.data[0]))
		s = slice_after(s, 1);
	while (s.len > 0 && ascii_is_space(s.data[s.len - 1]))
		s.len--;
	return s;
}

char *
slice_dup(struct slice s)
{
	return mem_strndup((const char *)s.data, s.len);
}

int
slice_get_bytes(struct slice *from, size_t len, struct slice *bytes_r)
{
	if (from->len < len)
		return -1;
	*bytes_r = slice_first(*from, len);
	*from = slice_after(*from, len);
	return 0;
}

static int
get_number(struct slice *from, size_t len, uint64_t *value_r)
{
	struct slice	bytes;

	if (slice_get_bytes(from, len, &bytes) < 0)
		return -1;
	*value_r = 0;
	for (size_t i = 0; i < len; i++)
		*value_r = *value_r << 8 | bytes.data[i];
	return 0;
}

int
slice_get_u8(struct slice *from, uint8_t *value_r)
{
	uint64_t	value;

	if (get_number(from, 1, &value) < 0)
		return -1;
	*value_r = (uint8_t)value;
	return 0;
}

int
slice_get_u16(struct slice *from, uint16_t *value_r)
{
	uint64_t	value;

	if (get_number(from, 2, &value) < 0)
		return -1;
	*value_r = (uint16_t)value;
	return 0;
}

int
slice_get_u32(struct slice *from, uint32_t *value_r)
{
	uint64_t	value;

	if (get_number(from, 4, &value) < 0)
		return -1;
	*value_r = (uint32_t)value;
	return 0;
}

int
slice_get_u64(struct slice *from, uint64_t *value_r)
{
	return get_number(from, 8, value_r);
}

static bool
is_in(int c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

int
slice_get_word(struct slice *from, const char *separators,
    struct slice *word_r)
{
	size_t	start = 0, end;

	while (start < from->len && is_in(from->data[start], separators))
		start++;
	if (start == from->len)
		return -1;
	end = start;
	while (end < from->len && !is_in(from->data[end], separators))
		end++;
	*word_r = slice_from(from->data + start, end - start);
	*from = slice_after(*from, end);
	return 0;
}

int
slice_parse_u64(struct slice s, uint64_t *value_r)
{
	uint64_t	value = 0;

	if (s.len == 0)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		uint64_t	digit = (uint64_t)(s.data[i] - '0');

		if (!ascii_is_digit(s.data[i]) ||
		    value > (UINT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*value_r = value;
	return 0;
}
