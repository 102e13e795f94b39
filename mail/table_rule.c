/*
 * Rules in their order, with conditions and results that have parts of the
 * key in them.
 */

#include "mail/table_rule.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "mail/table_line.h"
#include "util/ascii.h"
#include "util/haste.h"
#include "util/mem.h"
#include "util/path.h"

enum action { ACTION_RESULT, ACTION_IF, ACTION_ENDIF };

struct rule {
	enum action	 action;
	int		 line;
	bool		 is_negated;
	void		*pattern;	/* the kind's; NULL: never matches */
	char		*result;
	unsigned	 groups;	/* how many of match result needs */
	size_t		 endif;		/* of ACTION_IF: where it ends */
};

struct rules {
	const struct table_rule_kind	*kind;
	struct rule			*rules;
	size_t				 count, room;
};

/* What one line is read with. */
struct reading {
	struct rules			*rules;
	const struct table_source	*source;
	const struct table_line		*line;
	struct buf			*why;
	struct buf			 what;	/* of a kind; for a line */
};

/* ---- results ------------------------------------------------------------- */

/* What is behind "$": 0 and the group's number, from 1; or -1. */
static int
get_group(struct slice *from, uint64_t *number_r)
{
	struct slice	s = slice_after(*from, 1), digits;
	int		open = s.len > 0 ? s.data[0] : '\0';
	int		close = open == '{' ? '}' : open == '(' ? ')' : '\0';
	size_t		len = 0;

	if (close != '\0')
		s = slice_after(s, 1);
	while (len < s.len && ascii_is_digit(s.data[len]))
		len++;
	digits = slice_first(s, len);
	s = slice_after(s, len);
	if (slice_parse_u64(digits, number_r) < 0 || *number_r == 0)
		return -1;
	if (close != '\0') {
		if (s.len == 0 || s.data[0] != close)
			return -1;
		s = slice_after(s, 1);
	}
	*from = s;
	return 0;
}

/*
 * The next piece of a result: 1 and text, or 1 and the number of a group,
 * which is not 0; 0 at the end; -1 when a "$" is followed by neither.
 */
static int
get_piece(struct slice *from, struct slice *text_r, uint64_t *group_r)
{
	struct slice	s = *from;
	ptrdiff_t	dollar = slice_find(s, '$');

	*group_r = 0;
	if (s.len == 0)
		return 0;
	if (dollar != 0) {
		*text_r = slice_first(s, dollar < 0 ? s.len : (size_t)dollar);
		*from = slice_after(s, text_r->len);
	} else if (s.len > 1 && s.data[1] == '$') {
		*text_r = slice_first(s, 1);
		*from = slice_after(s, 2);
	} else {
		return get_group(from, group_r) < 0 ? -1 : 1;
	}
	return 1;
}

/* How many groups must be known for the result; -1: it is wrong. */
static int
check_result(struct reading *reading, struct slice result, unsigned groups)
{
	struct slice	text;
	uint64_t	group;
	unsigned	most = 0;
	int		got;

	while ((got = get_piece(&result, &text, &group)) > 0) {
		if (group > groups || group >= TABLE_RULE_GROUPS) {
			buf_printf(&reading->what, "there is no group $%llu",
			    (unsigned long long)group);
			return -1;
		}
		most = group > most ? (unsigned)group : most;
	}
	if (got < 0) {
		buf_put_str(&reading->what, "\"$\" without the number of a "
		    "group (write \"$$\")");
		return -1;
	}
	return most == 0 ? 0 : (int)most + 1;
}

static void
put_result(const struct rule *rule, const struct slice *groups,
    struct buf *value)
{
	struct slice	rest = slice_str(rule->result), text;
	uint64_t	group;

	while (get_piece(&rest, &text, &group) > 0)
		buf_put_slice(value, group == 0 ? text : groups[group]);
}

/* ---- reading ------------------------------------------------------------- */

static int
complain(struct reading *reading, const char *what)
{
	table_line_complain(reading->line, reading->why,
	    "%s: skipping this rule", what);
	return -1;
}

static struct rule *
add(const struct reading *reading, enum action action)
{
	struct rules	*rules = reading->rules;
	struct rule	*rule;

	if (rules->count == rules->room) {
		rules->room = rules->room * 2 + 8;
		rules->rules = mem_resize(rules->rules,
		    rules->room * sizeof(*rules->rules));
	}
	rule = &rules->rules[rules->count++];
	*rule = (struct rule){ .action = action,
	    .line = reading->line->first };
	return rule;
}

