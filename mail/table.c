/*
 * Which types there are, and how a table is made of its specification.
 */

#include "mail/table.h"

#include <string.h>

#include "mail/table_remote.h"
#include "mail/table_type.h"
#include "mail/watched.h"
#include "util/ascii.h"
#include "util/haste.h"
#include "util/log.h"
#include "util/mem.h"

struct table {
	const struct table_type	*type;
	char			*spec;
	struct table_source	 source;
	struct watched_maker	 maker;
	struct watched		*watched;	/* NULL: it has no file */
	struct watched_content	 fixed;		/* owned; of one without */
	bool			 is_whole_key;
	bool			 is_quick;	/* it waits for nobody */
};

/* ---- contents ------------------------------------------------------------ */

static char *
why_not(const struct table *table)
{
	bool	has_text = *table->source.name == '{';

	if ((table->source.how & TABLE_QUICK) &&
	    !table_type_is_quick(table->type))
		return mem_printf("%s: a table of type %s may wait for a "
		    "server, and mail would wait with it", table->spec,
		    table->type->name);
	if (has_text && !(table->type->flags & TABLE_TYPE_INLINE))
		return mem_printf("%s: a table of type %s is not written "
		    "in place", table->spec, table->type->name);
	if (table->type->suffix != NULL && *table->source.name == '\0')
		return mem_printf("%s: no file name", table->spec);
	return NULL;
}

static int
open_content(void *arg, void **content_r, struct buf *why)
{
	const struct table	*table = arg;

	if (table->type->backend != NULL)
		return table_remote_open(&table->source, table->type->backend,
		    content_r, why);
	return table->type->open(&table->source, content_r, why);
}

/* What needs no file is opened at once, to know that it is good. */
static char *
open_fixed(struct table *table)
{
	struct watched_content	*fixed = &table->fixed;
	struct buf		 why = BUF_INIT;
	struct slice		 rest, line;
	char			*text = NULL;

	if (open_content(table, &fixed->data, &why) < 0) {
		fixed->data = NULL;
		text = mem_printf("%s: %s", table->spec, buf_cstr(&why));
	} else if (why.len > 0) {
		fixed->why = slice_dup(slice_trim(buf_slice(&why)));
	}
	rest = slice_str(fixed->why);
	while (slice_get_word(&rest, "\n", &line) == 0)
		log_warn("%s: %.*s", table->spec, SLICE_ARG(line));
	if (fixed->data != NULL && table->type->is_whole_key != NULL)
		table->is_whole_key = table->type->is_whole_key(fixed->data);
	buf_clear(&why);
	return text;
}

static char *
prepare(struct table *table)
{
	const struct table_type	*type = table->type;
	const char		*name = table->source.name;
	char			*why = why_not(table), *file;

	if (why != NULL)
		return why;
	table->is_whole_key = type->flags & TABLE_TYPE_WHOLE;
	if (type->suffix == NULL || *name == '{')
		return open_fixed(table);
	file = mem_printf("%s%s", name, type->suffix);
	table->maker = (struct watched_maker){ open_content,
	    type->backend != NULL ? table_remote_close : type->close };
	table->watched = watched_new(table->spec, file, &table->maker, table);
	mem_free(file);
	return NULL;
}

static const struct watched_content *
hold(struct table *table)
{
	return table->watched == NULL ? &table->fixed :
	    watched_hold(table->watched);
}

static void
release(struct table *table, const struct watched_content *content)
{
	if (table->watched != NULL)
		watched_release(table->watched, content);
}

/* ---- tables -------------------------------------------------------------- */

struct table *
table_new(const char *spec, unsigned how, char **why_r)
{
	struct slice		 name;
	const struct table_type	*type = table_type_find(spec, &name, why_r);
	struct table		*table;

	if (type == NULL)
		return NULL;
	table = mem_new(sizeof(*table));
	table->type = type;
	table->is_quick = table_type_is_quick(type);
	table->spec = mem_strdup(spec);
	table->source = (struct table_source){ table->spec,
	    table->spec + strlen(spec) - name.len, how };
	if ((*why_r = prepare(table)) != NULL)
		table_free(&table);
	return table;
}

