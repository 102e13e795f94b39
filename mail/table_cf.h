#ifndef MAIL_TABLE_CF_H
#define MAIL_TABLE_CF_H

/*
 * The .cf file of a table: parameters as in main.cf, nothing expanded.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

struct table_cf;

/* NULL and what is wrong in why. */
struct table_cf	*table_cf_read(const char *file, struct buf *why);

/* Accepts NULL. */
void		 table_cf_free(struct table_cf **cf);

/* The text, or fallback (may be NULL) when it is not set; the cf's. */
const char	*table_cf_text(const struct table_cf *cf, const char *name,
		    const char *fallback);

/*
 * The number, not negative, or fallback when it is not set or none; that
 * it is none was said by table_cf_check_number.
 */
int64_t		 table_cf_number(const struct table_cf *cf,
		    const char *name, int64_t fallback);
int		 table_cf_check_number(const struct table_cf *cf,
		    const char *name, struct buf *why);

/* "yes" or "true". */
bool		 table_cf_bool(const struct table_cf *cf, const char *name,
		    bool fallback);

#endif
