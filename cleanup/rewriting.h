#ifndef CLEANUP_REWRITING_H
#define CLEANUP_REWRITING_H

/*
 * Addresses of a message written otherwise, before it passes on: the
 * envelope sender by the canonical tables, those in the header of a local
 * client's mail (A03), too.  Only where tables are configured lookup is
 * asked; content that comes meanwhile is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct cleaner;
struct conf;
struct rewriting;

/*
 * Those of PLACE_* whose addresses tables may write anew: lookup is asked.
 */
unsigned	 rewriting_places(const struct conf *conf);

/*
 * sender is the new envelope sender, content all that came so far; both
 * are the rewriting's.  sender NULL: lookup is away, or has trouble.  From
 * inside fn the rewriting may be freed.
 */
typedef void (*rewriting_fn)(void *arg, const char *sender,
	    struct slice content);

struct rewriting_settings {
	const char	*sender;	/* borrowed until _new returns */
	bool		 is_ours;	/* of a client that is local */
	rewriting_fn	 fn;		/* called once, with arg */
	void		*arg;
};

/* NULL: there is nothing to do for that message. */
struct rewriting *rewriting_new(struct cleaner *cleaner,
		    const struct rewriting_settings *settings);
void		 rewriting_free(struct rewriting **rewriting);

/* More content; its end.  fn may be called from inside. */
void		 rewriting_put(struct rewriting *rewriting,
		    struct slice bytes);
void		 rewriting_end(struct rewriting *rewriting);

/* Bytes kept while lookup is asked. */
size_t		 rewriting_kept(const struct rewriting *rewriting);

#endif
