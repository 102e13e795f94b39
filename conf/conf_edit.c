/*
 * The editor behind ternconf -e, -X and -#.
 */

#include "conf/conf_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_line.h"
#include "util/mem.h"
#include "util/path.h"

/* The "=" may stand in a line that goes on with this one. */
static bool
is_definition(struct slice physical, const char *name)
{
	struct slice	rest = slice_trim(physical);

	if (!slice_has_prefix(rest, name))
		return false;
	rest = slice_trim(slice_after(rest, strlen(name)));
	return rest.len == 0 || rest.data[0] == '=';
}

static size_t
count_definitions(struct slice rest, const char *name)
{
	enum conf_line_kind	kind;
	struct slice		physical;
	size_t			count = 0;

	while (rest.len > 0) {
		physical = conf_line_split(&rest, &kind);
		if (kind == CONF_LINE_START && is_definition(physical, name))
			count++;
	}
	return count;
}

static void
put_definition(struct buf *into, const struct conf_edit *edit)
{
	struct slice	value = slice_trim(slice_str(edit->value));

	buf_put_str(into, edit->name);
	buf_put_str(into, value.len > 0 ? " = " : " =");
	buf_put_slice(into, value);
	buf_put_str(into, "\n");
}

size_t
conf_edit_text(struct buf *text, const struct conf_edit *edit)
{
	struct slice		rest = buf_slice(text), physical;
	size_t			count, seen = 0;
	enum conf_line_kind	kind;
	struct buf		into = BUF_INIT;
	bool			is_ours = false;

	count = count_definitions(rest, edit->name);
	while (rest.len > 0) {
		physical = conf_line_split(&rest, &kind);
		if (kind == CONF_LINE_START) {
			is_ours = is_definition(physical, edit->name);
			if (is_ours && ++seen == count &&
			    edit->kind == CONF_EDIT_SET)
				put_definition(&into, edit);
		}
		if (is_ours && kind != CONF_LINE_NOTHING) {
			if (edit->kind != CONF_EDIT_COMMENT)
				continue;
			buf_put_str(&into, "#");
		}
		buf_put_slice(&into, physical);
	}
	if (count == 0 && edit->kind == CONF_EDIT_SET) {
		if (into.len > 0 &&
		    buf_slice(&into).data[into.len - 1] != '\n')
			buf_put_str(&into, "\n");
		put_definition(&into, edit);
	}
	buf_clear(text);
	*text = into;
	return count;
}

/* ---- the file ------------------------------------------------------------ */

/* What is wrong with the edit by itself; NULL, or text (caller frees). */
static char *
why_bad_edit(const struct conf_edit *edit)
{
	const char	*why = NULL;

	if (!conf_source_is_name(slice_str(edit->name)))
		return mem_printf("bad name \"%s\"", edit->name);
	if (edit->kind == CONF_EDIT_SET)
		why = conf_line_why_bad(slice_trim(slice_str(edit->value)));
	return why == NULL ? NULL : mem_printf("%s: %s", edit->name, why);
}

/* Whether every parameter that is good in old is good in changed. */
static int
compare(const struct conf_source *old, const struct conf_source *changed,
    char **why_r)
{
	char	*why, *old_why;

	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++) {
		if (conf_check(changed, row->name, &why) == 0)
			continue;
		if (conf_check(old, row->name, &old_why) == 0) {
			*why_r = why;
			return -1;
		}
		/* It was bad before: not the fault of this edit. */
		mem_free(old_why);
		mem_free(why);
	}
	return 0;
}

static int
check_edits(const struct conf_source *changed,
    const struct conf_edit *edits, size_t count, char **why_r)
{
	for (size_t i = 0; i < count; i++)
		if (edits[i].kind == CONF_EDIT_SET &&
		    conf_check(changed, edits[i].name, why_r) < 0)
			return -1;
	return 0;
}

static int
check_text(const char *file, struct slice before, struct slice after,
    const struct conf_edit *edits, size_t count, char **why_r)
{
	struct conf_source	*old = conf_source_new();
	struct conf_source	*changed = conf_source_new();
	int			 result;

	result = conf_source_load(old, file, before, why_r);
	if (result == 0)
		result = conf_source_load(changed, file, after, why_r);
	/* Lines of a text that is not in the file yet would mislead. */
	for (size_t i = 0; i < count && result == 0; i++)
		if (edits[i].kind == CONF_EDIT_SET)
			conf_source_set(changed, edits[i].name,
			    edits[i].value, "new value");
	if (result == 0)
		result = check_edits(changed, edits, count, why_r);
	if (result == 0)
		result = compare(old, changed, why_r);
	conf_source_free(&old);
	conf_source_free(&changed);
	return result;
}

/* One editor at a time: -1 only when the folder cannot be opened. */
static int
lock_folder(const char *file)
{
	const char	*slash = strrchr(file, '/');
	char		*folder;
	int		 fd;

	folder = slash == NULL ? mem_strdup(".") :
	    mem_strndup(file, (size_t)(slash - file) + 1);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mem_free(folder);
	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	return fd;
}

static int
edit_locked(const char *file, const struct conf_edit *edits, size_t count,
    char **why_r)
{
	struct buf	before = BUF_INIT, after = BUF_INIT;
	int		result;

	result = conf_line_read(file, &before, why_r);
	buf_put_slice(&after, buf_slice(&before));
	for (size_t i = 0; i < count && result == 0; i++)
		conf_edit_text(&after, &edits[i]);
	if (result == 0)
		result = check_text(file, buf_slice(&before),
		    buf_slice(&after), edits, count, why_r);
	if (result == 0 &&
	    !slice_equal(buf_slice(&before), buf_slice(&after)) &&
	    path_replace(file, buf_slice(&after).data, after.len) < 0) {
		*why_r = mem_printf("%s: %s", file, strerror(errno));
		result = -1;
	}
	buf_clear(&before);
	buf_clear(&after);
	return result;
}

int
conf_edit_file(const char *file, const struct conf_edit *edits,
    size_t count, char **why_r)
{
	char	*real, *why;
	int	 fd, result;

	for (size_t i = 0; i < count; i++)
		if ((why = why_bad_edit(&edits[i])) != NULL) {
			*why_r = why;
			return -1;
		}
	/* A symbolic link stays one: what it points to is replaced. */
	if ((real = realpath(file, NULL)) == NULL ||
	    (fd = lock_folder(real)) < 0) {
		*why_r = mem_printf("%s: %s", file, strerror(errno));
		mem_free(real);
		return -1;
	}
	result = edit_locked(real, edits, count, why_r);
	close(fd);
	mem_free(real);
	return result;
}
