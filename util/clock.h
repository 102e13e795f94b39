#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

/*
 * The two clocks: monotonic for durations, wall clock for what is stored
 * or shown.
 */

#include <stdint.h>

/* Milliseconds (microseconds) since an arbitrary moment; never back. */
int64_t	clock_now_ms(void);
int64_t	clock_now_us(void);

/* Microseconds since 1970-01-01 UTC. */
int64_t	clock_wall_us(void);

#endif
