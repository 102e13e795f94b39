/*
 * Keys and values in memory.
 */

#include "mail/table_map.h"

#include <string.h>
#include <uthash.h>

#include "util/mem.h"

struct entry {
	UT_hash_handle	 hh;
	size_t		 key_len, value_len;
	unsigned char	 bytes[];	/* the key, then the value */
};

struct table_map {
	struct entry	*entries;
};

struct table_map *
table_map_new(void)
{
	return mem_new(sizeof(struct table_map));
}

void
table_map_free(struct table_map **mapp)
{
	struct table_map	*map = *mapp;
	struct entry		*entry, *next;

	if (map == NULL)
		return;
	HASH_ITER(hh, map->entries, entry, next) {
		HASH_DEL(map->entries, entry);
		mem_free(entry);
	}
	mem_free(map);
	*mapp = NULL;
}

void
table_map_close(void *map)
{
	struct table_map	*typed = map;

	table_map_free(&typed);
}

static struct entry *
find(const struct table_map *map, struct slice key)
{
	struct entry	*entry;

	HASH_FIND(hh, map->entries, key.data, key.len, entry);
	return entry;
}

bool
table_map_add(struct table_map *map, struct slice key, struct slice value)
{
	struct entry	*entry;

	if (find(map, key) != NULL)
		return false;
	entry = mem_new(sizeof(*entry) + key.len + value.len);
	entry->key_len = key.len;
	entry->value_len = value.len;
	memcpy(entry->bytes, key.data, key.len);
	if (value.len > 0)
		memcpy(entry->bytes + key.len, value.data, value.len);
	HASH_ADD_KEYPTR(hh, map->entries, entry->bytes, key.len, entry);
	return true;
}

enum table_answer
table_map_find(void *map, struct slice key, struct buf *value)
{
	const struct entry	*entry = find(map, key);

	if (entry == NULL)
		return TABLE_NONE;
	buf_put(value, entry->bytes + entry->key_len, entry->value_len);
	return TABLE_FOUND;
}

int
table_map_each(void *map, table_entry_fn fn, void *arg)
{
	const struct table_map	*typed = map;
	const struct entry	*entry;
	int			 result = 0;

	for (entry = typed->entries; entry != NULL && result == 0;
	    entry = entry->hh.next)
		result = fn(slice_from(entry->bytes, entry->key_len),
		    slice_from(entry->bytes + entry->key_len,
		    entry->value_len), arg);
	return result;
}
