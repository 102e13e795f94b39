/*
 * Tables, before anybody needs them.
 */

#include "master/survey.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/match_list.h"
#include "mail/table.h"
#include "mail/table_type.h"
#include "mail/word.h"
#include "master/generation.h"
#include "master/service.h"
#include "util/buf.h"
#include "util/mem.h"

/* Each is looked at once, however often it is named. */
struct seen {
	char		*spec;
	struct seen	*next;
};

struct survey {
	struct generation	*generation;
	const char		*name;		/* of the parameter at hand */
	const char		*where;		/* or NULL: its default */
	struct seen		*seen;		/* list */
};

static bool
is_new(struct survey *survey, const char *spec)
{
	struct seen	*seen;

	LL_FOREACH(survey->seen, seen)
		if (strcmp(seen->spec, spec) == 0)
			return false;
	seen = mem_new(sizeof(*seen));
	seen->spec = mem_strdup(spec);
	LL_PREPEND(survey->seen, seen);
	return true;
}

/* A warning for each line; takes why over. */
static void
warn(struct survey *survey, char *why)
{
	struct slice	rest = slice_str(why), line;

	while (slice_get_word(&rest, "\n", &line) == 0) {
		char	*text = mem_printf("%s%s%s: %.*s",
			    survey->where == NULL ? "" : survey->where,
			    survey->where == NULL ? "" : ": ", survey->name,
			    SLICE_ARG(line));

		generation_warn(survey->generation, text);
		mem_free(text);
	}
	mem_free(why);
}

/* Not a next hop, a service, or any other text with a colon in it. */
static bool
is_table(const char *spec)
{
	const struct table_type	*type;
	struct slice		 name;
	char			*why = NULL;

	if (strchr(spec, ':') == NULL)
		return false;
	type = table_type_find(spec, &name, &why);
	mem_free(why);
	/* The sockets of services are unix:, too. */
	return type != NULL && (type != &table_unix ||
	    slice_is(name, "passwd.byname") ||
	    slice_is(name, "group.byname"));
}

static void
open_table(struct survey *survey, const char *spec)
{
	char		*why = NULL;
	struct table	*table = table_new(spec, 0, &why);

	if (table == NULL || table_check(table, &why) < 0)
		warn(survey, why);
	table_free(&table);
}

static void
open_file(struct survey *survey, const char *path)
{
	char			*why = NULL;
	struct match_list	*list;

	list = match_list_new(path, MATCH_LIST_HOST, 0, &why);
	if (list == NULL || match_list_check(list, &why) < 0)
		warn(survey, why);
	match_list_free(&list);
}

/* "/file" in a value of one of these is a file of names. */
static bool
has_files(const char *name)
{
	static const char *const	names[] = {
		"mynetworks", "mydestination", "relay_domains",
		"virtual_alias_domains", "virtual_mailbox_domains",
		"smtpd_client_event_limit_exceptions",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void
look_at_word(struct survey *survey, struct slice word)
{
	char	*spec;

	while (word.len > 0 && word.data[0] == '!')
		word = slice_after(word, 1);
	spec = slice_dup(word);
	if (is_table(spec)) {
		if (is_new(survey, spec))
			open_table(survey, spec);
	} else if (spec[0] == '/' && has_files(survey->name) &&
	    is_new(survey, spec)) {
		open_file(survey, spec);
	}
	mem_free(spec);
}

/* text as it is written. */
static void
look_at(struct survey *survey, const char *name, const char *text,
    const char *where)
{
	const struct conf	*conf = survey->generation->conf;
	char			*why = NULL;
	char			*value = conf_expand(conf->source, text,
				    &why);
	struct slice		 rest = slice_str(value), word;

	survey->name = name;
	survey->where = where;
	while (word_get(&rest, &word) == 0)
		look_at_word(survey, word);
	mem_free(value);
	mem_free(why);
}

static void
on_set(const char *name, const char *value, const char *where, void *arg)
{
	look_at(arg, name, value, where);
}

/* -o name=value, as make_argv of master/generation.c has put it. */
static void
look_at_service(struct survey *survey, const struct service *service)
{
	for (char **arg = service->argv; arg[0] != NULL && arg[1] != NULL;
	    arg++) {
		const char	*equals = strchr(arg[1], '=');
		char		*name;

		if (strcmp(arg[0], "-o") != 0 || equals == NULL)
			continue;
		name = mem_strndup(arg[1], (size_t)(equals - arg[1]));
		look_at(survey, name, equals + 1, service->where);
		mem_free(name);
	}
}

void
survey_tables(struct generation *generation)
{
	const struct conf_source	*source = generation->conf->source;
	struct survey			 survey = { generation, "", NULL,
					    NULL };
	const struct service		*service;
	struct seen			*seen, *next;

	conf_source_each(source, on_set, &survey);
	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++)
		if (row->type == CONF_TEXT &&
		    conf_source_find(source, row->name) == NULL)
			look_at(&survey, row->name, row->value, NULL);
	LL_FOREACH(generation->services, service)
		look_at_service(&survey, service);
	LL_FOREACH_SAFE(survey.seen, seen, next) {
		mem_free(seen->spec);
		mem_free(seen);
	}
}
