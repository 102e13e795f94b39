#ifndef SMTPD_LOGIN_H
#define SMTPD_LOGIN_H

/*
 * An AUTH on its way (RFC 4954 section 4): between the client and the
 * program auth, which knows who may log in.  smtpd sees no password
 * database, and keeps no response.
 */

#include "smtpd/session.h"

struct login_request {
	struct slice	mechanism;	/* as the client has named it */
	bool		has_initial;
	struct slice	initial;	/* decoded */
};

/* Ask auth.  STEP_WAIT: the reply, or a challenge, follows by itself. */
enum step	 login_begin(struct session *s,
		    const struct login_request *request);

/* A line in STATE_AUTH. */
enum step	 login_answer(struct session *s, struct slice line);

/*
 * A line of AUTH: the command, or an answer.  These may be longer than
 * others (RFC 4954 section 4), with CR LF.
 */
bool		 login_is_line(const struct session *s, struct slice line);
size_t		 login_line_limit(const struct session *s,
		    struct slice line);

/* Such a line was too long: its reply, and the end of the AUTH. */
void		 login_refuse_line(struct session *s);

/* The AUTH that is on its way, if any, ends without a reply. */
void		 login_end(struct session *s);
void		 login_free(struct login **login);

/*
 * Nobody is logged in any more, nor about to be, as after STARTTLS
 * (RFC 3207 section 4.2).
 */
void		 login_forget(struct session *s);

#endif
