#ifndef LOOKUP_ACTION_H
#define LOOKUP_ACTION_H

/*
 * What an access table or a policy service says shall be done (access(5)):
 * REJECT, 550 text, HOLD, a restriction ...
 */

#include "lookup/hearing.h"
#include "util/slice.h"

/* source says where it comes from, for the log: "hash:/etc/tern/access". */
enum ruling	action_run(struct hearing *hearing, const char *source,
		    struct slice action);

/*
 * An enhanced status code off the front of text, and the spaces behind it
 * (copied to dsn_r, of 16 bytes); fallback where there is none.  Its class
 * becomes that of code.
 */
struct slice	action_split_dsn(struct slice text, int code,
		    const char *fallback, char *dsn_r);

/*
 * What RFC 3463 section 3.2 has for senders is said of senders, and what it
 * has for recipients of them, in the place of each other; of who is neither
 * ("Client host"), nothing.
 */
void		action_fit_dsn(const char *class, char *dsn);

#endif
