/*
 * ternconf: show and change main.cf, show master.cf.  The options are those
 * of Postfix's postconf; unlike it, a bad value is refused.
 */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_edit.h"
#include "conf/master_cf.h"
#include "mail/table_type.h"
#include "util/mem.h"
#include "util/path.h"

/* Where the value of config_directory comes from when main.cf is silent. */
#define FROM_COMMAND	"-c"

struct request {
	const char	*folder;
	bool		 is_default;	/* -d */
	bool		 is_set_only;	/* -n */
	bool		 has_no_name;	/* -h */
	bool		 has_no_value;	/* -H */
	bool		 is_expanded;	/* -x */
	bool		 is_edit;	/* -e, -X, -# */
	enum conf_edit_kind	 edit;
	char		 mode;		/* D, M or 0 */
	char		**overrides;	/* -o, borrowed from argv */
	size_t		 override_count;
};

/* Names to show. */
struct names {
	const char	**list;		/* the names are borrowed */
	size_t		  count;
};

static void
stop(const char *why)
{
	fprintf(stderr, "ternconf: fatal: %s\n", why);
	exit(1);
}

static void
usage(void)
{
	fputs("usage: ternconf [-c dir] [-dhHnx] [-o name=value] [name ...]\n"
	    "       ternconf [-c dir] [-e] name=value ...\n"
	    "       ternconf [-c dir] -X name ...    (remove)\n"
	    "       ternconf [-c dir] -# name ...    (comment out)\n"
	    "       ternconf [-c dir] -M [service[/type] ...]\n"
	    "       ternconf -m    (table types)\n", stderr);
	exit(1);
}

