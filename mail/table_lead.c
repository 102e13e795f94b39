/*
 * Leads of patterns.
 */

#include "mail/table_lead.h"

#include "util/ascii.h"

static bool
is_literal(int c)
{
	return ascii_is_alnum(c) || c == ' ' || c == ':' || c == '-' ||
	    c == '_' || c == '@' || c == '<' || c == '=';
}

/* "(?:" is a group; what else may follow "(?" may change all the rules. */
static bool
is_strange_group(struct slice pattern, size_t at)
{
	return at + 2 < pattern.len && pattern.data[at + 1] == '?' &&
	    pattern.data[at + 2] != ':';
}

/*
 * There may be another way to begin: a "|" outside of all groups, or one of
 * which that is not certain, for it stands behind a bracket, where a
 * parenthesis need not be one.
 */
static bool
has_choice(struct slice pattern)
{
	size_t	depth = 0;
	bool	is_certain = true;

	for (size_t i = 0; i < pattern.len; i++) {
		switch (pattern.data[i]) {
		case '\\':
			i++;
			/* To Perl the two are nothing, or quotes. */
			if (i < pattern.len && (pattern.data[i] == 'Q' ||
			    pattern.data[i] == 'E'))
				return true;
			break;
		case '[':
			is_certain = false;
			break;
		case '(':
			if (is_strange_group(pattern, i))
				return true;
			depth++;
			break;
		case ')':
			depth = depth > 0 ? depth - 1 : 0;
			break;
		case '|':
			if (depth == 0 || !is_certain)
				return true;
			break;
		}
	}
	return false;
}

struct table_lead
table_lead_make(struct slice pattern, bool is_caseless)
{
	struct table_lead	lead = { .is_caseless = is_caseless };
	struct slice		rest = slice_after(pattern, 1);
	size_t			len = 0;

	if (pattern.len == 0 || pattern.data[0] != '^' ||
	    has_choice(pattern))
		return lead;
	while (len < rest.len && len < TABLE_LEAD_SIZE &&
	    is_literal(rest.data[len])) {
		lead.text[len] = is_caseless ?
		    (unsigned char)ascii_lower(rest.data[len]) :
		    rest.data[len];
		len++;
	}
	/* That many times, or never (also of POSIX's "a+*"). */
	if (len > 0 && len < rest.len &&
	    slice_find(SLICE_LIT("*?{+"), rest.data[len]) >= 0)
		len--;
	lead.len = len;
	return lead;
}

bool
table_lead_has(const struct table_lead *lead, const char *text, size_t len)
{
	if (len < lead->len)
		return false;
	for (size_t i = 0; i < lead->len; i++) {
		unsigned char	c = (unsigned char)text[i];

		if ((lead->is_caseless ? ascii_lower(c) : c) !=
		    lead->text[i])
			return false;
	}
	return true;
}
