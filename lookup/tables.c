/*
 * Lists of tables.
 */

#include "lookup/tables.h"

#include "lookup/access.h"
#include "util/ascii.h"
#include "util/log.h"
#include "util/mem.h"

struct tables {
	char		*parameter;
	struct table	**list;		/* owned, as is each of them */
	size_t		 count;
	bool		 is_bad;
};

int
tables_get_word(struct slice *from, struct slice *word_r)
{
	size_t	start = 0, end, depth = 0;

	while (start < from->len && (from->data[start] == ',' ||
	    ascii_is_space(from->data[start])))
		start++;
	for (end = start; end < from->len; end++) {
		int	c = from->data[end];

		if (c == '{')
			depth++;
		else if (c == '}' && depth > 0)
			depth--;
		else if (depth == 0 && (c == ',' || ascii_is_space(c)))
			break;
	}
	if (end == start)
		return -1;
	*word_r = slice_first(slice_after(*from, start), end - start);
	*from = slice_after(*from, end);
	return 0;
}

struct tables *
tables_new(const char *parameter, const char *text)
{
	struct tables	*tables = mem_new(sizeof(*tables));
	struct slice	 rest = slice_str(text), word;

	tables->parameter = mem_strdup(parameter);
	while (tables_get_word(&rest, &word) == 0) {
		char		*spec = slice_dup(word), *why = NULL;
		struct table	*table = table_new(spec, 0, &why);

		if (table == NULL) {
			log_warn("%s: %s", parameter, why);
			tables->is_bad = true;
		} else {
			tables->list = mem_resize(tables->list,
			    (tables->count + 1) * sizeof(table));
			tables->list[tables->count++] = table;
		}
		mem_free(why);
		mem_free(spec);
	}
	return tables;
}

void
tables_free(struct tables **tablesp)
{
	struct tables	*tables = *tablesp;

	if (tables == NULL)
		return;
	*tablesp = NULL;
	for (size_t i = 0; i < tables->count; i++)
		table_free(&tables->list[i]);
	mem_free(tables->list);
	mem_free(tables->parameter);
	mem_free(tables);
}

bool
tables_is_empty(const struct tables *tables)
{
	return tables->count == 0 && !tables->is_bad;
}

static enum table_answer
find(struct tables *tables, struct slice key, bool is_part,
    struct buf *value)
{
	enum table_answer	answer = TABLE_NONE;

	for (size_t i = 0; answer == TABLE_NONE && i < tables->count; i++)
		if (!is_part || !table_is_whole_key(tables->list[i]))
			answer = access_find(tables->list[i], key, value);
	if (answer == TABLE_NONE && tables->is_bad)
		answer = TABLE_TROUBLE;
	return answer;
}

enum table_answer
tables_find(struct tables *tables, struct slice key, struct buf *value)
{
	return find(tables, key, false, value);
}

enum table_answer
tables_find_address(struct tables *tables, struct slice address,
    const char *delimiter, bool is_local, struct buf *value)
{
	struct access_key	keys[ACCESS_KEY_LIMIT];
	size_t			count;
	enum table_answer	answer = TABLE_NONE;

	count = access_address_keys(address, delimiter,
	    is_local ? ACCESS_BARE_USER : ACCESS_NO_USER, keys);
	for (size_t i = 0; answer == TABLE_NONE && i < count; i++)
		answer = find(tables, buf_slice(&keys[i].text),
		    keys[i].is_part, value);
	access_clear_keys(keys, count);
	return answer;
}
