/*
 * From the text of a table to the table.
 */

#include "mail/map_source.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/table_line.h"
#include "mail/table_type.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/path.h"

/* Of one file that -F puts into a value. */
#define VALUE_FILE_LIMIT	((size_t)16 << 20)

char *
map_source_spec(const struct map_command *command, const char *given)
{
	return strchr(given, ':') != NULL ? mem_strdup(given) :
	    mem_printf("%s:%s", command->default_type, given);
}

bool
map_source_is_utf8(struct slice text)
{
	size_t	n;

	for (size_t i = 0; i < text.len; i += n)
		if ((n = ascii_utf8_len(text.data + i, text.len - i)) == 0)
			return false;
	return true;
}

void
map_source_put_key(const struct map_command *command, struct buf *into,
    struct slice key)
{
	for (size_t i = 0; i < key.len; i++)
		buf_put_u8(into, (uint8_t)(command->keeps_case ?
		    key.data[i] : ascii_lower(key.data[i])));
}

void
map_source_read_stdin(struct buf *into)
{
	if (path_read_open(STDIN_FILENO, TABLE_LINE_FILE_LIMIT, into) < 0)
		log_fatal("cannot read what is given: %s", strerror(errno));
}

/* ---- whose it is --------------------------------------------------------- */

static void
become(uid_t uid, gid_t gid)
{
	/* Root's rights are needed for the rest: first back, or last away. */
	if ((uid == 0 && seteuid(0) < 0) || setgroups(0, NULL) < 0 ||
	    setegid(gid) < 0 || (uid != 0 && seteuid(uid) < 0))
		log_fatal("cannot become user %lu: %s", (unsigned long)uid,
		    strerror(errno));
}

static mode_t
default_mode(void)
{
	mode_t	mask = umask(077);

	umask(mask);
	return 0644 & ~mask;
}

/* What the new file has of a file that is there. */
static void
inherit(const struct map_command *command, struct map_source_owner *owner,
    const struct stat *st)
{
	if (!command->has_own_mode)
		owner->file.mode = st->st_mode & 0666;
	if (geteuid() != 0 || command->keeps_root)
		return;
	owner->file.uid = st->st_uid;
	owner->file.gid = st->st_gid;
	/*
	 * What root writes into a folder of somebody else's, and where to,
	 * is not for him to say.
	 */
	if (st->st_uid != 0) {
		become(st->st_uid, st->st_gid);
		owner->is_other = true;
	}
}

void
map_source_become(const struct map_command *command,
    struct map_source_owner *owner, const char *spec)
{
	struct slice		 name;
	const struct table_type	*type;
	char			*source, *table, *why;
	struct stat		 st;
	bool			 is_anew = command->deed ==
				    MAP_COMMAND_CREATE &&
				    !command->is_added_to;

	if ((type = table_type_find(spec, &name, &why)) == NULL)
		log_fatal("%s", why);
	/* Not to read what is no text, to no end. */
	if (type->build == NULL)
		log_fatal("%s: tables of this type are not built", spec);
	source = slice_dup(name);
	*owner = (struct map_source_owner){ .source = -1 };
	owner->file = (struct table_build_file){ default_mode(), (uid_t)-1,
	    (gid_t)-1, command->with_nul };
	table = mem_printf("%s%s", source, type->suffix);
	owner->has_table = stat(table, &st) == 0;
	if (is_anew) {
		owner->source = open(source, O_RDONLY | O_CLOEXEC);
		if (owner->source < 0 || fstat(owner->source, &st) < 0)
			log_fatal("open %s: %s", source, strerror(errno));
		inherit(command, owner, &st);
	} else if (owner->has_table || stat(source, &st) == 0) {
		inherit(command, owner, &st);
	}
	mem_free(source);
	mem_free(table);
}

void
map_source_return(struct map_source_owner *owner)
{
	if (owner->is_other)
		become(0, 0);
	if (owner->source >= 0)
		close(owner->source);
}

/* ---- lines --------------------------------------------------------------- */

struct source {
	const struct map_command	*command;
	struct table_build		*build;
	struct table_line		 line;
	struct buf			 why;	/* lines for the log */
};

