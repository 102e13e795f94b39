#ifndef MAIL_LETTERHEAD_H
#define MAIL_LETTERHEAD_H

/*
 * The header of a message in which addresses are to be written otherwise
 * (A03): it is gathered, its addresses are found, each is replaced.  What
 * surrounds them, names, comments, folding, stays as it is.
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/slice.h"

/* A longer header is looked at so far, in bytes; so many addresses of it. */
#define LETTERHEAD_LIMIT	262144
#define LETTERHEAD_ADDRESSES	10000

struct letterhead_item {
	size_t		 start, end;	/* of the text */
	unsigned	 place;		/* PLACE_* of mail/ipc.h */
	char		*address;	/* as it is; owned */
	char		*wanted;	/* as it is to be; owned */
};

/* Zeroed it is empty. */
struct letterhead {
	struct buf		 text;
	size_t			 looked;	/* bytes that have no end */
	bool			 is_complete;
	struct letterhead_item	*items;		/* owned */
	size_t			 count;
};

void	letterhead_clear(struct letterhead *head);

/*
 * More of the message.  True: the header has ended, or nothing more of it
 * is looked at; what is behind it is in text, too.
 */
bool	letterhead_put(struct letterhead *head, struct slice bytes);

/* Once it is complete, or the message has ended: fill in items. */
void	letterhead_read(struct letterhead *head);

/* Append the text, with each address as wanted. */
void	letterhead_format(const struct letterhead *head, struct buf *into);

#endif
