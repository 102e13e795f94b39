/*
 * texthash:/file: the source of a hash: table, read without building one.
 */

#include <errno.h>
#include <string.h>

#include "mail/table_line.h"
#include "mail/table_map.h"
#include "mail/table_type.h"
#include "util/ascii.h"
#include "util/mem.h"
#include "util/path.h"

static void
add(struct table_map *map, const struct table_line *line, unsigned how,
    struct buf *why)
{
	struct slice	 key, value;
	const char	*what;
	unsigned char	*lower;

	if (table_line_split(buf_slice(&line->text), &key, &value, &what) < 0) {
		table_line_complain(line, why, "%s -- ignoring this line",
		    what);
		return;
	}
	lower = mem_copy(key.data, key.len);
	for (size_t i = 0; i < key.len && !(how & TABLE_KEEP_CASE); i++)
		lower[i] = (unsigned char)ascii_lower(lower[i]);
	if (!table_map_add(map, slice_from(lower, key.len), value))
		table_line_complain(line, why, "duplicate entry: \"%.*s\"",
		    SLICE_ARG(key));
	mem_free(lower);
}

static int
open_texthash(const struct table_source *source, void **content_r,
    struct buf *why)
{
	struct buf		 text = BUF_INIT;
	struct table_map	*map;
	struct table_line	 line;

	if (path_read(source->name, TABLE_LINE_FILE_LIMIT, &text) < 0) {
		buf_printf(why, "open %s: %s", source->name, strerror(errno));
		buf_clear(&text);
		return -1;
	}
	map = table_map_new();
	table_line_init(&line, source->name, buf_slice(&text));
	while (table_line_get(&line, why))
		add(map, &line, source->how, why);
	table_line_clear(&line);
	buf_clear(&text);
	*content_r = map;
	return 0;
}

const struct table_type table_texthash = {
	.name = "texthash", .suffix = "", .open = open_texthash,
	.find = table_map_find, .close = table_map_close,
	.each = table_map_each,
};
