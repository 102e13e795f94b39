#ifndef SMTP_LOGON_H
#define SMTP_LOGON_H

/*
 * How one connection logs in: with what, which may have to be asked of
 * lookup, unless the server has refused just that, and how well TLS guards
 * it.
 */

#include "smtp/dialogue.h"

struct attempt;
struct logon;
struct site;

/* dsn NULL: logon_start is next; else it cannot be, for that reason. */
typedef void (*logon_fn)(const char *dsn, const char *reason, void *arg);

/*
 * To the present host of an attempt, when it is settled whether there is
 * TLS.  All is borrowed until logon_free, which accepts NULL.  fn is called
 * once, later; its texts are borrowed.
 */
struct logon	*logon_new(const struct site *site, struct attempt *attempt,
		    logon_fn fn, void *arg);
void		 logon_free(struct logon **logon);

/* The dialogue waits for it (DIALOGUE_LOGIN). */
enum dialogue_state logon_start(struct logon *logon, struct dialogue *d);

/* The server has refused it, in words for the log. */
void		 logon_note_refusal(const struct logon *logon,
		    const char *text);

#endif
