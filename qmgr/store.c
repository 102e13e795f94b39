/*
 * The store's calls: each one copies what it is given into an operation.
 * The way to the disk is in qmgr/store_queue.c, what an operation does to
 * the tables in qmgr/store_op.c.
 */

#include "qmgr/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/loop.h"
#include "qmgr/batch.h"
#include "qmgr/record.h"
#include "qmgr/store_crash.h"
#include "qmgr/store_db.h"
#include "qmgr/store_op.h"
#include "qmgr/store_queue.h"
#include "qmgr/store_reader.h"
#include "qmgr/store_reserve.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/path.h"

#define LOCK_WAIT_MS	15000
#define LOCK_TRY_MS	20

/* Guesses of what operations weigh, so that batches stay bounded. */
#define OP_ENTRY_COST	32
#define REMOVE_COST	4096
#define LOAD_COST	1024
#define LIST_COST	(1 << 19)

struct store {
	int			 lock_fd;
	uint64_t		 last_id;
	struct buf		 scratch;
	struct store_op_state	 state;		/* the thread's */
	struct store_queue	*queue;
	struct store_reader	*reader;
};

/* ---- open and close ---------------------------------------------------- */

/* The folder, without the file that could overrule us (CVE-2017-10140). */
static int
check_folder(const struct store_settings *settings, char **why_r)
{
	struct stat	 st;
	char		*path;
	int		 result;

	if (path_make_folder(settings->folder, 0700, (uid_t)-1,
	    (gid_t)-1) < 0) {
		*why_r = mem_printf("cannot make %s: %s", settings->folder,
		    strerror(errno));
		return -1;
	}
	path = path_join(settings->folder, "DB_CONFIG");
	errno = 0;
	result = lstat(path, &st) < 0 && errno == ENOENT ? 0 : -1;
	if (result < 0 && errno == EACCES)
		*why_r = mem_printf("%s: %s", settings->folder,
		    strerror(errno));
	else if (result < 0)
		*why_r = mem_printf("%s exists: it would overrule the "
		    "settings of the queue, remove it", path);
	mem_free(path);
	return result;
}

/* The descriptor that holds the lock, or -1 and *why_r. */
static int
lock_folder(const struct store_settings *settings, char **why_r)
{
	int64_t	 wait_ms = settings->lock_wait_ms == 0 ? LOCK_WAIT_MS :
	    settings->lock_wait_ms;
	int64_t	 end_ms = clock_now_ms() + wait_ms;
	char	*path = path_join(settings->folder, "lock");
	int	 fd, answer;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		*why_r = mem_printf("cannot open %s: %s", path,
		    strerror(errno));
		mem_free(path);
		return -1;
	}
	while ((answer = flock(fd, LOCK_EX | LOCK_NB)) < 0 &&
	    (errno == EWOULDBLOCK || errno == EINTR) &&
	    clock_now_ms() < end_ms)
		usleep(LOCK_TRY_MS * 1000);
	if (answer < 0) {
		*why_r = mem_printf("cannot lock %s: %s", path,
		    errno == EWOULDBLOCK ? "another qmgr has the queue open" :
		    strerror(errno));
		close(fd);
		fd = -1;
	}
	mem_free(path);
	return fd;
}

static void
free_store(struct store **store)
{
	store_db_close(&(*store)->state.db);
	store_large_close(&(*store)->state.large);
	if ((*store)->lock_fd >= 0)
		close((*store)->lock_fd);
	buf_clear(&(*store)->state.scratch);
	buf_clear(&(*store)->scratch);
	mem_free(*store);
	*store = NULL;
}

/* What can be done before the thread starts; 0, or -1 and *why_r. */
static int
open_store(struct store *store, const struct store_settings *settings,
    char **why_r)
{
	struct store_db	*db;
	struct batch	*batch;

	if (check_folder(settings, why_r) < 0 ||
	    (store->lock_fd = lock_folder(settings, why_r)) < 0 ||
	    (db = store->state.db = store_db_open(settings, why_r)) == NULL ||
	    (store->state.large = store_large_open(settings->folder,
	    why_r)) == NULL)
		return -1;
	store_reserve_make(db, STORE_DB_MESSAGE);
	batch = batch_new();
	store_op_start(&store->state, batch);
	batch_write_warnings(batch);
	batch_free(&batch);
	store->last_id = store->state.id_mark;
	if (store_op_error(&store->state) == NULL)
		return 0;
	*why_r = mem_strdup(store_op_error(&store->state));
	return -1;
}

