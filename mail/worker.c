/*
 * A pool of threads.
 */

#include "mail/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <utlist.h>

#include "net/post.h"
#include "util/log.h"
#include "util/mem.h"

#define PATIENCE_MS	1	/* of a job, before it gets a thread */
#define STACK_SIZE	((size_t)1 << 20)	/* regexps recurse */

struct task {
	struct worker	*worker;
	loop_fn		 run;
	loop_fn		 done;
	void		*job;
	struct task	*next, *prev;
};

struct worker {
	struct post	*post;
	struct loop_timer *timer;	/* jobs have waited */
	size_t		 limit;
	size_t		 pending;	/* the loop's */
	pthread_t	*threads;	/* the loop's; owned */
	size_t		 thread_count;	/* the loop's */

	pthread_mutex_t	 mutex;		/* guards what follows */
	pthread_cond_t	 given;
	struct task	*tasks;		/* not begun */
	size_t		 task_count;
	size_t		 idle;		/* threads */
	bool		 is_stopping;
};

static void
on_done(void *arg)
{
	struct task	*task = arg;

	task->worker->pending--;
	task->done(task->job);
	mem_free(task);
}

/* NULL: the end. */
static struct task *
take_task(struct worker *worker)
{
	struct task	*task = NULL;

	pthread_mutex_lock(&worker->mutex);
	worker->idle++;
	while (worker->tasks == NULL && !worker->is_stopping)
		pthread_cond_wait(&worker->given, &worker->mutex);
	worker->idle--;
	if (!worker->is_stopping) {
		task = worker->tasks;
		DL_DELETE(worker->tasks, task);
		worker->task_count--;
	}
	pthread_mutex_unlock(&worker->mutex);
	return task;
}

static void *
work(void *arg)
{
	struct worker	*worker = arg;
	struct task	*task;

	while ((task = take_task(worker)) != NULL) {
		task->run(task->job);
		post_send(worker->post, on_done, task);
	}
	return NULL;
}

/* Signals are the loop's: a thread has none. */
static void
start_thread(struct worker *worker)
{
	pthread_attr_t	attr;
	sigset_t	all, old;
	int		error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	error = pthread_create(&worker->threads[worker->thread_count], &attr,
	    work, worker);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error == 0)
		worker->thread_count++;
	else if (worker->thread_count == 0)
		log_fatal("cannot make a thread: %s", strerror(error));
	else
		log_warn("cannot make a thread: %s", strerror(error));
}

/* So many more are to work, those that are idle first. */
static void
wake(struct worker *worker, size_t count, size_t idle)
{
	for (size_t i = 0; i < count && i < idle; i++)
		pthread_cond_signal(&worker->given);
	for (size_t i = idle; i < count &&
	    worker->thread_count < worker->limit; i++)
		start_thread(worker);
}

static void
on_waited(void *arg)
{
	struct worker	*worker = arg;
	size_t		 count, idle;

	pthread_mutex_lock(&worker->mutex);
	count = worker->task_count;
	idle = worker->idle;
	pthread_mutex_unlock(&worker->mutex);
	if (count == 0)
		return;
	wake(worker, count, idle);
	loop_timer_start(worker->timer, PATIENCE_MS);
}

struct worker *
worker_new(struct loop *loop, size_t limit)
{
	struct worker	*worker = mem_new(sizeof(*worker));

	worker->limit = limit == 0 ? 1 : limit;
	worker->timer = loop_timer_new(loop, on_waited, worker);
	worker->post = post_new(loop);
	worker->threads = mem_new_array(worker->limit, sizeof(pthread_t));
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->given, NULL);
	return worker;
}

void
worker_give(struct worker *worker, loop_fn run, loop_fn done, void *job)
{
	struct task	*task = mem_new(sizeof(*task));
	size_t		 idle;

	task->worker = worker;
	task->run = run;
	task->done = done;
	task->job = job;
	worker->pending++;
	pthread_mutex_lock(&worker->mutex);
	DL_APPEND(worker->tasks, task);
	worker->task_count++;
	idle = worker->idle;
	pthread_mutex_unlock(&worker->mutex);
	/* Nobody works: one does now, for whatever else comes soon, too. */
	if (idle == worker->thread_count)
		wake(worker, 1, idle);
	if (!loop_timer_is_running(worker->timer))
		loop_timer_start(worker->timer, PATIENCE_MS);
}

size_t
worker_pending(const struct worker *worker)
{
	return worker->pending;
}

void
worker_free(struct worker **workerp)
{
	struct worker	*worker = *workerp;
	struct task	*task, *next;

	if (worker == NULL)
		return;
	*workerp = NULL;
	pthread_mutex_lock(&worker->mutex);
	worker->is_stopping = true;
	pthread_cond_broadcast(&worker->given);
	pthread_mutex_unlock(&worker->mutex);
	for (size_t i = 0; i < worker->thread_count; i++)
		pthread_join(worker->threads[i], NULL);
	DL_FOREACH_SAFE(worker->tasks, task, next)
		mem_free(task);
	loop_timer_free(&worker->timer);
	post_free(&worker->post);
	pthread_cond_destroy(&worker->given);
	pthread_mutex_destroy(&worker->mutex);
	mem_free(worker->threads);
	mem_free(worker);
}
