#ifndef LOAD_LOAD_TEXT_H
#define LOAD_LOAD_TEXT_H

/*
 * What a load generator sends: bodies of a given length, addresses made
 * from patterns.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

/*
 * Append len bytes of lines of at most 76 bytes, CRLF counted in len (3
 * bytes when len is 1: a line must end).  An 8-bit body has random bytes,
 * lines of random length, and dots at the start of some.
 */
void	load_text_body(uint64_t len, bool is_8bit, struct buf *into);

/* The numbers patterns can name. */
struct load_text_numbers {
	uint64_t	message;	/* %m */
	uint64_t	recipient;	/* %r: within the message, from 0 */
	uint64_t	running;	/* %n: over all messages */
	uint64_t	domain;		/* %d */
};

/* 0, or -1 when the pattern has another letter behind a %. */
int	load_text_address(const char *pattern,
	    const struct load_text_numbers *numbers, struct buf *into);

#endif
