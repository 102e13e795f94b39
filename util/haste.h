#ifndef UTIL_HASTE_H
#define UTIL_HASTE_H

/*
 * Work that is tried where nothing may wait, in an event loop, before a
 * thread is woken for it: most questions need only memory.  Whatever could
 * wait, or be seen outside (a line of the log), asks haste_refuses first and
 * gives up; then nothing of the attempt counts, and a thread does the work
 * from its beginning.
 *
 * It is a state of the calling thread; one that never begins it is not in
 * haste, and may wait.
 */

#include <stdbool.h>

void	haste_begin(void);

/* false: something has been refused, and the result is none. */
bool	haste_end(void);

/*
 * Whoever is about to wait must not: it answers as it does in trouble,
 * whatever that is, for nobody will use it.
 */
bool	haste_refuses(void);

#endif
