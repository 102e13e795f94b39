#ifndef CONF_CONF_H
#define CONF_CONF_H

/*
 * main.cf: its text (struct conf_source), and the typed parameters made
 * from it (struct conf).  Each parameter is one row of conf/params.def.
 *
 * The text of one generation is read and checked once, by master, which
 * hands it to its children as a snapshot: no program reads main.cf again.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/slice.h"

/*
 * The parameters.  TEXT is expanded ($name) and owned by the conf; CHOICE is
 * the same, spelled as in params.def; TIME is in milliseconds; SIZE is in
 * bytes.
 */
struct conf {
#define TEXT(name, value, text)			const char *name;
#define TEXT_AS(field, name, value, text)	const char *field;
#define CHOICE(name, value, choices, text)	const char *name;
#define BOOL(name, value, text)			bool name;
#define NUMBER(name, value, min, max, text)	int64_t name;
#define SIZE(name, value, min, max, text)	int64_t name;
#define TIME(name, value, unit, min, max, text)	int64_t name;
#include "conf/params.def"
	struct conf_source	*source;	/* owned */
};

/* Where main.cf is unless -c or MAIL_CONFIG says otherwise. */
#define CONF_FOLDER	"/etc/tern"

/* ---- text ---------------------------------------------------------------- */

struct conf_source;

struct conf_source *conf_source_new(void);
void	 conf_source_free(struct conf_source **source);

/*
 * Read a main.cf (C30 of the language: comments, continuation lines, last
 * definition wins).  0, or -1 and in *why_r a line "file:line: what is
 * wrong" that the caller frees.
 */
int	 conf_source_read(struct conf_source *source, const char *file,
	    char **why_r);

/* The same of text that was read already; file names it in messages. */
int	 conf_source_load(struct conf_source *source, const char *file,
	    struct slice text, char **why_r);

/*
 * Set one value, as -o does; where names it in messages ("master.cf:7").
 * It is checked by conf_new.
 */
void	 conf_source_set(struct conf_source *source, const char *name,
	    const char *value, const char *where);

/* The unexpanded text, or NULL; borrowed until the source changes. */
const char *conf_source_find(const struct conf_source *source,
	    const char *name);

/* Who set it ("main.cf:12", "master.cf:7"), or NULL; borrowed likewise. */
const char *conf_source_where(const struct conf_source *source,
	    const char *name);

/* The name of this machine as it was when the source was made. */
const char *conf_source_machine(const struct conf_source *source);

/* A name may have letters, digits and _ - . and 255 characters. */
bool	 conf_source_is_name(struct slice name);

/* Call fn for each explicitly set name, in the order of the file. */
typedef void (*conf_each_fn)(const char *name, const char *value,
	    const char *where, void *arg);
void	 conf_source_each(const struct conf_source *source, conf_each_fn fn,
	    void *arg);

/*
 * The snapshot that master hands down; conf_source_parse puts it in place
 * of what source holds.  It refuses junk (-1; source is then empty).
 */
void	 conf_source_write(const struct conf_source *source,
	    struct buf *into);
int	 conf_source_parse(struct conf_source *source, struct slice snapshot);

/* ---- typed parameters ---------------------------------------------------- */

/*
 * All parameters, expanded and checked; takes source over.  NULL on error,
 * with *why_r "main.cf:12: smtpd_timeout: what is wrong" (caller frees);
 * source is then still the caller's.
 */
struct conf *conf_new(struct conf_source *source, char **why_r);
void	 conf_free(struct conf **conf);

/*
 * Whether one parameter is good: one with a row, one known by its suffix,
 * or any other name that is set.  0, or -1 and *why_r as of conf_new.
 */
int	 conf_check(const struct conf_source *source, const char *name,
	    char **why_r);

/*
 * Call fn for each name that is set for nothing: one of Postfix's that Tern
 * does without (conf_foreign_find), and one that is neither known nor used in
 * another value, most often a misspelled one.
 */
