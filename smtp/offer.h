#ifndef SMTP_OFFER_H
#define SMTP_OFFER_H

/*
 * What a server offers in its reply to EHLO (RFC 5321 section 4.1.1.1).
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/slice.h"

struct conf;

/* Of mechanisms that have no room nobody has heard. */
#define OFFER_MECHANISMS_SIZE	256

struct offer {
	bool		has_pipelining;		/* RFC 2920 */
	bool		has_8bit;		/* RFC 6152 */
	bool		has_size;		/* RFC 1870 */
	bool		has_chunking;		/* RFC 3030 */
	bool		has_binary;		/* RFC 3030 */
	bool		has_dsn;		/* RFC 3461 */
	bool		has_utf8;		/* RFC 6531 */
	bool		has_pipeconnect;	/* early commands */
	bool		has_starttls;		/* RFC 3207 */
	bool		has_auth;		/* RFC 4954 */
	char		mechanisms[OFFER_MECHANISMS_SIZE]; /* by spaces */
	uint64_t	size_limit;		/* 0: not told */
};

/*
 * lines are the texts of the reply, each with a LF; the first is the
 * server's name.  What is in the list discard is not offered.  -1: the name
 * is ours (K31).
 */
int	offer_parse(const struct conf *conf, const char *discard,
	    struct slice lines, struct offer *offer_r);

/* Whatever is in wanted is in offer, too; a size limit may only be wider. */
bool	offer_covers(const struct offer *offer, const struct offer *wanted);

#endif
