#ifndef QMGR_RETURNS_H
#define QMGR_RETURNS_H

/*
 * What the sender is to hear of a message.  It is no state of the queue:
 * when an attempt is over for a window of recipients, those that have
 * failed (and those that are delayed, once, and those that are to be
 * reported as relayed) go by the transport "bounce" as others go by smtp.
 * Who was reported is crossed off, if not delayed; who could not be stays
 * as he is, and the message comes again.
 */

#include <stdbool.h>

#include "mail/outcome.h"
#include "util/slice.h"

struct active;
struct recipient;

/*
 * Every recipient of the window has its result.  What is too old and still
 * deferred has failed (P11).  True: there is something to report, and the
 * store is to know the results before returns_start.
 */
bool	returns_are_due(struct active *active);

/* Hand it out; the message may have ended when this returns. */
void	returns_start(struct active *active);

/*
 * What came of the report on one recipient: its state is set, as it was
 * before or, when it is reported and done with, RECIPIENT_SENT.
 */
void	returns_result(struct active *active, struct recipient *recipient,
	    enum outcome_kind kind, struct slice text);

/* The sender was told all that it is to know of a delay. */
bool	returns_have_warned(const struct active *active);

#endif
