/*
 * fail:name: trouble, whatever is asked.  For tests of what then happens.
 */

#include "mail/table_type.h"
#include "util/mem.h"

static int
open_fail(const struct table_source *source, void **content_r,
    struct buf *why)
{
	(void)why;
	*content_r = mem_strdup(source->spec);
	return 0;
}

static enum table_answer
find_fail(void *content, struct slice key, struct buf *value)
{
	(void)key;
	buf_printf(value, "%s always fails", (const char *)content);
	return TABLE_TROUBLE;
}

const struct table_type table_fail = {
	.name = "fail", .open = open_fail, .find = find_fail,
	.close = mem_free,
};
