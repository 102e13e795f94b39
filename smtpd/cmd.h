#ifndef SMTPD_CMD_H
#define SMTPD_CMD_H

/*
 * The handlers of the verb table, each in the file of its name.  args is
 * what follows the verb on the line, without white space at its ends.
 */

#include "smtpd/session.h"

enum step	cmd_auth(struct session *s, struct slice args);
enum step	cmd_bdat(struct session *s, struct slice args);
enum step	cmd_data(struct session *s, struct slice args);
enum step	cmd_ehlo(struct session *s, struct slice args);
enum step	cmd_helo(struct session *s, struct slice args);
enum step	cmd_help(struct session *s, struct slice args);
enum step	cmd_mail(struct session *s, struct slice args);
enum step	cmd_noop(struct session *s, struct slice args);
enum step	cmd_quit(struct session *s, struct slice args);
enum step	cmd_rcpt(struct session *s, struct slice args);
enum step	cmd_rset(struct session *s, struct slice args);
enum step	cmd_starttls(struct session *s, struct slice args);
enum step	cmd_vrfy(struct session *s, struct slice args);

/*
 * A RCPT that stands behind the one that waits: ask its question already.
 * False when there is none to ask; nothing else happens, it is run in its
 * turn.
 */
bool		cmd_rcpt_ahead(struct session *s, struct slice args);

#endif
