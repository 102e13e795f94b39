#ifndef SMTP_REPLY_FILTER_H
#define SMTP_REPLY_FILTER_H

/*
 * Lines of replies, seen otherwise (K33): the tables of smtp_reply_filter
 * have another line for "250-SIZE 0".  They are read when the program
 * starts.
 */

#include "util/buf.h"
#include "util/slice.h"

struct reply_filter;

/* As dns_filter_new of mail/dns_filter.h. */
struct reply_filter *reply_filter_new(const char *text, char **why_r);
void		 reply_filter_free(struct reply_filter **filter);

/*
 * True: the line is to be taken for what is in new then.  No filter makes a
 * success of a failure, or the other way round, nor an end of a reply of
 * what is no line of one.  filter may be NULL.
 */
bool		 reply_filter_apply(const struct reply_filter *filter,
		    struct slice line, struct buf *new);

#endif
