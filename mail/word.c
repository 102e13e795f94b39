/*
 * Words.
 */

#include "mail/word.h"

#include "util/ascii.h"

int
word_get(struct slice *from, struct slice *word_r)
{
	size_t	start = 0, end, depth = 0;

	while (start < from->len && (from->data[start] == ',' ||
	    ascii_is_space(from->data[start])))
		start++;
	for (end = start; end < from->len; end++) {
		int	c = from->data[end];

		if (c == '{')
			depth++;
		else if (c == '}' && depth > 0)
			depth--;
		else if (depth == 0 && (c == ',' || ascii_is_space(c)))
			break;
	}
	if (end == start)
		return -1;
	*word_r = slice_first(slice_after(*from, start), end - start);
	*from = slice_after(*from, end);
	return 0;
}
