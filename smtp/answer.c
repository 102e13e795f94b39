/*
 * The reader of replies.
 */

#include "smtp/answer.h"

#include <stdio.h>
#include <string.h>

#include "smtp/reply_filter.h"
#include "util/ascii.h"

#define LINE_LIMIT	4096	/* RFC 5321 says 512; be generous */
#define SIZE_LIMIT	65536	/* of one reply */
#define TEXT_LIMIT	2000	/* kept of it, for the log */

void
answer_clear(struct answer *answer)
{
	buf_clear(&answer->text);
	buf_clear(&answer->lines);
	*answer = (struct answer){ .filter = answer->filter };
}

const char *
answer_dsn(const struct answer *answer, char *dsn)
{
	int	class = answer->code / 100;

	if (answer->dsn[0] != '\0')
		snprintf(dsn, ANSWER_DSN_SIZE, "%s", answer->dsn);
	else
		snprintf(dsn, ANSWER_DSN_SIZE, "%d.0.0",
		    class == 2 || class == 5 ? class : 4);
	return dsn;
}

static void
begin(struct answer *answer)
{
	buf_empty(&answer->text);
	buf_empty(&answer->lines);
	answer->code = 0;
	answer->dsn[0] = '\0';
	answer->size = 0;
	answer->line_count = 0;
	answer->is_whole = false;
}

/* Digits and two dots at the front (RFC 3463); its length, or 0. */
static size_t
dsn_len(struct slice s, int class)
{
	size_t	i = 0, digits = 0;
	int	dots = 0;

	for (; i < s.len && i < 12; i++) {
		if (s.data[i] == '.' && digits > 0 && dots < 2) {
			dots++;
			digits = 0;
		} else if (ascii_is_digit(s.data[i]) && digits < 3) {
			digits++;
		} else {
			break;
		}
	}
	if (dots != 2 || digits == 0 || s.data[0] != '0' + class)
		return 0;
	return i == s.len || s.data[i] == ' ' ? i : 0;
}

static void
keep(struct answer *answer, struct slice line)
{
	struct slice	text = slice_after(line, 4);
	size_t		len;

	if (answer->text.len < TEXT_LIMIT) {
		if (answer->line_count > 0)
			buf_put_u8(&answer->text, ' ');
		buf_put_slice(&answer->text,
		    slice_first(line, TEXT_LIMIT - answer->text.len));
	}
	answer->line_count++;
	buf_put_slice(&answer->lines, text);
	buf_put_u8(&answer->lines, '\n');
	len = dsn_len(text, answer->code / 100);
	if (len > 0)
		snprintf(answer->dsn, sizeof(answer->dsn), "%.*s",
		    SLICE_ARG(slice_first(text, len)));
}

static int
take_line(struct answer *answer, struct slice line, const char **why_r)
{
	int	code;

	*why_r = "malformed reply";
	if (line.len < 3 || !ascii_is_digit(line.data[0]) ||
	    !ascii_is_digit(line.data[1]) || !ascii_is_digit(line.data[2]))
		return -1;
	if (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-')
		return -1;
	code = (line.data[0] - '0') * 100 + (line.data[1] - '0') * 10 +
	    line.data[2] - '0';
	if (code < 200 || code > 599)
		return -1;
	/* RFC 5321 section 4.2.1: the same code on each line. */
	*why_r = "reply of mixed codes";
	if (answer->code != 0 && answer->code != code)
		return -1;
	answer->code = code;
	keep(answer, line);
	answer->is_whole = line.len == 3 || line.data[3] == ' ';
	return 0;
}

/* As smtp_reply_filter would have it. */
static int
take_filtered(struct answer *answer, struct slice line, const char **why_r)
{
	struct buf	new = BUF_INIT;
	int		result;

	if (reply_filter_apply(answer->filter, line, &new))
		line = buf_slice(&new);
	result = take_line(answer, line, why_r);
	buf_clear(&new);
	return result;
}

int
answer_next(struct answer *answer, struct buf *in, const char **why_r)
{
	if (answer->is_whole || answer->line_count == 0)
		begin(answer);
	while (!answer->is_whole) {
		struct slice	line = buf_slice(in);
		ptrdiff_t	at = slice_find(line, '\n');
		size_t		size = at < 0 ? line.len : (size_t)at + 1;

		*why_r = "reply too long";
		if (size > LINE_LIMIT || answer->size + size > SIZE_LIMIT)
			return -1;
		if (at < 0)
			return 0;
		line.len = (size_t)at;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		if (take_filtered(answer, line, why_r) < 0)
			return -1;
		answer->size += size;
		buf_drop(in, size);
	}
	return 1;
}
