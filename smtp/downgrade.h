#ifndef SMTP_DOWNGRADE_H
#define SMTP_DOWNGRADE_H

/*
 * Content of 8 bits made content of 7, as it passes, for a server that does
 * not offer 8BITMIME or BINARYMIME (RFC 6152 section 3, RFC 3030 section 3):
 * bodies that say 8bit become quoted-printable, those that say binary base64,
 * and what is around them says 7bit.  Headers are left as they are but for
 * their Content-Transfer-Encoding, also where they have 8-bit bytes.
 *
 * What says to be 7bit, or nothing, is looked at, 32 KB of it, before it is
 * passed on: it is left as it is when it is 7bit, else encoded, too.  There is
 * no byte of 8 bits in a body afterwards, and what is decoded is what it was,
 * but where a body said 7bit and had 8 bits only later than that.
 */

#include "util/buf.h"
#include "util/slice.h"

struct downgrade;

/* The caller frees with downgrade_free. */
struct downgrade *downgrade_new(void);
void		 downgrade_free(struct downgrade **downgrade);

/*
 * A piece of the content, cut anywhere; what is sure is appended to out.
 * All that comes out is at most 12 times what came in; of bodies that are
 * longer than the fields they get, a little over 3 times.
 */
void		 downgrade_put(struct downgrade *downgrade,
		    struct slice piece, struct buf *out);

/* The end: what was held back. */
void		 downgrade_end(struct downgrade *downgrade, struct buf *out);

#endif
