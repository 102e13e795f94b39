/*
 * Batches on their way to the storage thread and back.  The thread has at
 * most one; while it works, the loop fills the next.
 */

#include "qmgr/store_queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qmgr/store_crash.h"
#include "util/log.h"
#include "util/mem.h"

/* A batch larger than this would keep the next one waiting too long. */
#define BATCH_COST_MAX	(4 << 20)
#define BATCH_COUNT_MAX	1024
#define SPARE_BATCHES	4
#define OP_COST		128	/* of an operation, beside its bytes */

struct store_queue {
	struct loop		*loop;
	int64_t			 lazy_ms;
	int			 wake_fd;	/* the thread is done */
	struct loop_watch	*watch;
	struct loop_timer	*lazy_timer;
	size_t			 cost;		/* of what is not finished */
	struct batch		*pending;	/* list; the last one grows */
	struct batch		*last_pending;
	struct batch		*spare;
	size_t			 spare_count;
	bool			 is_deferred;	/* on_tick_end is to come */
	bool			 is_unflushed;	/* lazy writes not on disk */
	bool			 is_closing;
	bool			 is_running;	/* the thread has a batch */

	/* The storage thread's from its start to its end. */
	struct store_op_state	*state;

	pthread_t		 thread;
	pthread_mutex_t		 mutex;		/* for what follows */
	pthread_cond_t		 given, taken;
	struct batch		*running;
	struct batch		*finished;
	bool			 is_stopping;
};

/* ---- the storage thread ------------------------------------------------ */

static void
pass_points(const struct batch *batch)
{
	const struct batch_op	*op;

	for (op = batch->first; op != NULL; op = op->next) {
		if (op->kind == BATCH_SPILL)
			store_crash_point("spill");
		else if (op->kind == BATCH_REMOVE)
			store_crash_point("remove-after");
		else if (op->kind == BATCH_SWEEP && op->is_abort)
			store_crash_point("abort");
		else if (op->kind == BATCH_RESCHEDULE)
			store_crash_point(
			    (op->message.flags & STORE_HELD) != 0 ? "hold" :
			    op->was_held ? "release" : "defer");
	}
}

static void
run_batch(struct store_queue *queue, struct batch *batch)
{
	struct store_db	*db = queue->state->db;

	if (batch->has_write)
		store_db_begin(db);
	for (struct batch_op *op = batch->first; op != NULL; op = op->next)
		store_op_run(queue->state, batch, op);
	if (store_op_error(queue->state) != NULL)
		return;
	if (batch->has_write) {
		if (batch->is_synced)
			store_crash_point("before-commit");
		store_db_commit(db, batch->is_synced);
	} else if (batch->is_synced)
		store_db_flush(db);
	if (store_db_error(db) != NULL)
		return;
	if (batch->is_synced) {
		store_crash_point("after-commit");
		store_large_clean(queue->state->large);
	}
	pass_points(batch);
}

static void
take_notice(struct store_db *db, struct batch *batch)
{
	char	*notice = store_db_get_notice(db);

	if (notice != NULL)
		batch_warn(batch, "%s", notice);
	mem_free(notice);
}

static void
finish_batch(struct store_queue *queue, struct batch *batch)
{
	uint64_t	one = 1;

	pthread_mutex_lock(&queue->mutex);
	queue->running = NULL;
	queue->finished = batch;
	pthread_cond_signal(&queue->taken);
	pthread_mutex_unlock(&queue->mutex);
	if (write(queue->wake_fd, &one, sizeof(one)) < 0)
		log_fatal("queue: cannot wake the loop: %s", strerror(errno));
}

static void *
thread_main(void *arg)
{
	struct store_queue	*queue = arg;
	struct batch		*batch;

	for (;;) {
		pthread_mutex_lock(&queue->mutex);
		while (queue->running == NULL && !queue->is_stopping)
			pthread_cond_wait(&queue->given, &queue->mutex);
		batch = queue->running;
		pthread_mutex_unlock(&queue->mutex);
		if (batch == NULL)
			return NULL;
		run_batch(queue, batch);
		take_notice(queue->state->db, batch);
		batch->failure = store_op_error(queue->state);
		finish_batch(queue, batch);
		/* Nobody waits for it; if it fails, the next batch says so. */
		store_db_tidy(queue->state->db);
	}
}

