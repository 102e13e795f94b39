#ifndef MASTER_TABLES_H
#define MASTER_TABLES_H

/*
 * Parameters that name tables: whether each can be a table at all, and one
 * for that use.  Whether its file is good is seen by who opens it, and by
 * master/survey.h.
 */

struct conf;

/* 0, or -1 and *why_r (caller frees) "main.cf:12: header_checks: ...". */
int	tables_check(const struct conf *conf, char **why_r);

#endif
