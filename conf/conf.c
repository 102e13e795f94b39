/*
 * From the text of main.cf to typed parameters, and what is wrong with it.
 * Reading the text is in conf_source.c, $name in conf_expand.c, the rows
 * in conf_row.c.
 */

#include "conf/conf.h"

#include <stddef.h>
#include <string.h>
#include <uthash.h>

#include "conf/conf_line.h"
#include "util/ascii.h"
#include "util/mem.h"

/* One value as its row's type has it. */
struct value {
	int64_t	 number;	/* BOOL, NUMBER, SIZE, TIME */
	char	*text;		/* TEXT, CHOICE; owned */
};

/* Where each row's field is, in the order of conf_row_list. */
static const size_t offsets[] = {
#define TEXT(name, value, text)			offsetof(struct conf, name),
#define TEXT_AS(field, name, value, text)	offsetof(struct conf, field),
#define CHOICE(name, value, choices, text)	offsetof(struct conf, name),
#define BOOL(name, value, text)			offsetof(struct conf, name),
#define NUMBER(name, value, min, max, text)	offsetof(struct conf, name),
#define SIZE(name, value, min, max, text)	offsetof(struct conf, name),
#define TIME(name, value, unit, min, max, text)	offsetof(struct conf, name),
#include "conf/params.def"
};

/* ---- values -------------------------------------------------------------- */

static int64_t
unit_ms(int unit)
{
	switch (ascii_lower(unit)) {
	case 's':
		return INT64_C(1000);
	case 'm':
		return INT64_C(60000);
	case 'h':
		return INT64_C(3600000);
	case 'd':
		return INT64_C(86400000);
	case 'w':
		return INT64_C(604800000);
	}
	return 0;
}

static int64_t
unit_bytes(int unit)
{
	switch (ascii_lower(unit)) {
	case 'k':
		return INT64_C(1) << 10;
	case 'm':
		return INT64_C(1) << 20;
	case 'g':
		return INT64_C(1) << 30;
	}
	return 0;
}

/* A number and perhaps a unit behind it; one is the value of none. */
static int
parse_units(struct slice text, int64_t (*unit)(int), int64_t one,
    int64_t *value_r)
{
	uint64_t	number;
	int64_t		factor = 0;

	if (text.len > 0)
		factor = unit(text.data[text.len - 1]);
	if (factor != 0)
		text.len--;
	else
		factor = one;
	if (slice_parse_u64(text, &number) < 0 ||
	    number > (uint64_t)(INT64_MAX / factor))
		return -1;
	*value_r = (int64_t)number * factor;
	return 0;
}

int
conf_parse_time(const char *text, char unit, int64_t *ms_r)
{
	int64_t	one = unit_ms((unsigned char)unit);

	if (one == 0)
		return -1;
	return parse_units(slice_trim(slice_str(text)), unit_ms, one, ms_r);
}

static int
parse_number(struct slice text, int64_t *value_r)
{
	uint64_t	number;

	if (slice_parse_u64(text, &number) < 0 || number > INT64_MAX)
		return -1;
	*value_r = (int64_t)number;
	return 0;
}

static int
parse_bool(struct slice text, int64_t *value_r)
{
	*value_r = slice_is_nocase(text, "yes");
	return *value_r || slice_is_nocase(text, "no") ? 0 : -1;
}

/* In the spelling of the row, so that users may compare it. */
static int
parse_choice(struct slice text, struct slice choices, char **text_r)
{
	struct slice	choice;

	while (slice_get_word(&choices, " ", &choice) == 0) {
		if (!slice_equal_nocase(choice, text))
			continue;
		*text_r = slice_dup(choice);
		return 0;
	}
	return -1;
}

static int
parse_by_type(const struct conf_row *row, struct slice text,
    struct value *value_r)
{
	switch (row->type) {
	case CONF_TEXT:
		value_r->text = slice_dup(text);
		return 0;
	case CONF_CHOICE:
		return parse_choice(text, slice_str(row->choices),
		    &value_r->text);
	case CONF_BOOL:
		return parse_bool(text, &value_r->number);
	case CONF_NUMBER:
		return parse_number(text, &value_r->number);
	case CONF_SIZE:
		return parse_units(text, unit_bytes, 1, &value_r->number);
	case CONF_TIME:
		return parse_units(text, unit_ms,
		    unit_ms((unsigned char)row->unit), &value_r->number);
	}
	return -1;
}

