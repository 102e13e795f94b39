/*
 * Names of aliases(5), bare or in quotes.
 */

#include "mail/alias_line.h"

#include <stdbool.h>
#include <string.h>

#include "util/ascii.h"

/* RFC 5322 section 3.2.3, and what is beyond ASCII. */
static bool
is_atext(int c)
{
	return ascii_is_alnum(c) || c >= 0x80 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_dot_atom(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_atext(s.data[i]) && (s.data[i] != '.' || i == 0 ||
		    i + 1 == s.len || s.data[i - 1] == '.'))
			return false;
	return s.len > 0;
}

static void
put_quoted(struct buf *into, struct slice s)
{
	buf_put_u8(into, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '"' || s.data[i] == '\\')
			buf_put_u8(into, '\\');
		buf_put_u8(into, s.data[i]);
	}
	buf_put_u8(into, '"');
}

/* The quoted string at the front of from, without its quotes; 0 or -1. */
static int
get_quoted(struct slice *from, struct buf *name)
{
	struct slice	s = *from;

	for (size_t i = 1; i < s.len && s.data[i] != '"'; i++) {
		if (s.data[i] == '\\' && ++i == s.len)
			return -1;
		buf_put_u8(name, s.data[i]);
		if (i + 1 < s.len && s.data[i + 1] == '"') {
			*from = slice_after(s, i + 2);
			return 0;
		}
	}
	return -1;
}

static int
get_name(struct slice *from, struct buf *name, const char **why_r)
{
	struct slice	s = *from;
	size_t		len = 0;

	*why_r = "a double quote without another";
	if (s.len > 0 && s.data[0] == '"')
		return get_quoted(from, name);
	while (len < s.len && s.data[len] != ':' &&
	    !ascii_is_space(s.data[len]))
		len++;
	buf_put_slice(name, slice_first(s, len));
	*from = slice_after(s, len);
	*why_r = "expected format: name: value, value ...";
	return len == 0 ? -1 : 0;
}

/* Quotes of the list have others. */
static bool
has_whole_quotes(struct slice s)
{
	bool	is_quoted = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '\\')
			i++;
		else if (s.data[i] == '"')
			is_quoted = !is_quoted;
	}
	return !is_quoted;
}

static int
split(struct slice text, struct buf *name, struct slice *value_r,
    const char **why_r)
{
	bool	is_quoted = slice_has_prefix(text, "\"");

	if (get_name(&text, name, why_r) < 0)
		return -1;
	text = slice_trim(text);
	*why_r = "expected format: name: value, value ...";
	if (text.len == 0 || text.data[0] != ':')
		return -1;
	*value_r = slice_trim(slice_after(text, 1));
	if (value_r->len == 0)
		return -1;
	*why_r = "a double quote without another";
	if (!has_whole_quotes(*value_r))
		return -1;
	*why_r = "the name of an alias is local: without @";
	return !is_quoted && slice_find(buf_slice(name), '@') >= 0 ? -1 : 0;
}

int
alias_line_split(struct slice text, struct buf *key, struct slice *value_r,
    const char **why_r)
{
	struct buf	name = BUF_INIT;
	int		result = split(text, &name, value_r, why_r);

	if (result == 0 && is_dot_atom(buf_slice(&name)))
		buf_put_slice(key, buf_slice(&name));
	else if (result == 0)
		put_quoted(key, buf_slice(&name));
	buf_clear(&name);
	return result;
}
