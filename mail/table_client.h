#ifndef MAIL_TABLE_CLIENT_H
#define MAIL_TABLE_CLIENT_H

/*
 * Questions to one server, over connections that stay open.  Each thread
 * that asks has a connection to itself, so none waits for another.
 */

#include <stdint.h>

#include "mail/table.h"
#include "mail/table_wire.h"
#include "util/buf.h"
#include "util/slice.h"

struct table_client_settings {
	int64_t			 timeout_ms;	/* for the whole question */
	table_wire_get_fn	 get;
	/* What the reply means, as table_find. */
	enum table_answer	 (*answer)(struct slice reply,
				    struct buf *value);
};

struct table_client;

/*
 * To "inet:host:port" or "unix:path".  NULL and what is wrong in why when
 * it is neither.  Nothing is connected.
 */
struct table_client *table_client_new(const char *address,
		    const struct table_client_settings *settings,
		    struct buf *why);
void		 table_client_free(struct table_client **client);

/*
 * Send the request and wait for its answer, as table_find.  A connection
 * that was open already and is lost before the reply begins is made anew,
 * once.
 */
enum table_answer table_client_ask(struct table_client *client,
		    struct slice request, struct buf *value);

#endif
