/*
 * $name and ${...} in values.  What a name stands for: what main.cf or -o
 * says, else the default of its row, else nothing.
 *
 * A value is text of the administrator's, yet nothing in it may crash or
 * stall a program: depth, number of references and length are limited.
 */

#include "conf/conf.h"

#include <string.h>

#include "conf/conf_line.h"
#include "util/ascii.h"
#include "util/mem.h"

#define DEPTH_LIMIT	100
#define STEP_LIMIT	10000

/* The names being expanded, innermost first. */
struct frame {
	const char		*name;
	const struct frame	*outer;
};

struct expansion {
	const struct conf_source	*source;
	const struct frame		*inner;
	unsigned			 depth;
	unsigned			 steps;
	char				*why;	/* what is wrong; owned */
};

static int	expand_text(struct expansion *x, struct slice text,
		    struct buf *out);

static int
fail(struct expansion *x, const char *what, struct slice text)
{
	if (x->why == NULL)
		x->why = mem_printf("%s in \"%.*s%s\"", what,
		    SLICE_ARG(slice_first(text, 60)),
		    text.len > 60 ? "..." : "");
	return -1;
}

static struct slice
skip_space(struct slice s)
{
	while (s.len > 0 && ascii_is_space(s.data[0]))
		s = slice_after(s, 1);
	return s;
}

static bool
starts_with(struct slice s, int c)
{
	return s.len > 0 && s.data[0] == c;
}

static bool
is_name_byte(int c, bool is_bracketed)
{
	return ascii_is_alnum(c) || c == '_' ||
	    (is_bracketed && (c == '-' || c == '.'));
}

static struct slice
name_at(struct slice s, bool is_bracketed)
{
	size_t	len = 0;

	while (len < s.len && is_name_byte(s.data[len], is_bracketed))
		len++;
	return slice_first(s, len);
}

/*
 * Take "{...}" or "(...)" off the front of from, which starts with its
 * open; what is between counts pairs of the same kind.
 */
static int
get_bracketed(struct expansion *x, struct slice *from, struct slice *inside_r)
{
	int	open = from->data[0], close = open == '{' ? '}' : ')';
	size_t	level = 0;

	for (size_t i = 0; i < from->len; i++) {
		if (from->data[i] == open)
			level++;
		else if (from->data[i] == close && --level == 0) {
			*inside_r = slice_from(from->data + 1, i - 1);
			*from = slice_after(*from, i + 1);
			return 0;
		}
	}
	return fail(x, open == '{' ? "\"{\" without \"}\"" :
	    "\"(\" without \")\"", *from);
}

/* ---- what a name stands for ---------------------------------------------- */

/* The default of myhostname, unexpanded. */
static char *
default_hostname(const struct conf_source *source)
{
	const char	*machine = conf_source_machine(source);

	if (strchr(machine, '.') != NULL)
		return mem_strdup(machine);
	if (conf_source_find(source, "mydomain") != NULL)
		return mem_printf("%s.$mydomain", machine);
	return mem_printf("%s.localdomain", machine);
}

/* The default of any other name, unexpanded; NULL when it has none. */
static char *
default_text(const struct conf_source *source, const char *name)
{
	const struct conf_row	*row;
	const char		*value;

	if (strcmp(name, "myhostname") == 0)
		return default_hostname(source);
	if ((row = conf_row_find(name)) != NULL)
		return mem_strdup(row->value);
	if (conf_row_find_lmtp(name, &value) != NULL)
		return mem_strdup(value);
	row = conf_row_find_suffix(name);
	return row == NULL ? NULL : mem_printf("$%s", row->name);
}

static int
fail_circle(struct expansion *x, const char *name)
{
	struct buf	text = BUF_INIT;

	for (const struct frame *f = x->inner; f != NULL; f = f->outer) {
		buf_printf(&text, ", which $%s refers to", f->name);
		if (strcmp(f->name, name) == 0)
			break;
	}
	if (x->why == NULL)
		x->why = strcmp(x->inner->name, name) == 0 ?
		    mem_printf("$%s refers to itself", name) :
		    mem_printf("$%s refers to itself: $%s%s", name, name,
		    buf_cstr(&text));
	buf_clear(&text);
	return -1;
}

/* The default of mydomain: $myhostname without its first label. */
static int
expand_domain(struct expansion *x, struct buf *out)
{
	struct buf	host = BUF_INIT;
	ptrdiff_t	dot;
	int		result;

	result = expand_text(x, slice_str("$myhostname"), &host);
	dot = slice_find(buf_slice(&host), '.');
	if (result == 0 && (dot < 0 || (size_t)dot + 1 == host.len))
		buf_put_str(out, "localdomain");
	else if (result == 0)
		buf_put_slice(out,
		    slice_after(buf_slice(&host), (size_t)dot + 1));
	buf_clear(&host);
	return result;
}

