#ifndef MAIL_MIME_FIELD_H
#define MAIL_MIME_FIELD_H

/*
 * What the two header fields say that decide how content is read:
 * Content-Type and Content-Transfer-Encoding (RFC 2045 sections 5 and 6).
 * Both take the whole field, folded or not, with or without its last CR LF.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

enum mime_encoding {
	MIME_ENCODING_NONE,		/* no such field: 7bit */
	MIME_ENCODING_7BIT,
	MIME_ENCODING_8BIT,
	MIME_ENCODING_BINARY,
	MIME_ENCODING_QUOTED_PRINTABLE,
	MIME_ENCODING_BASE64,
	MIME_ENCODING_UNKNOWN		/* x-uuencode, or nonsense */
};

enum mime_type {
	MIME_TYPE_LEAF,			/* text, image, ..., or nonsense */
	MIME_TYPE_MULTIPART,
	MIME_TYPE_DIGEST,		/* multipart/digest */
	MIME_TYPE_RFC822,		/* message/rfc822 */
	MIME_TYPE_PIECE			/* message/partial, /external-body */
};

enum mime_encoding mime_field_encoding(struct slice field);

/*
 * boundary_r, which must be empty, becomes the value of the first boundary
 * parameter of a multipart: unquoted, unfolded, without blanks at its end;
 * it stays empty when there is none.
 */
enum mime_type mime_field_type(struct slice field, struct buf *boundary_r);

#endif