struct store *
store_open(struct loop *loop, const struct store_settings *settings,
    char **why_r)
{
	struct store	*store = mem_new(sizeof(*store));

	store->lock_fd = -1;
	store_crash_init();
	if (open_store(store, settings, why_r) < 0) {
		free_store(&store);
		return NULL;
	}
	store->queue = store_queue_new(loop, &store->state,
	    settings->lazy_ms);
	store->reader = store_reader_new(loop, store->state.large);
	return store;
}

uint64_t
store_last_id(const struct store *store)
{
	return store->last_id;
}

void
store_close(struct store **store)
{
	if (*store == NULL)
		return;
	store_queue_free(&(*store)->queue);
	store_reader_free(&(*store)->reader);
	store_op_finish(&(*store)->state, (*store)->last_id);
	if (store_op_error(&(*store)->state) != NULL)
		log_fatal("%s", store_op_error(&(*store)->state));
	free_store(store);
}

size_t
store_pending(const struct store *store)
{
	return store_queue_cost(store->queue);
}

/* ---- writes ------------------------------------------------------------ */

static void
note_id(struct store *store, uint64_t id)
{
	if (id > store->last_id)
		store->last_id = id;
}

/* Content with the head that each of its chunks has on the disk. */
static struct slice
copy_content(struct batch *batch, struct slice content)
{
	size_t		 heads = (content.len + STORE_CHUNK_SIZE - 1) /
	    STORE_CHUNK_SIZE;
	unsigned char	*all, *p;

	if (content.len == 0)
		return content;
	all = p = batch_alloc(batch, content.len +
	    heads * RECORD_CHUNK_HEAD);
	while (content.len != 0) {
		struct slice	chunk = slice_first(content, STORE_CHUNK_SIZE);

		record_format_chunk_head(p, (uint32_t)chunk.len);
		p += RECORD_CHUNK_HEAD;
		memcpy(p, chunk.data, chunk.len);
		p += chunk.len;
		content = slice_after(content, chunk.len);
	}
	return slice_from(all, (size_t)(p - all));
}

void
store_spill(struct store *store, uint64_t id, uint32_t number,
    struct slice bytes)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_SPILL);

	if (bytes.len > STORE_CHUNK_SIZE)
		log_panic("queue: a chunk of %zu bytes", bytes.len);
	note_id(store, id);
	op->id = id;
	op->number = number;
	op->content = copy_content(batch, bytes);
	store_queue_put(store->queue, batch, bytes.len, STORE_QUEUE_RUN);
}

void
store_abort(struct store *store, uint64_t id)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_SWEEP);

	op->id = id;
	op->is_abort = true;
	store_queue_put(store->queue, batch, 0, STORE_QUEUE_RUN);
}

static struct slice
scratch_copy(struct store *store, struct batch *batch)
{
	return batch_copy(batch, buf_slice(&store->scratch));
}

/*
 * The recipients, encoded, in the scratch, if they may stand in the
 * message's own record; else false.
 */
static bool
put_inline(struct store *store, const struct store_recipient *recipients,
    size_t count)
{
	buf_empty(&store->scratch);
	for (size_t i = 0; i < count; i++) {
		record_format_inline(&store->scratch, &recipients[i]);
		if (store->scratch.len > RECORD_INLINE_MAX)
			return false;
	}
	return true;
}

/* Recipients as they stand in their table; returns their bytes. */
static size_t
put_recipients(struct store *store, struct batch *batch, struct batch_op *op,
    const struct store_recipient *recipients, size_t count)
{
	size_t	cost = 0;

	op->count = count;
	op->recipients = batch_alloc(batch,
	    count * sizeof(*op->recipients));
	for (size_t i = 0; i < count; i++) {
		buf_empty(&store->scratch);
		record_format_recipient(&store->scratch, &recipients[i]);
		op->recipients[i].number = recipients[i].number;
		op->recipients[i].value = scratch_copy(store, batch);
		cost += store->scratch.len + OP_ENTRY_COST;
	}
	return cost;
}

