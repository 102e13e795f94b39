#ifndef CONF_CONF_EDIT_H
#define CONF_CONF_EDIT_H

/*
 * Changing main.cf by program: comments and order stay, a bad value is
 * refused, and the file is replaced as a whole or not at all.
 */

#include <stddef.h>

#include "util/buf.h"

enum conf_edit_kind {
	CONF_EDIT_SET,		/* in place of the last definition, or new */
	CONF_EDIT_REMOVE,	/* all definitions */
	CONF_EDIT_COMMENT	/* put a # before them */
};

struct conf_edit {
	enum conf_edit_kind	 kind;
	const char		*name;	/* borrowed */
	const char		*value;	/* borrowed; of CONF_EDIT_SET */
};

/* Change text; how many definitions of the name it had. */
size_t	 conf_edit_text(struct buf *text, const struct conf_edit *edit);

/*
 * Carry out all edits on file, or none.  Refused is what conf_check refuses
 * of a value that is set here, and whatever other parameter goes bad by it.
 * 0, or -1 and *why_r (caller frees).
 */
int	 conf_edit_file(const char *file, const struct conf_edit *edits,
	    size_t count, char **why_r);

#endif
