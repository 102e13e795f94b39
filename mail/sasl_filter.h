#ifndef MAIL_SASL_FILTER_H
#define MAIL_SASL_FILTER_H

/*
 * Which SASL mechanisms are used: smtpd_sasl_mechanism_filter and
 * smtp_sasl_mechanism_filter, names, !names and tables.  What is not good
 * enough for everybody has to be named in it: "static:rest" does not get it
 * in.  Any number of threads may ask a filter.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

struct sasl_filter;

/*
 * An empty value is all that is good enough: PLAIN, LOGIN, SCRAM-SHA-1,
 * SCRAM-SHA-256 and, for who logs in with_cram, CRAM-MD5.  A value that is
 * no list is logged, and allows nothing.  parameter is borrowed.
 */
struct sasl_filter *sasl_filter_new(const char *parameter,
	    const char *value, bool with_cram);
void	sasl_filter_free(struct sasl_filter **filter);

/* Of these names, by spaces, append those that pass. */
void	sasl_filter_apply(struct sasl_filter *filter, struct slice names,
	    struct buf *passed);

#endif
