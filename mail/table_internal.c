/*
 * internal:name: a table in memory that nothing was put into.
 */

#include "mail/table_map.h"
#include "mail/table_type.h"

static int
open_internal(const struct table_source *source, void **content_r,
    struct buf *why)
{
	(void)source;
	(void)why;
	*content_r = table_map_new();
	return 0;
}

const struct table_type table_internal = {
	.name = "internal", .open = open_internal, .find = table_map_find,
	.close = table_map_close, .each = table_map_each,
};