static int
expand_name(struct expansion *x, const char *name, struct buf *out)
{
	struct frame	 frame = { name, x->inner };
	const char	*set = conf_source_find(x->source, name);
	char		*text = NULL;
	int		 result;

	for (const struct frame *f = x->inner; f != NULL; f = f->outer)
		if (strcmp(f->name, name) == 0)
			return fail_circle(x, name);
	x->inner = &frame;
	if (set == NULL && strcmp(name, "mydomain") == 0) {
		result = expand_domain(x, out);
	} else {
		if (set == NULL)
			set = text = default_text(x->source, name);
		result = expand_text(x, slice_str(set), out);
		mem_free(text);
	}
	x->inner = frame.outer;
	return result;
}

static int
expand_named(struct expansion *x, struct slice name, struct buf *out)
{
	char	*copy = slice_dup(name);
	int	 result = expand_name(x, copy, out);

	mem_free(copy);
	return result;
}

/* ---- {a} == {b} ---------------------------------------------------------- */

/* By whole numbers between dots; -1, 0, 1, or 2 when one is no level. */
static int
compare_levels(struct slice a, struct slice b)
{
	struct slice	x, y;

	while (a.len > 0 || b.len > 0) {
		uint64_t	m = 0, n = 0;

		if (slice_get_word(&a, ".", &x) == 0 &&
		    slice_parse_u64(x, &m) < 0)
			return 2;
		if (slice_get_word(&b, ".", &y) == 0 &&
		    slice_parse_u64(y, &n) < 0)
			return 2;
		if (m != n)
			return m < n ? -1 : 1;
	}
	return 0;
}

static int
compare_values(struct slice a, struct slice b)
{
	uint64_t	m, n;
	int		order;

	if (slice_parse_u64(a, &m) == 0 && slice_parse_u64(b, &n) == 0)
		return m < n ? -1 : m > n;
	order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	if (order == 0)
		return a.len < b.len ? -1 : a.len > b.len;
	return order < 0 ? -1 : 1;
}

/* Bits: what order of the operands makes each operator true. */
enum { LESS = 1, SAME = 2, MORE = 4 };

static const struct operator {
	const char	*text;
	unsigned	 orders;
} operators[] = {
	{ "==", SAME }, { "!=", LESS | MORE }, { "<=", LESS | SAME },
	{ ">=", MORE | SAME }, { "<", LESS }, { ">", MORE },
};

static const struct operator *
get_operator(struct slice *from, bool *is_level_r)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (!slice_has_prefix(*from, operators[i].text))
			continue;
		*from = slice_after(*from, strlen(operators[i].text));
		if ((*is_level_r = slice_has_prefix(*from, "level")))
			*from = slice_after(*from, strlen("level"));
		*from = skip_space(*from);
		return &operators[i];
	}
	return NULL;
}

/* "{a} == {b}" off the front of from. */
static int
get_relation(struct expansion *x, struct slice *from, bool *is_true_r)
{
	struct buf		 a = BUF_INIT, b = BUF_INIT;
	struct slice		 left, right, all = *from;
	const struct operator	*operator;
	bool			 is_level;
	int			 order, result = -1;

	if (get_bracketed(x, from, &left) < 0)
		return -1;
	*from = skip_space(*from);
	if ((operator = get_operator(from, &is_level)) == NULL)
		return fail(x, "no == != < <= > >= after {...}", all);
	if (!starts_with(*from, '{'))
		return fail(x, "no {...} after a comparison", all);
	if (get_bracketed(x, from, &right) < 0 ||
	    expand_text(x, left, &a) < 0 || expand_text(x, right, &b) < 0)
		goto out;
	/* A terminating NUL gives even an empty buf bytes to compare. */
	buf_cstr(&a);
	buf_cstr(&b);
	order = is_level ? compare_levels(buf_slice(&a), buf_slice(&b)) :
	    compare_values(buf_slice(&a), buf_slice(&b));
	result = order == 2 ? fail(x, "no level such as 3.10", all) : 0;
	*is_true_r = operator->orders & (order < 0 ? LESS : order == 0 ?
	    SAME : MORE);
out:
	buf_clear(&a);
	buf_clear(&b);
	return result;
}

/* ---- ${...} -------------------------------------------------------------- */

/*
 * rest is "?text", ":text", "?{text}", ":{text}" or "?{text}:{text}":
 * expand the text that is_true selects.
 */
static int
expand_choice(struct expansion *x, bool is_true, struct slice rest,
    struct buf *out)
{
	struct slice	all = rest, yes, no = SLICE_LIT("");
	bool		is_yes = rest.data[0] == '?';

	rest = slice_after(rest, 1);
	if (!starts_with(skip_space(rest), '{'))
		return is_true == is_yes ? expand_text(x, rest, out) : 0;
	rest = skip_space(rest);
	if (get_bracketed(x, &rest, &yes) < 0)
		return -1;
	rest = skip_space(rest);
	if (is_yes && starts_with(rest, ':')) {
		rest = skip_space(slice_after(rest, 1));
		if (!starts_with(rest, '{'))
			return fail(x, "no {...} after \":\"", all);
		if (get_bracketed(x, &rest, &no) < 0)
			return -1;
		rest = skip_space(rest);
	}
	if (rest.len > 0)
		return fail(x, "text after \"}\"", all);
	return expand_text(x, is_true == is_yes ? yes : no, out);
}

