/*
 * Warnings, but not too many.
 */

#include "util/log_limit.h"

#include <stdio.h>

#include "util/clock.h"
#include "util/log.h"

#define TEXT_SIZE	1000

/* A period has ended, or none has begun. */
static void
begin(struct log_limit *limit, int64_t now_ms)
{
	if (limit->count > LOG_LIMIT_LINES)
		log_warn("%u warnings like the next one were left out",
		    limit->count - LOG_LIMIT_LINES);
	limit->count = 0;
	limit->until_ms = now_ms + LOG_LIMIT_MS;
}

void
log_limit_vwarn(struct log_limit *limit, const char *format, va_list args)
{
	int64_t	now_ms = clock_now_ms();
	char	text[TEXT_SIZE];

	if (now_ms >= limit->until_ms)
		begin(limit, now_ms);
	if (limit->count < UINT32_MAX)
		limit->count++;
	if (limit->count > LOG_LIMIT_LINES)
		return;
	vsnprintf(text, sizeof(text), format, args);
	log_warn("%s%s", text, limit->count < LOG_LIMIT_LINES ? "" :
	    " (more like this are left out for a while)");
}

void
log_limit_warn(struct log_limit *limit, const char *format, ...)
{
	va_list	args;

	va_start(args, format);
	log_limit_vwarn(limit, format, args);
	va_end(args);
}
