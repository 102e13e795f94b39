/*
 * Tables by a parameter.
 */

#include "lookup/maps.h"

#include "mail/table_line.h"
#include "util/log.h"
#include "util/mem.h"

static void
add(struct maps *maps, struct slice word, unsigned how)
{
	char		*spec = slice_dup(word), *why = NULL;
	struct table	*table = table_new(spec, how, &why);

	mem_free(spec);
	if (table == NULL) {
		log_warn("%s: %s", maps->name, why);
		mem_free(why);
		maps->is_broken = true;
		return;
	}
	maps->tables = mem_resize(maps->tables,
	    (maps->count + 1) * sizeof(struct table *));
	maps->tables[maps->count++] = table;
}

void
maps_init(struct maps *maps, const char *name, const char *text,
    unsigned how)
{
	struct slice	rest = slice_str(text), word;
	int		got;

	*maps = (struct maps){ .name = name };
	while ((got = table_line_get_word(&rest, &word)) > 0)
		add(maps, word, how);
	if (got < 0) {
		log_warn("%s: braces do not match", name);
		maps->is_broken = true;
	}
}

void
maps_clear(struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		table_free(&maps->tables[i]);
	mem_free(maps->tables);
	*maps = (struct maps){ .name = NULL };
}

bool
maps_is_empty(const struct maps *maps)
{
	return maps->count == 0 && !maps->is_broken;
}

enum table_answer
maps_find(const struct maps *maps, struct slice key, unsigned how,
    struct buf *value)
{
	size_t			before = value->len;
	enum table_answer	answer;

	if (maps->is_broken)
		return TABLE_TROUBLE;
	for (size_t i = 0; i < maps->count; i++) {
		struct table	*table = maps->tables[i];

		if ((how & MAPS_PART) && table_is_whole_key(table))
			continue;
		answer = table_find(table, key, value);
		if (answer == TABLE_TROUBLE) {
			log_warn("%s: %s lookup error for \"%.*s\"",
			    maps->name, table_spec(table), SLICE_ARG(key));
			buf_truncate(value, before);
		}
		if (answer != TABLE_NONE)
			return answer;
	}
	return TABLE_NONE;
}
