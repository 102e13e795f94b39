#ifndef MAIL_TABLE_REMOTE_H
#define MAIL_TABLE_REMOTE_H

/*
 * Tables on servers and in databases: the .cf file, the queries, the
 * connections, of which each thread that asks has one to itself.
 */

#include "mail/table_backend.h"
#include "mail/table_type.h"

/* As of struct table_type. */
int		 table_remote_open(const struct table_source *source,
		    const struct table_backend *backend, void **content_r,
		    struct buf *why);
enum table_answer table_remote_find(void *content, struct slice key,
		    struct buf *value);
void		 table_remote_close(void *content);

#endif
