/*
 * The structured header fields of MIME.
 */

#include "mail/mime_field.h"

#include "mail/header.h"
#include "util/ascii.h"

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 5322 section 3.2.2: comments nest, and have quoted pairs. */
static void
skip_comment(struct slice *from)
{
	size_t	depth = 0, at = 0;

	do {
		switch (from->data[at]) {
		case '(':
			depth++;
			break;
		case ')':
			depth--;
			break;
		case '\\':
			at++;
			break;
		}
		at++;
	} while (depth > 0 && at < from->len);
	*from = slice_after(*from, at);
}

static void
skip_blanks(struct slice *from)
{
	while (from->len > 0) {
		if (from->data[0] == '(')
			skip_comment(from);
		else if (is_blank(from->data[0]))
			*from = slice_after(*from, 1);
		else
			break;
	}
}

/* A token of RFC 2045 section 5.1; empty when something else is next. */
static struct slice
get_token(struct slice *from)
{
	struct slice	token;
	size_t		len = 0;

	skip_blanks(from);
	while (len < from->len && from->data[len] > ' ' &&
	    from->data[len] != 0x7f &&
	    slice_find(SLICE_LIT("()<>@,;:\\\"/[]?="), from->data[len]) < 0)
		len++;
	token = slice_first(*from, len);
	*from = slice_after(*from, len);
	return token;
}

static bool
get_char(struct slice *from, int c)
{
	skip_blanks(from);
	if (from->len == 0 || from->data[0] != c)
		return false;
	*from = slice_after(*from, 1);
	return true;
}

/* The inside of a quoted string, the first quote is gone. */
static void
get_quoted(struct slice *from, struct buf *value_r)
{
	size_t	at;

	for (at = 0; at < from->len && from->data[at] != '"'; at++) {
		/* A fold is not part of the value, the blank after it is. */
		if (from->data[at] == '\r' && at + 1 < from->len &&
		    from->data[at + 1] == '\n') {
			at++;
			continue;
		}
		if (from->data[at] == '\\' && at + 1 < from->len)
			at++;
		buf_put_u8(value_r, from->data[at]);
	}
	*from = slice_after(*from, at + 1);
}

/*
 * The value of a parameter.  Without quotes it may hold no "=" or "/", but
 * boundaries do, and every reader takes them up to the next blank or ";".
 */
static void
get_value(struct slice *from, struct buf *value_r)
{
	size_t	len = 0;

	if (get_char(from, '"')) {
		get_quoted(from, value_r);
		return;
	}
	while (len < from->len && !is_blank(from->data[len]) &&
	    from->data[len] != ';' && from->data[len] != '(')
		len++;
	buf_put(value_r, from->data, len);
	*from = slice_after(*from, len);
}

/* Past the next ";" that is in no string and no comment. */
static bool
next_parameter(struct slice *from)
{
	struct buf	unused = BUF_INIT;

	while (skip_blanks(from), from->len > 0) {
		unsigned char	c = from->data[0];

		*from = slice_after(*from, 1);
		if (c == ';')
			break;
		if (c == '"')
			get_quoted(from, &unused);
	}
	buf_clear(&unused);
	return from->len > 0;
}

static void
find_boundary(struct slice rest, struct buf *boundary_r)
{
	while (next_parameter(&rest)) {
		struct slice	name = get_token(&rest);

		if (!slice_is_nocase(name, "boundary") ||
		    !get_char(&rest, '='))
			continue;
		get_value(&rest, boundary_r);
		/* RFC 2046 section 5.1.1: it ends in no blank. */
		while (boundary_r->len > 0 && is_blank(
		    boundary_r->data[boundary_r->start + boundary_r->len - 1]))
			buf_truncate(boundary_r, boundary_r->len - 1);
		return;
	}
}

enum mime_type
mime_field_type(struct slice field, struct buf *boundary_r)
{
	struct slice	rest = header_value(field), type, subtype;

	type = get_token(&rest);
	subtype = get_char(&rest, '/') ? get_token(&rest) : slice_str(NULL);
	if (slice_is_nocase(type, "multipart")) {
		find_boundary(rest, boundary_r);
		return slice_is_nocase(subtype, "digest") ?
		    MIME_TYPE_DIGEST : MIME_TYPE_MULTIPART;
	}
	if (!slice_is_nocase(type, "message"))
		return MIME_TYPE_LEAF;
	if (slice_is_nocase(subtype, "rfc822"))
		return MIME_TYPE_RFC822;
	return slice_is_nocase(subtype, "partial") ||
	    slice_is_nocase(subtype, "external-body") ?
	    MIME_TYPE_PIECE : MIME_TYPE_LEAF;
}

enum mime_encoding
mime_field_encoding(struct slice field)
{
	static const struct {
		const char		*name;
		enum mime_encoding	 encoding;
	} table[] = {
		{ "7bit", MIME_ENCODING_7BIT },
		{ "8bit", MIME_ENCODING_8BIT },
		{ "binary", MIME_ENCODING_BINARY },
		{ "quoted-printable", MIME_ENCODING_QUOTED_PRINTABLE },
		{ "base64", MIME_ENCODING_BASE64 },
	};
	struct slice	rest = header_value(field), token = get_token(&rest);

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (slice_is_nocase(token, table[i].name))
			return table[i].encoding;
	return MIME_ENCODING_UNKNOWN;
}
