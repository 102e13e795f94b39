/*
 * The reader of master.cf: from a line to the fields of a service.  What a
 * service does with them is master's business.
 */

#include "conf/master_cf.h"

#include <stdint.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_line.h"
#include "util/ascii.h"
#include "util/buf.h"
#include "util/mem.h"

#define NUMBER_LIMIT	1000000000
#define SERVICE_LIMIT	1000

/* One line while it is taken apart. */
struct parse {
	struct slice	 rest;
	char		*why;		/* what is wrong; owned */
};

enum field { NAME, TYPE, PRIVATE, UNPRIVILEGED, CHROOT, WAKEUP, LIMIT,
    COMMAND, FIELD_COUNT };

static const char *const field_names[FIELD_COUNT] = {
	"service name", "type", "private", "unpriv", "chroot", "wakeup",
	"process limit", "command"
};

/* ---- words --------------------------------------------------------------- */

/*
 * The next word: up to a space, or what is in {}, trimmed.  1, 0 at the
 * end of the line, -1 when a "}" is missing or has text behind it.
 */
static int
get_word(struct parse *parse, struct slice *word_r, bool *in_braces_r)
{
	struct slice	text = slice_trim(parse->rest);
	size_t		level = 0, len;

	*in_braces_r = text.len > 0 && text.data[0] == '{';
	for (len = 0; len < text.len; len++) {
		if (!*in_braces_r && ascii_is_space(text.data[len]))
			break;
		if (*in_braces_r && text.data[len] == '{')
			level++;
		if (*in_braces_r && text.data[len] == '}' && --level == 0)
			break;
	}
	if (!*in_braces_r) {
		*word_r = slice_first(text, len);
		parse->rest = slice_after(text, len);
		return len > 0;
	}
	parse->rest = slice_after(text, len + 1);
	*word_r = slice_trim(slice_after(slice_first(text, len), 1));
	if (len == text.len)
		parse->why = mem_strdup("\"{\" without \"}\"");
	else if (parse->rest.len > 0 && !ascii_is_space(parse->rest.data[0]))
		parse->why = mem_strdup("no space after \"}\"");
	return parse->why == NULL ? 1 : -1;
}

static int
get_fields(struct parse *parse, struct slice *fields)
{
	bool	in_braces;

	for (int i = 0; i < FIELD_COUNT; i++) {
		int	result = get_word(parse, &fields[i], &in_braces);

		if (result < 0)
			return -1;
		if (result > 0)
			continue;
		parse->why = mem_printf("%d of 8 fields: no %s", i,
		    field_names[i]);
		return -1;
	}
	return 0;
}

/* ---- fields -------------------------------------------------------------- */

static int
bad_field(struct parse *parse, enum field field, struct slice text,
    const char *hint)
{
	parse->why = mem_printf("bad %s \"%.*s\": %s", field_names[field],
	    SLICE_ARG(slice_first(text, 40)), hint);
	return -1;
}

static int
parse_type(struct parse *parse, struct slice text,
    enum master_cf_type *type_r)
{
	static const char *const	others[] = {
		"fifo", "pass", "unix-dgram"
	};

	if (slice_is(text, "inet")) {
		*type_r = MASTER_CF_INET;
		return 0;
	}
	if (slice_is(text, "unix")) {
		*type_r = MASTER_CF_UNIX;
		return 0;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (slice_is(text, others[i])) {
			*type_r = MASTER_CF_OTHER;
			return 0;
		}
	return bad_field(parse, TYPE, text, "use inet or unix");
}

static int
parse_choice(struct parse *parse, enum field field, struct slice text,
    enum master_cf_choice *choice_r)
{
	if (slice_is(text, "-"))
		*choice_r = MASTER_CF_DEFAULT;
	else if (slice_is(text, "y"))
		*choice_r = MASTER_CF_YES;
	else if (slice_is(text, "n"))
		*choice_r = MASTER_CF_NO;
	else
		return bad_field(parse, field, text, "use y, n or -");
	return 0;
}

static int
parse_number(struct slice text, int *number_r)
{
	uint64_t	number;

	if (slice_parse_u64(text, &number) < 0 || number > NUMBER_LIMIT)
		return -1;
	*number_r = (int)number;
	return 0;
}

static int
parse_wakeup(struct parse *parse, struct slice text,
    struct master_cf_service *service)
{
	struct slice	digits = text;

