/*
 * What the store's reads find in the tables.
 */

#include "qmgr/store_fetch.h"

#include "qmgr/record.h"

int
store_fetch_message(struct store_op_state *state, struct batch *batch,
    uint64_t id, struct record_message *record_r)
{
	struct slice	 value;
	const char	*why;

	if (!store_db_find(state->db, STORE_DB_MESSAGE, record_key_id(id),
	    &value))
		return 0;
	if (record_parse_message(value, record_r, &why) < 0) {
		batch_warn(batch, "queue: message %016llx is not readable, "
		    "left aside: %s", (unsigned long long)id, why);
		return -1;
	}
	record_r->message.id = id;
	return 1;
}

/* A recipient with its strings, copied into the batch. */
static struct store_recipient
copy_recipient(struct batch *batch, struct store_recipient recipient)
{
	recipient.address = batch_copy(batch, recipient.address);
	recipient.original = batch_copy(batch, recipient.original);
	recipient.transport = batch_copy(batch, recipient.transport);
	recipient.nexthop = batch_copy(batch, recipient.nexthop);
	recipient.orcpt = batch_copy(batch, recipient.orcpt);
	recipient.dsn = batch_copy(batch, recipient.dsn);
	recipient.reply = batch_copy(batch, recipient.reply);
	return recipient;
}

static void
add_found(struct batch *batch, struct batch_op *op, size_t *room,
    struct store_recipient recipient)
{
	struct store_recipient	*more;

	if (op->count == *room) {
		*room = *room == 0 ? 4 : *room * 2;
		more = batch_alloc(batch, *room * sizeof(*more));
		for (size_t i = 0; i < op->count; i++)
			more[i] = op->found_recipients[i];
		op->found_recipients = more;
	}
	op->found_recipients[op->count++] = copy_recipient(batch, recipient);
}

/* At most op->limit recipients from op->number on, from their table. */
static void
load_recipients(struct store_op_state *state, struct batch *batch,
    struct batch_op *op, uint64_t id)
{
	struct store_recipient	 recipient;
	struct store_db_cursor	*cursor;
	struct slice		 key, value;
	const char		*why;
	uint64_t		 found;
	uint32_t		 number;
	size_t			 room = 0;

	if (op->limit == 0)
		return;
	cursor = store_db_seek(state->db, STORE_DB_RECIPIENT,
	    record_key_part(id, op->number), false);
	while (op->count < op->limit && store_db_step(cursor, &key, &value) &&
	    record_parse_part(key, &found, &number) == 0 && found == id) {
		if (record_parse_recipient(value, &recipient, &why) < 0) {
			batch_warn(batch, "queue: recipient %u of message "
			    "%016llx is not readable, left out: %s", number,
			    (unsigned long long)id, why);
			continue;
		}
		recipient.number = number;
		add_found(batch, op, &room, recipient);
	}
	store_db_end(&cursor);
}

static void
give_message(struct store_op_state *state, struct batch *batch,
    struct batch_op *op, const struct record_message *record)
{
	struct slice		 rest = record->recipients;
	struct store_message	*m = batch_alloc(batch, sizeof(*m));
	struct store_recipient	 recipient;
	size_t			 room = 0;

	*m = record->message;
	m->sender = batch_copy(batch, m->sender);
	m->reason = batch_copy(batch, m->reason);
	m->facts = batch_copy(batch, m->facts);
	m->envid = batch_copy(batch, m->envid);
	m->filter = batch_copy(batch, m->filter);
	op->found = m;
	if (!record->has_recipients)
		load_recipients(state, batch, op, m->id);
	while (op->count < op->limit &&
	    record_get_inline(&rest, &recipient) == 0)
		if (recipient.number >= op->number)
			add_found(batch, op, &room, recipient);
}

static void
run_load(struct store_op_state *state, struct batch *batch,
    struct batch_op *op)
{
	struct record_message	record;

	if (store_fetch_message(state, batch, op->id, &record) > 0)
		give_message(state, batch, op, &record);
}

/* What one page may weigh: others wait for the thread meanwhile. */
#define PAGE_COST	((size_t)1 << 20)

