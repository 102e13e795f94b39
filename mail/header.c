/*
 * Header fields.
 */

#include "mail/header.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/ascii.h"

size_t
header_name_len(struct slice line)
{
	size_t	len = 0, end;

	/* RFC 5322 section 2.2: printable, no space, no colon. */
	while (len < line.len && line.data[len] > ' ' &&
	    line.data[len] < 0x7f && line.data[len] != ':')
		len++;
	for (end = len; end < line.len && (line.data[end] == ' ' ||
	    line.data[end] == '\t'); end++)
		;
	return end < line.len && line.data[end] == ':' ? len : 0;
}

size_t
header_line_len(struct slice text)
{
	const unsigned char	*p = text.data, *end = text.data + text.len;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (p > text.data && p[-1] == '\r')
			return (size_t)(p - text.data) + 1;
		p++;
	}
	return 0;
}

bool
header_is(struct slice line, const char *name)
{
	return slice_is_nocase(slice_first(line, header_name_len(line)),
	    name);
}

struct slice
header_value(struct slice line)
{
	ptrdiff_t	colon = slice_find(line, ':');

	return colon < 0 ? slice_from(NULL, 0) :
	    slice_trim(slice_after(line, (size_t)colon + 1));
}

void
header_put_date(struct buf *into, uint64_t time_us)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	    "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
	    "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t		seconds = (time_t)(time_us / 1000000);
	struct tm	tm;
	long		offset;

	localtime_r(&seconds, &tm);
	offset = tm.tm_gmtoff / 60;
	buf_printf(into, "%s, %02d %s %d %02d:%02d:%02d %c%02ld%02ld (%s)",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    offset < 0 ? '-' : '+', labs(offset) / 60, labs(offset) % 60,
	    tm.tm_zone);
}
