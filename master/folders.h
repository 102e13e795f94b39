#ifndef MASTER_FOLDERS_H
#define MASTER_FOLDERS_H

/*
 * The folders of the queue directory and the users who own them.
 */

#include "conf/conf.h"

/* Make what is missing; 0, or -1 and *why_r (caller frees). */
int	folders_make(const struct conf *conf, char **why_r);

typedef void (*folders_warn_fn)(const char *text, void *arg);

/*
 * Tell of users who do not exist and folders that are not theirs.  has_auth:
 * some service lets clients log in.
 */
void	folders_check(const struct conf *conf, bool has_auth,
	    folders_warn_fn fn, void *arg);

/*
 * The parameters that name them have paths from the root: 0, or -1 and
 * *why_r (caller frees).
 */
int	folders_check_paths(const struct conf *conf, char **why_r);

#endif
