/*
 * environ:name: the environment of the process.  Nobody changes it while
 * the process runs.
 */

#include <stdlib.h>

#include "mail/table_type.h"
#include "util/mem.h"

static int
open_environ(const struct table_source *source, void **content_r,
    struct buf *why)
{
	(void)why;
	*content_r = mem_strdup(source->spec);
	return 0;
}

static enum table_answer
find_environ(void *content, struct slice key, struct buf *value)
{
	char		*name = slice_dup(key);
	const char	*text = getenv(name);

	(void)content;
	mem_free(name);
	if (text == NULL)
		return TABLE_NONE;
	buf_put_str(value, text);
	return TABLE_FOUND;
}

const struct table_type table_environ = {
	.name = "environ", .flags = TABLE_TYPE_CASE, .open = open_environ,
	.find = find_environ, .close = mem_free,
};
