#ifndef MASTER_PROGRAM_H
#define MASTER_PROGRAM_H

/*
 * What master knows of the programs by their names: how they are run, and
 * who may talk to whom.
 */

#include <stdbool.h>

enum {
	PROGRAM_RESIDENT = 1,	/* started at once, holds many peers */
	PROGRAM_GATE = 2,	/* talks to the network: chroot by default */
	PROGRAM_PER_CORE = 4,	/* by default, one process a core */
	PROGRAM_SINGLE = 8,	/* never more than one process */
	PROGRAM_FILES = 16,	/* needs files: cannot be in a chroot */
	PROGRAM_PUBLIC = 32,	/* its Unix socket is public by default */
	PROGRAM_TICKETS = 64,	/* shares keys of TLS tickets */
};

struct program {
	const char	*name;
	unsigned	 flags;
	const char	*peers;		/* programs it may reach, by spaces */
};

/* The row of a program; for one that is not known, a row without rights. */
const struct program *program_get(const char *name);

/* Postfix has a program of that name that Tern has not, or not always. */
bool	program_is_foreign(const char *name);

bool	program_can_reach(const struct program *from, const char *to);

#endif
