#ifndef LOAD_SINK_DUMP_H
#define LOAD_SINK_DUMP_H

/*
 * A message kept in a file: its envelope (lines "MAIL FROM:<..> ..." and
 * "RCPT TO:<..>"), an empty line, and its text as it came.  The file gets
 * its name when it is whole.
 */

#include <stdint.h>

#include "util/slice.h"

struct sink_dump;

/* Starts a file in folder; NULL (and a warning) when that fails. */
struct sink_dump *sink_dump_new(const char *folder, struct slice envelope);

void		 sink_dump_add(struct sink_dump *dump, struct slice part);

/* The file becomes folder/number; dump is freed. */
void		 sink_dump_keep(struct sink_dump **dump, uint64_t number);

/* The file is removed; accepts NULL. */
void		 sink_dump_free(struct sink_dump **dump);

#endif
