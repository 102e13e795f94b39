#ifndef MASTER_TICKETS_H
#define MASTER_TICKETS_H

/*
 * The keys of TLS session tickets.  All processes have the same, whatever
 * their generation, so that a client resumes with any of them, also after a
 * reload.  They change with time; the last key is kept for the tickets made
 * with it.
 */

#include <stdint.h>

struct loop;
struct tickets;

/* fn(arg) is called when there is another key. */
struct tickets	*tickets_new(struct loop *loop, void (*fn)(void *arg),
		    void *arg);
void		 tickets_free(struct tickets **tickets);

/* How long each key makes tickets; as long again it takes them. */
void		 tickets_set_life(struct tickets *tickets, int64_t life_ms);

/* For a packet of control.h; borrowed, until there is another key. */
const char	*tickets_text(const struct tickets *tickets);

#endif