void	 conf_each_unused(const struct conf_source *source, conf_each_fn fn,
	    void *arg);

/*
 * A parameter that has no row, such as slow_destination_concurrency_limit:
 * its expanded text (caller frees), or NULL when it is not set.
 */
char	*conf_find(const struct conf *conf, const char *name);

/*
 * The same as a number (a time in milliseconds, a size in bytes); fallback
 * when it is not set or is no number.
 */
int64_t	 conf_find_number(const struct conf *conf, const char *name,
	    int64_t fallback);

/*
 * Expand $name, ${name}, ${name?text}, ${name:text}, ${name?{text}:{text}},
 * ${{a} == {b} ? {text} : {text}}, $$ in text.  The caller frees; NULL and
 * *why_r (caller frees) when it is malformed or refers to itself.
 */
char	*conf_expand(const struct conf_source *source, const char *text,
	    char **why_r);

/* The same for what name stands for; "" when it is not set. */
char	*conf_expand_name(const struct conf_source *source, const char *name,
	    char **why_r);

/*
 * The default of a parameter that has a row or is known by its suffix,
 * unexpanded (caller frees), or NULL.
 */
char	*conf_expand_default(const struct conf_source *source,
	    const char *name);

/* Call fn for each name that text refers to. */
typedef void (*conf_expand_fn)(struct slice name, void *arg);
void	 conf_expand_each(const char *text, conf_expand_fn fn, void *arg);

/* "30s", "5d", "2" (in unit: one of s m h d w) to milliseconds; 0 or -1. */
int	 conf_parse_time(const char *text, char unit, int64_t *ms_r);

/* The parameter name most like name, or NULL when none is near. */
const char *conf_nearest(const char *name);

/* ---- the rows, for ternconf and the documentation ------------------------ */

enum conf_type {
	CONF_TEXT, CONF_CHOICE, CONF_BOOL, CONF_NUMBER, CONF_SIZE, CONF_TIME
};

struct conf_row {
	const char	*name;
	enum conf_type	 type;
	const char	*value;		/* default, unexpanded */
	int64_t		 min, max;	/* in milliseconds for CONF_TIME */
	char		 unit;		/* of CONF_TIME */
	const char	*choices;	/* of CONF_CHOICE; by spaces */
	const char	*text;
};

/* All rows, in the order of params.def, ended by a NULL name. */
const struct conf_row *conf_row_list(void);
const struct conf_row *conf_row_find(const char *name);

/*
 * The row that gives slow_destination_concurrency_limit, which has none
 * itself, its type and default: default_destination_concurrency_limit.
 * NULL when name does not end like that.
 */
const struct conf_row *conf_row_find_suffix(const char *name);

/*
 * The program lmtp has the parameters of smtp under names of its own, most
 * of them with lmtp_ in front, and with the same defaults, most of them.
 * The row of such a name, and in *value_r its default; NULL: it is none.
 */
const struct conf_row *conf_row_find_lmtp(const char *name,
	    const char **value_r);

/* And the name of such a row (caller frees), or NULL. */
char	*conf_row_lmtp_name(const struct conf_row *row,
	    const char **value_r);

/* Each smtp_ parameter becomes what its counterpart says. */
void	 conf_row_set_lmtp(struct conf_source *source);

/*
 * A parameter of Postfix that has no row: conf/params_foreign.def.  The list
 * ends with a NULL name.
 */
struct conf_foreign {
	const char	*name;		/* "tls_random_*": many */
	const char	*value;		/* Postfix's default; NULL: any */
	const char	*text;		/* what is instead of it */
};

const struct conf_foreign *conf_foreign_list(void);
const struct conf_foreign *conf_foreign_find(const char *name);

/* With this value it makes no difference that Tern does without it. */
bool	 conf_foreign_is_quiet(const struct conf_foreign *foreign,
	    const char *value);

/* What may stand in a value of that row, in words; the caller frees. */
char	*conf_row_hint(const struct conf_row *row);

#endif
