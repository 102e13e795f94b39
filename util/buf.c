/*
 * The growing byte buffer.
 */

#include "util/buf.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "util/ascii.h"
#include "util/mem.h"

/* From offset on, len bytes are not needed any more. */
static void
wipe(struct buf *buf, size_t offset, size_t len)
{
	if (buf->keeps_secrets && len > 0)
		explicit_bzero(buf->data + offset, len);
}

void
buf_clear(struct buf *buf)
{
	bool	keeps_secrets = buf->keeps_secrets;

	wipe(buf, 0, buf->cap);
	mem_free(buf->data);
	*buf = (struct buf)BUF_INIT;
	buf->keeps_secrets = keeps_secrets;
}

void
buf_empty(struct buf *buf)
{
	wipe(buf, buf->start, buf->len);
	buf->start = buf->len = 0;
}

void
buf_shrink(struct buf *buf)
{
	struct buf	small = BUF_INIT;

	if (buf->cap / 2 < buf->len)
		return;
	small.keeps_secrets = buf->keeps_secrets;
	buf_put_slice(&small, buf_slice(buf));
	buf_clear(buf);
	*buf = small;
}

struct slice
buf_slice(const struct buf *buf)
{
	return slice_from(buf->data + buf->start, buf->len);
}

/* Without a copy of a secret that nobody knows of. */
static void
grow(struct buf *buf, size_t cap)
{
	unsigned char	*data;

	if (!buf->keeps_secrets || buf->data == NULL) {
		buf->data = mem_resize(buf->data, cap);
		buf->cap = cap;
		return;
	}
	data = mem_new(cap);
	memcpy(data, buf->data, buf->start + buf->len);
	wipe(buf, 0, buf->cap);
	mem_free(buf->data);
	buf->data = data;
	buf->cap = cap;
}

unsigned char *
buf_reserve(struct buf *buf, size_t len)
{
	size_t	cap;

	assert(len < (size_t)1 << 40);
	if (buf->cap - buf->start - buf->len >= len)
		return buf->data + buf->start + buf->len;

	/* Moving is paid for by at least as many bytes consumed before. */
	if (buf->start >= buf->len && buf->cap - buf->len >= len) {
		memcpy(buf->data, buf->data + buf->start, buf->len);
		wipe(buf, buf->start, buf->len);
		buf->start = 0;
		return buf->data + buf->len;
	}
	cap = buf->cap < 64 ? 64 : buf->cap;
	while (cap - buf->start - buf->len < len)
		cap *= 2;
	grow(buf, cap);
	return buf->data + buf->start + buf->len;
}

void
buf_commit(struct buf *buf, size_t len)
{
	assert(buf->cap - buf->start - buf->len >= len);
	buf->len += len;
}

const char *
buf_cstr(struct buf *buf)
{
	*buf_reserve(buf, 1) = '\0';
	return (const char *)buf->data + buf->start;
}

void
buf_put(struct buf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_reserve(buf, len), data, len);
	buf->len += len;
}

void
buf_put_slice(struct buf *buf, struct slice s)
{
	buf_put(buf, s.data, s.len);
}

void
buf_put_str(struct buf *buf, const char *s)
{
	buf_put(buf, s, strlen(s));
}

static void
put_number(struct buf *buf, uint64_t value, size_t len)
{
	unsigned char	*p = buf_reserve(buf, len);

	for (size_t i = len; i-- > 0; value >>= 8)
		p[i] = (unsigned char)value;
	buf->len += len;
}

void
buf_put_u8(struct buf *buf, uint8_t value)
{
	put_number(buf, value, 1);
}

void
buf_put_u16(struct buf *buf, uint16_t value)
{
	put_number(buf, value, 2);
}

void
buf_put_u32(struct buf *buf, uint32_t value)
{
	put_number(buf, value, 4);
}

void
buf_put_u64(struct buf *buf, uint64_t value)
{
	put_number(buf, value, 8);
}

void
buf_set_u32(struct buf *buf, size_t offset, uint32_t value)
{
	unsigned char	*p = buf->data + buf->start + offset;

	assert(offset <= buf->len && buf->len - offset >= 4);
	for (size_t i = 4; i-- > 0; value >>= 8)
		p[i] = (unsigned char)value;
}

void
buf_put_escaped(struct buf *buf, struct slice s)
{
	static const char	names[] = "\a\b\f\n\r\t\v\\";
	static const char	letters[] = "abfnrtv\\";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char	 c = s.data[i];
		const char	*name = c == '\0' ? NULL : strchr(names, c);

		if (name != NULL)
			buf_printf(buf, "\\%c", letters[name - names]);
		else if (ascii_is_print(c))
			buf_put_u8(buf, c);
		else
			buf_printf(buf, "\\%03o", c);
	}
}

void
buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list	again;
	size_t	room = 128;
	int	len;

	va_copy(again, args);
	len = vsnprintf((char *)buf_reserve(buf, room), room, format, args);
	assert(len >= 0);
	if ((size_t)len >= room) {
		room = (size_t)len + 1;
		len = vsnprintf((char *)buf_reserve(buf, room), room, format,
		    again);
	}
	va_end(again);
	buf->len += (size_t)len;
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list	args;

	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

void
buf_drop(struct buf *buf, size_t len)
{
	if (len >= buf->len) {
		buf_empty(buf);
		return;
	}
	wipe(buf, buf->start, len);
	buf->start += len;
	buf->len -= len;
}

void
buf_truncate(struct buf *buf, size_t len)
{
	if (len >= buf->len)
		return;
	wipe(buf, buf->start + len, buf->len - len);
	buf->len = len;
}