static char *
why_bad(const struct conf_row *row, struct slice text)
{
	static const struct {
		const char	*what;
		const char	*use;
	} names[] = {
		[CONF_TEXT] = { "text", "text" },
		[CONF_CHOICE] = { "value", NULL },
		[CONF_BOOL] = { "value", "yes or no" },
		[CONF_NUMBER] = { "number", "digits only" },
		[CONF_SIZE] = { "size",
		    "a number of bytes, or a number and one of k m g" },
		[CONF_TIME] = { "time",
		    "a number and one of s m h d w" },
	};
	const char	*use = names[row->type].use;

	return mem_printf("bad %s \"%.*s\": use %s%s", names[row->type].what,
	    SLICE_ARG(slice_first(text, 60)), use == NULL ? "one of " : use,
	    use == NULL ? row->choices : "");
}

/* NULL and value_r, whose text the caller frees; or what is wrong. */
static char *
parse_value(const struct conf_row *row, struct slice text,
    struct value *value_r)
{
	bool	is_time = row->type == CONF_TIME;
	int64_t	unit = is_time ? 1000 : 1, min = row->min, max = row->max;

	*value_r = (struct value){ 0, NULL };
	if (parse_by_type(row, text, value_r) < 0)
		return why_bad(row, text);
	if (row->type < CONF_NUMBER ||
	    (value_r->number >= min && value_r->number <= max))
		return NULL;
	return mem_printf("\"%.*s\" is too %s: %s %lld%s",
	    SLICE_ARG(slice_first(text, 60)),
	    value_r->number < min ? "small" : "large",
	    value_r->number < min ? "at least" : "at most",
	    (long long)((value_r->number < min ? min : max) / unit),
	    is_time ? "s" : "");
}

/* ---- checking ------------------------------------------------------------ */

/* "main.cf:12: name: why"; takes why over. */
static char *
explain(const struct conf_source *source, const char *name, char *why)
{
	const char	*where = conf_source_where(source, name);
	char		*line;

	line = mem_printf("%s: %s: %s", where == NULL ? "default" : where,
	    name, why);
	mem_free(why);
	return line;
}

/* Expand and parse; NULL and value_r, or what is wrong. */
static char *
evaluate(const struct conf_source *source, const char *name,
    const struct conf_row *row, struct value *value_r)
{
	const char	*raw = conf_source_find(source, name), *bad = NULL;
	char		*text, *why = NULL;

	*value_r = (struct value){ 0, NULL };
	if (!conf_source_is_name(slice_str(name)))
		return mem_strdup("bad name");
	if (raw != NULL)
		bad = conf_line_why_bad(slice_str(raw));
	if (bad != NULL)
		return mem_strdup(bad);
	if ((text = conf_expand_name(source, name, &why)) == NULL)
		return why;
	why = parse_value(row, slice_trim(slice_str(text)), value_r);
	mem_free(text);
	return why;
}

/* What a name that means nothing to us is checked as. */
static const struct conf_row *
any_row(const char *name)
{
	static const struct conf_row	 free_text = { .type = CONF_TEXT };
	const struct conf_row		*row = conf_row_find(name);
	const char			*value;

	if (row == NULL)
		row = conf_row_find_suffix(name);
	if (row == NULL)
		row = conf_row_find_lmtp(name, &value);
	return row == NULL ? &free_text : row;
}

int
conf_check(const struct conf_source *source, const char *name, char **why_r)
{
	struct value	 value;
	char		*why = evaluate(source, name, any_row(name), &value);

	mem_free(value.text);
	if (why == NULL)
		return 0;
	*why_r = explain(source, name, why);
	return -1;
}

struct check {
	const struct conf_source	*source;
	char				*why;	/* of the first bad one */
};

static void
check_set(const char *name, const char *value, const char *where, void *arg)
{
	struct check	*check = arg;

	(void)value;
	(void)where;
	if (check->why == NULL)
		conf_check(check->source, name, &check->why);
}

/* ---- the typed parameters ------------------------------------------------ */

static void
store(struct conf *conf, const struct conf_row *row, struct value value)
{
	void	*field = (char *)conf + offsets[row - conf_row_list()];

	switch (row->type) {
	case CONF_TEXT:
	case CONF_CHOICE:
		*(const char **)field = value.text;
		break;
	case CONF_BOOL:
		*(bool *)field = value.number != 0;
		break;
	case CONF_NUMBER:
	case CONF_SIZE:
	case CONF_TIME:
		*(int64_t *)field = value.number;
		break;
	}
}

struct conf *
conf_new(struct conf_source *source, char **why_r)
{
	struct check	 check = { source, NULL };
	struct conf	*conf = mem_new(sizeof(*conf));
	struct value	 value;

	/* What is set comes first: its errors have a line to point at. */
	conf_source_each(source, check_set, &check);
	for (const struct conf_row *row = conf_row_list();
	    row->name != NULL && check.why == NULL; row++) {
		check.why = evaluate(source, row->name, row, &value);
		if (check.why != NULL)
			check.why = explain(source, row->name, check.why);
		store(conf, row, value);
	}
	if (check.why != NULL) {
		*why_r = check.why;
		conf_free(&conf);
		return NULL;
	}
	conf->source = source;
	return conf;
}

