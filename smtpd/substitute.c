/*
 * Commands and refusals in the place of others.
 */

#include "smtpd/substitute.h"

#include <stdio.h>

#include "mail/table_list.h"
#include "util/log.h"
#include "util/log_limit.h"
#include "util/mem.h"

struct substitute {
	const char		*name;
	struct table_list_held	*tables;
	struct log_limit	 limit;
};

struct substitute *
substitute_new(const char *name, const char *tables, char **why_r)
{
	struct table_list_held	*held;
	struct substitute	*substitute;

	held = table_list_fix(tables, TABLE_QUICK, why_r);
	if (held == NULL)
		return NULL;
	substitute = mem_new(sizeof(*substitute));
	substitute->name = name;
	substitute->tables = held;
	return substitute;
}

/* Whoever is heard goes on all the same. */
static bool
find(struct substitute *substitute, struct slice key, struct buf *value)
{
	enum table_answer	answer;

	answer = table_list_find(substitute->tables, key, value);
	if (answer == TABLE_TROUBLE)
		log_limit_warn(&substitute->limit, "%s: %s",
		    substitute->name, buf_cstr(value));
	return answer == TABLE_FOUND;
}

static void
warn(struct substitute *substitute, const char *why)
{
	log_limit_warn(&substitute->limit, "%s: a value %s: it is not used",
	    substitute->name, why);
}

/* ---- commands ------------------------------------------------------------ */

static bool
has_controls(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] < ' ' && text.data[i] != '\t') ||
		    text.data[i] == 0x7f)
			return true;
	return false;
}

struct slice
substitute_command(struct substitute *substitute, struct slice line,
    size_t limit, struct buf *scratch)
{
	struct slice	value;

	if (substitute == NULL || !find(substitute, line, scratch))
		return line;
	value = buf_slice(scratch);
	if (value.len <= limit && !has_controls(value))
		return value;
	warn(substitute, "is too long, or has control characters");
	return line;
}

/* ---- refusals ------------------------------------------------------------ */

/* "5.7.1" (RFC 3463 section 2). */
static bool
is_dsn(struct slice word)
{
	size_t	dots = 0, digits = 0;

	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] >= '0' && word.data[i] <= '9')
			digits++;
		else if (word.data[i] == '.' && digits > 0)
			dots++, digits = 0;
		else
			return false;
		if (digits > 3)
			return false;
	}
	return dots == 2 && digits > 0 && word.data[1] == '.';
}

/* Both of them say yes, later, or no. */
static bool
parse(struct slice value, int *code_r, char *dsn, struct buf *text)
{
	struct slice	rest = slice_trim(value), word;
	struct slice	status = slice_from(NULL, 0);
	uint64_t	code;

	if (slice_get_word(&rest, " ", &word) < 0 || word.len != 3 ||
	    slice_parse_u64(word, &code) < 0 || code < 400 || code > 599)
		return false;
	value = slice_trim(rest);
	if (slice_get_word(&rest, " ", &word) == 0 && is_dsn(word)) {
		status = word;
		value = slice_trim(rest);
	}
	if (value.len == 0 || (status.len > 0 &&
	    (uint64_t)(status.data[0] - '0') != code / 100))
		return false;
	*code_r = (int)code;
	snprintf(dsn, SUBSTITUTE_DSN_SIZE, "%.*s", SLICE_ARG(status));
	buf_put_slice(text, value);
	return true;
}

bool
substitute_refusal(struct substitute *substitute, struct slice reply,
    int *code_r, char *dsn, struct buf *text)
{
	struct buf	value = BUF_INIT;
	bool		is_found;

	if (substitute == NULL)
		return false;
	is_found = find(substitute, reply, &value);
	if (is_found && !parse(buf_slice(&value), code_r, dsn, text)) {
		warn(substitute, "is no refusal, \"550 5.7.1 text\"");
		is_found = false;
	}
	buf_clear(&value);
	return is_found;
}
