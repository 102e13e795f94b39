#ifndef MAIL_TABLE_H
#define MAIL_TABLE_H

/*
 * Tables (C30 "type:name" of main.cf): a key goes in, a value comes out.
 * A type is one row of mail/table_type.c and one file mail/table_<type>.c.
 *
 * A table is opened when it is first asked, and anew when its file has
 * changed: the very next question sees the new content, in this thread and
 * in every other.  A file that is missing or bad is no reason to end: the
 * questions that need it get TABLE_TROUBLE, and the log says why, once.
 *
 * Any number of threads may ask the same table at a time.  One in haste
 * (util/haste.h) gets TABLE_TROUBLE where it would have to wait.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

struct table;

enum table_answer {
	TABLE_FOUND,
	TABLE_NONE,
	TABLE_TROUBLE,		/* try later */
};

enum {
	/*
	 * Refuse rules whose result has a part of the key in it ($1), for
	 * uses where that would let a stranger choose a path or a host (X02).
	 */
	TABLE_NO_SUBSTITUTION = 1,
	TABLE_KEEP_CASE = 2,	/* Keys are asked for as they are written. */
	/*
	 * Refuse types that may wait for somebody, for uses in an event
	 * loop.
	 */
	TABLE_QUICK = 4,
};

/*
 * "hash:/etc/tern/access", "inline:{ a=b }", "proxy:type:name" for
 * "type:name".  how is a set of TABLE_*.  Nothing is opened.  NULL and
 * *why_r (caller frees) when there is no such type or the name cannot be
 * one of it.  What wants no file (inline:, static:) is read here: its
 * syntax is known to be good.
 */
struct table	*table_new(const char *spec, unsigned how, char **why_r);

/* No thread may be asking it.  Accepts NULL. */
void		 table_free(struct table **table);

/* As it was written; the table's. */
const char	*table_spec(const struct table *table);

/*
 * Asked with whole keys only (regexp, pcre, cidr, tcp, socketmap): not with
 * a domain, parent domain or local part out of an address (access(5),
 * canonical(5)).
 */
bool		 table_is_whole_key(const struct table *table);

/*
 * The value of key is appended to value.  Case of key does not matter but
 * where the rules of the type say so.  With TABLE_TROUBLE what is appended
 * is the reason, for the log.
 */
enum table_answer table_find(struct table *table, struct slice key,
		    struct buf *value);

/*
 * For many questions in a row: the table as it is at the first one, so that
 * the others cost no look at its file.  The holder releases it.
 */
struct table_held;
struct table_held *table_hold(struct table *table);
void		 table_release(struct table_held **held);
enum table_answer table_find_held(const struct table_held *held,
		    struct slice key, struct buf *value);

/*
 * Call fn for each entry until it returns -1: 0; -1 and in why what is
 * wrong, which is nothing when fn ended it.  Not every type can tell.
 */
typedef int (*table_entry_fn)(struct slice key, struct slice value,
		    void *arg);
int		 table_each(struct table *table, table_entry_fn fn, void *arg,
		    struct buf *why);

/*
 * Open it now: 0, or -1 and in *why_r (caller frees) "file:line: what is
 * wrong" of every wrong line, by newlines.
 */
int		 table_check(struct table *table, char **why_r);

#endif
