/*
 * From the bytes of a configuration file to its logical lines.  What a
 * line means is left to conf_source.c and master_cf.c.
 */

#include "conf/conf_line.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "util/ascii.h"
#include "util/mem.h"
#include "util/path.h"

void
conf_line_init(struct conf_line *line, const char *file, struct slice text)
{
	*line = (struct conf_line){ file, text, 0, 0, BUF_INIT };
}

void
conf_line_clear(struct conf_line *line)
{
	buf_clear(&line->text);
}

const char *
conf_line_why_bad(struct slice text)
{
	if (text.len > CONF_LINE_LIMIT)
		return "longer than 65536 bytes";
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] == 0x7f)
			return "contains a control character";
	return NULL;
}

static enum conf_line_kind
kind_of(struct slice physical)
{
	struct slice	visible = slice_trim(physical);

	if (visible.len == 0 || visible.data[0] == '#')
		return CONF_LINE_NOTHING;
	return ascii_is_space(physical.data[0]) ? CONF_LINE_MORE :
	    CONF_LINE_START;
}

struct slice
conf_line_split(struct slice *rest, enum conf_line_kind *kind_r)
{
	ptrdiff_t	end = slice_find(*rest, '\n');
	struct slice	physical;

	physical = slice_first(*rest, end < 0 ? rest->len : (size_t)end + 1);
	*rest = slice_after(*rest, physical.len);
	*kind_r = kind_of(physical);
	return physical;
}

static void
append(struct buf *text, struct slice physical)
{
	struct slice	visible = slice_trim(physical);

	if (text->len > 0)
		buf_put_u8(text, ' ');
	for (size_t i = 0; i < visible.len; i++)
		buf_put_u8(text,
		    visible.data[i] == '\t' ? ' ' : visible.data[i]);
}

int
conf_line_get(struct conf_line *line, char **why_r)
{
	const char	*why = NULL;

	buf_empty(&line->text);
	while (why == NULL && line->rest.len > 0) {
		struct slice		rest = line->rest, physical;
		enum conf_line_kind	kind;

		physical = conf_line_split(&rest, &kind);
		if (kind == CONF_LINE_START && line->text.len > 0)
			return 1;
		line->number++;
		line->rest = rest;
		if (kind == CONF_LINE_NOTHING)
			continue;
		if (line->text.len == 0)
			line->first = line->number;
		if (kind == CONF_LINE_MORE && line->text.len == 0)
			why = "starts with white space, but there is no line"
			    " before it to go on with";
		append(&line->text, physical);
		if (why == NULL)
			why = conf_line_why_bad(buf_slice(&line->text));
	}
	if (why != NULL) {
		*why_r = mem_printf("%s:%d: %s", line->file, line->number,
		    why);
		return -1;
	}
	return line->text.len > 0 ? 1 : 0;
}

int
conf_line_read(const char *file, struct buf *into, char **why_r)
{
	if (path_read(file, CONF_LINE_FILE_LIMIT, into) == 0)
		return 0;
	*why_r = mem_printf("%s: %s", file, errno == EFBIG ?
	    "larger than 1 MB" : strerror(errno));
	return -1;
}