/* ---- batches, on the loop's side --------------------------------------- */

static struct batch *
add_batch(struct store_queue *queue)
{
	struct batch	*batch = queue->spare;

	if (batch != NULL) {
		queue->spare = batch->next;
		queue->spare_count--;
		batch->next = NULL;
	} else
		batch = batch_new();
	if (queue->last_pending == NULL)
		queue->pending = batch;
	else
		queue->last_pending->next = batch;
	queue->last_pending = batch;
	return batch;
}

static void
release_batch(struct store_queue *queue, struct batch *batch)
{
	if (queue->spare_count >= SPARE_BATCHES) {
		batch_free(&batch);
		return;
	}
	batch_empty(batch);
	batch->next = queue->spare;
	queue->spare = batch;
	queue->spare_count++;
}

/* If the thread is idle and something is in a hurry, give it a batch. */
static void
give_batch(struct store_queue *queue)
{
	struct batch	*batch = queue->pending;

	if (queue->is_running || batch == NULL ||
	    (!batch->is_urgent && batch->next == NULL))
		return;
	queue->pending = batch->next;
	batch->next = NULL;
	if (queue->pending == NULL) {
		queue->last_pending = NULL;
		if (batch->is_synced) {
			queue->is_unflushed = false;
			loop_timer_stop(queue->lazy_timer);
		}
	}
	queue->is_running = true;
	pthread_mutex_lock(&queue->mutex);
	queue->running = batch;
	pthread_cond_signal(&queue->given);
	pthread_mutex_unlock(&queue->mutex);
}

static void
on_tick_end(void *arg)
{
	struct store_queue	*queue = arg;

	queue->is_deferred = false;
	give_batch(queue);
}

/* Whatever was written lazily is to be on the disk now. */
static void
on_lazy(void *arg)
{
	struct store_queue	*queue = arg;
	struct batch		*batch = queue->last_pending;

	if (!queue->is_unflushed)
		return;
	if (batch == NULL)
		batch = add_batch(queue);
	batch->is_urgent = batch->is_synced = true;
	give_batch(queue);
}

struct batch *
store_queue_get(struct store_queue *queue)
{
	struct batch	*batch = queue->last_pending;

	if (batch == NULL || batch->cost >= BATCH_COST_MAX ||
	    batch->count >= BATCH_COUNT_MAX)
		batch = add_batch(queue);
	return batch;
}

void
store_queue_put(struct store_queue *queue, struct batch *batch,
    size_t cost, enum store_queue_hurry hurry)
{
	if (batch->last->kind < BATCH_LOAD)
		batch->has_write = true;
	batch->cost += cost + OP_COST;
	queue->cost += cost + OP_COST;
	if (hurry == STORE_QUEUE_FLUSH)
		batch->is_synced = true;
	if (hurry == STORE_QUEUE_LAZY) {
		queue->is_unflushed = true;
		if (!loop_timer_is_running(queue->lazy_timer))
			loop_timer_start(queue->lazy_timer, queue->lazy_ms);
		/* Behind a full batch even the lazy get on. */
		if (batch == queue->pending)
			return;
	} else
		batch->is_urgent = true;
	if (!queue->is_deferred && !queue->is_running) {
		queue->is_deferred = true;
		loop_defer(queue->loop, on_tick_end, queue);
	}
}

static void
sweep_more(struct store_queue *queue, uint64_t id)
{
	struct batch	*batch;

	/* If it is not done by the end, the next open does it. */
	if (queue->is_closing)
		return;
	batch = store_queue_get(queue);
	batch_add(batch, BATCH_SWEEP)->id = id;
	store_queue_put(queue, batch, 0, STORE_QUEUE_RUN);
}

