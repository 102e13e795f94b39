/*
 * The text of main.cf: names, values and where each was set, in the order
 * of the file.  What a value means is left to conf.c.
 */

#include "conf/conf.h"

#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <uthash.h>

#include "conf/conf_line.h"
#include "util/ascii.h"
#include "util/mem.h"

/* What a snapshot begins with; a change of its form changes this. */
#define SNAPSHOT_MAGIC	0x74636631

struct item {
	char		*name;
	char		*value;
	char		*where;
	UT_hash_handle	 hh;
};

struct conf_source {
	char		*machine;
	struct item	*items;		/* in order of appearance */
};

static char *
machine_name(void)
{
	struct utsname	us;

	if (uname(&us) < 0 || us.nodename[0] == '\0' ||
	    conf_line_why_bad(slice_str(us.nodename)) != NULL)
		return mem_strdup("localhost");
	return mem_strdup(us.nodename);
}

struct conf_source *
conf_source_new(void)
{
	struct conf_source	*source = mem_new(sizeof(*source));

	source->machine = machine_name();
	return source;
}

static void
remove_all(struct conf_source *source)
{
	struct item	*item, *next;

	HASH_ITER(hh, source->items, item, next) {
		HASH_DEL(source->items, item);
		mem_free(item->name);
		mem_free(item->value);
		mem_free(item->where);
		mem_free(item);
	}
}

void
conf_source_free(struct conf_source **source)
{
	if (*source == NULL)
		return;
	remove_all(*source);
	mem_free((*source)->machine);
	mem_free(*source);
	*source = NULL;
}

static const struct item *
find(const struct conf_source *source, const char *name)
{
	struct item	*item;

	HASH_FIND_STR(source->items, name, item);
	return item;
}

const char *
conf_source_find(const struct conf_source *source, const char *name)
{
	const struct item	*item = find(source, name);

	return item == NULL ? NULL : item->value;
}

const char *
conf_source_where(const struct conf_source *source, const char *name)
{
	const struct item	*item = find(source, name);

	return item == NULL ? NULL : item->where;
}

const char *
conf_source_machine(const struct conf_source *source)
{
	return source->machine;
}

/* Takes the three strings over. */
static void
put(struct conf_source *source, char *name, char *value, char *where)
{
	struct item	*item;

	HASH_FIND_STR(source->items, name, item);
	if (item != NULL) {
		mem_free(item->value);
		mem_free(item->where);
		mem_free(name);
	} else {
		item = mem_new(sizeof(*item));
		item->name = name;
		HASH_ADD_KEYPTR(hh, source->items, item->name,
		    strlen(item->name), item);
	}
	item->value = value;
	item->where = where;
}

void
conf_source_set(struct conf_source *source, const char *name,
    const char *value, const char *where)
{
	char	*copy = slice_dup(slice_trim(slice_str(value)));

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\t')
			*p = ' ';
	put(source, mem_strdup(name), copy, mem_strdup(where));
}

void
conf_source_each(const struct conf_source *source, conf_each_fn fn,
    void *arg)
{
	struct item	*item, *next;

	HASH_ITER(hh, source->items, item, next)
		fn(item->name, item->value, item->where, arg);
}

bool
conf_source_is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		int	c = name.data[i];

		if (!ascii_is_alnum(c) && c != '_' && c != '-' && c != '.')
			return false;
	}
	return name.len > 0 && name.len <= 255;
}

/* ---- the file ------------------------------------------------------------ */

/* "name = value" into source; NULL, or what is wrong (caller frees). */
static char *
read_definition(struct conf_source *source, struct slice text, char *where)
{
	ptrdiff_t	equals = slice_find(text, '=');
	struct slice	name;

	if (equals < 0)
		return mem_printf("no \"=\" after \"%.*s\"",
		    SLICE_ARG(slice_first(text, 40)));
	name = slice_trim(slice_first(text, (size_t)equals));
	if (name.len == 0)
		return mem_strdup("no name before \"=\"");
	if (!conf_source_is_name(name))
		return mem_printf("bad name \"%.*s\"",
		    SLICE_ARG(slice_first(name, 40)));
	put(source, slice_dup(name),
	    slice_dup(slice_trim(slice_after(text, (size_t)equals + 1))),
	    mem_strdup(where));
	return NULL;
}

int
conf_source_load(struct conf_source *source, const char *file,
    struct slice text, char **why_r)
{
	struct conf_line	 line;
	char			*where, *why;
	int			 result;

	conf_line_init(&line, file, text);
	while ((result = conf_line_get(&line, why_r)) > 0) {
		where = mem_printf("%s:%d", file, line.first);
		why = read_definition(source, buf_slice(&line.text), where);
		if (why != NULL)
			*why_r = mem_printf("%s: %s", where, why);
		mem_free(where);
		mem_free(why);
		if (why != NULL) {
			result = -1;
			break;
		}
	}
	conf_line_clear(&line);
	return result;
}

int
conf_source_read(struct conf_source *source, const char *file, char **why_r)
{
	struct buf	text = BUF_INIT;
	int		result;

	result = conf_line_read(file, &text, why_r);
	if (result == 0)
		result = conf_source_load(source, file, buf_slice(&text),
		    why_r);
	buf_clear(&text);
	return result;
}

/* ---- the snapshot -------------------------------------------------------- */

static void
write_text(struct buf *into, const char *text)
{
	size_t	len = strlen(text);

	buf_put_u32(into, (uint32_t)len);
	buf_put(into, text, len);
}

void
conf_source_write(const struct conf_source *source, struct buf *into)
{
	struct item	*item, *next;

	buf_put_u32(into, SNAPSHOT_MAGIC);
	write_text(into, source->machine);
	buf_put_u32(into, (uint32_t)HASH_COUNT(source->items));
	HASH_ITER(hh, source->items, item, next) {
		write_text(into, item->name);
		write_text(into, item->value);
		write_text(into, item->where);
	}
}

static int
read_text(struct slice *from, struct slice *text_r)
{
	uint32_t	len;

	if (slice_get_u32(from, &len) < 0 ||
	    slice_get_bytes(from, len, text_r) < 0 ||
	    conf_line_why_bad(*text_r) != NULL)
		return -1;
	return 0;
}

static int
read_item(struct conf_source *source, struct slice *from)
{
	struct slice	name, value, where;

	if (read_text(from, &name) < 0 || !conf_source_is_name(name) ||
	    read_text(from, &value) < 0 || read_text(from, &where) < 0)
		return -1;
	put(source, slice_dup(name), slice_dup(value), slice_dup(where));
	return 0;
}

int
conf_source_parse(struct conf_source *source, struct slice snapshot)
{
	struct slice	machine;
	uint32_t	magic, count;
	int		result = 0;

	remove_all(source);
	if (slice_get_u32(&snapshot, &magic) < 0 || magic != SNAPSHOT_MAGIC ||
	    read_text(&snapshot, &machine) < 0 ||
	    slice_get_u32(&snapshot, &count) < 0)
		return -1;
	for (uint32_t i = 0; i < count && result == 0; i++)
		result = read_item(source, &snapshot);
	if (result < 0 || snapshot.len > 0) {
		remove_all(source);
		return -1;
	}
	mem_free(source->machine);
	source->machine = slice_dup(machine);
	return 0;
}
