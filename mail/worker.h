#ifndef MAIL_WORKER_H
#define MAIL_WORKER_H

/*
 * Threads behind a loop, for plain sequential code that may block: a
 * question to a database, a policy server, a password check.  Threads are
 * started as they are needed, up to a limit, and stay.
 *
 * Most jobs do not block, and waking a thread for each would cost more than
 * the job: one thread works alone as long as nothing waits for more than a
 * millisecond.
 */

#include <stddef.h>

#include "net/loop.h"

struct worker;

/* At most limit threads. */
struct worker	*worker_new(struct loop *loop, size_t limit);

/* Waits for what runs; jobs that were not begun, or not ended, are lost. */
void		 worker_free(struct worker **worker);

/*
 * run(job) in a thread, then done(job) in the loop, in any order among jobs.
 * There is no limit to the jobs that wait: the caller has one
 * (worker_pending).
 */
void		 worker_give(struct worker *worker, loop_fn run,
		    loop_fn done, void *job);

/* Jobs given whose done was not called yet. */
size_t		 worker_pending(const struct worker *worker);

#endif
