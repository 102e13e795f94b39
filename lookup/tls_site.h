#ifndef LOOKUP_TLS_SITE_H
#define LOOKUP_TLS_SITE_H

/*
 * What smtp_tls_policy_maps have for a next hop (K41).
 */

#include "mail/table.h"
#include "util/buf.h"
#include "util/slice.h"

struct profile;

/*
 * The value, appended to text, of the next hop as it is configured, or, of
 * one that is a domain alone, of the first of its parents with a dot before
 * it; and the contents of the files that it names with tafile=, which smtp
 * in its chroot cannot read, appended to anchors.  TABLE_TROUBLE (logged)
 * when a table, or one of these files, cannot be read.
 */
enum table_answer tls_site_find(const struct profile *profile,
	    struct slice nexthop, struct buf *text, struct buf *anchors);

#endif