/* What is between the brackets of ${...} or $(...). */
static int
expand_inside(struct expansion *x, struct slice inside, struct buf *out)
{
	struct slice	name, rest = skip_space(inside);
	struct buf	value = BUF_INIT;
	bool		is_true = false;
	int		result;

	if (starts_with(rest, '{')) {
		if (get_relation(x, &rest, &is_true) < 0)
			return -1;
		if (is_true)
			buf_put_str(&value, "bool:true");
		result = 0;
	} else {
		name = name_at(rest, true);
		rest = slice_after(rest, name.len);
		result = name.len == 0 ? fail(x, "no name", inside) :
		    expand_named(x, name, &value);
		is_true = value.len > 0;
	}
	rest = skip_space(rest);
	if (result == 0 && rest.len == 0)
		buf_put_slice(out, buf_slice(&value));
	else if (result == 0 && (rest.data[0] == '?' || rest.data[0] == ':'))
		result = expand_choice(x, is_true, rest, out);
	else if (result == 0)
		result = fail(x, "neither \"?\" nor \":\" after the name",
		    inside);
	buf_clear(&value);
	return result;
}

/* from is what follows a '$'. */
static int
expand_reference(struct expansion *x, struct slice *from, struct buf *out)
{
	struct slice	part = name_at(*from, false);

	if (++x->steps > STEP_LIMIT)
		return fail(x, "more than 10000 references", *from);
	if (part.len > 0) {
		*from = slice_after(*from, part.len);
		return expand_named(x, part, out);
	}
	if (starts_with(*from, '$')) {
		*from = slice_after(*from, 1);
		buf_put_u8(out, '$');
		return 0;
	}
	if (!starts_with(*from, '{') && !starts_with(*from, '('))
		return fail(x, "no name after \"$\" (write $$ for a dollar)",
		    slice_from(from->data - 1, from->len + 1));
	if (get_bracketed(x, from, &part) < 0)
		return -1;
	return expand_inside(x, part, out);
}

static int
expand_text(struct expansion *x, struct slice text, struct buf *out)
{
	struct slice	rest = text;
	ptrdiff_t	dollar;
	int		result = 0;

	if (x->depth >= DEPTH_LIMIT)
		return fail(x, "more than 100 levels", text);
	x->depth++;
	while (result == 0 && (dollar = slice_find(rest, '$')) >= 0) {
		buf_put_slice(out, slice_first(rest, (size_t)dollar));
		rest = slice_after(rest, (size_t)dollar + 1);
		result = expand_reference(x, &rest, out);
	}
	x->depth--;
	if (result < 0)
		return -1;
	buf_put_slice(out, rest);
	if (out->len > CONF_LINE_LIMIT)
		return fail(x, "more than 65536 bytes", text);
	return 0;
}

/* ---- from outside -------------------------------------------------------- */

static char *
finish(struct expansion *x, int result, struct buf *out, char **why_r)
{
	char	*text = NULL;

	if (result == 0)
		text = slice_dup(buf_slice(out));
	else
		*why_r = x->why;
	buf_clear(out);
	return text;
}

char *
conf_expand(const struct conf_source *source, const char *text,
    char **why_r)
{
	struct expansion	x = { .source = source };
	struct buf		out = BUF_INIT;

	return finish(&x, expand_text(&x, slice_str(text), &out), &out,
	    why_r);
}

char *
conf_expand_name(const struct conf_source *source, const char *name,
    char **why_r)
{
	struct expansion	x = { .source = source };
	struct buf		out = BUF_INIT;

	return finish(&x, expand_name(&x, name, &out), &out, why_r);
}

char *
conf_expand_default(const struct conf_source *source, const char *name)
{
	char	*domain, *why;

	if (strcmp(name, "mydomain") != 0)
		return default_text(source, name);
	if ((domain = conf_expand_name(source, name, &why)) != NULL)
		return domain;
	mem_free(why);
	return mem_strdup("localdomain");
}

void
conf_expand_each(const char *text, conf_expand_fn fn, void *arg)
{
	struct slice	rest = slice_str(text), name;
	ptrdiff_t	dollar;

	while ((dollar = slice_find(rest, '$')) >= 0) {
		bool	is_bracketed;

		rest = slice_after(rest, (size_t)dollar + 1);
		is_bracketed = starts_with(rest, '{') ||
		    starts_with(rest, '(');
		if (is_bracketed)
			rest = skip_space(slice_after(rest, 1));
		name = name_at(rest, is_bracketed);
		if (name.len > 0)
			fn(name, arg);
		else if (!is_bracketed)		/* "$$" */
			rest = slice_after(rest, 1);
	}
}