void
table_free(struct table **tablep)
{
	struct table	*table = *tablep;

	if (table == NULL)
		return;
	watched_free(&table->watched);
	if (table->fixed.data != NULL)
		table->type->close(table->fixed.data);
	mem_free(table->fixed.why);
	mem_free(table->spec);
	mem_free(table);
	*tablep = NULL;
}

const char *
table_spec(const struct table *table)
{
	return table->spec;
}

bool
table_is_whole_key(const struct table *table)
{
	return table->is_whole_key;
}

static enum table_answer
ask(const struct table_type *type, void *data, struct slice key,
    struct buf *value)
{
	if (type->backend != NULL)
		return table_remote_find(data, key, value);
	return type->find(data, key, value);
}

static void
put_lower(struct buf *into, struct slice s)
{
	unsigned char	*to = buf_reserve(into, s.len);

	for (size_t i = 0; i < s.len; i++)
		to[i] = (unsigned char)ascii_lower(s.data[i]);
	buf_commit(into, s.len);
}

static enum table_answer
find(const struct table *table, const struct watched_content *content,
    struct slice key, struct buf *value)
{
	enum table_answer	 answer = TABLE_TROUBLE;
	struct buf		 lower = BUF_INIT;

	if (!(table->type->flags & TABLE_TYPE_CASE) &&
	    !(table->source.how & TABLE_KEEP_CASE)) {
		put_lower(&lower, key);
		key = buf_slice(&lower);
	}
	if (content->data == NULL)
		buf_printf(value, "%s is unavailable. %s", table->spec,
		    content->why);
	else if (table->is_quick || !haste_refuses())
		answer = ask(table->type, content->data, key, value);
	buf_clear(&lower);
	return answer;
}

enum table_answer
table_find(struct table *table, struct slice key, struct buf *value)
{
	const struct watched_content	*content = hold(table);
	enum table_answer		 answer;

	answer = find(table, content, key, value);
	release(table, content);
	return answer;
}

struct table_held {
	struct table			*table;
	const struct watched_content	*content;
};

struct table_held *
table_hold(struct table *table)
{
	struct table_held	*held = mem_new(sizeof(*held));

	held->table = table;
	held->content = hold(table);
	return held;
}

void
table_release(struct table_held **held)
{
	if (*held == NULL)
		return;
	release((*held)->table, (*held)->content);
	mem_free(*held);
	*held = NULL;
}

enum table_answer
table_find_held(const struct table_held *held, struct slice key,
    struct buf *value)
{
	return find(held->table, held->content, key, value);
}

int
table_each(struct table *table, table_entry_fn fn, void *arg,
    struct buf *why)
{
	const struct watched_content	*content;
	int				 result = -1;

	if (table->type->each == NULL) {
		buf_printf(why, "%s: a table of type %s cannot be listed",
		    table->spec, table->type->name);
		return -1;
	}
	content = hold(table);
	if (content->data == NULL)
		buf_printf(why, "%s is unavailable. %s", table->spec,
		    content->why);
	else
		result = table->type->each(content->data, fn, arg);
	release(table, content);
	return result;
}

int
table_check(struct table *table, char **why_r)
{
	const struct watched_content	*content;
	struct buf			 why = BUF_INIT;

	content = hold(table);
	if (content->why != NULL)
		buf_printf(&why, "%s\n", content->why);
	if (content->data != NULL && table->type->check != NULL)
		table->type->check(content->data, &why);
	release(table, content);
	*why_r = why.len == 0 ? NULL :
	    slice_dup(slice_trim(buf_slice(&why)));
	buf_clear(&why);
	return *why_r == NULL ? 0 : -1;
}
