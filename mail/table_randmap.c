/*
 * randmap:{ value, value }: one of the values, whatever is asked.
 */

#include <stdlib.h>

#include "mail/table_line.h"
#include "mail/table_type.h"
#include "util/mem.h"

struct values {
	char	**texts;
	size_t	  count;
};

static void
close_values(void *content)
{
	struct values	*values = content;

	for (size_t i = 0; i < values->count; i++)
		mem_free(values->texts[i]);
	mem_free(values->texts);
	mem_free(values);
}

static int
open_values(const struct table_source *source, void **content_r,
    struct buf *why)
{
	struct slice	 text, word;
	struct values	*values;
	int		 got;

	if (table_line_unbrace(slice_str(source->name), &text) < 0) {
		buf_put_str(why, "bad syntax: expected \"{ value, ... }\"");
		return -1;
	}
	values = mem_new(sizeof(*values));
	while ((got = table_line_get_word(&text, &word)) > 0) {
		table_line_unbrace(word, &word);
		values->texts = mem_resize(values->texts,
		    (values->count + 1) * sizeof(*values->texts));
		values->texts[values->count++] = slice_dup(word);
	}
	if (got == 0 && values->count > 0) {
		*content_r = values;
		return 0;
	}
	buf_put_str(why, got == 0 ? "no values" :
	    "bad syntax: braces do not match");
	close_values(values);
	return -1;
}

static enum table_answer
find_any(void *content, struct slice key, struct buf *value)
{
	const struct values	*values = content;

	(void)key;
	buf_put_str(value,
	    values->texts[arc4random_uniform((uint32_t)values->count)]);
	return TABLE_FOUND;
}

const struct table_type table_randmap = {
	.name = "randmap", .flags = TABLE_TYPE_INLINE, .open = open_values,
	.find = find_any, .close = close_values,
};
