#ifndef QMGR_STORE_CRASH_H
#define QMGR_STORE_CRASH_H

/*
 * Points where a test lets the program die (tests/crash): the environment
 * variable TERN_CRASH_AT=<name>[:n] makes the n-th pass of the point of
 * that name raise SIGKILL.  It costs one branch when the variable is not
 * set.  Points of the store, each passed once for each operation or batch:
 *
 *	spill		a batch with a spill is committed (not flushed)
 *	before-commit	a batch that will be flushed is not yet committed
 *	after-commit	it is committed and flushed, nobody knows yet
 *	abort		a batch with an abort is committed
 *	defer, hold, release	a reschedule is committed
 *	remove-before	a remove is about to run
 *	remove-after	it is committed
 *	checkpoint	a checkpoint is about to be made
 */

/* Read the environment; before any thread is made. */
void	store_crash_init(void);

void	store_crash_point(const char *name);

#endif
