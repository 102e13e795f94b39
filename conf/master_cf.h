#ifndef CONF_MASTER_CF_H
#define CONF_MASTER_CF_H

/*
 * master.cf: one service a logical line, eight fields (D31).
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/slice.h"

enum master_cf_type {
	MASTER_CF_INET,
	MASTER_CF_UNIX,
	MASTER_CF_OTHER,	/* fifo, pass, unix-dgram: Postfix has them */
};

/* '-' in a column that has a default. */
enum master_cf_choice { MASTER_CF_DEFAULT, MASTER_CF_YES, MASTER_CF_NO };

struct master_cf_option {
	char	*name;
	char	*value;
};

struct master_cf_service {
	char			*name;		/* "smtp", "[::1]:2525" */
	enum master_cf_type	 type;
	enum master_cf_choice	 is_private;
	enum master_cf_choice	 is_unprivileged;
	enum master_cf_choice	 has_chroot;
	int			 wakeup_s;	/* 0: never */
	bool			 wakeup_lazily;	/* "300?" */
	int			 process_limit;	/* -1: '-'; 0: none */
	char			*command;	/* program name */
	char		       **args;		/* without -o; then NULL */
	struct master_cf_option	*options;	/* -o, in order */
	size_t			 option_count;
	int			 line;
};

struct master_cf {
	struct master_cf_service	*services;
	size_t				 count;
};

/*
 * Read file.  NULL on error, with *why_r "file:line: what is wrong"
 * (caller frees).  Of two services with the same name and type the last
 * stands, in the place of the first.
 */
struct master_cf *master_cf_read(const char *file, char **why_r);

/* The same of text that was read already; file names it in messages. */
struct master_cf *master_cf_parse(const char *file, struct slice text,
	    char **why_r);
void	 master_cf_free(struct master_cf **cf);

#endif
