#ifndef MAIL_TABLE_MAP_H
#define MAIL_TABLE_MAP_H

/*
 * Keys and values in memory, for the types that read theirs from text.
 * Made by one thread, then asked by any number.
 */

#include <stdbool.h>

#include "mail/table.h"
#include "util/buf.h"
#include "util/slice.h"

struct table_map;

struct table_map *table_map_new(void);
void		 table_map_free(struct table_map **map);

/* Copies of both; false, and nothing done, when the key is there already. */
bool		 table_map_add(struct table_map *map, struct slice key,
		    struct slice value);

/* As table_type's find, each and close, which they are. */
enum table_answer table_map_find(void *map, struct slice key,
		    struct buf *value);
int		 table_map_each(void *map, table_entry_fn fn, void *arg);
void		 table_map_close(void *map);

#endif
