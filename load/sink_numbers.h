#ifndef LOAD_SINK_NUMBERS_H
#define LOAD_SINK_NUMBERS_H

/*
 * The numbers of the messages a test server took: which came, and which
 * came twice.  A message carries them as "X-Tern-Run: id" and
 * "X-Tern-Number: n" (net/load_client.c writes them).
 */

#include <stdint.h>

#include "net/loop.h"
#include "util/slice.h"

struct sink_numbers;

struct sink_numbers *sink_numbers_new(struct loop *loop);
void		 sink_numbers_free(struct sink_numbers **numbers);

/* Append each number to file, one a line; 0, or -1 with errno. */
int		 sink_numbers_open(struct sink_numbers *numbers,
		    const char *file);

/* Record the message whose header section this is, if it has a number. */
void		 sink_numbers_add(struct sink_numbers *numbers,
		    struct slice head);

/* Different numbers seen, and how often one was seen again. */
uint64_t	 sink_numbers_count(const struct sink_numbers *numbers);
uint64_t	 sink_numbers_twins(const struct sink_numbers *numbers);

#endif
