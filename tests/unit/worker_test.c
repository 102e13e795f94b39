/*
 * Threads behind a loop.
 */

#include "mail/worker.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#define JOBS	200

struct job {
	int		sleep_us;
	_Atomic int	runs;
	int		dones;
	pthread_t	thread;
};

static struct job	 jobs[JOBS];
static _Atomic int	 running, most;
static struct loop	*loop;
static struct worker	*worker;

static void
run(void *arg)
{
	struct job	*job = arg;
	int		 now = ++running, before = most;

	while (now > before &&
	    !atomic_compare_exchange_weak(&most, &before, now))
		;
	job->thread = pthread_self();
	if (job->sleep_us > 0)
		usleep((useconds_t)job->sleep_us);
	job->runs++;
	running--;
}

static void
done(void *arg)
{
	struct job	*job = arg;

	CU_ASSERT_EQUAL(job->runs, 1);
	job->dones++;
}

static void
begin(size_t limit, int count, int sleep_us)
{
	most = 0;
	loop = loop_new();
	worker = worker_new(loop, limit);
	for (int i = 0; i < count; i++) {
		jobs[i] = (struct job){ .sleep_us = sleep_us };
		worker_give(worker, run, done, &jobs[i]);
	}
	CU_ASSERT_EQUAL(worker_pending(worker), (size_t)count);
}

static void
end(void)
{
	for (int i = 0; i < 10000 && worker_pending(worker) > 0; i++)
		loop_tick(loop, 1000);
	CU_ASSERT_EQUAL(worker_pending(worker), 0);
	worker_free(&worker);
	CU_ASSERT_PTR_NULL(worker);
	loop_free(&loop);
}

static void
every_job_once(void)
{
	begin(3, JOBS, 0);
	end();
	for (int i = 0; i < JOBS; i++) {
		CU_ASSERT_EQUAL(jobs[i].dones, 1);
		CU_ASSERT_FALSE(pthread_equal(jobs[i].thread,
		    pthread_self()));
	}
}

/* Who waits does not keep others from waiting; but no more than allowed. */
static void
side_by_side(void)
{
	begin(20, 60, 20000);
	end();
	CU_ASSERT(most > 10);
	CU_ASSERT(most <= 20);
}

/* One after the other needs one thread. */
static void
no_more_threads_than_needed(void)
{
	pthread_t	first;

	begin(8, 1, 0);
	for (int i = 0; i < 10000 && worker_pending(worker) > 0; i++)
		loop_tick(loop, 1000);
	first = jobs[0].thread;
	/* It is idle again, a moment after it has said that it is done. */
	usleep(200000);
	jobs[1] = (struct job){ .sleep_us = 0 };
	worker_give(worker, run, done, &jobs[1]);
	end();
	CU_ASSERT(pthread_equal(first, jobs[1].thread));
}

/* The end waits for what runs, and forgets what does not. */
static void
freed_early(void)
{
	begin(1, 3, 100000);
	usleep(20000);
	worker_free(&worker);
	worker_free(&worker);
	CU_ASSERT_EQUAL(jobs[0].runs, 1);
	CU_ASSERT_EQUAL(jobs[0].dones, 0);
	CU_ASSERT_EQUAL(jobs[2].runs, 0);
	loop_free(&loop);
}

void	worker_test(void);

void
worker_test(void)
{
	CU_pSuite	suite = CU_add_suite("worker", NULL, NULL);

	CU_add_test(suite, "every job once", every_job_once);
	CU_add_test(suite, "side by side", side_by_side);
	CU_add_test(suite, "no more threads than needed",
	    no_more_threads_than_needed);
	CU_add_test(suite, "freed early", freed_early);
}
