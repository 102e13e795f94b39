/*
 * static:value, static:{ value with spaces }: the same answer to every
 * question.
 */

#include "mail/table_line.h"
#include "mail/table_type.h"
#include "util/mem.h"

static int
open_static(const struct table_source *source, void **content_r,
    struct buf *why)
{
	struct slice	text = slice_str(source->name);

	if (*source->name == '{' && table_line_unbrace(text, &text) < 0) {
		buf_put_str(why, "bad syntax: expected \"{ value }\"");
		return -1;
	}
	*content_r = slice_dup(text);
	return 0;
}

static enum table_answer
find_static(void *content, struct slice key, struct buf *value)
{
	(void)key;
	buf_put_str(value, content);
	return TABLE_FOUND;
}

const struct table_type table_static = {
	.name = "static", .flags = TABLE_TYPE_INLINE, .open = open_static,
	.find = find_static, .close = mem_free,
};