	if (slice_is(text, "-"))
		return 0;
	if (digits.len > 0 && digits.data[digits.len - 1] == '?') {
		service->wakeup_lazily = true;
		digits.len--;
	}
	if (parse_number(digits, &service->wakeup_s) == 0)
		return 0;
	return bad_field(parse, WAKEUP, text,
	    "use seconds, seconds with ?, or -");
}

static int
parse_limit(struct parse *parse, struct slice text, int *limit_r)
{
	*limit_r = -1;
	if (slice_is(text, "-") || parse_number(text, limit_r) == 0)
		return 0;
	return bad_field(parse, LIMIT, text, "use a number or -");
}

static int
parse_name(struct parse *parse, struct slice text, enum master_cf_type type)
{
	if (text.len == 0)
		return bad_field(parse, NAME, text, "it is empty");
	if (slice_find(text, ' ') >= 0)
		return bad_field(parse, NAME, text, "it contains a space");
	if (slice_find(text, '/') >= 0)
		return bad_field(parse, NAME, text, "it contains \"/\"");
	if (type == MASTER_CF_UNIX && text.data[0] == '.')
		return bad_field(parse, NAME, text, "it starts with \".\"");
	return 0;
}

static int
parse_fields(struct parse *parse, struct master_cf_service *service)
{
	struct slice	fields[FIELD_COUNT];

	if (get_fields(parse, fields) < 0 ||
	    parse_type(parse, fields[TYPE], &service->type) < 0 ||
	    parse_name(parse, fields[NAME], service->type) < 0 ||
	    parse_choice(parse, PRIVATE, fields[PRIVATE],
	    &service->is_private) < 0 ||
	    parse_choice(parse, UNPRIVILEGED, fields[UNPRIVILEGED],
	    &service->is_unprivileged) < 0 ||
	    parse_choice(parse, CHROOT, fields[CHROOT],
	    &service->has_chroot) < 0 ||
	    parse_wakeup(parse, fields[WAKEUP], service) < 0 ||
	    parse_limit(parse, fields[LIMIT], &service->process_limit) < 0)
		return -1;
	if (fields[COMMAND].len == 0)
		return bad_field(parse, COMMAND, fields[COMMAND],
		    "it is empty");
	service->name = slice_dup(fields[NAME]);
	service->command = slice_dup(fields[COMMAND]);
	return 0;
}

/* ---- arguments ----------------------------------------------------------- */

static int
add_option(struct parse *parse, struct slice text,
    struct master_cf_service *service)
{
	ptrdiff_t			 equals = slice_find(text, '=');
	struct slice			 name;
	struct master_cf_option		*option;

