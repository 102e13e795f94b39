#ifndef NET_SASL_CHECK_H
#define NET_SASL_CHECK_H

/*
 * The server's side of SASL, by libcyrus-sasl.  Any number of threads may
 * use it, each exchange one thread at a time; all calls may block.
 *
 * An exchange (struct sasl_check) is for one attempt to log in and is never
 * used again.  Who does not exist is answered exactly as who has another
 * password: when the password database knows nothing of a name, a password
 * that nobody can know is found for it.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

struct sasl_check;
struct sasl_check_library;
struct sasl_secrets_reader;

enum sasl_check_answer {
	SASL_CHECK_MORE,	/* there is a challenge */
	SASL_CHECK_YES,
	SASL_CHECK_NO,		/* wrong password, no such user */
	SASL_CHECK_MALFORMED,	/* no response of that mechanism */
	SASL_CHECK_UNKNOWN,	/* no such mechanism */
	SASL_CHECK_TROUBLE,	/* the database, a server: try later */
};

/* What an exchange is told; all is borrowed during sasl_check_new only. */
struct sasl_check_setup {
	const char	*service;	/* "smtp" */
	const char	*host;		/* our own name */
	const char	*realm;		/* of users without one; "": none */
	const char	*client;	/* "address;port"; "": not known */
	const char	*server;
	unsigned	 options;	/* SASL_OPTIONS_* */
	const char	*external;	/* who it is by TLS; "": nobody */
	const char	*binding_name;	/* "": none */
	struct slice	 binding;
};

/*
 * Load the library, its plug-ins and the configuration application.conf,
 * found in folders (by colons; "": the library's own).  Once in a process,
 * before threads, and while the plug-ins can be read.  A sasldb is read by
 * reader (net/sasl_secrets.h; NULL: by the library).  NULL and *why_r
 * (caller frees) when it cannot be.  Never freed.
 */
struct sasl_check_library *sasl_check_open(const char *application,
		    const char *folders,
		    const struct sasl_secrets_reader *reader, char **why_r);

/*
 * Passwords are in a file, and read by the reader alone: nobody else is
 * asked about one.
 */
bool		 sasl_check_is_quick(const struct sasl_check_library *library);

/* NULL and *why_r (caller frees): trouble. */
struct sasl_check *sasl_check_new(const struct sasl_check_library *library,
		    const struct sasl_check_setup *setup, char **why_r);
void		 sasl_check_free(struct sasl_check **check);

/* The mechanisms that are there for it, by spaces, appended to names. */
void		 sasl_check_list(struct sasl_check *check,
		    struct buf *names);

/*
 * Begin.  initial.data is NULL when there is no initial response.  A
 * challenge is appended to challenge; the initial one may be empty.
 */
enum sasl_check_answer sasl_check_start(struct sasl_check *check,
		    const char *mechanism, struct slice initial,
		    struct buf *challenge);
enum sasl_check_answer sasl_check_step(struct sasl_check *check,
		    struct slice response, struct buf *challenge);

/*
 * Who it is; before SASL_CHECK_YES, who it says it is.  NULL: not known.
 * Owned by check.
 */
const char	*sasl_check_user(const struct sasl_check *check);

/* Why the last answer was no, for the log; owned by check. */
const char	*sasl_check_reason(const struct sasl_check *check);

#endif
