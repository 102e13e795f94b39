#ifndef MAIL_MAP_SOURCE_H
#define MAIL_MAP_SOURCE_H

/*
 * From the text of a table to the table, for map_command.c.  As there, what
 * is wrong with the world ends the process.
 */

#include <stdbool.h>

#include "mail/map_command.h"
#include "mail/table_build.h"
#include "util/buf.h"
#include "util/slice.h"

/* "type:name" of what was given; the caller frees. */
char	*map_source_spec(const struct map_command *command,
	    const char *given);

bool	 map_source_is_utf8(struct slice text);

/* As keys are in tables: in lower case, unless told otherwise. */
void	 map_source_put_key(const struct map_command *command,
	    struct buf *into, struct slice key);

void	 map_source_read_stdin(struct buf *into);

/* Whose a table is to be. */
struct map_source_owner {
	struct table_build_file	 file;
	int			 source;	/* open, or -1 */
	bool			 has_table;	/* it is there already */
	bool			 is_other;	/* we are not root now */
};

/*
 * Look whose the source of the table is, or the table itself where it is
 * changed; root becomes that user until map_source_return.
 */
void	 map_source_become(const struct map_command *command,
	    struct map_source_owner *owner, const char *spec);
void	 map_source_return(struct map_source_owner *owner);

/* Make the table of "type:name" or "name" anew, or add to it. */
void	 map_source_build(const struct map_command *command,
	    const char *given);

#endif
