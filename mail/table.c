/*
 * Which types there are, and when the file of a table is opened anew.
 */

#include "mail/table.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "mail/table_type.h"
#include "util/ascii.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

/*
 * The kernel's clock for files steps, by 10 ms where it is slowest: a file
 * can change twice within a step and look the same.
 */
#define SETTLED_US	20000

/* What could not be opened may be there again without having changed. */
#define RETRY_MS	1000

static const struct table_type *const	types[] = {
	&table_btree, &table_cidr, &table_environ, &table_fail, &table_hash,
	&table_inline, &table_internal, &table_pcre, &table_pipemap,
	&table_randmap, &table_regexp, &table_socketmap, &table_static,
	&table_tcp, &table_texthash, &table_unionmap, &table_unix,
};

/* What tells one state of a file from another. */
struct stamp {
	int		error;		/* of stat; 0: what follows is set */
	dev_t		device;
	ino_t		inode;
	off_t		size;
	struct timespec	written, changed;
};

/* What was made of one state of the file. */
struct content {
	void		*data;		/* the type's; NULL: there is none */
	char		*why;		/* what is wrong; NULL: nothing */
	unsigned	 users;		/* the table, and threads asking */
	struct stamp	 stamp;
	bool		 is_settled;
	int64_t		 opened_at;	/* monotonic, ms */
};

struct table {
	const struct table_type	*type;
	char			*spec;
	struct table_source	 source;
	char			*file;		/* NULL: has none */
	pthread_mutex_t		 mutex;		/* for what follows */
	struct content		*now;		/* NULL: not opened yet */
};

/* ---- the state of a file ------------------------------------------------- */

static struct stamp
make_stamp(const char *file)
{
	struct stat	st;

	if (file == NULL)
		return (struct stamp){ .error = 0 };
	if (stat(file, &st) < 0)
		return (struct stamp){ .error = errno };
	return (struct stamp){ 0, st.st_dev, st.st_ino, st.st_size,
	    st.st_mtim, st.st_ctim };
}

static bool
is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
is_same(const struct stamp *a, const struct stamp *b)
{
	return a->error == b->error && a->device == b->device &&
	    a->inode == b->inode && a->size == b->size &&
	    is_same_time(a->written, b->written) &&
	    is_same_time(a->changed, b->changed);
}

/* The next change will show, for it comes at another time. */
static bool
is_settled(const struct stamp *stamp)
{
	int64_t	age = clock_wall_us() - stamp->changed.tv_nsec / 1000 -
		    (int64_t)stamp->changed.tv_sec * 1000000;

	return stamp->error != 0 || age > SETTLED_US || age < 0;
}

/* ---- contents ------------------------------------------------------------ */

static struct content *
open_content(const struct table *table)
{
	struct content	*content = mem_new(sizeof(*content));
	struct buf	 why = BUF_INIT;

	/* Before it is read: a change meanwhile is seen by the next. */
	content->stamp = make_stamp(table->file);
	content->is_settled = table->file == NULL ||
	    is_settled(&content->stamp);
	content->opened_at = clock_now_ms();
	content->users = 1;
	if (table->type->open(&table->source, &content->data, &why) < 0)
		content->data = NULL;
	while (why.len > 0 && buf_slice(&why).data[why.len - 1] == '\n')
		buf_truncate(&why, why.len - 1);
	if (why.len > 0)
		content->why = slice_dup(buf_slice(&why));
	buf_clear(&why);
	return content;
}

static void
drop(const struct table *table, struct content *content)
{
	if (content == NULL || --content->users > 0)
		return;
	if (content->data != NULL)
		table->type->close(content->data);
	mem_free(content->why);
	mem_free(content);
}

/* Once for each state of the file, though one may be read twice. */
static void
log_why(const struct table *table, const struct content *content)
{
	const struct content	*old = table->now;
	struct slice		 rest = slice_str(content->why), line;

	if (old != NULL && old->why != NULL && content->why != NULL &&
	    is_same(&old->stamp, &content->stamp) &&
	    strcmp(old->why, content->why) == 0)
		return;
	while (slice_get_word(&rest, "\n", &line) == 0) {
		if (content->data == NULL)
			log_warn("%s is unavailable. %.*s", table->spec,
			    SLICE_ARG(line));
		else
			log_warn("%s: %.*s", table->spec, SLICE_ARG(line));
	}
}

