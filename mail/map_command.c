/*
 * What ternmap and ternalias have in common: questions, lists, removals.
 * Making tables is in map_source.c.
 */

#include "mail/map_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "mail/admin_client.h"
#include "mail/map_source.h"
#include "mail/table_build.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/log.h"
#include "util/mem.h"

/* ---- questions ----------------------------------------------------------- */

struct table **
map_command_open(const struct map_command *command, char **specs)
{
	size_t		  count = 0;
	struct table	**tables;

	while (specs[count] != NULL)
		count++;
	tables = mem_new_array(count + 1, sizeof(*tables));
	for (size_t i = 0; i < count; i++) {
		char	*spec = map_source_spec(command, specs[i]), *why;

		tables[i] = table_new(spec,
		    command->keeps_case ? TABLE_KEEP_CASE : 0, &why);
		if (tables[i] == NULL)
			log_fatal("%s", why);
		mem_free(spec);
	}
	return tables;
}

static void
show(const struct map_command *command, struct slice key,
    struct slice value)
{
	struct buf	decoded = BUF_INIT;

	if (command->is_base64) {
		if (base64_get(&decoded, value) < 0)
			log_fatal("the value of \"%.*s\" is no base64",
			    SLICE_ARG(key));
		value = buf_slice(&decoded);
	}
	command->show(key, value);
	buf_clear(&decoded);
}

bool
map_command_ask(const struct map_command *command, struct table **tables,
    struct slice key, bool with_key)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer = TABLE_NONE;

	if (command->is_utf8 && !map_source_is_utf8(key))
		return false;
	for (; *tables != NULL && answer == TABLE_NONE; tables++) {
		answer = table_find(*tables, key, &value);
		if (answer == TABLE_TROUBLE)
			log_fatal("table %s: query error: %s",
			    table_spec(*tables), buf_cstr(&value));
	}
	if (answer == TABLE_FOUND)
		show(command, with_key ? key : slice_from(NULL, 0),
		    buf_slice(&value));
	buf_clear(&value);
	return answer == TABLE_FOUND;
}

/* The next line of stdin, without its end; false when there is none. */
static bool
get_line(struct slice *line_r, char **room, size_t *size)
{
	ssize_t	n = getline(room, size, stdin);

	if (n < 0)
		return false;
	*line_r = slice_from(*room, (size_t)n);
	if (line_r->len > 0 && line_r->data[line_r->len - 1] == '\n')
		line_r->len--;
	return true;
}

static bool
query(const struct map_command *command, char **specs)
{
	struct table	**tables = map_command_open(command, specs);
	struct slice	  line;
	char		 *room = NULL;
	size_t		  size = 0;
	bool		  is_found = false;

	if (strcmp(command->key, "-") != 0)
		return map_command_ask(command, tables,
		    slice_str(command->key), false);
	while (get_line(&line, &room, &size)) {
		if (map_command_ask(command, tables, line, true))
			is_found = true;
		/* Another program may be waiting for it. */
		fflush(stdout);
	}
	mem_free(room);
	return is_found;
}

/* ---- lists --------------------------------------------------------------- */

static int
show_entry(struct slice key, struct slice value, void *arg)
{
	show(arg, key, value);
	return 0;
}

static bool
list(const struct map_command *command, char **specs)
{
	struct table		**tables = map_command_open(command, specs);
	struct map_command	  copy = *command;
	struct buf		  why = BUF_INIT;

	for (; *tables != NULL; tables++)
		if (table_each(*tables, show_entry, &copy, &why) < 0)
			log_fatal("%s", why.len > 0 ? buf_cstr(&why) :
			    "the table cannot be read");
	buf_clear(&why);
	return true;
}

/* ---- removals ------------------------------------------------------------ */

static size_t
remove_key(const struct map_command *command, struct table_build *build,
    struct slice key)
{
	struct buf	folded = BUF_INIT;
	bool		is_removed;

	map_source_put_key(command, &folded, key);
	is_removed = table_build_remove(build, buf_slice(&folded));
	buf_clear(&folded);
	return is_removed ? 1 : 0;
}

static size_t
remove_keys(const struct map_command *command, struct table_build *build,
    struct slice keys)
{
	struct slice	line;
	size_t		count = 0;

	if (strcmp(command->key, "-") != 0)
		return remove_key(command, build, slice_str(command->key));
	while (slice_get_word(&keys, "\n", &line) == 0)
		count += remove_key(command, build, line);
	return count;
}

/* keys: stdin, for each of the tables. */
static bool
remove_from(const struct map_command *command, const char *given,
    struct slice keys)
{
	char			*spec = map_source_spec(command, given), *why;
	struct map_source_owner	 owner;
	struct table_build	*build;
	size_t			 count;

	map_source_become(command, &owner, spec);
	if (!owner.has_table)
		log_fatal("%s: there is no such table", spec);
	build = table_build_new(spec, &why);
	if (build == NULL || table_build_load(build, &why) < 0)
		log_fatal("%s", why);
	count = remove_keys(command, build, keys);
	if (count > 0 && table_build_commit(build, &owner.file, &why) < 0)
		log_fatal("%s", why);
	table_build_free(&build);
	map_source_return(&owner);
	mem_free(spec);
	return count > 0;
}

static bool
remove_all(const struct map_command *command, char **specs)
{
	struct buf	keys = BUF_INIT;
	bool		is_removed = false;

	if (strcmp(command->key, "-") == 0)
		map_source_read_stdin(&keys);
	for (; *specs != NULL; specs++)
		if (remove_from(command, *specs, buf_slice(&keys)))
			is_removed = true;
	buf_clear(&keys);
	return is_removed;
}

/* ---- all of them --------------------------------------------------------- */

struct conf *
map_command_configure(struct map_command *command, int argc, char **argv,
    const char *options)
{
	const char	*folder = NULL;
	struct conf	*conf;
	int		 option;

	/* -c has its say before what depends on the configuration. */
	while ((option = getopt(argc, argv, options)) != -1)
		if (option == 'c')
			folder = optarg;
		else if (option == '?')
			return NULL;
	optind = 1;
	conf = admin_client_conf(folder);
	command->default_type = conf->default_database_type;
	command->is_utf8 = conf->smtputf8_enable;
	return conf;
}

int
map_command_run(const struct map_command *command, char **specs)
{
	bool	is_good = true;

	switch (command->deed) {
	case MAP_COMMAND_QUERY:
		is_good = query(command, specs);
		break;
	case MAP_COMMAND_REMOVE:
		is_good = remove_all(command, specs);
		break;
	case MAP_COMMAND_LIST:
		is_good = list(command, specs);
		break;
	case MAP_COMMAND_CREATE:
		for (; *specs != NULL; specs++)
			map_source_build(command, *specs);
		break;
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		log_fatal("cannot write the output");
	return is_good ? 0 : 1;
}
