/*
 * regexp:/file: regular expressions of POSIX.
 */

#include <regex.h>
#include <string.h>

#include "mail/table_lead.h"
#include "mail/table_rule.h"
#include "mail/table_type.h"
#include "util/mem.h"

struct pattern {
	regex_t			regex;
	struct table_lead	lead;
};

/* Each flag turns its default round. */
static int
get_flags(struct slice text, struct buf *why)
{
	int	flags = REG_EXTENDED | REG_ICASE;

	for (size_t i = 0; i < text.len; i++) {
		switch (text.data[i]) {
		case 'i':
			flags ^= REG_ICASE;
			break;
		case 'm':
			flags ^= REG_NEWLINE;
			break;
		case 'x':
			flags ^= REG_EXTENDED;
			break;
		default:
			buf_printf(why, "unknown regexp option \"%c\"",
			    text.data[i]);
			return -1;
		}
	}
	return flags;
}

static void *
parse(struct slice *line, unsigned *groups_r, struct buf *why)
{
	struct slice	 pattern, letters;
	struct pattern	*compiled;
	char		*text, what[200];
	int		 flags, answer;

	if (table_rule_get_pattern(line, &pattern, &letters, why) < 0 ||
	    (flags = get_flags(letters, why)) < 0)
		return NULL;
	compiled = mem_new(sizeof(*compiled));
	text = slice_dup(pattern);
	answer = regcomp(&compiled->regex, text, flags);
	mem_free(text);
	if (answer == 0) {
		if ((flags & (REG_EXTENDED | REG_NEWLINE)) == REG_EXTENDED)
			compiled->lead = table_lead_make(pattern,
			    (flags & REG_ICASE) != 0);
		*groups_r = (unsigned)compiled->regex.re_nsub;
		return compiled;
	}
	regerror(answer, &compiled->regex, what, sizeof(what));
	buf_put_str(why, what);
	mem_free(compiled);
	return NULL;
}

static bool
match(const void *arg, struct table_rule_key *key, struct slice *groups,
    unsigned count)
{
	const struct pattern	*pattern = arg;
	regmatch_t		 at[TABLE_RULE_GROUPS];

	if (!table_lead_has(&pattern->lead, key->text, key->len) ||
	    regexec(&pattern->regex, key->text, count, at, 0) != 0)
		return false;
	for (unsigned i = 0; i < count; i++)
		groups[i] = at[i].rm_so < 0 ? slice_from(NULL, 0) :
		    slice_from(key->text + at[i].rm_so,
		    (size_t)(at[i].rm_eo - at[i].rm_so));
	return true;
}

static void
free_pattern(void *arg)
{
	struct pattern	*pattern = arg;

	regfree(&pattern->regex);
	mem_free(pattern);
}

static const struct table_rule_kind kind = {
	"regexp", true, parse, match, free_pattern, NULL,
};

static int
open_regexp(const struct table_source *source, void **content_r,
    struct buf *why)
{
	return table_rule_open(source, &kind, content_r, why);
}

const struct table_type table_regexp = {
	.name = "regexp",
	.flags = TABLE_TYPE_INLINE | TABLE_TYPE_WHOLE | TABLE_TYPE_CASE,
	.suffix = "", .open = open_regexp, .find = table_rule_find,
	.close = table_rule_close,
};
