/*
 * Death at a chosen point.  The one place of the store with static state:
 * it is set before there are threads, and points anywhere can reach it.
 */

#include "qmgr/store_crash.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char	*wanted;	/* NULL: nobody shall die */
static size_t		 wanted_len;
static long		 passes_left;

void
store_crash_init(void)
{
	const char	*colon;

	if ((wanted = getenv("TERN_CRASH_AT")) == NULL)
		return;
	colon = strchr(wanted, ':');
	wanted_len = colon == NULL ? strlen(wanted) :
	    (size_t)(colon - wanted);
	passes_left = colon == NULL ? 1 : strtol(colon + 1, NULL, 10);
}

void
store_crash_point(const char *name)
{
	if (__builtin_expect(wanted == NULL, 1))
		return;
	if (strlen(name) != wanted_len ||
	    strncmp(name, wanted, wanted_len) != 0)
		return;
	if (__atomic_sub_fetch(&passes_left, 1, __ATOMIC_SEQ_CST) == 0)
		raise(SIGKILL);
}
