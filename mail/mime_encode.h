#ifndef MAIL_MIME_ENCODE_H
#define MAIL_MIME_ENCODE_H

/*
 * The two transfer encodings of MIME (RFC 2045 sections 6.7 and 6.8), as
 * content passes by.  Lines of the output have at most 76 characters without
 * their CR LF; whatever decodes it has the input, byte for byte.
 *
 * CR LF in the input is a line end, and one in quoted-printable, too; a CR
 * or LF alone is a byte.  No line of it begins with "--", so none can be
 * taken for a boundary.  Embedded; there is nothing to free.
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/slice.h"

struct mime_encode {
	bool		is_base64;
	size_t		column;		/* characters of the output's line */
	/* What waits for the byte after it. */
	unsigned char	group[3];	/* base64 */
	size_t		group_len;
	unsigned char	blank;		/* quoted-printable; 0: none */
	bool		has_cr;
	bool		is_dash;	/* the line began with "-" */
};

void	mime_encode_init(struct mime_encode *encode, bool is_base64);

/* A piece, cut anywhere; the encoded text is appended to out. */
void	mime_encode_put(struct mime_encode *encode, struct slice piece,
	    struct buf *out);

/* The end.  No line end is made for a last line that has none. */
void	mime_encode_end(struct mime_encode *encode, struct buf *out);

/*
 * For text that is quoted-printable, or of no encoding, but has bytes that
 * it may not have: "=E9" for each byte with its eighth bit set, and each
 * NUL; the rest as it is.  column, 0 at first, is that of the output: lines
 * get soft line breaks where such a byte does not fit.  NULL: they do not.
 */
void	mime_encode_mark(size_t *column, struct slice piece,
	    struct buf *out);

#endif