void
conf_free(struct conf **conf)
{
	if (*conf == NULL)
		return;
	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++)
		if (row->type == CONF_TEXT || row->type == CONF_CHOICE)
			mem_free(*(void **)((char *)*conf +
			    offsets[row - conf_row_list()]));
	conf_source_free(&(*conf)->source);
	mem_free(*conf);
	*conf = NULL;
}

char *
conf_find(const struct conf *conf, const char *name)
{
	char	*text, *why;

	if (conf_source_find(conf->source, name) == NULL)
		return NULL;
	if ((text = conf_expand_name(conf->source, name, &why)) == NULL)
		mem_free(why);
	return text;
}

int64_t
conf_find_number(const struct conf *conf, const char *name,
    int64_t fallback)
{
	static const struct conf_row	 number = {
		.type = CONF_NUMBER, .max = INT64_MAX
	};
	const struct conf_row		*row = any_row(name);
	struct value			 value;
	char				*why;

	if (conf_source_find(conf->source, name) == NULL)
		return fallback;
	if (row->type == CONF_TEXT)
		row = &number;
	why = evaluate(conf->source, name, row, &value);
	mem_free(value.text);
	if (why != NULL)
		value.number = fallback;
	mem_free(why);
	return value.number;
}

/* ---- names --------------------------------------------------------------- */

/*
 * How many letters must be put in, left out, changed or swapped with their
 * neighbour to make b of a; counted up to limit only.
 */
static size_t
distance(const char *a, const char *b, size_t limit)
{
	size_t	rows[3][64], m = strlen(a), n = strlen(b), i, j;

	if (m >= 64 || n >= 64 || m > n + limit || n > m + limit)
		return limit + 1;
	for (j = 0; j <= n; j++)
		rows[0][j] = j;
	for (i = 1; i <= m; i++) {
		size_t	*now = rows[i % 3], *above = rows[(i + 2) % 3];

		now[0] = i;
		for (j = 1; j <= n; j++) {
			size_t	best = above[j - 1] + (a[i - 1] != b[j - 1]);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    rows[(i + 1) % 3][j - 2] + 1 < best)
				best = rows[(i + 1) % 3][j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[m % 3][n];
}

const char *
conf_nearest(const char *name)
{
	const char	*nearest = NULL;
	size_t		 limit = strlen(name) < 6 ? 1 : 2;

	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++) {
		size_t	d = distance(name, row->name, limit);

		if (d > limit || (nearest != NULL && d == limit))
			continue;
		nearest = row->name;
		limit = d;
	}
	return nearest;
}

/* A name that some value refers to. */
struct used {
	char		*name;
	UT_hash_handle	 hh;
};

struct usage {
	struct used	*names;
	conf_each_fn	 fn;
	void		*arg;
};

static void
use_name(struct slice name, void *arg)
{
	struct usage	*usage = arg;
	struct used	*used;

	HASH_FIND(hh, usage->names, name.data, (unsigned)name.len, used);
	if (used != NULL)
		return;
	used = mem_new(sizeof(*used));
	used->name = slice_dup(name);
	HASH_ADD_KEYPTR(hh, usage->names, used->name, (unsigned)name.len,
	    used);
}

static void
use_value(const char *name, const char *value, const char *where, void *arg)
{
	struct slice	rest = slice_str(value), word;

	(void)where;
	conf_expand_each(value, use_name, arg);
	/* Names that are parameters by being in the list. */
	if (strcmp(name, "smtpd_restriction_classes") == 0)
		while (slice_get_word(&rest, ", \t\r\n", &word) == 0)
			use_name(word, arg);
}

static void
tell_unused(const char *name, const char *value, const char *where,
    void *arg)
{
	const struct conf_foreign	*foreign = conf_foreign_find(name);
	struct usage			*usage = arg;
	struct used			*used;
	const char			*unused;

	if (foreign != NULL) {
		if (!conf_foreign_is_quiet(foreign, value))
			usage->fn(name, value, where, usage->arg);
		return;
	}
	HASH_FIND_STR(usage->names, name, used);
	if (used == NULL && conf_row_find(name) == NULL &&
	    conf_row_find_suffix(name) == NULL &&
	    conf_row_find_lmtp(name, &unused) == NULL)
		usage->fn(name, value, where, usage->arg);
}

void
conf_each_unused(const struct conf_source *source, conf_each_fn fn,
    void *arg)
{
	struct usage	 usage = { NULL, fn, arg };
	struct used	*used, *next;

	conf_source_each(source, use_value, &usage);
	conf_source_each(source, tell_unused, &usage);
	HASH_ITER(hh, usage.names, used, next) {
		HASH_DEL(usage.names, used);
		mem_free(used->name);
		mem_free(used);
	}
}
