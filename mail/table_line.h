#ifndef MAIL_TABLE_LINE_H
#define MAIL_TABLE_LINE_H

/*
 * The text of tables: logical lines (a line that starts with white space
 * goes on with the one before; empty lines and comments count for nothing,
 * even in between), and the words of one.
 */

#include "util/buf.h"
#include "util/slice.h"

/* No larger file is read. */
#define TABLE_LINE_FILE_LIMIT	((size_t)256 << 20)

struct table_line {
	const char	*file;		/* borrowed; for messages */
	struct slice	 rest;		/* borrowed; not yet read */
	int		 number;	/* of the physical line before rest */
	int		 first;		/* where the last line given began */
	struct buf	 text;		/* owned; the last line given */
};

void	 table_line_init(struct table_line *line, const char *file,
	    struct slice text);
void	 table_line_clear(struct table_line *line);

/*
 * The next logical line into line->text: its physical lines one behind the
 * other, without newlines, trimmed.  false at the end.  Lines that go on
 * with nothing are skipped and complained of in why.
 */
bool	 table_line_get(struct table_line *line, struct buf *why);

/* "file:line: text" and a newline, of the last line given. */
void	 table_line_complain(const struct table_line *line, struct buf *why,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * "key value" in its parts.  A key ends at white space that is not in
 * double quotes, which stay.  -1 and in why_r a static text.
 */
int	 table_line_split(struct slice text, struct slice *key_r,
	    struct slice *value_r, const char **why_r);

/*
 * The next word of a list, up to white space or a comma outside of braces:
 * 1 and the word, 0 at the end, -1 when a brace has no other.
 */
int	 table_line_get_word(struct slice *from, struct slice *word_r);

/*
 * "{ text }" without its braces, trimmed; -1 when text is not in one pair
 * of them.
 */
int	 table_line_unbrace(struct slice text, struct slice *inside_r);

#endif
