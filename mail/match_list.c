/*
 * Lists of names, networks, files and tables.
 */

#include "mail/match_list.h"

#include <errno.h>
#include <string.h>

#include "mail/table.h"
#include "mail/table_line.h"
#include "mail/watched.h"
#include "util/ascii.h"
#include "util/mem.h"
#include "util/path.h"

/* A file in a file in a file ... that is one of them again. */
#define DEPTH_LIMIT	10

enum what { WHAT_NAME, WHAT_NETWORK, WHAT_TABLE, WHAT_FILE };

/* The content of watched is struct patterns. */
struct file {
	struct match_list	*list;
	char			*path;
	struct watched		*watched;
};

struct pattern {
	enum what	 what;
	bool		 is_negated;
	char		*name;		/* as written, without "!" */
	struct addr_net	 net;
	struct table	*table;
	struct file	*file;
};

struct patterns {
	struct match_list	*list;
	struct pattern		*items;
	size_t			 count;
};

struct match_list {
	enum match_list_kind	 kind;
	unsigned		 how;
	struct patterns		 top;
};

/* What a pattern, or some of them, say. */
enum decision {
	DECISION_NONE,		/* nothing: the next decides */
	DECISION_YES,
	DECISION_NO,
	DECISION_TROUBLE,
};

/* What is asked, and how deep in files we are. */
struct question {
	const struct match_list	*list;
	struct slice		 name;
	const struct addr	*addr;	/* NULL: none */
	struct slice		 addr_text;
	unsigned		 depth;
	struct buf		*why;
};

static int	open_file(void *arg, void **content_r, struct buf *why);
static void	close_file(void *content);

static const struct watched_maker	file_maker = {
	open_file, close_file,
};

/* ---- reading ------------------------------------------------------------- */

/* In brackets, with a slash, or of digits and dots. */
static bool
is_like_network(struct slice word)
{
	if (word.data[0] == '[' || slice_find(word, '/') >= 0)
		return true;
	for (size_t i = 0; i < word.len; i++)
		if (!ascii_is_digit(word.data[i]) && word.data[i] != '.')
			return false;
	return true;
}

static int
read_network(struct pattern *pattern, struct slice word, struct buf *why)
{
	const char	*what;

	pattern->what = WHAT_NETWORK;
	if (addr_parse_net(word, &pattern->net, &what) == 0)
		return 0;
	buf_printf(why, "\"%.*s\": %s", SLICE_ARG(slice_first(word, 100)),
	    what);
	return -1;
}

static int
read_table(struct pattern *pattern, struct buf *why)
{
	char		*what;
	struct addr	 addr;
	bool		 is_addr = addr_parse_ip(slice_str(pattern->name), 0,
			    &addr) == 0;

	pattern->what = WHAT_TABLE;
	pattern->table = table_new(pattern->name, 0, &what);
	if (pattern->table != NULL)
		return 0;
	buf_printf(why, "%s%s", what, is_addr ?
	    " (an IPv6 address is written in brackets)" : "");
	mem_free(what);
	return -1;
}

static void
read_file_name(struct pattern *pattern, struct match_list *list)
{
	struct file	*file = mem_new(sizeof(*file));

	file->list = list;
	file->path = mem_strdup(pattern->name);
	file->watched = watched_new(file->path, file->path, &file_maker,
	    file);
	pattern->what = WHAT_FILE;
	pattern->file = file;
}

static int
read_pattern(struct patterns *patterns, struct slice word, struct buf *why)
{
	struct pattern	*pattern = &patterns->items[patterns->count - 1];

	while (word.len > 0 && word.data[0] == '!') {
		pattern->is_negated = !pattern->is_negated;
		word = slice_after(word, 1);
	}
	if (word.len == 0) {
		buf_put_str(why, "no pattern after \"!\"");
		return -1;
	}
	pattern->name = slice_dup(word);
	if (word.data[0] == '/') {
		read_file_name(pattern, patterns->list);
		return 0;
	}
	if (word.data[0] != '[' && slice_find(word, ':') >= 0)
		return read_table(pattern, why);
	if (patterns->list->kind == MATCH_LIST_HOST && is_like_network(word))
		return read_network(pattern, word, why);
	pattern->what = WHAT_NAME;
	return 0;
}

static int
read_text(struct patterns *patterns, struct slice text, struct buf *why)
{
	struct slice	word;
	int		got;

	while ((got = table_line_get_word(&text, &word)) > 0) {
		patterns->items = mem_resize(patterns->items,
		    (patterns->count + 1) * sizeof(*patterns->items));
		patterns->items[patterns->count++] = (struct pattern){
			.what = WHAT_NAME,
		};
		if (read_pattern(patterns, word, why) < 0)
			return -1;
	}
	if (got < 0)
		buf_put_str(why, "braces do not match");
	return got;
}

