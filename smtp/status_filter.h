#ifndef SMTP_STATUS_FILTER_H
#define SMTP_STATUS_FILTER_H

/*
 * What became of a recipient, seen otherwise (K33): the tables of
 * smtp_delivery_status_filter have "5.7.1 other text" for "4.7.1 text".
 */

#include "mail/outcome.h"
#include "util/buf.h"

struct table_list_held;

/*
 * True: what is to be said is in dsn and reason, and *kind is changed with
 * it.  No filter makes a success of a failure, or the other way round.
 * filter may be NULL.
 */
bool	status_filter_apply(const struct table_list_held *filter,
	    enum outcome_kind *kind, const char *old_dsn,
	    const char *old_reason, struct buf *dsn, struct buf *reason);

#endif