void
store_commit(struct store *store, const struct store_message *message,
    const struct store_recipient *recipients, size_t count,
    struct slice content, uint32_t first_chunk, store_commit_fn fn,
    void *arg)
{
	struct batch		*batch = store_queue_get(store->queue);
	struct batch_op		*op = batch_add(batch, BATCH_COMMIT);
	struct record_message	 record = { .message = *message };
	size_t			 cost = content.len;

	note_id(store, message->id);
	op->id = message->id;
	op->due_us = message->due_us;
	op->number = first_chunk;
	op->on_commit = fn;
	op->arg = arg;
	if (first_chunk == 0 && content.len <= STORE_CHUNK_SIZE)
		record.content = content;
	else
		op->content = copy_content(batch, content);
	record.has_recipients = put_inline(store, recipients, count);
	if (record.has_recipients) {
		record.count = (uint32_t)count;
		record.recipients = scratch_copy(store, batch);
	} else
		cost += put_recipients(store, batch, op, recipients, count);
	buf_empty(&store->scratch);
	record_format_message(&store->scratch, &record);
	op->value = scratch_copy(store, batch);
	store_queue_put(store->queue, batch, cost, STORE_QUEUE_FLUSH);
}

void
store_cross_off(struct store *store, uint64_t id, const uint32_t *numbers,
    size_t count)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_CROSS_OFF);
	size_t		 size = count * sizeof(*numbers);

	op->id = id;
	op->count = count;
	op->numbers = (const uint32_t *)(const void *)batch_copy(batch,
	    slice_from(numbers, size)).data;
	store_queue_put(store->queue, batch, count * OP_ENTRY_COST,
	    STORE_QUEUE_LAZY);
}

void
store_update(struct store *store, uint64_t id,
    const struct store_recipient *recipients, size_t count)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_UPDATE);
	size_t		 cost;

	op->id = id;
	cost = put_recipients(store, batch, op, recipients, count);
	store_queue_put(store->queue, batch, cost, STORE_QUEUE_LAZY);
}

void
store_reschedule(struct store *store, const struct store_message *message,
    uint64_t old_due_us, store_done_fn done, void *arg)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_RESCHEDULE);

	op->id = message->id;
	op->due_us = old_due_us;
	op->message = *message;
	op->message.reason = batch_copy(batch, message->reason);
	op->message.filter = batch_copy(batch, message->filter);
	op->done = done;
	op->arg = arg;
	store_queue_put(store->queue, batch,
	    message->reason.len + message->filter.len,
	    done == NULL ? STORE_QUEUE_LAZY : STORE_QUEUE_FLUSH);
}

void
store_remove(struct store *store, uint64_t id, uint64_t due_us,
    store_done_fn done, void *arg)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_REMOVE);

	op->id = id;
	op->due_us = due_us;
	op->done = done;
	op->arg = arg;
	store_queue_put(store->queue, batch, REMOVE_COST,
	    done == NULL ? STORE_QUEUE_LAZY : STORE_QUEUE_FLUSH);
}

/* ---- reads ------------------------------------------------------------- */

void
store_load(struct store *store, uint64_t id, uint32_t first, size_t count,
    store_load_fn fn, void *arg)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_LOAD);

	op->id = id;
	op->number = first;
	op->limit = count;
	op->on_load = fn;
	op->arg = arg;
	store_queue_put(store->queue, batch, LOAD_COST, STORE_QUEUE_RUN);
}

void
store_list(struct store *store, uint64_t after, size_t count,
    store_list_fn fn, void *arg)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_LIST);

	op->id = after;
	op->limit = count;
	op->on_list = fn;
	op->arg = arg;
	store_queue_put(store->queue, batch, LIST_COST, STORE_QUEUE_RUN);
}

void
store_read(struct store *store, uint64_t id, uint32_t number,
    store_chunk_fn fn, void *arg)
{
	struct batch	*batch;
	struct batch_op	*op;

	if (number >= STORE_LARGE_FIRST) {
		store_reader_get(store->reader, id, number, fn, arg);
		return;
	}
	batch = store_queue_get(store->queue);
	op = batch_add(batch, BATCH_READ);
	op->id = id;
	op->number = number;
	op->on_chunk = fn;
	op->arg = arg;
	store_queue_put(store->queue, batch, STORE_CHUNK_SIZE,
	    STORE_QUEUE_RUN);
}

void
store_scan(struct store *store, const struct store_due *after,
    uint64_t until_us, size_t count, store_due_fn fn, void *arg)
{
	struct batch	*batch = store_queue_get(store->queue);
	struct batch_op	*op = batch_add(batch, BATCH_SCAN);

	if (after != NULL) {
		op->is_after = true;
		op->due_us = after->due_us;
		op->id = after->id;
	}
	op->until_us = until_us;
	op->limit = count;
	op->on_due = fn;
	op->arg = arg;
	store_queue_put(store->queue, batch, LOAD_COST, STORE_QUEUE_RUN);
}
