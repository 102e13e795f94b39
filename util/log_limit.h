#ifndef UTIL_LOG_LIMIT_H
#define UTIL_LOG_LIMIT_H

/*
 * Warnings that a peer can cause as often as it likes: a few of them a
 * minute stand in the log, so that nobody can fill it.  The line after which
 * others are left out says so, and the next one how many they were.
 *
 * Open, so that it can be embedded: start with zeros.
 */

#include <stdarg.h>
#include <stdint.h>

#define LOG_LIMIT_LINES	10	/* of one kind, in ... */
#define LOG_LIMIT_MS	60000

struct log_limit {
	int64_t		until_ms;	/* end of this period */
	unsigned	count;		/* in it */
};

void	log_limit_warn(struct log_limit *limit, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
void	log_limit_vwarn(struct log_limit *limit, const char *format,
	    va_list args) __attribute__((format(printf, 2, 0)));

#endif
