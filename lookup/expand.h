#ifndef LOOKUP_EXPAND_H
#define LOOKUP_EXPAND_H

/*
 * Addresses that stand for others: virtual aliases (A07).
 */

#include <stdbool.h>
#include <stddef.h>

#include "mail/table.h"
#include "util/slice.h"

struct addressing;
struct maps;

struct expand_list {
	char	**items;	/* owned, as is each of them */
	size_t	  count;
	bool	  has_long;	/* one was too long, and was left out */
};

#define EXPAND_LIST_INIT	{ NULL, 0, false }

enum expand_answer {
	EXPAND_OK,
	EXPAND_TROUBLE,		/* a table is not there */
	EXPAND_LIMIT,		/* too many, too long, or in circles */
};

void	expand_add(struct expand_list *list, struct slice address);
void	expand_clear(struct expand_list *list);

/*
 * What the tables have for the address, in standard form; @domain gives
 * its own local part.  With is_extended, an extension that was not found
 * is put behind each.  TABLE_FOUND: at least one was added to list.
 */
enum table_answer expand_map(const struct addressing *addressing,
	    const struct maps *maps, bool is_extended, struct slice address,
	    struct expand_list *list);

/*
 * Add all that a recipient stands for by virtual_alias_maps, itself if it
 * is none of them, each once.
 */
enum expand_answer expand_virtual(const struct addressing *addressing,
	    struct slice address, struct expand_list *list);

#endif