static void
free_file(struct file *file)
{
	if (file == NULL)
		return;
	watched_free(&file->watched);
	mem_free(file->path);
	mem_free(file);
}

static void
clear_patterns(struct patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++) {
		struct pattern	*pattern = &patterns->items[i];

		mem_free(pattern->name);
		table_free(&pattern->table);
		free_file(pattern->file);
	}
	mem_free(patterns->items);
}

/* ---- files --------------------------------------------------------------- */

static int
read_lines(struct patterns *patterns, const char *path, struct slice text,
    struct buf *why)
{
	struct table_line	line;
	struct buf		what = BUF_INIT;

	table_line_init(&line, path, text);
	while (table_line_get(&line, why)) {
		buf_empty(&what);
		if (read_text(patterns, buf_slice(&line.text), &what) < 0)
			table_line_complain(&line, why, "%s",
			    buf_cstr(&what));
	}
	table_line_clear(&line);
	buf_clear(&what);
	/*
	 * A file with a wrong line is not used at all: without it
	 * "!192.0.2.7/8" would let in whom it should keep out.
	 */
	return why->len == 0 ? 0 : -1;
}

static int
open_file(void *arg, void **content_r, struct buf *why)
{
	const struct file	*file = arg;
	struct buf		 text = BUF_INIT;
	struct patterns		*patterns = mem_new(sizeof(*patterns));
	int			 result = -1;

	patterns->list = file->list;
	if (path_read(file->path, TABLE_LINE_FILE_LIMIT, &text) < 0)
		buf_printf(why, "open %s: %s", file->path, strerror(errno));
	else
		result = read_lines(patterns, file->path, buf_slice(&text),
		    why);
	buf_clear(&text);
	if (result < 0)
		close_file(patterns);
	else
		*content_r = patterns;
	return result;
}

static void
close_file(void *content)
{
	clear_patterns(content);
	mem_free(content);
}

/* ---- lists --------------------------------------------------------------- */

struct match_list *
match_list_new(const char *text, enum match_list_kind kind, unsigned how,
    char **why_r)
{
	struct match_list	*list = mem_new(sizeof(*list));
	struct buf		 why = BUF_INIT;

	list->kind = kind;
	list->how = how;
	list->top.list = list;
	if (read_text(&list->top, slice_str(text), &why) < 0) {
		*why_r = mem_strdup(buf_cstr(&why));
		match_list_free(&list);
	}
	buf_clear(&why);
	return list;
}

void
match_list_free(struct match_list **listp)
{
	struct match_list	*list = *listp;

	if (list == NULL)
		return;
	clear_patterns(&list->top);
	mem_free(list);
	*listp = NULL;
}

/* ---- asking -------------------------------------------------------------- */

static enum decision decide(struct question *question,
		    const struct patterns *patterns);

static bool
has_suffix(struct slice name, struct slice suffix)
{
	return name.len >= suffix.len && slice_equal_nocase(
	    slice_after(name, name.len - suffix.len), suffix);
}

static bool
is_name_match(const struct question *question, struct slice pattern)
{
	struct slice	name = question->name;
	size_t		above;

	if (name.len == 0 || name.len < pattern.len)
		return false;
	if (slice_equal_nocase(name, pattern))
		return true;
	above = name.len - pattern.len;
	if (question->list->kind == MATCH_LIST_STRING ||
	    !has_suffix(name, pattern))
		return false;
	return question->list->how & MATCH_LIST_PARENTS ?
	    above > 0 && name.data[above - 1] == '.' :
	    pattern.data[0] == '.';
}

static enum decision
ask(const struct question *question, struct table *table, struct slice key)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer = table_find(table, key, &value);

	if (answer == TABLE_TROUBLE)
		buf_printf(question->why, "%s: %s", table_spec(table),
		    buf_cstr(&value));
	buf_clear(&value);
	return answer == TABLE_FOUND ? DECISION_YES :
	    answer == TABLE_NONE ? DECISION_NONE : DECISION_TROUBLE;
}

/* What is next above key: "example.com", or ".example.com". */
static struct slice
get_parent(const struct question *question, struct slice key)
{
	ptrdiff_t	dot = slice_find(slice_after(key, 1), '.');

	if (dot < 0)
		return slice_from(NULL, 0);
	return slice_after(key, (size_t)dot + 1 +
	    (question->list->how & MATCH_LIST_PARENTS ? 1 : 0));
}

