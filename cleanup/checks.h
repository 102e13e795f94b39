#ifndef CLEANUP_CHECKS_H
#define CLEANUP_CHECKS_H

/*
 * The content checks of one message: a header field or a line of a body is
 * looked up, and what the table says is done (F02).  It is done at once
 * to the text, later to the message (cleanup/fate.h); each is logged as
 * Postfix does it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "cleanup/rules.h"
#include "util/buf.h"

struct fate;

/* For the log; borrowed as long as the checks. */
struct checks_origin {
	uint64_t	 queue_id;
	const char	*client;	/* name[address] */
	const char	*sender;
	const char	*recipient;	/* the last one */
	const char	*proto;
	const char	*helo;		/* "": none */
};

struct checks {
	const struct rules	*rules;		/* borrowed */
	struct checks_origin	 origin;
	struct fate		*fate;		/* borrowed */
	bool			 is_over;	/* nothing more is looked up */

	/* why the message is refused; code 0: it is not */
	int			 code;
	char			 dsn[12];
	char			*text;
	bool			 is_logged;

	struct table_list_held	*tables[RULES_COUNT];	/* when asked */
	struct buf		 key;
	struct buf		 value;
};

struct checks	*checks_new(const struct rules *rules,
		    const struct checks_origin *origin, struct fate *fate);
void		 checks_free(struct checks **checks);

/* Bytes of memory that they have now; need less. */
size_t		 checks_size(const struct checks *checks);
void		 checks_shrink(struct checks *checks);

/*
 * A field with its lines, also the beginning of one that was cut: it is
 * changed, or emptied, when it is not to stay; before gets what is to stand
 * in front of it.
 */
void		 checks_field(struct checks *checks, enum rules_kind kind,
		    struct buf *field, struct buf *before);

/* checks_field of the message's own header: cleanup/fixup.h calls it. */
void		 checks_primary(void *checks, struct buf *field,
		    struct buf *before);

/* The field is one that MIME defines. */
bool		 checks_is_mime(struct slice field);

/*
 * A line with its CR LF, or a piece of a long one: what becomes of it is
 * appended to out.
 */
void		 checks_line(struct checks *checks, struct slice line,
		    struct buf *out);

/* The structure of the content is bad ("reject: mime-error ..."). */
void		 checks_refuse_mime(struct checks *checks, const char *error,
		    struct slice text);

#endif
