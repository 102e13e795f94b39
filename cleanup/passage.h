#ifndef CLEANUP_PASSAGE_H
#define CLEANUP_PASSAGE_H

/*
 * What content passes through: fixup, then, where there are checks,
 * inspect.
 *
 *	content -> fixup -> inspect -> put
 *	             |         |
 *	             +--checks-+
 */

#include <stdbool.h>
#include <stddef.h>

#include "cleanup/fixup.h"
#include "util/slice.h"

struct fate;
struct passage;
struct rules;

struct passage_settings {
	struct fixup_settings	 fixup;		/* without check */
	const struct rules	*rules;		/* NULL: no checks */
	struct fate		*fate;		/* checks may change it */
	const char		*client;	/* name[address] */
	const char		*last_recipient; /* or NULL */
	bool			 is_utf8;	/* SMTPUTF8 */
	fixup_put_fn		 put;
	void			*arg;
};

struct passage_verdict {
	int		 code;		/* 0: it may go on */
	const char	*dsn;		/* the passage's */
	const char	*text;
	bool		 is_logged;
};

/*
 * Borrowed as long as the passage: everything but what fixup_start is done
 * with.
 */
struct passage	*passage_new(const struct passage_settings *settings);
void		 passage_free(struct passage **passage);

/* Bytes of memory that it has now; hand on what can be, and need less. */
size_t		 passage_size(const struct passage *passage);
void		 passage_shrink(struct passage *passage);

/* Our own header; more content, cut anywhere; its end. */
void		 passage_start(struct passage *passage);
void		 passage_put(struct passage *passage, struct slice bytes);
void		 passage_end(struct passage *passage);

/* What has come of it so far: a refused one takes no more. */
const struct passage_verdict *passage_verdict(const struct passage *passage);

#endif
