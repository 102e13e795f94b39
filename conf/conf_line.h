#ifndef CONF_CONF_LINE_H
#define CONF_CONF_LINE_H

/*
 * The lines of main.cf and master.cf: a line that starts with white space
 * goes on with the one before; empty lines and lines whose first visible
 * character is '#' count for nothing, even in between.
 */

#include "util/buf.h"
#include "util/slice.h"

/* Nothing longer is read: neither a file nor one logical line of it. */
#define CONF_LINE_FILE_LIMIT	((size_t)1 << 20)
#define CONF_LINE_LIMIT		((size_t)1 << 16)

struct conf_line {
	const char	*file;		/* borrowed; for messages */
	struct slice	 rest;		/* borrowed; not yet read */
	int		 number;	/* of the physical line before rest */
	int		 first;		/* where the last line given began */
	struct buf	 text;		/* owned; the last line given */
};

void	 conf_line_init(struct conf_line *line, const char *file,
	    struct slice text);
void	 conf_line_clear(struct conf_line *line);

/*
 * The next logical line into line->text: physical lines joined by one
 * space, tabs made spaces, trimmed.  1, 0 at the end, or -1 and in *why_r
 * "file:line: what is wrong" (caller frees).
 */
int	 conf_line_get(struct conf_line *line, char **why_r);

/* What a physical line is: the start of a logical one, more of it, neither. */
enum conf_line_kind {
	CONF_LINE_START, CONF_LINE_MORE, CONF_LINE_NOTHING
};

/* Take one physical line, with its newline, off the front of rest. */
struct slice	 conf_line_split(struct slice *rest,
	    enum conf_line_kind *kind_r);

/*
 * The whole file, at most CONF_LINE_FILE_LIMIT bytes; 0, or -1 and in
 * *why_r "file: what is wrong" (caller frees).
 */
int	 conf_line_read(const char *file, struct buf *into, char **why_r);

/* What is wrong with text as a value, or NULL when nothing is. */
const char *conf_line_why_bad(struct slice text);

#endif
