#ifndef SMTP_STATUS_FILTER_H
#define SMTP_STATUS_FILTER_H

/*
 * What became of a recipient, seen otherwise (K33): the tables of
 * smtp_delivery_status_filter have "5.7.1 other text" for "4.7.1 text".
 * They are read when the program starts.
 */

#include "mail/outcome.h"
#include "util/buf.h"

struct status_filter;

/* As dns_filter_new of mail/dns_filter.h. */
struct status_filter *status_filter_new(const char *text, char **why_r);
void		 status_filter_free(struct status_filter **filter);

/*
 * True: what is to be said is in dsn and reason, and *kind is changed with
 * it.  No filter makes a success of a failure, or the other way round.
 * filter may be NULL.
 */
bool		 status_filter_apply(const struct status_filter *filter,
		    enum outcome_kind *kind, const char *old_dsn,
		    const char *old_reason, struct buf *dsn,
		    struct buf *reason);

#endif
