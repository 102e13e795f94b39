/*
 * pipemap:{ a, b }: what the first says is what the next is asked for.
 */

#include "mail/table_group.h"

static enum table_answer
find_through(void *content, struct slice key, struct buf *value)
{
	const struct table_group	*group = content;
	enum table_answer		 answer = TABLE_FOUND;
	struct buf			 now = BUF_INIT, next = BUF_INIT;

	buf_put_slice(&now, key);
	for (size_t i = 0; i < group->count && answer == TABLE_FOUND; i++) {
		buf_empty(&next);
		answer = table_find(group->tables[i], buf_slice(&now), &next);
		buf_empty(&now);
		buf_put_slice(&now, buf_slice(&next));
	}
	if (answer != TABLE_NONE)
		buf_put_slice(value, buf_slice(&now));
	buf_clear(&now);
	buf_clear(&next);
	return answer;
}

const struct table_type table_pipemap = {
	.name = "pipemap", .flags = TABLE_TYPE_INLINE | TABLE_TYPE_CASE,
	.open = table_group_open, .is_whole_key = table_group_is_whole_key,
	.check = table_group_check, .find = find_through,
	.close = table_group_close,
};
