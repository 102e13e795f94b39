#ifndef MAIL_MAP_COMMAND_H
#define MAIL_MAP_COMMAND_H

/*
 * What ternmap and ternalias have in common: they make tables out of their
 * text, change them, ask and list them.
 *
 * For tools: what is wrong with the world goes to the log and ends the
 * process (status 1), what is wrong with a line is a warning.
 */

#include <stdbool.h>

#include "mail/table.h"
#include "util/buf.h"
#include "util/slice.h"

enum map_command_deed {
	MAP_COMMAND_CREATE,
	MAP_COMMAND_QUERY,	/* -q */
	MAP_COMMAND_REMOVE,	/* -d */
	MAP_COMMAND_LIST,	/* -s */
};

struct map_command {
	enum map_command_deed	 deed;
	const char		*key;		/* "-": each line of stdin */
	const char		*default_type;	/* of "name" alone */
	bool			 keeps_case;	/* -f */
	bool			 is_added_to;	/* -i: from stdin */
	bool			 keeps_root;	/* -o */
	bool			 has_own_mode;	/* -p: not the source's */
	bool			 replaces;	/* -r: duplicates */
	bool			 is_quiet;	/* -w: about duplicates */
	bool			 is_base64;	/* -F */
	bool			 with_nul;	/* not -n */
	bool			 is_utf8;	/* other keys, values: wrong */
	/* A line of the source; as alias_line_split. */
	int			 (*split)(struct slice text, struct buf *key,
				    struct slice *value_r,
				    const char **why_r);
	/* Write what was found; key is empty where it was not "-". */
	void			 (*show)(struct slice key,
				    struct slice value);
};

struct conf;

/*
 * The configuration, of -c where that is among the arguments, and what
 * follows of it.  The caller frees it after all else; NULL: there is an
 * option that is none of those.
 */
struct conf *map_command_configure(struct map_command *command, int argc,
	    char **argv, const char *options);

/*
 * Do it, with each of the tables ("type:name" or "name", ended by NULL).
 * The status to exit with: 1 when no key was found or removed.
 */
int	map_command_run(const struct map_command *command, char **specs);

/* The tables, opened to be asked or listed; ended by NULL, never freed. */
struct table **map_command_open(const struct map_command *command,
	    char **specs);

/* Ask them one after the other; show it (without key: the value only). */
bool	map_command_ask(const struct map_command *command,
	    struct table **tables, struct slice key, bool with_key);

#endif
