/*
 * Tables of content checks.
 */

#include "cleanup/rules.h"

#include <string.h>

#include "conf/conf.h"
#include "util/mem.h"

struct rules {
	struct table_list	*lists[RULES_COUNT];
	/* Whose list it is: most often, one is the value of three. */
	enum rules_kind		 same_as[RULES_COUNT];
};

static const char *const	names[RULES_COUNT] = {
	"header_checks", "mime_header_checks", "nested_header_checks",
	"body_checks",
};

const char *
rules_name(enum rules_kind kind)
{
	return names[kind];
}

struct rules *
rules_new(const struct conf *conf, char **why_r)
{
	struct rules	*rules = mem_new(sizeof(*rules));
	const char	*values[RULES_COUNT] = { conf->header_checks,
			    conf->mime_header_checks,
			    conf->nested_header_checks, conf->body_checks };
	char		*why;

	for (unsigned i = 0; i < RULES_COUNT; i++) {
		unsigned	same = 0;

		while (strcmp(values[same], values[i]) != 0)
			same++;
		rules->same_as[i] = (enum rules_kind)same;
		if (same < i)
			continue;
		rules->lists[i] = table_list_new(values[i], TABLE_QUICK,
		    &why);
		if (rules->lists[i] == NULL) {
			*why_r = mem_printf("%s: %s", names[i], why);
			mem_free(why);
			rules_free(&rules);
			return NULL;
		}
	}
	return rules;
}

void
rules_free(struct rules **rules)
{
	if (*rules == NULL)
		return;
	for (unsigned i = 0; i < RULES_COUNT; i++)
		table_list_free(&(*rules)->lists[i]);
	mem_free(*rules);
	*rules = NULL;
}

static struct table_list *
get_list(const struct rules *rules, enum rules_kind kind)
{
	return rules->lists[rules->same_as[kind]];
}

bool
rules_has(const struct rules *rules, enum rules_kind kind)
{
	return !table_list_is_empty(get_list(rules, kind));
}

struct table_list_held *
rules_hold(const struct rules *rules, enum rules_kind kind)
{
	return table_list_hold(get_list(rules, kind));
}
