#ifndef SMTP_REPLY_FILTER_H
#define SMTP_REPLY_FILTER_H

/*
 * Lines of replies, seen otherwise (K33): the tables of smtp_reply_filter
 * have another line for "250-SIZE 0".
 */

#include "util/buf.h"
#include "util/slice.h"

struct table_list_held;

/*
 * True: the line is to be taken for what is in new then.  No filter makes a
 * success of a failure, or the other way round, nor an end of a reply of
 * what is no line of one.  filter may be NULL.
 */
bool	reply_filter_apply(const struct table_list_held *filter,
	    struct slice line, struct buf *new);

#endif
