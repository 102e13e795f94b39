/*
 * Content, whichever way it comes.
 */

#include "smtpd/body.h"

#include <string.h>

/*
 * At the start of a line that begins with a dot.  Dot CR LF is the end
 * where the line before ended in CR LF; else the dot is taken off (RFC 5321
 * section 4.5.2).  False: more input is needed to know.
 */
static bool
take_dot(struct body *body, struct slice in, bool *end_r)
{
	static const char	end[] = ".\r\n";
	size_t			len = in.len < 3 ? in.len : 3;

	*end_r = false;
	if (body->after_crlf && memcmp(in.data, end, len) == 0) {
		*end_r = len == 3;
		return len == 3;
	}
	return true;
}

/*
 * The longest run of in that can be passed on as it is: whole lines (that
 * do not start with a dot, where dots are stuffed), and the begin of a line.
 * A CR at the end stays: it may be half of a CR LF.
 */
static size_t
run_len(struct body *body, struct slice in, bool stuffed, bool *bare_lf_r)
{
	const unsigned char	*p = in.data, *end = in.data + in.len, *nl;

	*bare_lf_r = false;
	for (;;) {
		if (stuffed && body->at_start && p < end && *p == '.')
			return (size_t)(p - in.data);
		nl = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		if (nl == NULL)
			break;
		*bare_lf_r = nl == p || nl[-1] != '\r';
		if (*bare_lf_r) {
			body->at_start = false;
			return (size_t)(nl - in.data);
		}
		body->at_start = body->after_crlf = true;
		p = nl + 1;
	}
	if (p < end) {
		if (end[-1] == '\r')
			end--;
		/* A lone CR: whether it starts a line is seen later. */
		if (p < end)
			body->at_start = false;
	}
	return (size_t)(end - in.data);
}

static struct slice
take_bare_lf(struct body *body)
{
	body->at_start = body->has_bare_lf = true;
	body->after_crlf = false;
	return SLICE_LIT("\r\n");
}

enum body_next
body_next(struct body *body, struct slice in, struct slice *piece_r,
    size_t *used_r)
{
	bool	is_end, bare_lf;
	size_t	dot = 0, len;

	*used_r = 0;
	if (in.len == 0)
		return BODY_MORE;
	if (body->at_start && in.data[0] == '.') {
		if (!take_dot(body, in, &is_end))
			return BODY_MORE;
		if (is_end) {
			*used_r = 3;
			return BODY_END;
		}
		body->at_start = false;
		dot = 1;
	}
	in = slice_after(in, dot);
	len = run_len(body, in, true, &bare_lf);
	*used_r = dot + len;
	*piece_r = slice_first(in, len);
	if (len > 0)
		return BODY_PIECE;
	if (bare_lf) {
		*used_r = dot + 1;
		*piece_r = take_bare_lf(body);
		return BODY_PIECE;
	}
	return dot > 0 ? BODY_PIECE : BODY_MORE;
}

/* What follows a CR that was the last byte of a chunk, or of the input. */
static void
take_after_cr(struct body *body, struct slice in, struct slice *piece_r,
    size_t *used_r)
{
	body->has_cr = false;
	if (in.data[0] == '\n') {
		*used_r = 1;
		*piece_r = SLICE_LIT("\r\n");
		body->at_start = body->after_crlf = true;
	} else {
		*used_r = 0;
		*piece_r = SLICE_LIT("\r");
		body->at_start = false;
	}
}

enum body_next
body_next_chunk(struct body *body, struct slice in, struct slice *piece_r,
    size_t *used_r)
{
	bool	bare_lf;

	*used_r = in.len;
	*piece_r = in;
	if (in.len == 0)
		return BODY_MORE;
	if (body->is_binary)
		return BODY_PIECE;
	if (body->has_cr) {
		take_after_cr(body, in, piece_r, used_r);
		return BODY_PIECE;
	}
	*used_r = run_len(body, in, false, &bare_lf);
	*piece_r = slice_first(in, *used_r);
	if (*used_r == 0) {
		*used_r = 1;
		if (bare_lf)
			*piece_r = take_bare_lf(body);
		else
			body->has_cr = true;
	}
	return BODY_PIECE;
}

struct slice
body_rest(const struct body *body)
{
	if (body->is_binary || (body->at_start && !body->has_cr))
		return slice_from(NULL, 0);
	return SLICE_LIT("\r\n");
}
