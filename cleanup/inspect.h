#ifndef CLEANUP_INSPECT_H
#define CLEANUP_INSPECT_H

/*
 * What is behind the header of a message, as it passes: the headers of its
 * parts and the lines of its bodies are checked, and what is checked goes
 * on.  A line is held until it ends (line_length_limit of it), nothing
 * else.  A NULL inspect lets content through.
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/slice.h"

struct checks;
struct conf;
struct inspect;

typedef void (*inspect_put_fn)(void *arg, struct slice bytes);

struct inspect_settings {
	const struct conf	*conf;
	struct checks		*checks;
	bool			 is_utf8;	/* SMTPUTF8 */
	inspect_put_fn		 put;
	void			*arg;
};

/* All borrowed.  NULL when there is nothing to be looked at. */
struct inspect	*inspect_new(const struct inspect_settings *settings);
void		 inspect_free(struct inspect **inspect);

/* Bytes of memory that it has now; need less. */
size_t		 inspect_size(const struct inspect *inspect);
void		 inspect_shrink(struct inspect *inspect);

/* The message from its first header on, cut anywhere; its end. */
void		 inspect_put(struct inspect *inspect, struct slice bytes);
void		 inspect_end(struct inspect *inspect);

#endif
