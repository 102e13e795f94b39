#ifndef UTIL_PROCESS_H
#define UTIL_PROCESS_H

/*
 * When a process began: with its id that is a name which no later process
 * has, and which any user can ask for.
 */

#include <stdint.h>
#include <sys/types.h>

/*
 * Clock ticks from the start of the machine to that of the process; 0: it
 * has ended; -1: there is none, or it cannot be seen.
 */
int64_t	process_start(pid_t pid);

#endif
