/*
 * Rules of misbehaviour.
 */

#include "load/sink_rule.h"

#include <string.h>
#include <utlist.h>

#include "util/ascii.h"
#include "util/mem.h"

struct rule {
	char		*step;		/* owned, as is all that follows */
	char		*match;		/* "<bad@", or empty: any */
	char		*reply;
	enum sink_deed	 deed;
	uint64_t	 each, seen;	/* every how many times */
	struct rule	*next;
};

struct sink_rules {
	struct rule	*list;
};

struct sink_rules *
sink_rule_new(void)
{
	return mem_new(sizeof(struct sink_rules));
}

static void
free_rule(struct rule *rule)
{
	mem_free(rule->step);
	mem_free(rule->match);
	mem_free(rule->reply);
	mem_free(rule);
}

void
sink_rule_free(struct sink_rules **rules)
{
	struct rule	*rule, *next;

	if (*rules == NULL)
		return;
	LL_FOREACH_SAFE((*rules)->list, rule, next)
		free_rule(rule);
	mem_free(*rules);
	*rules = NULL;
}

/* "reply/10": the number behind the last slash, when it is one. */
static uint64_t
take_each(struct slice *reply)
{
	ptrdiff_t	slash = slice_find_last(*reply, '/');
	uint64_t	each;

	if (slash < 0 || slice_parse_u64(slice_after(*reply,
	    (size_t)slash + 1), &each) < 0 || each == 0)
		return 1;
	*reply = slice_first(*reply, (size_t)slash);
	return each;
}

static bool
is_reply(struct slice text)
{
	uint64_t	code;

	return slice_parse_u64(slice_first(text, 3), &code) == 0 &&
	    code >= 200 && code <= 599 &&
	    (text.len == 3 || text.data[3] == ' ' || text.data[3] == '-');
}

int
sink_rule_add(struct sink_rules *rules, const char *text)
{
	struct slice	 all = slice_str(text), step, match, reply;
	ptrdiff_t	 equals = slice_find(all, '='), less;
	enum sink_deed	 deed = SINK_REPLY;
	uint64_t	 each;
	struct rule	*rule;

	if (equals <= 0)
		return -1;
	step = slice_first(all, (size_t)equals);
	reply = slice_after(all, (size_t)equals + 1);
	less = slice_find(step, '<');
	match = slice_after(step, less < 0 ? step.len : (size_t)less);
	step = slice_first(step, step.len - match.len);
	each = take_each(&reply);
	if (slice_is_nocase(reply, "CLOSE"))
		deed = SINK_CLOSE;
	else if (slice_is_nocase(reply, "HANG"))
		deed = SINK_HANG;
	else if (!is_reply(reply))
		return -1;
	rule = mem_new(sizeof(*rule));
	rule->step = slice_dup(step);
	rule->match = slice_dup(match);
	rule->reply = slice_dup(reply);
	rule->deed = deed;
	rule->each = each;
	LL_APPEND(rules->list, rule);
	return 0;
}

static bool
has_text(struct slice s, const char *text)
{
	for (; s.len > 0; s = slice_after(s, 1))
		if (slice_has_prefix_nocase(s, text))
			return true;
	return *text == '\0';
}

enum sink_deed
sink_rule_find(struct sink_rules *rules, const char *step,
    struct slice about, const char **reply_r)
{
	struct rule	*rule;

	LL_FOREACH(rules->list, rule) {
		if (ascii_compare(rule->step, step) != 0 ||
		    !has_text(about, rule->match))
			continue;
		if (++rule->seen % rule->each != 0)
			continue;
		*reply_r = rule->reply;
		return rule->deed;
	}
	return SINK_NOTHING;
}
