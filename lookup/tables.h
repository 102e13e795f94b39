#ifndef LOOKUP_TABLES_H
#define LOOKUP_TABLES_H

/*
 * Several tables as one, as a parameter names them: "type:a, type:b".  The
 * first that has the key answers.
 */

#include <stdbool.h>

#include "mail/table.h"

struct tables;

/*
 * parameter names it in the log, where what cannot be a table is told; such
 * a list is TABLE_TROUBLE for every key.  Never NULL.
 */
struct tables	*tables_new(const char *parameter, const char *text);
void		 tables_free(struct tables **tables);
bool		 tables_is_empty(const struct tables *tables);

/* As table_find; trouble is told to the log. */
enum table_answer tables_find(struct tables *tables, struct slice key,
		    struct buf *value);

/*
 * By an address, in the order of access(5) and canonical(5): user+ext@domain,
 * user@domain, then (is_local) user+ext, user, then @domain.  delimiter is
 * recipient_delimiter.
 */
enum table_answer tables_find_address(struct tables *tables,
		    struct slice address, const char *delimiter,
		    bool is_local, struct buf *value);

/*
 * The next word of a list: by commas and white space, but what is in braces
 * is one word.  0, or -1 at the end.
 */
int		 tables_get_word(struct slice *from, struct slice *word_r);

#endif
