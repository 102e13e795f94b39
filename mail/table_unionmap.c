/*
 * unionmap:{ a, b }: what each table says, joined by commas.
 */

#include "mail/table_group.h"

static enum table_answer
find_all(void *content, struct slice key, struct buf *value)
{
	const struct table_group	*group = content;
	enum table_answer		 answer, all = TABLE_NONE;
	struct buf			 one = BUF_INIT;
	size_t				 old_len = value->len;

	for (size_t i = 0; i < group->count && all != TABLE_TROUBLE; i++) {
		buf_empty(&one);
		answer = table_find(group->tables[i], key, &one);
		if (answer == TABLE_FOUND && all == TABLE_FOUND)
			buf_put_u8(value, ',');
		if (answer == TABLE_TROUBLE)
			buf_truncate(value, old_len);
		if (answer != TABLE_NONE) {
			buf_put_slice(value, buf_slice(&one));
			all = answer;
		}
	}
	buf_clear(&one);
	return all;
}

const struct table_type table_unionmap = {
	.name = "unionmap", .flags = TABLE_TYPE_INLINE | TABLE_TYPE_CASE,
	.open = table_group_open, .is_whole_key = table_group_is_whole_key,
	.check = table_group_check, .find = find_all,
	.close = table_group_close,
};
