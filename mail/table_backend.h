#ifndef MAIL_TABLE_BACKEND_H
#define MAIL_TABLE_BACKEND_H

/*
 * What a table on a server (or in a database) has of its own: how to
 * connect, how to quote, how to ask.  All the rest is mail/table_remote.c.
 *
 * A connection is used by one thread at a time.  Nothing here may write to
 * the log: a plug-in has none.
 */

#include <stdint.h>

#include "mail/table_cf.h"
#include "mail/table_template.h"
#include "util/buf.h"
#include "util/slice.h"

/* Texts that a question is made of ("query", "search_base"). */
#define TABLE_BACKEND_TEXTS	2

enum table_backend_answer {
	TABLE_BACKEND_DONE,
	TABLE_BACKEND_WRONG,	/* the question, not the connection */
	TABLE_BACKEND_LOST,	/* the connection; another may do */
};

typedef void (*table_backend_fn)(struct slice value, void *arg);

struct table_backend {
	/* The parameter that lists the servers, and its default. */
	const char	*hosts, *hosts_default;
	int64_t		 timeout_s;	/* default of "timeout" */
	struct {
		const char		*name;	/* NULL: none, or no more */
		const char		*fallback;	/* NULL: must be set */
		table_template_quote_fn	 quote;	/* arg: the connection */
	} texts[TABLE_BACKEND_TEXTS];

	/* NULL and what is wrong in why, at the latest after timeout_ms. */
	void		*(*connect)(const struct table_cf *cf,
			    const char *host, int64_t timeout_ms,
			    struct buf *why);
	void		 (*disconnect)(void *connection);
	/* Call fn for each value.  What is wrong in why. */
	enum table_backend_answer (*query)(void *connection,
			    const struct slice *texts, table_backend_fn fn,
			    void *arg, struct buf *why);
};

#endif
