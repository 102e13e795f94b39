#ifndef MAIL_TABLE_PLUGIN_H
#define MAIL_TABLE_PLUGIN_H

/*
 * Types of tables whose libraries no program is linked with: each is a
 * file table_<type>.so beside the programs, loaded when a table of its type
 * is made, and then kept.
 */

#include <stdbool.h>

#include "mail/table_type.h"
#include "util/slice.h"

/* NULL when there is no such type; NULL and *why_r when it is not usable. */
const struct table_type *table_plugin_load(struct slice name, char **why_r);

/* The name of each that is installed. */
void		 table_plugin_each(void (*fn)(const char *name, void *arg),
		    void *arg);

#endif
