#ifndef MAIL_TABLE_RULE_H
#define MAIL_TABLE_RULE_H

/*
 * Tables of rules, tried in their order: cidr, regexp and pcre have in
 * common everything but what a pattern is.
 *
 *	[!]pattern	result
 *	if [!]pattern
 *	...
 *	endif
 *
 * A wrong rule is complained of and never applies; what stands behind a
 * wrong if does not, either.
 */

#include <stdbool.h>

#include "mail/table_type.h"
#include "net/addr.h"
#include "util/buf.h"
#include "util/slice.h"

/* $1 to $99. */
#define TABLE_RULE_GROUPS	100

struct table_rule_key {
	const char	*text;		/* NUL-terminated */
	size_t		 len;
	struct addr	 addr;		/* when it is an address */
	bool		 is_addr;
	void		*scratch;	/* the kind's, for the key's time */
};

struct table_rule_kind {
	const char	*name;
	/* $1 in a result is a part of the key; no result is an empty one. */
	bool		 has_groups;
	/*
	 * Take a pattern off the front of line.  The pattern (for free), and
	 * in groups_r how many groups it has; NULL and in why what is wrong.
	 */
	void		*(*parse)(struct slice *line, unsigned *groups_r,
			    struct buf *why);
	/*
	 * groups[0] to groups[count - 1] become what the groups matched,
	 * borrowed from key; [0] is the whole.
	 */
	bool		 (*match)(const void *pattern,
			    struct table_rule_key *key,
			    struct slice *groups, unsigned count);
	void		 (*free)(void *pattern);
	/* NULL: never set. */
	void		 (*free_scratch)(void *scratch);
};

/* As table_type's, of a file or of "{ {rule} {rule} }". */
int		 table_rule_open(const struct table_source *source,
		    const struct table_rule_kind *kind, void **content_r,
		    struct buf *why);
enum table_answer table_rule_find(void *content, struct slice key,
		    struct buf *value);
void		 table_rule_close(void *content);

/*
 * "/pattern/flags" off the front of line, with whatever stands first as its
 * delimiter; for the kinds that have such.  -1 and in why what is wrong.
 */
int		 table_rule_get_pattern(struct slice *line,
		    struct slice *pattern_r, struct slice *flags_r,
		    struct buf *why);

#endif