/* "!" and the pattern. */
static int
read_pattern(struct reading *reading, struct slice *text, struct rule *rule,
    unsigned *groups_r)
{
	while (text->len > 0 && (text->data[0] == '!' ||
	    ascii_is_space(text->data[0]))) {
		if (text->data[0] == '!')
			rule->is_negated = !rule->is_negated;
		*text = slice_after(*text, 1);
	}
	rule->pattern = reading->rules->kind->parse(text, groups_r,
	    &reading->what);
	*text = slice_trim(*text);
	if (rule->pattern == NULL)
		return complain(reading, buf_cstr(&reading->what));
	return 0;
}

/* A wrong one stays, so that its endif is no other's; it never holds. */
static void
read_if(struct reading *reading, struct slice text)
{
	struct rule	*rule = add(reading, ACTION_IF);
	unsigned	 groups;

	if (read_pattern(reading, &text, rule, &groups) == 0 && text.len > 0)
		table_line_complain(reading->line, reading->why,
		    "ignoring what is behind the pattern of if");
}

static int
read_result(struct reading *reading, struct rule *rule, struct slice text,
    unsigned groups)
{
	const struct table_rule_kind	*kind = reading->rules->kind;
	int				 needed;

	if (text.len == 0 && !kind->has_groups)
		return complain(reading, "no result");
	if (text.len == 0)
		table_line_complain(reading->line, reading->why,
		    "no result: using an empty one");
	rule->result = slice_dup(text);
	if (!kind->has_groups)
		return 0;
	if ((needed = check_result(reading, text, groups)) < 0)
		return complain(reading, buf_cstr(&reading->what));
	if (needed > 0 && rule->is_negated)
		return complain(reading, "a group in the result of a "
		    "negated pattern");
	if (needed > 0 && (reading->source->how & TABLE_NO_SUBSTITUTION))
		return complain(reading, "a part of the key is not allowed "
		    "in the result, for what this table is used for");
	rule->groups = (unsigned)needed;
	return 0;
}

static void
free_rule(const struct rules *rules, struct rule *rule)
{
	if (rule->pattern != NULL)
		rules->kind->free(rule->pattern);
	mem_free(rule->result);
}

static void
read_rule(struct reading *reading, struct slice text)
{
	struct rules	*rules = reading->rules;
	struct rule	*rule = add(reading, ACTION_RESULT);
	unsigned	 groups;

	if (read_pattern(reading, &text, rule, &groups) < 0 ||
	    read_result(reading, rule, text, groups) < 0) {
		free_rule(rules, rule);
		rules->count--;
	}
}

/* "if" and "endif" end where letters and digits do. */
static bool
is_word(struct slice text, const char *word)
{
	size_t	len = strlen(word);

	return slice_has_prefix_nocase(text, word) &&
	    (text.len == len || !ascii_is_alnum(text.data[len]));
}

static void
read_line(struct reading *reading)
{
	struct slice	text = slice_trim(buf_slice(&reading->line->text));

	buf_empty(&reading->what);
	if (is_word(text, "if"))
		read_if(reading, slice_trim(slice_after(text, 2)));
	else if (is_word(text, "endif"))
		add(reading, ACTION_ENDIF);
	else
		read_rule(reading, text);
}

/* Where each if ends; what has no other is complained of. */
static void
join(struct rules *rules, const char *file, struct buf *why)
{
	size_t	open = SIZE_MAX;	/* the innermost if */

	for (size_t i = 0; i < rules->count; i++) {
		struct rule	*rule = &rules->rules[i];

		if (rule->action == ACTION_IF) {
			/* The one around it, until its end is known. */
			rule->endif = open;
			open = i;
		} else if (rule->action == ACTION_ENDIF && open == SIZE_MAX) {
			buf_printf(why, "%s:%d: endif without if\n", file,
			    rule->line);
		} else if (rule->action == ACTION_ENDIF) {
			size_t	outer = rules->rules[open].endif;

			rules->rules[open].endif = i;
			open = outer;
		}
	}
	while (open != SIZE_MAX) {
		struct rule	*rule = &rules->rules[open];

		buf_printf(why, "%s:%d: if without endif\n", file,
		    rule->line);
		open = rule->endif;
		rule->endif = rules->count;
	}
}

/* Words for lines: "{ {rule} {rule} }". */
static int
read_inline_rules(struct reading *reading, struct table_line *line)
{
	struct slice	text, word;
	int		got;

	if (table_line_unbrace(line->rest, &text) < 0) {
		buf_put_str(reading->why, "bad syntax: expected \"{ {rule} "
		    "{rule} ... }\"");
		return -1;
	}
	while ((got = table_line_get_word(&text, &word)) > 0) {
		line->first++;
		table_line_unbrace(word, &word);
		buf_empty(&line->text);
		buf_put_slice(&line->text, word);
		read_line(reading);
	}
	if (got < 0)
		buf_put_str(reading->why, "bad syntax: braces do not match");
	return got;
}