/* -F: the content of the files that value names, as base64. */
static int
put_files(struct source *source, struct slice value, struct buf *into)
{
	struct buf	bytes = BUF_INIT;
	struct slice	word;
	int		result = 0;

	while (result == 0 && slice_get_word(&value, ", \t", &word) == 0) {
		char	*path = slice_dup(word);

		result = path_read(path, VALUE_FILE_LIMIT, &bytes);
		if (result < 0)
			table_line_complain(&source->line, &source->why,
			    "open %s: %s -- ignoring this line", path,
			    strerror(errno));
		mem_free(path);
	}
	base64_put(into, buf_slice(&bytes));
	buf_clear(&bytes);
	return result;
}

static void
put(struct source *source, struct slice key, struct slice value)
{
	const struct map_command	*command = source->command;

	if (command->replaces)
		table_build_remove(source->build, key);
	if (!table_build_add(source->build, key, value) && !command->is_quiet)
		table_line_complain(&source->line, &source->why,
		    "duplicate entry: \"%.*s\"", SLICE_ARG(key));
}

static void
put_line(struct source *source, struct slice key, struct slice value)
{
	struct buf	folded = BUF_INIT, content = BUF_INIT;

	map_source_put_key(source->command, &folded, key);
	if (!source->command->is_base64)
		put(source, buf_slice(&folded), value);
	else if (put_files(source, value, &content) == 0)
		put(source, buf_slice(&folded), buf_slice(&content));
	buf_clear(&folded);
	buf_clear(&content);
}

static void
read_line(struct source *source)
{
	const struct map_command	*command = source->command;
	struct slice			 value, text;
	struct buf			 key = BUF_INIT;
	const char			*what = NULL;

	text = buf_slice(&source->line.text);
	if (command->is_utf8 && !map_source_is_utf8(text))
		what = "not UTF-8";
	else if (slice_find(text, '\0') >= 0)
		what = "contains a NUL";
	else if (command->split(text, &key, &value, &what) == 0)
		what = NULL;
	if (what != NULL)
		table_line_complain(&source->line, &source->why,
		    "%s -- ignoring this line", what);
	else
		put_line(source, buf_slice(&key), value);
	if (what == NULL && buf_slice(&key).data[key.len - 1] == ':')
		table_line_complain(&source->line, &source->why,
		    "record is in \"key: value\" format; is this an alias "
		    "file?");
	buf_clear(&key);
}

static void
warn(struct source *source)
{
	struct slice	rest = buf_slice(&source->why), line;

	while (slice_get_word(&rest, "\n", &line) == 0)
		log_warn("%.*s", SLICE_ARG(line));
	buf_empty(&source->why);
}

static void
read_lines(const struct map_command *command, struct table_build *build,
    const char *name, struct slice text)
{
	struct source	source = { command, build, .why = BUF_INIT };

	table_line_init(&source.line, name, text);
	while (table_line_get(&source.line, &source.why)) {
		read_line(&source);
		warn(&source);
	}
	warn(&source);
	table_line_clear(&source.line);
	buf_clear(&source.why);
}

/* ---- tables -------------------------------------------------------------- */

static void
read_source(const struct map_command *command,
    const struct map_source_owner *owner, const char *name, struct buf *text)
{
	if (command->is_added_to)
		map_source_read_stdin(text);
	else if (path_read_open(owner->source, TABLE_LINE_FILE_LIMIT,
	    text) < 0)
		log_fatal("read %s: %s", name, strerror(errno));
}

void
map_source_build(const struct map_command *command, const char *given)
{
	char			*spec = map_source_spec(command, given), *why;
	const char		*name = command->is_added_to ? "stdin" :
				    strchr(spec, ':') + 1;
	struct map_source_owner	 owner;
	struct table_build	*build;
	struct buf		 text = BUF_INIT;

	map_source_become(command, &owner, spec);
	if ((build = table_build_new(spec, &why)) == NULL ||
	    (command->is_added_to && table_build_load(build, &why) < 0))
		log_fatal("%s", why);
	read_source(command, &owner, name, &text);
	read_lines(command, build, name, buf_slice(&text));
	if (table_build_commit(build, &owner.file, &why) < 0)
		log_fatal("%s", why);
	table_build_free(&build);
	map_source_return(&owner);
	buf_clear(&text);
	mem_free(spec);
}
