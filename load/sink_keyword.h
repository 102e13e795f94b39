#ifndef LOAD_SINK_KEYWORD_H
#define LOAD_SINK_KEYWORD_H

/*
 * What the test server says it can do.
 */

#include <stdbool.h>

#include "util/buf.h"

struct sink_run;

/* The reply to EHLO, but for its last CRLF. */
void		 sink_keyword_put(const struct sink_run *run,
		    bool is_secured, struct buf *text);

#endif
