/*
 * Content for a server without 8BITMIME.  The first byte says in how large
 * pieces it comes.
 *
 * What must hold: the same comes out whatever the pieces; bytes of 8 bits
 * that come out were in headers and boundaries; it does not grow beyond
 * measure.
 */

#include <stdint.h>
#include <stdlib.h>

#include "mail/mime.h"
#include "smtp/downgrade.h"

/*
 * A part of a digest may be a boundary and a byte of 8 bits, 8 bytes, and
 * gets two fields of 64 and empty lines.
 */
#define GROWTH		12
#define ADDED		128

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t
count_8bit(struct slice text)
{
	size_t	count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] >= 0x80;
	return count;
}

static void
on_event(void *arg, const struct mime_event *event)
{
	size_t	*allowed = arg;

	if (event->kind != MIME_BODY && event->kind != MIME_OUTSIDE)
		*allowed += count_8bit(event->text);
}

static size_t
count_allowed(struct slice text)
{
	static const struct mime_limits	 limits = MIME_LIMITS_DEFAULT;
	size_t				 allowed = 0;
	struct mime			*mime = mime_new(&limits, on_event,
					    &allowed);

	mime_put(mime, text);
	mime_end(mime);
	mime_free(&mime);
	return allowed;
}

static void
convert(struct slice text, size_t step, struct buf *out)
{
	struct downgrade	*d = downgrade_new();

	for (size_t at = 0; at < text.len; at += step)
		downgrade_put(d, slice_first(slice_after(text, at), step),
		    out);
	downgrade_end(d, out);
	downgrade_free(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf	cut = BUF_INIT, whole = BUF_INIT;
	struct slice	text;

	if (size == 0)
		return 0;
	text = slice_from(data + 1, size - 1);
	convert(text, data[0] == 0 ? 1 : data[0], &cut);
	convert(text, size, &whole);
	if (!slice_equal(buf_slice(&cut), buf_slice(&whole)) ||
	    count_8bit(buf_slice(&whole)) > count_allowed(text) ||
	    whole.len > GROWTH * text.len + ADDED)
		abort();
	buf_clear(&cut);
	buf_clear(&whole);
	return 0;
}
