#ifndef MAIL_TABLE_LIST_H
#define MAIL_TABLE_LIST_H

/*
 * The tables of a parameter, "type:name, type:name ...": the first that has
 * the key answers.
 */

#include "mail/table.h"

struct table_list;

/*
 * how as of table_new, for each of them.  NULL and *why_r (caller frees)
 * when one is wrong.
 */
struct table_list *table_list_new(const char *text, unsigned how,
		    char **why_r);
void		 table_list_free(struct table_list **list);

bool		 table_list_is_empty(const struct table_list *list);

/* All of them as they are now (table_hold); the holder releases them. */
struct table_list_held;
struct table_list_held *table_list_hold(const struct table_list *list);
void		 table_list_release(struct table_list_held **held);

/*
 * Those of a parameter as they are now, for ever: for who enters a chroot.
 * how is as of table_list_new.  NULL: there are none, or *why_r (caller
 * frees) says what is wrong.  table_list_release frees the tables, too.
 */
struct table_list_held *table_list_fix(const char *text, unsigned how,
		    char **why_r);

/* As table_find. */
enum table_answer table_list_find(const struct table_list_held *held,
		    struct slice key, struct buf *value);

#endif