static int
read_rules(struct reading *reading, struct table_line *line)
{
	int	result = 0;

	if (*reading->source->name == '{')
		result = read_inline_rules(reading, line);
	else
		while (table_line_get(line, reading->why))
			read_line(reading);
	if (result == 0)
		join(reading->rules, line->file, reading->why);
	return result;
}

int
table_rule_open(const struct table_source *source,
    const struct table_rule_kind *kind, void **content_r, struct buf *why)
{
	bool			 is_inline = *source->name == '{';
	struct rules		*rules = mem_new(sizeof(*rules));
	struct buf		 text = BUF_INIT;
	char			*file = is_inline ?
				    mem_printf("%s:{...}", kind->name) :
				    mem_strdup(source->name);
	struct table_line	 line;
	struct reading		 reading = { rules, source, &line, why,
				    BUF_INIT };
	int			 result = 0;

	rules->kind = kind;
	if (is_inline) {
		buf_put_str(&text, source->name);
	} else if (path_read(file, TABLE_LINE_FILE_LIMIT, &text) < 0) {
		buf_printf(why, "open %s: %s", file, strerror(errno));
		result = -1;
	}
	table_line_init(&line, file, buf_slice(&text));
	if (result == 0)
		result = read_rules(&reading, &line);
	table_line_clear(&line);
	buf_clear(&text);
	buf_clear(&reading.what);
	mem_free(file);
	if (result < 0)
		table_rule_close(rules);
	else
		*content_r = rules;
	return result;
}

/* ---- asking -------------------------------------------------------------- */

static bool
is_match(const struct rules *rules, const struct rule *rule,
    struct table_rule_key *key, struct slice *groups)
{
	if (rule->pattern == NULL)
		return false;
	return rules->kind->match(rule->pattern, key, groups,
	    rule->groups) != rule->is_negated;
}

static enum table_answer
find(const struct rules *rules, struct table_rule_key *key,
    struct buf *value)
{
	struct slice	groups[TABLE_RULE_GROUPS];

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule	*rule = &rules->rules[i];

		if (rule->action == ACTION_ENDIF)
			continue;
		if (!is_match(rules, rule, key, groups)) {
			if (rule->action == ACTION_IF)
				i = rule->endif;
		} else if (rule->action == ACTION_RESULT) {
			if (rules->kind->has_groups)
				put_result(rule, groups, value);
			else
				buf_put_str(value, rule->result);
			return TABLE_FOUND;
		}
	}
	return TABLE_NONE;
}

enum table_answer
table_rule_find(void *content, struct slice key, struct buf *value)
{
	const struct rules	*rules = content;
	struct table_rule_key	 typed = { .len = key.len };
	char			*text;
	enum table_answer	 answer;

	/* Who knows how long a pattern of text takes. */
	if (rules->kind->has_groups && haste_refuses())
		return TABLE_TROUBLE;
	/* Patterns are matched against text that ends at its NUL. */
	if (slice_find(key, '\0') >= 0)
		return TABLE_NONE;
	typed.text = text = slice_dup(key);
	/* Patterns of text do not ask. */
	typed.is_addr = !rules->kind->has_groups &&
	    addr_parse_ip(key, 0, &typed.addr) == 0;
	answer = find(rules, &typed, value);
	if (typed.scratch != NULL)
		rules->kind->free_scratch(typed.scratch);
	mem_free(text);
	return answer;
}

void
table_rule_close(void *content)
{
	struct rules	*rules = content;

	for (size_t i = 0; i < rules->count; i++)
		free_rule(rules, &rules->rules[i]);
	mem_free(rules->rules);
	mem_free(rules);
}

/* ---- patterns ------------------------------------------------------------ */

int
table_rule_get_pattern(struct slice *line, struct slice *pattern_r,
    struct slice *flags_r, struct buf *why)
{
	struct slice	s = *line;
	size_t		i;

	if (s.len == 0 || ascii_is_alnum(s.data[0]) || s.data[0] == '\\') {
		buf_put_str(why, "expected \"/pattern/flags result\"");
		return -1;
	}
	for (i = 1; i < s.len && s.data[i] != s.data[0]; i++)
		if (s.data[i] == '\\')
			i++;
	if (i >= s.len) {
		buf_printf(why, "no closing \"%c\"", s.data[0]);
		return -1;
	}
	*pattern_r = slice_from(s.data + 1, i - 1);
	s = slice_after(s, i + 1);
	for (i = 0; i < s.len && !ascii_is_space(s.data[i]); i++)
		continue;
	*flags_r = slice_first(s, i);
	*line = slice_after(s, i);
	return 0;
}
