/*
 * Content between DATA and its end.
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
 * The longest run of in that can be passed on as it is: whole lines that do
 * not start with a dot, and the begin of a line.  A CR at the end stays: it
 * may be half of a CR LF.
 */
static size_t
run_len(struct body *body, struct slice in, bool *bare_lf_r)
{
	const unsigned char	*p = in.data, *end = in.data + in.len, *nl;

	*bare_lf_r = false;
	for (;;) {
		if (body->at_start && p < end && *p == '.')
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
	len = run_len(body, in, &bare_lf);
	*used_r = dot + len;
	*piece_r = slice_first(in, len);
	if (len > 0)
		return BODY_PIECE;
	if (bare_lf) {
		body->at_start = body->has_bare_lf = true;
		body->after_crlf = false;
		*used_r = dot + 1;
		*piece_r = SLICE_LIT("\r\n");
		return BODY_PIECE;
	}
	return dot > 0 ? BODY_PIECE : BODY_MORE;
}
