#ifndef MAIL_TABLE_GROUP_H
#define MAIL_TABLE_GROUP_H

/*
 * Tables made of tables: "{ type:name, type:name }".  For unionmap and
 * pipemap.
 */

#include <stdbool.h>
#include <stddef.h>

#include "mail/table_type.h"

struct table_group {
	struct table	**tables;	/* owned, as is each of them */
	size_t		  count;
};

/* As members of struct table_type. */
int		 table_group_open(const struct table_source *source,
		    void **content_r, struct buf *why);
bool		 table_group_is_whole_key(const void *content);
void		 table_group_check(void *content, struct buf *why);
void		 table_group_close(void *content);

#endif
