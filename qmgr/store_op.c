/*
 * The operations of the store.
 *
 * Writes that change a message read its record first and keep what they
 * do not change: so an operation on a message that is gone does nothing,
 * and never brings half of it back.
 */

#include "qmgr/store_op.h"

#include "qmgr/record.h"
#include "qmgr/store_crash.h"
#include "qmgr/store_fetch.h"

/* A crash costs at most so many ids; more would not hurt either. */
#define ID_AHEAD	((uint64_t)1 << 32)

/* Chunks removed in one batch: others wait meanwhile. */
#define SWEEP_CHUNKS	128

#define ID_MARK		"ids     "	/* 8 bytes, as every name */

static struct record_key
mark_key(void)
{
	struct record_key	key = { .data = ID_MARK, .len = 8 };

	return key;
}

static struct slice
scratch_slice(struct store_op_state *state)
{
	return buf_slice(&state->scratch);
}

static void
put_mark(struct store_op_state *state, uint64_t mark)
{
	state->id_mark = mark;
	buf_empty(&state->scratch);
	record_format_number(&state->scratch, mark);
	store_db_put(state->db, STORE_DB_META, mark_key(),
	    scratch_slice(state));
}

/* An id is marked as used before it is. */
static void
note_id(struct store_op_state *state, uint64_t id)
{
	if (id > state->id_mark)
		put_mark(state, id > UINT64_MAX - ID_AHEAD ? UINT64_MAX :
		    id + ID_AHEAD);
}

/*
 * Write a changed record.  A content that stood in it moves out: it would
 * be written again with each change.
 */
static void
put_message(struct store_op_state *state, struct record_message *record)
{
	unsigned char	 head[RECORD_CHUNK_HEAD];
	uint64_t	 id = record->message.id;

	if (record->content.len != 0) {
		buf_empty(&state->scratch);
		record_format_chunk_head(head, (uint32_t)record->content.len);
		buf_put(&state->scratch, head, sizeof(head));
		buf_put_slice(&state->scratch, record->content);
		store_db_put(state->db, STORE_DB_CONTENT,
		    record_key_part(id, 0), scratch_slice(state));
		record->content.len = 0;
	}
	buf_empty(&state->scratch);
	record_format_message(&state->scratch, record);
	store_db_put(state->db, STORE_DB_MESSAGE, record_key_id(id),
	    scratch_slice(state));
}

/*
 * Remove at most limit entries of a message from a table of parts; true
 * when that were not all.
 */
static bool
remove_parts(struct store_db *db, enum store_db_table table, uint64_t id,
    size_t limit)
{
	struct store_db_cursor	*cursor;
	struct slice		 key, value;
	uint64_t		 found;
	uint32_t		 number;
	bool			 has_more = false;

	cursor = store_db_seek(db, table, record_key_part(id, 0), true);
	while (!has_more && store_db_step(cursor, &key, &value) &&
	    record_parse_part(key, &found, &number) == 0 && found == id) {
		if (limit-- == 0)
			has_more = true;
		else
			store_db_remove_here(cursor);
	}
	store_db_end(&cursor);
	return has_more;
}

/*
 * cleanup chooses the ids: one that it chooses wrongly must not cost a
 * message that is there.
 */
static bool
is_taken(struct store_op_state *state, uint64_t id)
{
	struct slice	value;

	return store_db_find(state->db, STORE_DB_MESSAGE, record_key_id(id),
	    &value);
}

/* content: after room for a chunk's head, which a file has no use for. */
static void
put_chunk(struct store_op_state *state, uint64_t id, uint32_t number,
    struct slice content)
{
	if (number < STORE_LARGE_FIRST)
		store_db_put(state->db, STORE_DB_CONTENT,
		    record_key_part(id, number), content);
	else
		store_large_put(state->large, id, number,
		    slice_after(content, RECORD_CHUNK_HEAD));
}

/* S0 -> S1 and S1 -> S1. */
static void
run_spill(struct store_op_state *state, const struct batch_op *op)
{
	if (is_taken(state, op->id))
		return;
	if (op->number == 0) {
		note_id(state, op->id);
		store_db_put(state->db, STORE_DB_META,
		    record_key_arriving(op->id), slice_from("", 0));
	}
	put_chunk(state, op->id, op->number, op->content);
}

/* S1 -> S0, and what a remove has left. */
static void
run_sweep(struct store_op_state *state, struct batch_op *op)
{
	if (is_taken(state, op->id))
		return;
	op->has_more = remove_parts(state->db, STORE_DB_CONTENT, op->id,
	    SWEEP_CHUNKS);
	if (op->is_abort)
		store_large_remove(state->large, op->id);
	if (!op->has_more)
		store_db_remove(state->db, STORE_DB_META,
		    record_key_arriving(op->id));
}

