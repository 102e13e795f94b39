/*
 * Deadlines that grow.
 */

#include "net/pace.h"

int64_t
pace_earn(int64_t deadline_ms, uint64_t bytes, int64_t rate,
    int64_t latest_ms)
{
	deadline_ms += (int64_t)(bytes * 1000 / (uint64_t)rate);
	return deadline_ms < latest_ms ? deadline_ms : latest_ms;
}