	if (equals < 0) {
		parse->why = mem_printf("-o \"%.*s\": no \"=\"",
		    SLICE_ARG(slice_first(text, 40)));
		return -1;
	}
	name = slice_trim(slice_first(text, (size_t)equals));
	if (!conf_source_is_name(name)) {
		parse->why = mem_printf("-o \"%.*s\": bad name",
		    SLICE_ARG(slice_first(text, 40)));
		return -1;
	}
	service->options = mem_resize(service->options,
	    (service->option_count + 1) * sizeof(*option));
	option = &service->options[service->option_count++];
	option->name = slice_dup(name);
	option->value = slice_dup(slice_trim(slice_after(text,
	    (size_t)equals + 1)));
	return 0;
}

static void
add_argument(struct slice text, struct master_cf_service *service,
    size_t *count)
{
	service->args = mem_resize(service->args,
	    (*count + 2) * sizeof(*service->args));
	service->args[(*count)++] = slice_dup(text);
	service->args[*count] = NULL;
}

/*
 * -o counts only among the leading options: a later one belongs to the
 * command that an argument names.
 */
static int
parse_arguments(struct parse *parse, struct master_cf_service *service)
{
	bool		is_leading = true, in_braces;
	size_t		count = 0;
	struct slice	word;
	int		result;

	service->args = mem_new(sizeof(*service->args));
	while ((result = get_word(parse, &word, &in_braces)) > 0) {
		is_leading = is_leading && slice_has_prefix(word, "-");
		if (!is_leading || in_braces ||
		    !slice_has_prefix(word, "-o")) {
			add_argument(word, service, &count);
			continue;
		}
		word = slice_after(word, 2);
		if (word.len == 0 &&
		    (result = get_word(parse, &word, &in_braces)) < 0)
			break;
		if (result == 0) {
			parse->why = mem_strdup("-o without name=value");
			return -1;
		}
		if (add_option(parse, word, service) < 0)
			return -1;
	}
	return result;
}

/* ---- the file ------------------------------------------------------------ */

static void
clear_service(struct master_cf_service *service)
{
	for (char **arg = service->args; arg != NULL && *arg != NULL; arg++)
		mem_free(*arg);
	for (size_t i = 0; i < service->option_count; i++) {
		mem_free(service->options[i].name);
		mem_free(service->options[i].value);
	}
	mem_free(service->args);
	mem_free(service->options);
	mem_free(service->name);
	mem_free(service->command);
}

void
master_cf_free(struct master_cf **cf)
{
	if (*cf == NULL)
		return;
	for (size_t i = 0; i < (*cf)->count; i++)
		clear_service(&(*cf)->services[i]);
	mem_free((*cf)->services);
	mem_free(*cf);
	*cf = NULL;
}

/* Takes over what service points to. */
static void
add_service(struct master_cf *cf, struct master_cf_service service)
{
	for (size_t i = 0; i < cf->count; i++) {
		struct master_cf_service	*old = &cf->services[i];

		if (old->type == service.type &&
		    strcmp(old->name, service.name) == 0) {
			clear_service(old);
			*old = service;
			return;
		}
	}
	cf->services = mem_resize(cf->services,
	    (cf->count + 1) * sizeof(service));
	cf->services[cf->count++] = service;
}

/* NULL, or what is wrong (caller frees). */
static char *
read_service(struct master_cf *cf, struct slice text, int line)
{
	struct master_cf_service	service = { .line = line };
	struct parse			parse = { text, NULL };

	if (parse_fields(&parse, &service) < 0 ||
	    parse_arguments(&parse, &service) < 0) {
		clear_service(&service);
		return parse.why;
	}
	add_service(cf, service);
	return cf->count <= SERVICE_LIMIT ? NULL :
	    mem_strdup("more than 1000 services");
}

struct master_cf *
master_cf_parse(const char *file, struct slice text, char **why_r)
{
	struct master_cf	*cf = mem_new(sizeof(*cf));
	struct conf_line	 line;
	char			*why;
	int			 result;

	conf_line_init(&line, file, text);
	while ((result = conf_line_get(&line, why_r)) > 0) {
		why = read_service(cf, buf_slice(&line.text), line.first);
		if (why == NULL)
			continue;
		*why_r = mem_printf("%s:%d: %s", file, line.first, why);
		mem_free(why);
		result = -1;
		break;
	}
	conf_line_clear(&line);
	if (result < 0)
		master_cf_free(&cf);
	return cf;
}

struct master_cf *
master_cf_read(const char *file, char **why_r)
{
	struct master_cf	*cf = NULL;
	struct buf		 text = BUF_INIT;

	if (conf_line_read(file, &text, why_r) == 0)
		cf = master_cf_parse(file, buf_slice(&text), why_r);
	buf_clear(&text);
	return cf;
}
