#ifndef MAIL_TABLE_TYPE_H
#define MAIL_TABLE_TYPE_H

/*
 * What a table type gives to mail/table.c, which does the rest: when to
 * open, when to open anew, who may still be reading the old.
 *
 * A content is what open made of a file or a text.  Many threads may ask
 * it at a time; it is closed when nobody does any more.
 */

#include "mail/table.h"
#include "util/buf.h"
#include "util/slice.h"

struct table_source {
	const char	*spec;	/* "type:name", for messages */
	const char	*name;	/* what is behind the type's colon */
	unsigned	 how;	/* set of TABLE_* */
};

struct table_backend;

/* What is in a file to be. */
struct table_entries {
	const struct table_entry	*list;
	size_t				 count;
	bool				 with_nul;	/* behind each */
};

struct table_entry {
	struct slice	key, value;
};

enum {
	TABLE_TYPE_INLINE = 1,	/* "type:{ ... }" is text, not a file */
	TABLE_TYPE_WHOLE = 2,	/* see table_is_whole_key */
	TABLE_TYPE_CASE = 4,	/* keys are not made lower case first */
};

struct table_type {
	const char	*name;
	unsigned	 flags;
	/*
	 * The file is name with this behind it, opened when it is first
	 * asked, and anew when it has changed.  NULL: there is none, and
	 * open, which does no I/O then, is called by table_new.
	 */
	const char	*suffix;
	/*
	 * 0 and *content_r; -1 and what is wrong in why.  With 0, too, why
	 * may get lines about what was skipped: "file:line: text", each
	 * ended by a newline.
	 */
	int		 (*open)(const struct table_source *source,
			    void **content_r, struct buf *why);
	/* Instead of TABLE_TYPE_WHOLE, where that depends.  May be NULL. */
	bool		 (*is_whole_key)(const void *content);
	/* What open could not know yet, a line each.  May be NULL. */
	void		 (*check)(void *content, struct buf *why);
	/* As table_find. */
	enum table_answer (*find)(void *content, struct slice key,
			    struct buf *value);
	void		 (*close)(void *content);
	/* As table_each.  NULL: this cannot be told. */
	int		 (*each)(void *content, table_entry_fn fn, void *arg);
	/*
	 * Make a file that is not there yet, of mode 0600, with all entries,
	 * for mail/table_build.c.  0, or -1 and what is wrong in why; what
	 * is there then is removed by the caller.  NULL: such tables are not
	 * built.
	 */
	int		 (*build)(const char *file,
			    const struct table_entries *entries,
			    struct buf *why);
	/*
	 * Of a type on a server, instead of all functions above; its file is
	 * a .cf file.
	 */
	const struct table_backend	*backend;
	const char	*version;	/* of a plug-in: VERSION */
};

/* Other files than ours see this alone of a plug-in. */
#define TABLE_TYPE_EXPORT	__attribute__((visibility("default")))

extern const struct table_type	table_btree, table_cidr, table_environ,
		    table_fail, table_hash, table_inline, table_internal,
		    table_pcre, table_pipemap, table_randmap, table_regexp,
		    table_socketmap, table_static, table_tcp, table_texthash,
		    table_unionmap, table_unix;

/*
 * The type of "type:name", and in *name_r what is behind.  NULL and *why_r
 * (caller frees) when there is none.
 */
const struct table_type *table_type_find(const char *spec,
		    struct slice *name_r, char **why_r);

/* It waits for nobody (TABLE_QUICK). */
bool		 table_type_is_quick(const struct table_type *type);

/* The name of each, for ternconf -m. */
void		 table_type_each(void (*fn)(const char *name, void *arg),
		    void *arg);

#endif