static size_t
weigh(const struct batch_op *one, struct slice value)
{
	size_t	cost = value.len;

	for (size_t i = 0; i < one->count; i++)
		cost += one->found_recipients[i].reply.len +
		    one->found_recipients[i].address.len +
		    one->found_recipients[i].nexthop.len +
		    one->found_recipients[i].orcpt.len;
	return cost;
}

static void
run_list(struct store_op_state *state, struct batch *batch,
    struct batch_op *op)
{
	struct record_message	 record;
	struct store_db_cursor	*cursor;
	struct slice		 key, value;
	const char		*why;
	uint64_t		 id;
	size_t			 cost = 0;

	if (op->id == UINT64_MAX)
		return;
	op->found_list = batch_alloc(batch,
	    op->limit * sizeof(*op->found_list));
	cursor = store_db_seek(state->db, STORE_DB_MESSAGE,
	    record_key_id(op->id + 1), false);
	while (!op->has_rest && store_db_step(cursor, &key, &value)) {
		struct batch_op	one = { .limit = STORE_LIST_RECIPIENTS };

		why = "its key is damaged";
		if (record_parse_id(key, &id) < 0 ||
		    record_parse_message(value, &record, &why) < 0) {
			batch_warn(batch, "queue: a message is not readable, "
			    "left out: %s", why);
			continue;
		}
		record.message.id = id;
		give_message(state, batch, &one, &record);
		op->found_list[op->count++] = (struct store_listed){
			*one.found, one.found_recipients, one.count,
		};
		cost += weigh(&one, value);
		op->has_rest = op->count == op->limit || cost >= PAGE_COST ||
		    one.count == STORE_LIST_RECIPIENTS;
	}
	store_db_end(&cursor);
}

static void
run_read(struct store_op_state *state, struct batch *batch,
    struct batch_op *op)
{
	struct record_message	 record;
	struct slice		 value, bytes;
	const char		*why;

	if (store_db_find(state->db, STORE_DB_CONTENT,
	    record_key_part(op->id, op->number), &value)) {
		if (record_parse_chunk(value, &bytes, &why) == 0)
			op->content = batch_copy(batch, bytes);
		else
			batch_warn(batch, "queue: chunk %u of message "
			    "%016llx is not readable: %s", op->number,
			    (unsigned long long)op->id, why);
	} else if (op->number == 0 &&
	    store_fetch_message(state, batch, op->id, &record) > 0)
		op->content = batch_copy(batch, record.content);
}

static void
run_scan(struct store_op_state *state, struct batch *batch,
    struct batch_op *op)
{
	struct store_db_cursor	*cursor;
	struct store_due	 due, *list;
	struct slice		 key, value;
	size_t			 room = 0;

	cursor = store_db_seek(state->db, STORE_DB_DUE,
	    record_key_due(op->due_us, op->id), true);
	while (op->count < op->limit && store_db_step(cursor, &key, &value)) {
		if (record_parse_due(key, &due) < 0) {
			batch_warn(batch, "queue: a due entry is damaged");
			continue;
		}
		if (due.due_us > op->until_us)
			break;
		if (op->is_after && due.due_us == op->due_us &&
		    due.id == op->id)
			continue;
		if (op->count == room) {
			room = room == 0 ? 64 : room * 2;
			list = batch_alloc(batch, room * sizeof(*list));
			for (size_t i = 0; i < op->count; i++)
				list[i] = op->found_due[i];
			op->found_due = list;
		}
		op->found_due[op->count++] = due;
	}
	store_db_end(&cursor);
}

void
store_fetch_run(struct store_op_state *state, struct batch *batch,
    struct batch_op *op)
{
	switch (op->kind) {
	case BATCH_LOAD:
		run_load(state, batch, op);
		break;
	case BATCH_LIST:
		run_list(state, batch, op);
		break;
	case BATCH_READ:
		run_read(state, batch, op);
		break;
	case BATCH_SCAN:
		run_scan(state, batch, op);
		break;
	default:
		break;
	}
}
