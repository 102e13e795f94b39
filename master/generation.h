#ifndef MASTER_GENERATION_H
#define MASTER_GENERATION_H

/*
 * One state of the whole configuration, read and checked before anything
 * is done with it, and the services it asks for.
 */

#include <stdbool.h>

#include "conf/conf.h"

struct service;

struct generation {
	int			 number;
	char			*folder;	/* of main.cf */
	char			*programs;	/* the folder of programs */
	struct conf		*conf;
	int			 snapshot_fd;	/* sealed; for children */
	struct service		*services;	/* list, owned */
	struct generation_note	*notes;		/* list, owned */
	bool			 has_auth;	/* some smtpd lets log in */
	struct generation	*next;
};

struct generation_note {
	char			*text;
	bool			 is_warning;
	struct generation_note	*next;
};

/*
 * Read main.cf and master.cf of folder.  Nothing outside this process is
 * changed.  On an error, why_r is what is wrong (caller frees) and the
 * result has no more than the conf, if even that: it says where the log
 * is.  Never NULL.
 */
struct generation *generation_read(const char *folder, int number,
	    char **why_r);
void	 generation_free(struct generation **generation);

/*
 * A warning about the configuration, kept for whoever wants to tell it; what
 * is none is for who asks for a check.  Each text once.
 */
void	 generation_warn(struct generation *generation, const char *text);
void	 generation_tell(const char *text, bool is_warning,
	    void *generation);

/* A generation that is leaving: its last process is gone. */
bool	 generation_is_over(const struct generation *generation);

bool	 generation_is_ready(const struct generation *generation);

#endif
