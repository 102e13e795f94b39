/*
 * Filters of replies.
 */

#include "smtp/reply_filter.h"

#include "mail/table_list.h"
#include "util/ascii.h"
#include "util/log.h"

/* 2, 3, or 4 for both kinds of failure; 0: it is no line of a reply. */
static int
class_of(struct slice line)
{
	int	class;

	if (line.len < 3 || !ascii_is_digit(line.data[1]) ||
	    !ascii_is_digit(line.data[2]) ||
	    (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-'))
		return 0;
	class = line.data[0] - '0';
	return class < 2 || class > 5 ? 0 : class == 5 ? 4 : class;
}

static bool
is_fair(struct slice old, struct slice new)
{
	if (class_of(old) != 0)
		return class_of(new) == class_of(old);
	return class_of(new) != 0 && new.len > 3 && new.data[3] == '-';
}

bool
reply_filter_apply(const struct table_list_held *filter, struct slice line,
    struct buf *new)
{
	enum table_answer	answer;

	if (filter == NULL)
		return false;
	answer = table_list_find(filter, line, new);
	if (answer == TABLE_NONE)
		return false;
	if (answer == TABLE_FOUND && is_fair(line, buf_slice(new)))
		return true;
	log_warn("reply filter: ignoring \"%s\" for \"%.*s\"", buf_cstr(new),
	    SLICE_ARG(line));
	return false;
}
