/*
 * Virtual aliases.
 */

#include "lookup/expand.h"

#include <string.h>

#include "conf/conf.h"
#include "lookup/addressing.h"
#include "lookup/rewrite.h"
#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/extension.h"
#include "util/ascii.h"
#include "util/log.h"
#include "util/mem.h"

/* ---- lists --------------------------------------------------------------- */

void
expand_add(struct expand_list *list, struct slice address)
{
	size_t	n = list->count;

	if ((n & (n - 1)) == 0)
		list->items = mem_resize(list->items,
		    (n == 0 ? 1 : n * 2) * sizeof(char *));
	list->items[list->count++] = slice_dup(address);
}

void
expand_clear(struct expand_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		mem_free(list->items[i]);
	mem_free(list->items);
	*list = (struct expand_list)EXPAND_LIST_INIT;
}

/* ---- results of tables --------------------------------------------------- */

/* The addresses of a value, each in standard form. */
static void
read_value(const struct addressing *addressing, struct slice value,
    struct slice extension, struct expand_list *list)
{
	struct address_list	from;
	struct buf		address = BUF_INIT, standard = BUF_INIT;
	int			got;

	address_list_init(&from, value);
	while ((got = address_list_get(&from, &address)) != 0) {
		struct buf	longer = BUF_INIT;

		if (got < 0 && from.end - from.start > ADDRESS_LIMIT)
			list->has_long = true;
		if (got > 0) {
			rewrite_standard(addressing, buf_slice(&address),
			    &standard);
			extension_put(&longer, buf_slice(&standard),
			    extension);
			expand_add(list, buf_slice(&longer));
		}
		buf_clear(&longer);
		buf_empty(&address);
		buf_empty(&standard);
	}
	buf_clear(&address);
	buf_clear(&standard);
}

enum table_answer
expand_map(const struct addressing *addressing, const struct maps *maps,
    bool is_extended, struct slice address, struct expand_list *list)
{
	struct buf		value = BUF_INIT, extension = BUF_INIT;
	enum table_answer	answer;
	size_t			before = list->count;

	buf_put_slice(&value, address_local(address));
	answer = addressing_find(addressing, maps, address, &value,
	    is_extended ? &extension : NULL);
	if (answer == TABLE_FOUND) {
		size_t	len = address_local(address).len;

		/* "@other" keeps the local part, whole. */
		if (value.len > len && value.data[value.start + len] == '@')
			buf_empty(&extension);
		else
			buf_drop(&value, len);
		read_value(addressing, buf_slice(&value),
		    buf_slice(&extension), list);
		if (list->count == before) {
			log_warn("%s: no address for %.*s in \"%.*s\"",
			    maps->name, SLICE_ARG(address),
			    SLICE_ARG(buf_slice(&value)));
			answer = TABLE_TROUBLE;
		}
	}
	buf_clear(&value);
	buf_clear(&extension);
	return answer;
}

/* ---- again and again ----------------------------------------------------- */

static bool
is_too_long(const struct conf *conf, const struct expand_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (strlen(list->items[i]) >
		    (size_t)conf->virtual_alias_address_length_limit)
			return true;
	return list->has_long;
}

/* The first takes the place of list->items[at], the others come last. */
static bool
replace(struct expand_list *list, size_t at, const struct expand_list *by)
{
	bool	has_itself = false;

	for (size_t i = 0; i < by->count; i++)
		if (ascii_compare(by->items[i], list->items[at]) == 0)
			has_itself = true;
	mem_free(list->items[at]);
	list->items[at] = mem_strdup(by->items[0]);
	for (size_t i = 1; i < by->count; i++)
		expand_add(list, slice_str(by->items[i]));
	return has_itself;
}

static enum expand_answer
complain(const struct expand_list *list, const char *what)
{
	log_warn("unreasonable virtual_alias_maps map %s for %s", what,
	    list->items[0]);
	return EXPAND_LIMIT;
}

/*
 * One address of the list, until there is nothing more to find.  What
 * expanded into itself, among others, is not expanded again.
 */
static enum expand_answer
expand_one(const struct addressing *addressing, struct expand_list *list,
    size_t at, struct expand_list *done)
{
	const struct conf	*conf = addressing->conf;

	for (int64_t depth = 0;; depth++) {
		struct expand_list	found = EXPAND_LIST_INIT;
		enum table_answer	answer;
		char			*before = list->items[at];
		enum expand_answer	verdict = EXPAND_OK;

		for (size_t i = 0; i < done->count; i++)
			if (ascii_compare(done->items[i], before) == 0)
				return EXPAND_OK;
		answer = expand_map(addressing, &addressing->virtual_aliases,
		    addressing->extends_virtual, slice_str(before), &found);
		if (answer == TABLE_NONE)
			return EXPAND_OK;
		if (answer == TABLE_TROUBLE && !found.has_long)
			return EXPAND_TROUBLE;
		before = mem_strdup(before);
		if (depth >= conf->virtual_alias_recursion_limit)
			verdict = complain(list, "nesting");
		else if (is_too_long(conf, &found))
			verdict = complain(list, "address length");
		else if (list->count + found.count - 1 >
		    (size_t)conf->virtual_alias_expansion_limit)
			verdict = complain(list, "expansion size");
		else if (replace(list, at, &found))
			expand_add(done, slice_str(before));
		mem_free(before);
		expand_clear(&found);
		if (verdict != EXPAND_OK)
			return verdict;
	}
}

static bool
is_repeated(const struct expand_list *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (list->items[i] != NULL &&
		    ascii_compare(list->items[i], list->items[at]) == 0)
			return true;
	return false;
}

static void
drop_repeated(struct expand_list *list)
{
	size_t	kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (is_repeated(list, i)) {
			mem_free(list->items[i]);
			list->items[i] = NULL;
		}
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] != NULL)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

enum expand_answer
expand_virtual(const struct addressing *addressing, struct slice address,
    struct expand_list *list)
{
	struct expand_list	done = EXPAND_LIST_INIT;
	enum expand_answer	answer = EXPAND_OK;

	expand_add(list, address);
	if (maps_is_empty(&addressing->virtual_aliases))
		return EXPAND_OK;
	for (size_t i = 0; answer == EXPAND_OK && i < list->count; i++)
		answer = expand_one(addressing, list, i, &done);
	drop_repeated(list);
	expand_clear(&done);
	return answer;
}