/* The name, what is above it, and the address. */
static enum decision
ask_table(const struct question *question, struct table *table)
{
	bool		has_parents = !table_is_whole_key(table) &&
			    question->list->kind != MATCH_LIST_STRING;
	enum decision	decision = DECISION_NONE;
	struct slice	key = question->name;

	while (decision == DECISION_NONE && key.len > 0) {
		decision = ask(question, table, key);
		key = has_parents ? get_parent(question, key) :
		    slice_from(NULL, 0);
	}
	if (decision == DECISION_NONE && question->addr != NULL)
		decision = ask(question, table, question->addr_text);
	return decision;
}

static enum decision
ask_file(struct question *question, const struct file *file)
{
	const struct watched_content	*content;
	enum decision			 decision = DECISION_TROUBLE;

	if (question->depth == DEPTH_LIMIT) {
		buf_printf(question->why, "%s: too many files in files",
		    file->path);
		return DECISION_TROUBLE;
	}
	question->depth++;
	content = watched_hold(file->watched);
	if (content->data != NULL)
		decision = decide(question, content->data);
	else
		buf_printf(question->why, "%s is unavailable. %s",
		    file->path, content->why);
	watched_release(file->watched, content);
	question->depth--;
	return decision;
}

static enum decision
is_yes(bool is_match)
{
	return is_match ? DECISION_YES : DECISION_NONE;
}

/* What the pattern says without its "!". */
static enum decision
match(struct question *question, const struct pattern *pattern)
{
	switch (pattern->what) {
	case WHAT_NETWORK:
		return is_yes(question->addr != NULL &&
		    addr_is_in_net(question->addr, &pattern->net));
	case WHAT_TABLE:
		return ask_table(question, pattern->table);
	case WHAT_FILE:
		return ask_file(question, pattern->file);
	case WHAT_NAME:
		break;
	}
	return is_yes(is_name_match(question, slice_str(pattern->name)));
}

static enum decision
decide(struct question *question, const struct patterns *patterns)
{
	enum decision	decision = DECISION_NONE;

	for (size_t i = 0; i < patterns->count &&
	    decision == DECISION_NONE; i++) {
		decision = match(question, &patterns->items[i]);
		if (!patterns->items[i].is_negated)
			continue;
		/* The "!" of a file turns what each of its patterns says. */
		if (decision == DECISION_YES)
			decision = DECISION_NO;
		else if (decision == DECISION_NO)
			decision = DECISION_YES;
	}
	return decision;
}

enum match_list_answer
match_list_find_host(struct match_list *list, struct slice name,
    const struct addr *addr, struct buf *why)
{
	char		text[ADDR_TEXT_SIZE] = "";
	struct question	question = { list, name, addr, { NULL, 0 }, 0, why };
	enum decision	decision;

	if (addr != NULL)
		question.addr_text = slice_str(addr_format_ip(addr, text));
	decision = decide(&question, &list->top);
	return decision == DECISION_TROUBLE ? MATCH_LIST_TROUBLE :
	    decision == DECISION_YES ? MATCH_LIST_YES : MATCH_LIST_NO;
}

enum match_list_answer
match_list_find(struct match_list *list, struct slice name, struct buf *why)
{
	return match_list_find_host(list, name, NULL, why);
}

/* ---- checking ------------------------------------------------------------ */

static void	check(const struct patterns *patterns, unsigned depth,
		    struct buf *why);

static void
check_file(const struct file *file, unsigned depth, struct buf *why)
{
	const struct watched_content	*content;

	if (depth == DEPTH_LIMIT) {
		buf_printf(why, "%s: too many files in files\n", file->path);
		return;
	}
	content = watched_hold(file->watched);
	if (content->data != NULL)
		check(content->data, depth + 1, why);
	else
		buf_printf(why, "%s\n", content->why);
	watched_release(file->watched, content);
}

static void
check(const struct patterns *patterns, unsigned depth, struct buf *why)
{
	char	*what;

	for (size_t i = 0; i < patterns->count; i++) {
		const struct pattern	*pattern = &patterns->items[i];

		if (pattern->what == WHAT_FILE)
			check_file(pattern->file, depth, why);
		if (pattern->what == WHAT_TABLE &&
		    table_check(pattern->table, &what) < 0) {
			buf_printf(why, "%s\n", what);
			mem_free(what);
		}
	}
}

int
match_list_check(struct match_list *list, char **why_r)
{
	struct buf	why = BUF_INIT;

	check(&list->top, 0, &why);
	*why_r = why.len == 0 ? NULL :
	    slice_dup(slice_trim(buf_slice(&why)));
	buf_clear(&why);
	return *why_r == NULL ? 0 : -1;
}
