#ifndef MAIL_TABLE_BUILD_H
#define MAIL_TABLE_BUILD_H

/*
 * Making the file of a table, all or nothing (G28): the new file is written
 * beside, flushed, and put in the old one's place.  Who asks the table
 * meanwhile sees the old or the new.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "util/slice.h"

struct table_build;

/*
 * Of "type:name".  When there is a file already, it is locked against
 * others that build; this waits for them.  NULL and *why_r (caller frees)
 * when there is no such type, or none that is built.
 */
struct table_build *table_build_new(const char *spec, char **why_r);

/* What was not committed is gone.  Accepts NULL. */
void		 table_build_free(struct table_build **build);

/* The file that is made; the build's. */
const char	*table_build_file(const struct table_build *build);

/* Begin with what is in the old file, if there is one.  0 or -1. */
int		 table_build_load(struct table_build *build, char **why_r);

/* false, and nothing done, when the key is there already. */
bool		 table_build_add(struct table_build *build, struct slice key,
		    struct slice value);
/* false when it was not there. */
bool		 table_build_remove(struct table_build *build,
		    struct slice key);

struct table_build_file {
	mode_t	mode;
	uid_t	uid;		/* (uid_t)-1: whoever we are */
	gid_t	gid;
	bool	with_nul;	/* keys and values end in a NUL */
};

/* Once: 0, or -1 and the old file is as it was. */
int		 table_build_commit(struct table_build *build,
		    const struct table_build_file *file, char **why_r);

#endif