/* S0 and S1 -> S2, or S5. */
static void
run_commit(struct store_op_state *state, struct batch_op *op)
{
	struct slice	rest = op->content;
	uint32_t	number = op->number;

	if ((op->is_twin = is_taken(state, op->id)))
		return;
	note_id(state, op->id);
	if (op->number > 0)
		store_db_remove(state->db, STORE_DB_META,
		    record_key_arriving(op->id));
	for (; rest.len != 0; number++) {
		struct slice	chunk = slice_first(rest,
		    RECORD_CHUNK_HEAD + STORE_CHUNK_SIZE);

		put_chunk(state, op->id, number, chunk);
		rest = slice_after(rest, chunk.len);
	}
	if (number > STORE_LARGE_FIRST)
		store_large_flush(state->large, op->id);
	for (size_t i = 0; i < op->count; i++)
		store_db_put(state->db, STORE_DB_RECIPIENT,
		    record_key_part(op->id, op->recipients[i].number),
		    op->recipients[i].value);
	store_db_put(state->db, STORE_DB_MESSAGE, record_key_id(op->id),
	    op->value);
	if (op->due_us != 0)
		store_db_put(state->db, STORE_DB_DUE,
		    record_key_due(op->due_us, op->id), slice_from("", 0));
}

static bool
is_crossed_off(const struct batch_op *op, uint32_t number)
{
	for (size_t i = 0; i < op->count; i++)
		if (op->numbers[i] == number)
			return true;
	return false;
}

/* What an update changes of a recipient, and nothing else. */
static void
update_from(struct store_recipient *recipient, struct slice value)
{
	struct store_recipient	 changed;
	const char		*why;

	if (record_parse_recipient(value, &changed, &why) < 0)
		return;
	recipient->status = changed.status;
	recipient->dsn = changed.dsn;
	recipient->reply = changed.reply;
}

static void
update_inline(const struct batch_op *op, struct store_recipient *recipient)
{
	if (op->kind != BATCH_UPDATE)
		return;
	for (size_t i = 0; i < op->count; i++)
		if (op->recipients[i].number == recipient->number)
			update_from(recipient, op->recipients[i].value);
}

/* Recipients in the message's own record: write it without, or with. */
static void
change_inline(struct store_op_state *state, const struct batch_op *op,
    struct record_message *record)
{
	struct slice		rest = record->recipients;
	struct store_recipient	recipient;
	struct buf		list = BUF_INIT;
	uint32_t		count = 0;

	while (record_get_inline(&rest, &recipient) == 0) {
		if (op->kind == BATCH_CROSS_OFF &&
		    is_crossed_off(op, recipient.number))
			continue;
		update_inline(op, &recipient);
		record_format_inline(&list, &recipient);
		count++;
	}
	record->recipients = buf_slice(&list);
	record->count = count;
	put_message(state, record);
	buf_clear(&list);
}

static void
change_one(struct store_op_state *state, struct batch *batch,
    const struct batch_op *op, size_t i)
{
	struct record_key	 key = record_key_part(op->id,
				    op->recipients[i].number);
	struct store_recipient	 recipient;
	struct slice		 old;
	const char		*why;

	if (!store_db_find(state->db, STORE_DB_RECIPIENT, key, &old))
		return;
	if (record_parse_recipient(old, &recipient, &why) < 0) {
		batch_warn(batch, "queue: recipient %u of message %016llx is "
		    "not readable: %s", op->recipients[i].number,
		    (unsigned long long)op->id, why);
		return;
	}
	update_from(&recipient, op->recipients[i].value);
	buf_empty(&state->scratch);
	record_format_recipient(&state->scratch, &recipient);
	store_db_put(state->db, STORE_DB_RECIPIENT, key,
	    scratch_slice(state));
}

/* S3 -> S3: recipients that are done, or were tried. */
static void
run_change(struct store_op_state *state, struct batch *batch,
    const struct batch_op *op)
{
	struct record_message	record;

	if (store_fetch_message(state, batch, op->id, &record) <= 0)
		return;
	if (record.has_recipients) {
		change_inline(state, op, &record);
		return;
	}
	for (size_t i = 0; i < op->count; i++) {
		if (op->kind == BATCH_CROSS_OFF)
			store_db_remove(state->db, STORE_DB_RECIPIENT,
			    record_key_part(op->id, op->numbers[i]));
		else
			change_one(state, batch, op, i);
	}
}

/* S3 -> S4, S4 -> S4, any -> S5, S5 -> S2. */
static void
run_reschedule(struct store_op_state *state, struct batch *batch,
    struct batch_op *op)
{
	const struct store_message	*changed = &op->message;
	struct record_message		 record;
	uint64_t			 old_due_us = op->due_us;
	int				 found;

	found = store_fetch_message(state, batch, op->id, &record);
	if (found > 0)
		old_due_us = record.message.due_us;
	if (old_due_us != 0 && (found <= 0 ||
	    old_due_us != changed->due_us))
		store_db_remove(state->db, STORE_DB_DUE,
		    record_key_due(old_due_us, op->id));
	if (found <= 0)
		return;
	if (changed->due_us != 0 && old_due_us != changed->due_us)
		store_db_put(state->db, STORE_DB_DUE,
		    record_key_due(changed->due_us, op->id),
		    slice_from("", 0));
	op->was_held = (record.message.flags & STORE_HELD) != 0;
	record.message.due_us = changed->due_us;
	record.message.flags = changed->flags;
	record.message.attempts = changed->attempts;
	record.message.reason = changed->reason;
	record.message.filter = changed->filter;
	put_message(state, &record);
}

