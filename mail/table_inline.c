/*
 * inline:{ key=value, { key2 = value with spaces } }: a table in main.cf.
 */

#include "mail/table_line.h"
#include "mail/table_map.h"
#include "mail/table_type.h"
#include "util/ascii.h"

/* As the keys that are asked for. */
static void
put_lower(struct buf *into, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_put_u8(into, (uint8_t)ascii_lower(s.data[i]));
}

static int
add(struct table_map *map, const struct table_source *source,
    struct slice word, struct buf *why)
{
	bool		is_braced = table_line_unbrace(word, &word) == 0;
	ptrdiff_t	equals = slice_find(word, '=');
	struct slice	key = slice_first(word, (size_t)equals);
	struct slice	value = slice_after(word, (size_t)equals + 1);
	struct buf	folded = BUF_INIT;

	if (is_braced) {
		key = slice_trim(key);
		value = slice_trim(value);
	}
	if (equals < 0 || key.len == 0) {
		buf_printf(why, "bad syntax: \"%.*s\": expected key=value",
		    SLICE_ARG(slice_first(word, 60)));
		return -1;
	}
	if (source->how & TABLE_KEEP_CASE)
		buf_put_slice(&folded, key);
	else
		put_lower(&folded, key);
	if (!table_map_add(map, buf_slice(&folded), value))
		buf_printf(why, "duplicate entry: \"%.*s\"\n",
		    SLICE_ARG(key));
	buf_clear(&folded);
	return 0;
}

static int
open_inline(const struct table_source *source, void **content_r,
    struct buf *why)
{
	struct slice		text, word;
	struct table_map	*map;
	int			 got;

	if (table_line_unbrace(slice_str(source->name), &text) < 0) {
		buf_put_str(why, "bad syntax: expected \"{ key=value ... }\"");
		return -1;
	}
	map = table_map_new();
	while ((got = table_line_get_word(&text, &word)) > 0 &&
	    (got = add(map, source, word, why)) == 0)
		continue;
	if (got < 0) {
		if (why->len == 0)
			buf_put_str(why, "bad syntax: braces do not match");
		table_map_free(&map);
		return -1;
	}
	*content_r = map;
	return 0;
}

const struct table_type table_inline = {
	.name = "inline", .flags = TABLE_TYPE_INLINE, .open = open_inline,
	.find = table_map_find, .close = table_map_close,
	.each = table_map_each,
};