static void
warn_unknown(const char *name, const char *what)
{
	const char	*nearest = conf_nearest(name);

	fprintf(stderr, "ternconf: warning: %s: %s%s%s%s\n", name, what,
	    nearest == NULL ? "" : ": did you mean ",
	    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

/* "name=value" in its parts; the name is the caller's to free. */
static char *
split(const char *text, const char **value_r)
{
	const char	*equals = strchr(text, '=');

	if (equals == NULL) {
		fprintf(stderr, "ternconf: fatal: %s: no \"=\"\n", text);
		exit(1);
	}
	*value_r = equals + 1;
	return slice_dup(slice_trim(slice_from(text,
	    (size_t)(equals - text))));
}

/* ---- reading ------------------------------------------------------------- */

static struct conf_source *
read_source(const struct request *request)
{
	struct conf_source	*source = conf_source_new();
	char			*file, *name, *why;
	const char		*value;

	if (!request->is_default) {
		file = path_join(request->folder, "main.cf");
		if (conf_source_read(source, file, &why) < 0)
			stop(why);
		mem_free(file);
	}
	if (conf_source_find(source, "config_directory") == NULL &&
	    strcmp(request->folder, CONF_FOLDER) != 0)
		conf_source_set(source, "config_directory", request->folder,
		    FROM_COMMAND);
	for (size_t i = 0; i < request->override_count; i++) {
		name = split(request->overrides[i], &value);
		conf_source_set(source, name, value, "-o");
		mem_free(name);
	}
	return source;
}

static struct master_cf *
read_master_cf(const struct request *request, char **why_r)
{
	char			*file = path_join(request->folder,
				    "master.cf");
	struct master_cf	*cf = master_cf_read(file, why_r);

	mem_free(file);
	return cf;
}

/* ---- names that mean nothing --------------------------------------------- */

struct search {
	const char	*name;
	bool		 is_found;
};

static void
on_reference(struct slice name, void *arg)
{
	struct search	*search = arg;

	if (slice_is(name, search->name))
		search->is_found = true;
}

static bool
is_used_in(const struct master_cf *cf, const char *name)
{
	struct search	search = { name, false };

	for (size_t i = 0; cf != NULL && i < cf->count; i++) {
		struct master_cf_service	*service = &cf->services[i];

		for (char **a = service->args; *a != NULL; a++)
			conf_expand_each(*a, on_reference, &search);
		for (size_t k = 0; k < service->option_count; k++)
			conf_expand_each(service->options[k].value,
			    on_reference, &search);
	}
	return search.is_found;
}

static void
warn_foreign(const char *name, const struct conf_foreign *foreign)
{
	fprintf(stderr, "ternconf: warning: %s does nothing: %s\n", name,
	    foreign->text);
}

/* It is not there, or it is and does nothing. */
static void
warn_nothing(const char *name)
{
	const struct conf_foreign	*foreign = conf_foreign_find(name);

	if (foreign != NULL)
		warn_foreign(name, foreign);
	else
		warn_unknown(name, "unknown parameter");
}

static void
warn_unused(const char *name, const char *value, const char *where,
    void *arg)
{
	const struct conf_foreign	*foreign = conf_foreign_find(name);
	char				*what;

	(void)value;
	if (strcmp(where, "-o") == 0 ||
	    (foreign == NULL && is_used_in(arg, name)))
		return;
	if (foreign != NULL) {
		warn_foreign(name, foreign);
		return;
	}
	what = mem_printf("unused parameter (%s)", where);
	warn_unknown(name, what);
	mem_free(what);
}

/* C29 of Postfix's habits: what looks like a comment and is none. */
static void
warn_comment(const char *name, const char *value, const char *where,
    void *arg)
{
	(void)arg;
	if (strstr(value, " #") != NULL)
		fprintf(stderr, "ternconf: warning: %s: %s: \"#\" behind a "
		    "value is part of the value\n", where, name);
}

static void
warn_all(const struct request *request, const struct conf_source *source)
{
	char			*why = NULL;
	struct master_cf	*cf = read_master_cf(request, &why);

	/* A bad master.cf is reported by those who need it. */
	mem_free(why);
	conf_source_each(source, warn_comment, NULL);
	conf_each_unused(source, warn_unused, cf);
	master_cf_free(&cf);
}

/* ---- showing ------------------------------------------------------------- */

static void
add_name(struct names *names, const char *name)
{
	names->list = mem_resize(names->list,
	    (names->count + 1) * sizeof(*names->list));
	names->list[names->count++] = name;
}

static void
on_set(const char *name, const char *value, const char *where, void *arg)
{
	(void)value;
	if (strcmp(where, FROM_COMMAND) != 0)
		add_name(arg, name);
}

static void
on_user_defined(const char *name, const char *value, const char *where,
    void *arg)
{
	if (conf_row_find(name) == NULL)
		on_set(name, value, where, arg);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The unexpanded text to show, or NULL when there is none; caller frees. */
static char *
text_of(const struct request *request, const struct conf_source *source,
    const char *name)
{
	const char	*set = conf_source_find(source, name);

	if (set != NULL && !request->is_default)
		return mem_strdup(set);
	return conf_expand_default(source, name);
}

static void
show(const struct request *request, const struct conf_source *source,
    const char *name)
{
	char	*text = text_of(request, source, name), *expanded, *why;

	if (text == NULL) {
		warn_nothing(name);
		return;
	}
	if (request->is_expanded) {
		expanded = conf_expand(source, text, &why);
		if (expanded == NULL) {
			fprintf(stderr, "ternconf: warning: %s: %s\n", name,
			    why);
			mem_free(why);
		} else {
			mem_free(text);
			text = expanded;
		}
	}
	if (request->has_no_value)
		printf("%s\n", name);
	else if (request->has_no_name)
		printf("%s\n", text);
	else
		printf("%s =%s%s\n", name, *text == '\0' ? "" : " ", text);
	mem_free(text);
}

static void
show_all(const struct request *request, const struct conf_source *source)
{
	struct names	names = { NULL, 0 };

	if (request->is_set_only) {
		conf_source_each(source, on_set, &names);
	} else {
		for (const struct conf_row *row = conf_row_list();
		    row->name != NULL; row++)
			add_name(&names, row->name);
		if (!request->is_default)
			conf_source_each(source, on_user_defined, &names);
	}
	if (names.count > 0)
		qsort(names.list, names.count, sizeof(*names.list), by_name);
	for (size_t i = 0; i < names.count; i++)
		show(request, source, names.list[i]);
	mem_free(names.list);
	fflush(stdout);
	if (!request->is_default)
		warn_all(request, source);
}

static void
run_show(const struct request *request, char **argv)
{
	struct conf_source	*source = read_source(request);

	if (*argv == NULL)
		show_all(request, source);
	for (; *argv != NULL; argv++)
		if (!request->is_set_only ||
		    conf_source_find(source, *argv) != NULL)
			show(request, source, *argv);
	conf_source_free(&source);
}

/* ---- changing ------------------------------------------------------------ */

/* After the change, so that a name used by another new one is no surprise. */
static void
warn_edited(const struct request *request, const struct conf_edit *edits,
    size_t count)
{
	struct conf_source	*source = read_source(request);
	struct names		 unused = { NULL, 0 };

	conf_each_unused(source, on_set, &unused);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < unused.count; k++)
			if (strcmp(edits[i].name, unused.list[k]) == 0) {
				warn_nothing(edits[i].name);
				break;
			}
	mem_free(unused.list);
	conf_source_free(&source);
}

static void
run_edit(const struct request *request, char **argv, size_t count)
{
	struct conf_edit	*edits;
	char			*file = path_join(request->folder, "main.cf");
	char			*why, **names;

	if (count == 0)
		usage();
	edits = mem_new_array(count, sizeof(*edits));
	names = mem_new_array(count, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		edits[i].kind = request->edit;
		if (request->edit == CONF_EDIT_SET)
			names[i] = split(argv[i], &edits[i].value);
		else
			names[i] = mem_strdup(argv[i]);
		edits[i].name = names[i];
	}
	if (conf_edit_file(file, edits, count, &why) < 0)
		stop(why);
	if (request->edit == CONF_EDIT_SET)
		warn_edited(request, edits, count);
	for (size_t i = 0; i < count; i++)
		mem_free(names[i]);
	mem_free(names);
	mem_free(edits);
	mem_free(file);
}

/* ---- master.cf ----------------------------------------------------------- */

static const char *
choice_text(enum master_cf_choice choice)
{
	return choice == MASTER_CF_DEFAULT ? "-" :
	    choice == MASTER_CF_YES ? "y" : "n";
}

/* A word of master.cf, in braces where it needs them. */
static void
show_word(const char *prefix, const char *word)
{
	bool	needs_braces = *word == '\0' || *word == '{' ||
		    strchr(word, ' ') != NULL;

	printf(needs_braces ? "%s{ %s }" : "%s%s", prefix, word);
}

static void
show_service(const struct master_cf_service *service)
{
	char	wakeup[16] = "-", limit[16] = "-";
	char	*option;

	if (service->wakeup_s > 0)
		snprintf(wakeup, sizeof(wakeup), "%d%s", service->wakeup_s,
		    service->wakeup_lazily ? "?" : "");
	if (service->process_limit >= 0)
		snprintf(limit, sizeof(limit), "%d", service->process_limit);
	printf("%-10s %-5s %-7s %-7s %-7s %-7s %-7s %s", service->name,
	    service->type == MASTER_CF_INET ? "inet" : "unix",
	    choice_text(service->is_private),
	    choice_text(service->is_unprivileged),
	    choice_text(service->has_chroot), wakeup, limit,
	    service->command);
	for (char **arg = service->args; *arg != NULL; arg++)
		show_word(" ", *arg);
	printf("\n");
	for (size_t i = 0; i < service->option_count; i++) {
		option = mem_printf("%s=%s", service->options[i].name,
		    service->options[i].value);
		show_word("    -o ", option);
		printf("\n");
		mem_free(option);
	}
}

/* "name" or "name/type"; NULL asks for every service. */
static bool
is_asked(const struct master_cf_service *service, const char *pattern)
{
	size_t		 len = strlen(service->name);
	const char	*type = service->type == MASTER_CF_INET ? "/inet" :
			    "/unix";

	if (pattern == NULL)
		return true;
	return strncmp(pattern, service->name, len) == 0 &&
	    (pattern[len] == '\0' || strcmp(pattern + len, type) == 0);
}

static void
run_master_cf(const struct request *request, char **argv)
{
	char			*why;
	struct master_cf	*cf = read_master_cf(request, &why);

	if (cf == NULL)
		stop(why);
	do {
		bool	is_found = *argv == NULL;

		for (size_t i = 0; i < cf->count; i++)
			if (is_asked(&cf->services[i], *argv)) {
				show_service(&cf->services[i]);
				is_found = true;
			}
		if (!is_found)
			fprintf(stderr, "ternconf: warning: unmatched "
			    "request: \"%s\"\n", *argv);
	} while (*argv != NULL && *++argv != NULL);
	master_cf_free(&cf);
}

/* ---- table types --------------------------------------------------------- */

static void
show_type(const char *name, void *arg)
{
	(void)arg;
	printf("%s\n", name);
}

/* ---- documentation ------------------------------------------------------- */

static void
run_document(void)
{
	printf("# The parameters of main.cf\n\n"
	    "Made from conf/params.def by `ternconf -D`; a change goes "
	    "there.\n");
	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++) {
		char	*hint = conf_row_hint(row);

		printf("\n## %s\n\n%s\n\n", row->name, row->text);
		if (strcmp(row->name, "myhostname") != 0 &&
		    strcmp(row->name, "mydomain") != 0)
			printf("Default: %s%s%s. ",
			    *row->value == '\0' ? "empty" : "`",
			    row->value, *row->value == '\0' ? "" : "`");
		printf("Value: %s.\n", hint);
		mem_free(hint);
	}
	printf("\n# Parameters of Postfix that do nothing\n\n"
	    "Of those about TLS and SASL; made from conf/params_foreign.def. "
	    "Who sets one otherwise than Postfix's default is told so by "
	    "`tern check`, start and reload, and by ternconf. What begins with "
	    "smtp_ is the same with lmtp_.\n\n");
	for (const struct conf_foreign *foreign = conf_foreign_list();
	    foreign->name != NULL; foreign++)
		printf("- `%s`: %s.\n", foreign->name, foreign->text);
}

/* ---- the command line ---------------------------------------------------- */

static void
take_option(struct request *request, int option)
{
	switch (option) {
	case 'c':
		request->folder = optarg;
		break;
	case 'd':
		request->is_default = true;
		break;
	case 'n':
		request->is_set_only = true;
		break;
	case 'h':
		request->has_no_name = true;
		break;
	case 'H':
		request->has_no_value = true;
		break;
	case 'x':
		request->is_expanded = true;
		break;
	case 'p':	/* what is shown anyway; Postfix has it */
		break;
	case 'o':
		request->overrides[request->override_count++] = optarg;
		break;
	case 'e':
	case 'X':
	case '#':
		request->is_edit = true;
		request->edit = option == 'e' ? CONF_EDIT_SET :
		    option == 'X' ? CONF_EDIT_REMOVE : CONF_EDIT_COMMENT;
		break;
	case 'D':
	case 'm':
	case 'M':
		request->mode = (char)option;
		break;
	default:
		usage();
	}
}

int
main(int argc, char **argv)
{
	struct request	 request = { .edit = CONF_EDIT_SET };
	int		 option;

	request.overrides = mem_new_array((size_t)argc, sizeof(char *));
	request.folder = getenv("MAIL_CONFIG");
	if (request.folder == NULL)
		request.folder = CONF_FOLDER;
	while ((option = getopt(argc, argv, "c:dnhHxpo:eX#DmM")) != -1)
		take_option(&request, option);
	argv += optind;
	argc -= optind;
	if (argc > 0 && strchr(argv[0], '=') != NULL)
		request.is_edit = true;
	if (request.mode == 'D')
		run_document();
	else if (request.mode == 'm')
		table_type_each(show_type, NULL);
	else if (request.mode == 'M')
		run_master_cf(&request, argv);
	else if (request.is_edit)
		run_edit(&request, argv, (size_t)argc);
	else
		run_show(&request, argv);
	mem_free(request.overrides);
	if (fflush(stdout) != 0 || ferror(stdout))
		stop("cannot write the output");
	return 0;
}