static bool
is_current(const struct content *content, const struct stamp *stamp)
{
	return content != NULL && is_same(&content->stamp, stamp) &&
	    content->is_settled && (content->data != NULL ||
	    clock_now_ms() - content->opened_at < RETRY_MS);
}

/* The content of the file as it is now; the caller releases it. */
static struct content *
hold(struct table *table)
{
	struct stamp	 stamp = make_stamp(table->file);
	struct content	*content;

	pthread_mutex_lock(&table->mutex);
	/* Others wait, for what they want is what is being opened. */
	if (!is_current(table->now, &stamp)) {
		content = open_content(table);
		log_why(table, content);
		drop(table, table->now);
		table->now = content;
	}
	content = table->now;
	content->users++;
	pthread_mutex_unlock(&table->mutex);
	return content;
}

static void
release(struct table *table, struct content *content)
{
	pthread_mutex_lock(&table->mutex);
	drop(table, content);
	pthread_mutex_unlock(&table->mutex);
}

/* ---- tables -------------------------------------------------------------- */

static const struct table_type *
find_type(struct slice name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (slice_is(name, types[i]->name))
			return types[i];
	return NULL;
}

void
table_each_type(void (*fn)(const char *name, void *arg), void *arg)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		fn(types[i]->name, arg);
}

static char *
why_not(const struct table *table)
{
	bool	has_text = *table->source.name == '{';

	if (has_text && !(table->type->flags & TABLE_TYPE_INLINE))
		return mem_printf("%s: a table of type %s is not written "
		    "in place", table->spec, table->type->name);
	if (table->type->suffix != NULL && *table->source.name == '\0')
		return mem_printf("%s: no file name", table->spec);
	return NULL;
}

/* What needs no file is opened at once, to know that it is good. */
static char *
prepare(struct table *table)
{
	const char	*name = table->source.name;
	char		*why = why_not(table);

	if (why != NULL)
		return why;
	if (table->type->suffix != NULL && *name != '{') {
		table->file = mem_printf("%s%s", name, table->type->suffix);
		return NULL;
	}
	table->now = open_content(table);
	if (table->now->data == NULL)
		return mem_printf("%s: %s", table->spec, table->now->why);
	log_why(table, table->now);
	return NULL;
}

struct table *
table_new(const char *spec, unsigned how, char **why_r)
{
	struct slice		 text = slice_str(spec);
	const struct table_type	*type = NULL;
	struct table		*table;
	ptrdiff_t		 colon;

	/* Another process of Postfix's; here every program may ask. */
	while (slice_has_prefix(text, "proxy:"))
		text = slice_after(text, strlen("proxy:"));
	colon = slice_find(text, ':');
	if (colon >= 0)
		type = find_type(slice_first(text, (size_t)colon));
	if (type == NULL) {
		*why_r = colon < 0 ?
		    mem_printf("%s: expected \"type:name\"", spec) :
		    mem_printf("%s: there is no table type \"%.*s\"", spec,
		    SLICE_ARG(slice_first(text, (size_t)colon)));
		return NULL;
	}
	table = mem_new(sizeof(*table));
	table->type = type;
	table->spec = mem_strdup(spec);
	table->source = (struct table_source){ table->spec, table->spec +
	    strlen(spec) - text.len + (size_t)colon + 1, how };
	pthread_mutex_init(&table->mutex, NULL);
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
	drop(table, table->now);
	pthread_mutex_destroy(&table->mutex);
	mem_free(table->file);
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
	/* Such a table has no file: its content is always the same. */
	if (table->type->is_whole_key != NULL)
		return table->type->is_whole_key(table->now->data);
	return table->type->flags & TABLE_TYPE_WHOLE;
}

static void
put_lower(struct buf *into, struct slice s)
{
	unsigned char	*to = buf_reserve(into, s.len);

	for (size_t i = 0; i < s.len; i++)
		to[i] = (unsigned char)ascii_lower(s.data[i]);
	buf_commit(into, s.len);
}

enum table_answer
table_find(struct table *table, struct slice key, struct buf *value)
{
	struct content		*content = hold(table);
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
	else
		answer = table->type->find(content->data, key, value);
	release(table, content);
	buf_clear(&lower);
	return answer;
}

int
table_check(struct table *table, char **why_r)
{
	struct content	*content = hold(table);
	struct buf	 why = BUF_INIT;

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
