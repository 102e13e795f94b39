#ifndef NET_PACE_H
#define NET_PACE_H

/*
 * A deadline for a whole request, which grows with what the peer moves of
 * it: who keeps to a minimal rate never meets it.
 */

#include <stdint.h>

/*
 * The new deadline, after another so many bytes were moved at rate bytes a
 * second or more (rate > 0); never after latest_ms.
 */
int64_t	pace_earn(int64_t deadline_ms, uint64_t bytes, int64_t rate,
	    int64_t latest_ms);

#endif
