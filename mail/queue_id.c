/*
 * Queue ids as numbers and as text.
 */

#include "mail/queue_id.h"

#include <string.h>

#define SLOT_BITS	12
#define TIME_LIMIT	((uint64_t)1 << 52)

static const char digits[] =
    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

uint64_t
queue_id_make(uint64_t time_us, uint32_t slot)
{
	return time_us << SLOT_BITS | (slot & (QUEUE_ID_SLOTS - 1));
}

uint64_t
queue_id_time_us(uint64_t id)
{
	return id >> SLOT_BITS;
}

/* value in base, at least width digits, at text; returns the end. */
static char *
put_number(char *text, uint64_t value, unsigned base, int width)
{
	char	reversed[16];
	int	len = 0;

	while (value > 0 || len < width) {
		reversed[len++] = digits[value % base];
		value /= base;
	}
	while (len > 0)
		*text++ = reversed[--len];
	return text;
}

const char *
queue_id_format(uint64_t id, char *text)
{
	uint64_t	time_us = queue_id_time_us(id);
	char		*p = text;

	p = put_number(p, time_us / 1000000, 52, 6);
	p = put_number(p, time_us % 1000000, 52, 4);
	*p++ = 'z';
	p = put_number(p, id & (QUEUE_ID_SLOTS - 1), 51, 1);
	*p = '\0';
	return text;
}

static int
get_number(struct slice text, unsigned base, uint64_t limit,
    uint64_t *value_r)
{
	if (text.len == 0)
		return -1;
	*value_r = 0;
	for (size_t i = 0; i < text.len; i++) {
		const char	*p = text.data[i] == '\0' ? NULL :
				    strchr(digits, text.data[i]);

		if (p == NULL || (unsigned)(p - digits) >= base)
			return -1;
		*value_r = *value_r * base + (uint64_t)(p - digits);
		if (*value_r >= limit)
			return -1;
	}
	return 0;
}

int
queue_id_parse(struct slice text, uint64_t *id_r)
{
	ptrdiff_t	at = slice_find_last(text, 'z');
	uint64_t	seconds, fraction, slot;
	struct slice	time;
	char		again[QUEUE_ID_TEXT_SIZE];

	if (at < 10 || text.len >= QUEUE_ID_TEXT_SIZE)
		return -1;
	time = slice_first(text, (size_t)at);
	if (get_number(slice_first(time, time.len - 4), 52,
	    TIME_LIMIT / 1000000, &seconds) < 0 ||
	    get_number(slice_after(time, time.len - 4), 52, 1000000,
	    &fraction) < 0 ||
	    get_number(slice_after(text, (size_t)at + 1), 51, QUEUE_ID_SLOTS,
	    &slot) < 0)
		return -1;
	*id_r = queue_id_make(seconds * 1000000 + fraction, (uint32_t)slot);
	/* One message, one name: no other spelling is accepted. */
	return slice_is(text, queue_id_format(*id_r, again)) ? 0 : -1;
}
