#ifndef NET_POST_H
#define NET_POST_H

/*
 * What threads leave for the loop: the one way from a thread to what the
 * loop owns.
 */

#include "net/loop.h"

struct post;

struct post	*post_new(struct loop *loop);

/* No thread may send any more; what was not called is not called. */
void		 post_free(struct post **post);

/* From any thread: the loop calls fn(arg), in the order of sending. */
void		 post_send(struct post *post, loop_fn fn, void *arg);

#endif
