#ifndef MAIL_WATCHED_H
#define MAIL_WATCHED_H

/*
 * What was made of a file, for many threads: made when it is first wanted,
 * and anew when the file has changed since.  Whoever asks after the change
 * gets the new; who still uses the old goes on with it; who is in haste
 * (util/haste.h) reads no file.
 */

#include <stdbool.h>

#include "util/buf.h"

struct watched;

struct watched_maker {
	/*
	 * 0 and *data_r; -1 and what is wrong in why.  With 0, too, why may
	 * get lines about what was skipped.
	 */
	int	(*open)(void *arg, void **data_r, struct buf *why);
	/* Nobody uses it any more. */
	void	(*close)(void *data);
};

/* Of one state of the file. */
struct watched_content {
	void		*data;		/* NULL: why says what is wrong */
	char		*why;		/* NULL: nothing */
};

/*
 * spec names it in the log, where what is wrong stands once for each state
 * of the file.  maker and arg are the caller's, as long as the watched is
 * there.
 */
struct watched	*watched_new(const char *spec, const char *file,
		    const struct watched_maker *maker, void *arg);

/* No thread may be using it.  Accepts NULL. */
void		 watched_free(struct watched **watched);

/* Never NULL; the same thread releases it. */
const struct watched_content *watched_hold(struct watched *watched);
/*
 * The file has changed since, or may have: what was read of it need not have
 * been whole.
 */
bool		 watched_is_doubtful(const struct watched *watched,
		    const struct watched_content *content);
void		 watched_release(struct watched *watched,
		    const struct watched_content *content);

#endif
