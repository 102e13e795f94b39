#ifndef NET_SASL_LOGIN_H
#define NET_SASL_LOGIN_H

/*
 * The client's side of SASL, by libcyrus-sasl.  Nothing here asks anybody
 * or opens a file, and no server can make a step take long.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

struct sasl_login;

/*
 * Load the library and its plug-ins: once in a process, while they can be
 * read.  0, or -1 and *why_r (caller frees).
 */
int	sasl_login_open(char **why_r);

/* Who logs in where; all is borrowed during sasl_login_new only. */
struct sasl_login_setup {
	const char	*service;	/* "smtp" */
	const char	*host;		/* the server's name */
	const char	*user;
	const char	*password;
	unsigned	 options;	/* SASL_OPTIONS_* */
	const char	*binding_name;	/* of the channel; "": none */
	struct slice	 binding;
};

/* NULL and *why_r (caller frees). */
struct sasl_login *sasl_login_new(const struct sasl_login_setup *setup,
	    char **why_r);

/* The password is overwritten.  Accepts NULL. */
void	sasl_login_free(struct sasl_login **login);

/*
 * The best of the mechanisms (names by spaces) that the options allow: 0,
 * its name in *mechanism_r (the login's), and when it has an initial
 * response, that is appended and *has_initial_r set.  -1: there is none.
 */
int	sasl_login_start(struct sasl_login *login, const char *mechanisms,
	    const char **mechanism_r, bool *has_initial_r,
	    struct buf *initial);

/* The response to a challenge is appended: 0, or -1. */
int	sasl_login_step(struct sasl_login *login, struct slice challenge,
	    struct buf *response);

/*
 * The server says that it is over.  -1: it has not proved that it knows the
 * password, as the mechanism wants it (SCRAM).
 */
int	sasl_login_finish(const struct sasl_login *login);

/* Why not; the login's. */
const char *sasl_login_reason(struct sasl_login *login);

#endif