static void
call_back(const struct batch_op *op)
{
	if (op->done != NULL)
		op->done(op->arg);
	if (op->on_commit != NULL)
		op->on_commit(!op->is_twin, op->arg);
	if (op->on_load != NULL)
		op->on_load(op->found, op->found_recipients, op->count,
		    op->arg);
	if (op->on_chunk != NULL)
		op->on_chunk(op->content, op->arg);
	if (op->on_due != NULL)
		op->on_due(op->found_due, op->count, op->arg);
	if (op->on_list != NULL)
		op->on_list(op->found_list, op->count, op->has_rest, op->arg);
}

static void
end_batch(struct store_queue *queue, struct batch *batch)
{
	batch_write_warnings(batch);
	if (batch->failure != NULL)
		log_fatal("%s", batch->failure);
	queue->is_running = false;
	/* The thread works while the callbacks run. */
	give_batch(queue);
	for (struct batch_op *op = batch->first; op != NULL; op = op->next) {
		if (op->has_more)
			sweep_more(queue, op->id);
		call_back(op);
	}
	queue->cost -= batch->cost;
	release_batch(queue, batch);
}

static struct batch *
take_finished(struct store_queue *queue)
{
	struct batch	*batch;

	pthread_mutex_lock(&queue->mutex);
	batch = queue->finished;
	queue->finished = NULL;
	pthread_mutex_unlock(&queue->mutex);
	return batch;
}

static void
on_wake(int fd, unsigned what, void *arg)
{
	struct store_queue	*queue = arg;
	struct batch		*batch;
	uint64_t		 count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	if ((batch = take_finished(queue)) != NULL)
		end_batch(queue, batch);
}

/* ---- from birth to death ----------------------------------------------- */

size_t
store_queue_cost(const struct store_queue *queue)
{
	return queue->cost;
}

static void
start_thread(struct store_queue *queue)
{
	sigset_t	all, old;
	int		error;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&queue->thread, NULL, thread_main, queue);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0)
		log_fatal("queue: cannot make a thread: %s", strerror(error));
}

struct store_queue *
store_queue_new(struct loop *loop, struct store_op_state *state,
    int64_t lazy_ms)
{
	struct store_queue	*queue = mem_new(sizeof(*queue));

	queue->loop = loop;
	queue->state = state;
	queue->lazy_ms = lazy_ms;
	queue->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->wake_fd < 0)
		log_fatal("queue: eventfd: %s", strerror(errno));
	queue->watch = loop_watch_new(loop, queue->wake_fd, LOOP_READ,
	    on_wake, queue);
	queue->lazy_timer = loop_timer_new(loop, on_lazy, queue);
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->given, NULL);
	pthread_cond_init(&queue->taken, NULL);
	start_thread(queue);
	return queue;
}

/* Give and take batches, callbacks included, until there are none. */
static void
finish_all(struct store_queue *queue)
{
	queue->is_closing = true;
	for (;;) {
		on_lazy(queue);
		if (queue->pending != NULL)
			queue->pending->is_urgent = true;
		give_batch(queue);
		if (!queue->is_running)
			return;
		pthread_mutex_lock(&queue->mutex);
		while (queue->finished == NULL)
			pthread_cond_wait(&queue->taken, &queue->mutex);
		pthread_mutex_unlock(&queue->mutex);
		end_batch(queue, take_finished(queue));
	}
}

void
store_queue_free(struct store_queue **queuep)
{
	struct store_queue	*queue = *queuep;
	struct batch		*batch;

	if (queue == NULL)
		return;
	finish_all(queue);
	pthread_mutex_lock(&queue->mutex);
	queue->is_stopping = true;
	pthread_cond_signal(&queue->given);
	pthread_mutex_unlock(&queue->mutex);
	pthread_join(queue->thread, NULL);
	loop_undefer(queue->loop, queue);
	loop_timer_free(&queue->lazy_timer);
	loop_watch_free(&queue->watch);
	close(queue->wake_fd);
	pthread_cond_destroy(&queue->given);
	pthread_cond_destroy(&queue->taken);
	pthread_mutex_destroy(&queue->mutex);
	while ((batch = queue->spare) != NULL) {
		queue->spare = batch->next;
		batch_free(&batch);
	}
	mem_free(queue);
	*queuep = NULL;
}
