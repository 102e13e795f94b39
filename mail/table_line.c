/*
 * Logical lines, keys and values, lists with braces.
 */

#include "mail/table_line.h"

#include <stdarg.h>
#include <stdbool.h>

#include "conf/conf_line.h"
#include "util/ascii.h"

void
table_line_init(struct table_line *line, const char *file, struct slice text)
{
	*line = (struct table_line){ file, text, 0, 0, BUF_INIT };
}

void
table_line_clear(struct table_line *line)
{
	buf_clear(&line->text);
}

void
table_line_complain(const struct table_line *line, struct buf *why,
    const char *format, ...)
{
	va_list	args;

	buf_printf(why, "%s:%d: ", line->file, line->first);
	va_start(args, format);
	buf_vprintf(why, format, args);
	va_end(args);
	buf_put_u8(why, '\n');
}

static struct slice
without_end(struct slice s)
{
	while (s.len > 0 && ascii_is_space(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool
table_line_get(struct table_line *line, struct buf *why)
{
	bool	has_start = false;

	buf_empty(&line->text);
	while (line->rest.len > 0) {
		struct slice		rest = line->rest, physical;
		enum conf_line_kind	kind;

		physical = conf_line_split(&rest, &kind);
		if (kind == CONF_LINE_START && has_start)
			break;
		line->number++;
		line->rest = rest;
		if (kind == CONF_LINE_NOTHING)
			continue;
		if (!has_start)
			line->first = line->number;
		if (kind == CONF_LINE_MORE && !has_start) {
			table_line_complain(line, why, "starts with white "
			    "space, but there is no line before it to go on "
			    "with");
			continue;
		}
		has_start = true;
		buf_put_slice(&line->text, without_end(physical));
	}
	return has_start;
}

int
table_line_split(struct slice text, struct slice *key_r,
    struct slice *value_r, const char **why_r)
{
	bool	is_quoted = false;
	size_t	i;

	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '\\')
			i++;
		else if (text.data[i] == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && ascii_is_space(text.data[i]))
			break;
	}
	*why_r = "a double quote without another";
	if (is_quoted)
		return -1;
	*key_r = slice_first(text, i);
	*value_r = slice_trim(slice_after(text, i));
	*why_r = "expected format: key whitespace value";
	return key_r->len == 0 || value_r->len == 0 ? -1 : 0;
}

static bool
is_separator(int c)
{
	return c == ',' || ascii_is_space(c);
}

int
table_line_get_word(struct slice *from, struct slice *word_r)
{
	struct slice	s = *from;
	size_t		level = 0, i;

	while (s.len > 0 && is_separator(s.data[0]))
		s = slice_after(s, 1);
	for (i = 0; i < s.len; i++) {
		if (s.data[i] == '{')
			level++;
		else if (s.data[i] == '}' && level-- == 0)
			return -1;
		else if (level == 0 && is_separator(s.data[i]))
			break;
	}
	if (level > 0)
		return -1;
	*word_r = slice_first(s, i);
	*from = slice_after(s, i);
	return i > 0 ? 1 : 0;
}

int
table_line_unbrace(struct slice text, struct slice *inside_r)
{
	struct slice	s = slice_trim(text);
	size_t		level = 0;

	if (s.len < 2 || s.data[0] != '{')
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '{')
			level++;
		else if (s.data[i] == '}' && --level == 0 && i + 1 < s.len)
			return -1;
	}
	if (level > 0)
		return -1;
	*inside_r = slice_trim(slice_from(s.data + 1, s.len - 2));
	return 0;
}
