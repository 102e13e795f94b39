#ifndef SMTPD_SUBSTITUTE_H
#define SMTPD_SUBSTITUTE_H

/*
 * What a table has in the place of a command that comes
 * (smtpd_command_filter, S52), or of a refusal that leaves
 * (smtpd_reject_filter_maps, S51).  The tables are read when the program
 * starts; they stand in the event loop, so they are of quick types.
 */

#include "util/buf.h"
#include "util/slice.h"

#define SUBSTITUTE_DSN_SIZE	10	/* "5.123.123" (RFC 3463 section 2) */

struct substitute;

/*
 * Of the parameter of that name (static); call it before a chroot.  NULL:
 * there are no tables, or *why_r (caller frees) says what is wrong.
 */
struct substitute *substitute_new(const char *name, const char *tables,
		    char **why_r);

/*
 * The command of a client, without its CR LF: in its place a value, which
 * is put in scratch, of no more than limit bytes.  No value makes one line
 * two: with control characters it is none.  substitute may be NULL.
 */
struct slice	 substitute_command(struct substitute *substitute,
		    struct slice line, size_t limit, struct buf *scratch);

/*
 * Of a refusal, "550 5.1.1 text" (without a DSN: "550 text"): true, with
 * code, dsn (SUBSTITUTE_DSN_SIZE; "" for none) and text of another one.  No
 * refusal becomes anything else: others are none.  substitute may be NULL.
 */
bool		 substitute_refusal(struct substitute *substitute,
		    struct slice reply, int *code_r, char *dsn,
		    struct buf *text);

#endif
