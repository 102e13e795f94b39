#ifndef MAIL_MIME_H
#define MAIL_MIME_H

/*
 * A reader of content as it passes by (RFC 2045, RFC 2046): it says what is
 * header, body, boundary.  The texts of all events, one after the other, are
 * the content, byte for byte.
 *
 * Lines end in CR LF; a CR or LF alone is a byte like any other.  Nothing is
 * refused: what cannot be read is content of no known structure, and what
 * goes over a limit is, too (mime_exceeded tells).  Memory is bounded by the
 * limits, whatever the size of the content.
 *
 * Where messages are wrong or ambiguous: MIME-Version is not asked for; the
 * first of two Content-Type or Content-Transfer-Encoding fields, and of two
 * boundary parameters, counts.  A line that is no field ends a header, too.
 * A line that is a boundary is one also within a header.
 */

#include <stdbool.h>
#include <stddef.h>

#include "mail/mime_field.h"
#include "util/slice.h"

struct mime;

enum mime_kind {
	/*
	 * One whole field: "Name: value" CR LF and the lines that continue
	 * it.  Over the limit, its first bytes.
	 */
	MIME_FIELD,
	MIME_FIELD_REST,	/* a piece of what was over the limit */
	MIME_HEADER_END,	/* the empty line; no text when it is missing */
	MIME_BODY,		/* a piece of content, cut anywhere */
	MIME_OUTSIDE,		/* a piece before the first part, or after
				   the last */
	/*
	 * The CR LF that belongs to a boundary (RFC 2046 section 5.1.1),
	 * the boundary and its line's end.
	 */
	MIME_BOUNDARY,
	MIME_BOUNDARY_REST	/* more of such a line, when it is long */
};

/* Which header it is. */
enum mime_header {
	MIME_HEADER_PRIMARY,
	MIME_HEADER_PART,	/* after a boundary */
	MIME_HEADER_NESTED	/* of a message/rfc822 */
};

/* What comes after a header. */
enum mime_content {
	MIME_CONTENT_LEAF,
	MIME_CONTENT_MULTIPART,
	MIME_CONTENT_MESSAGE,	/* its header comes next */
	/*
	 * A multipart without a boundary, or over a limit; a message/partial
	 * or message/external-body: not read, and not to be encoded.
	 */
	MIME_CONTENT_OPAQUE
};

struct mime_event {
	enum mime_kind		kind;
	struct slice		text;	/* borrowed for this call */
	/* Of the entity that the text is in (of BODY, FIELD, HEADER_END). */
	enum mime_header	header;
	enum mime_content	content;	/* known from HEADER_END on */
	enum mime_encoding	encoding;	/* known from its field on */
	size_t			depth;	/* multiparts around it */
	bool			is_last;	/* BOUNDARY: "--" after it */
};

typedef void (*mime_fn)(void *arg, const struct mime_event *event);

struct mime_limits {
	size_t	nesting;	/* multiparts in each other */
	size_t	boundary;	/* bytes */
	size_t	header;		/* bytes of one field with all its lines */
};

#define MIME_LIMITS_DEFAULT	{ 100, 2048, 102400 }

enum {
	MIME_OVER_NESTING = 1,
	MIME_OVER_BOUNDARY = 2,
	MIME_OVER_HEADER = 4
};

/* The caller frees with mime_free. */
struct mime	*mime_new(const struct mime_limits *limits, mime_fn fn,
		    void *arg);
void		 mime_free(struct mime **mime);

/* Bytes of memory that it has now; need less. */
size_t		 mime_size(const struct mime *mime);
void		 mime_shrink(struct mime *mime);

/* A piece, cut anywhere; fn is called for what it completes. */
void		 mime_put(struct mime *mime, struct slice piece);

/* The end of the content; fn is called for what waited. */
void		 mime_end(struct mime *mime);

/* MIME_OVER_*: the limits that the content went over so far; 0: none. */
unsigned	 mime_exceeded(const struct mime *mime);

#endif
