/*
 * Tables made of tables.
 */

#include "mail/table_group.h"

#include "mail/table_line.h"
#include "util/mem.h"

static int
add(struct table_group *group, struct slice word, unsigned how,
    struct buf *why)
{
	char		*spec = slice_dup(word), *what = NULL;
	struct table	*table = table_new(spec, how, &what);

	mem_free(spec);
	if (table == NULL) {
		buf_put_str(why, what);
		mem_free(what);
		return -1;
	}
	group->tables = mem_resize(group->tables,
	    (group->count + 1) * sizeof(*group->tables));
	group->tables[group->count++] = table;
	return 0;
}

int
table_group_open(const struct table_source *source, void **content_r,
    struct buf *why)
{
	struct slice		 text, word;
	struct table_group	*group;
	int			 got;

	if (table_line_unbrace(slice_str(source->name), &text) < 0) {
		buf_put_str(why,
		    "bad syntax: expected \"{ type:name, ... }\"");
		return -1;
	}
	group = mem_new(sizeof(*group));
	while ((got = table_line_get_word(&text, &word)) > 0) {
		table_line_unbrace(word, &word);
		if ((got = add(group, word, source->how, why)) < 0)
			break;
	}
	if (got == 0 && group->count > 0) {
		*content_r = group;
		return 0;
	}
	if (why->len == 0)
		buf_put_str(why, group->count == 0 ? "no tables" :
		    "bad syntax: braces do not match");
	table_group_close(group);
	return -1;
}

bool
table_group_is_whole_key(const void *content)
{
	const struct table_group	*group = content;

	for (size_t i = 0; i < group->count; i++)
		if (table_is_whole_key(group->tables[i]))
			return true;
	return false;
}

void
table_group_check(void *content, struct buf *why)
{
	struct table_group	*group = content;
	char			*what;

	for (size_t i = 0; i < group->count; i++)
		if (table_check(group->tables[i], &what) < 0) {
			buf_printf(why, "%s\n", what);
			mem_free(what);
		}
}

void
table_group_close(void *content)
{
	struct table_group	*group = content;

	for (size_t i = 0; i < group->count; i++)
		table_free(&group->tables[i]);
	mem_free(group->tables);
	mem_free(group);
}
