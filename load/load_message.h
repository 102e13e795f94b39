#ifndef LOAD_LOAD_MESSAGE_H
#define LOAD_LOAD_MESSAGE_H

/*
 * What differs from one message of a load generator to the next: addresses
 * and the head.
 */

#include <stdint.h>

#include "util/buf.h"

struct load_run;

/* Append pattern (load_text.h) for a recipient, from 0, of a message. */
void		 load_message_put_address(const struct load_run *run,
		    struct buf *out, const char *pattern, uint64_t message,
		    uint64_t recipient);

/* The head of a message with its empty line, into run->head. */
void		 load_message_make_head(struct load_run *run,
		    uint64_t message);

#endif
