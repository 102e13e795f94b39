/*
 * Lists of tables.
 */

#include "mail/table_list.h"

#include "mail/table_line.h"
#include "util/mem.h"

struct table_list {
	struct table	**tables;
	size_t		 count;
};

static int
add(struct table_list *list, struct slice word, unsigned how, char **why_r)
{
	char		*spec = slice_dup(word);
	struct table	*table = table_new(spec, how, why_r);

	mem_free(spec);
	if (table == NULL)
		return -1;
	list->tables = mem_resize(list->tables,
	    (list->count + 1) * sizeof(struct table *));
	list->tables[list->count++] = table;
	return 0;
}

struct table_list *
table_list_new(const char *text, unsigned how, char **why_r)
{
	struct table_list	*list = mem_new(sizeof(*list));
	struct slice		 rest = slice_str(text), word;
	int			 got;

	while ((got = table_line_get_word(&rest, &word)) > 0)
		if (add(list, word, how, why_r) < 0) {
			table_list_free(&list);
			return NULL;
		}
	if (got < 0) {
		*why_r = mem_printf("%s: braces do not match", text);
		table_list_free(&list);
	}
	return list;
}

void
table_list_free(struct table_list **listp)
{
	struct table_list	*list = *listp;

	if (list == NULL)
		return;
	*listp = NULL;
	for (size_t i = 0; i < list->count; i++)
		table_free(&list->tables[i]);
	mem_free(list->tables);
	mem_free(list);
}

bool
table_list_is_empty(const struct table_list *list)
{
	return list->count == 0;
}

struct table_list_held {
	struct table_list	*own;		/* of table_list_fix */
	size_t			 count;
	struct table_held	*tables[];
};

struct table_list_held *
table_list_hold(const struct table_list *list)
{
	struct table_list_held	*held = mem_new(sizeof(*held) +
	    list->count * sizeof(*held->tables));

	held->count = list->count;
	for (size_t i = 0; i < list->count; i++)
		held->tables[i] = table_hold(list->tables[i]);
	return held;
}

void
table_list_release(struct table_list_held **held)
{
	if (*held == NULL)
		return;
	for (size_t i = 0; i < (*held)->count; i++)
		table_release(&(*held)->tables[i]);
	table_list_free(&(*held)->own);
	mem_free(*held);
	*held = NULL;
}

struct table_list_held *
table_list_fix(const char *text, unsigned how, char **why_r)
{
	struct table_list	*list;
	struct table_list_held	*held;

	*why_r = NULL;
	list = table_list_new(text, how, why_r);
	if (list == NULL || table_list_is_empty(list)) {
		table_list_free(&list);
		return NULL;
	}
	held = table_list_hold(list);
	held->own = list;
	return held;
}

enum table_answer
table_list_find(const struct table_list_held *held, struct slice key,
    struct buf *value)
{
	enum table_answer	answer = TABLE_NONE;

	for (size_t i = 0; i < held->count && answer == TABLE_NONE; i++)
		answer = table_find_held(held->tables[i], key, value);
	return answer;
}