/* S2, S3, S4, S5 -> S6. */
static void
run_remove(struct store_op_state *state, struct batch *batch,
    struct batch_op *op)
{
	struct record_message	record;
	uint64_t		due_us = op->due_us;
	int			found;

	store_crash_point("remove-before");
	found = store_fetch_message(state, batch, op->id, &record);
	if (found > 0)
		due_us = record.message.due_us;
	if (due_us != 0)
		store_db_remove(state->db, STORE_DB_DUE,
		    record_key_due(due_us, op->id));
	if (found == 0)
		return;
	if (found < 0 || !record.has_recipients)
		remove_parts(state->db, STORE_DB_RECIPIENT, op->id, SIZE_MAX);
	if (found < 0 || record.content.len == 0)
		op->has_more = remove_parts(state->db, STORE_DB_CONTENT,
		    op->id, SWEEP_CHUNKS);
	if (found < 0 || record.message.chunk_count > STORE_LARGE_FIRST)
		store_large_drop(state->large, op->id);
	/* A crash before the rest is gone: opening sweeps it. */
	if (op->has_more)
		store_db_put(state->db, STORE_DB_META,
		    record_key_arriving(op->id), slice_from("", 0));
	store_db_remove(state->db, STORE_DB_MESSAGE, record_key_id(op->id));
}

/* The next message that was arriving when the last qmgr ended. */
static bool
find_arriving(struct store_op_state *state, uint64_t *id_r)
{
	struct store_db_cursor	*cursor;
	struct slice		 key, value;
	bool			 is_found;

	cursor = store_db_seek(state->db, STORE_DB_META,
	    record_key_arriving(0), true);
	is_found = store_db_step(cursor, &key, &value) &&
	    record_parse_arriving(key, id_r) == 0;
	store_db_end(&cursor);
	return is_found;
}

/* S1 -> S0. */
static void
sweep_one(struct store_op_state *state, struct batch *batch, uint64_t id)
{
	struct batch_op	op = { .kind = BATCH_SWEEP, .id = id,
	    .is_abort = true };
	struct slice	value;

	store_db_begin(state->db);
	/* Never the content of a message that is there. */
	if (store_db_find(state->db, STORE_DB_MESSAGE, record_key_id(id),
	    &value)) {
		batch_warn(batch, "queue: message %016llx is marked as "
		    "arriving, but it is there", (unsigned long long)id);
		store_db_remove(state->db, STORE_DB_META,
		    record_key_arriving(id));
	} else
		run_sweep(state, &op);
	store_db_commit(state->db, false);
}

static bool
is_there(uint64_t id, void *arg)
{
	return is_taken(arg, id);
}

void
store_op_start(struct store_op_state *state, struct batch *batch)
{
	struct record_key	last;
	struct slice		value;
	uint64_t		id;

	if (store_db_find(state->db, STORE_DB_META, mark_key(), &value) &&
	    record_parse_number(value, &state->id_mark) < 0)
		batch_warn(batch, "queue: the mark of used ids is damaged");
	if (store_db_find_last(state->db, STORE_DB_MESSAGE, &last) &&
	    record_parse_id(record_key_slice(&last), &id) == 0 &&
	    id > state->id_mark)
		state->id_mark = id;
	while (find_arriving(state, &id))
		sweep_one(state, batch, id);
	store_large_sweep(state->large, is_there, state);
}

void
store_op_finish(struct store_op_state *state, uint64_t last_id)
{
	store_db_begin(state->db);
	put_mark(state, last_id);
	store_db_commit(state->db, true);
	if (store_op_error(state) == NULL)
		store_large_clean(state->large);
	buf_clear(&state->scratch);
}

const char *
store_op_error(const struct store_op_state *state)
{
	const char	*error = store_db_error(state->db);

	return error != NULL ? error : store_large_error(state->large);
}

void
store_op_run(struct store_op_state *state, struct batch *batch,
    struct batch_op *op)
{
	switch (op->kind) {
	case BATCH_SPILL:
		run_spill(state, op);
		break;
	case BATCH_SWEEP:
		run_sweep(state, op);
		break;
	case BATCH_COMMIT:
		run_commit(state, op);
		break;
	case BATCH_CROSS_OFF:
	case BATCH_UPDATE:
		run_change(state, batch, op);
		break;
	case BATCH_RESCHEDULE:
		run_reschedule(state, batch, op);
		break;
	case BATCH_REMOVE:
		run_remove(state, batch, op);
		break;
	case BATCH_LOAD:
	case BATCH_READ:
	case BATCH_SCAN:
	case BATCH_LIST:
		store_fetch_run(state, batch, op);
		break;
	}
}
