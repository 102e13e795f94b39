#ifndef MAIL_MIME_STACK_H
#define MAIL_MIME_STACK_H

/*
 * The multiparts around the place where a reader is, and which of them a
 * line ends (RFC 2046 section 5.1).  Embedded, zeroed at first; limits are
 * the reader's.
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/slice.h"

struct mime_level {
	struct buf	boundary;
	bool		is_digest;	/* its parts are messages by default */
};

struct mime_stack {
	struct mime_level	*levels;	/* the innermost last; owned */
	size_t			 depth;
	size_t			 cap;
	size_t			 longest;	/* of the boundaries, bytes */
};

void	mime_stack_clear(struct mime_stack *stack);

/* Bytes of memory beside the struct. */
size_t	mime_stack_size(const struct mime_stack *stack);

/* Takes the bytes of boundary, which is empty afterwards. */
void	mime_stack_push(struct mime_stack *stack, struct buf *boundary,
	    bool is_digest);

/* Forget the innermost, until depth are left. */
void	mime_stack_pop_to(struct mime_stack *stack, size_t depth);

/*
 * The multipart whose boundary is at the front of text, what follows the
 * "--" of a line, without CR LF: its number from 1 (outermost), or 0.
 */
size_t	mime_stack_find(const struct mime_stack *stack, struct slice text);

#endif
