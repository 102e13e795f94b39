/*
 * Work that must not wait.
 */

#include "util/haste.h"

static _Thread_local bool	is_hasty, has_refused;

void
haste_begin(void)
{
	is_hasty = true;
	has_refused = false;
}

bool
haste_end(void)
{
	is_hasty = false;
	return !has_refused;
}

bool
haste_refuses(void)
{
	if (is_hasty)
		has_refused = true;
	return is_hasty;
}
