#ifndef AUTH_BACKEND_H
#define AUTH_BACKEND_H

/*
 * What tells who a client is: the Cyrus SASL library (auth/cyrus.c) or
 * Dovecot's auth service (auth/dovecot.c).  Its functions are called in
 * threads, where not said otherwise, and may block for a bounded time.
 */

#include <stdbool.h>

#include "mail/ipc.h"
#include "util/buf.h"

struct conf;
struct sasl_check_library;

/* Where the back end is, and what it is told of each attempt. */
struct backend_place {
	const struct conf			*conf;
	const struct sasl_check_library		*library; /* NULL: not cyrus */
};

/* Names of mechanisms, by spaces. */
struct backend_menu {
	struct buf	plain;		/* allowed without TLS */
	struct buf	tls;		/* and with it */
	struct buf	all;		/* allowed or not */
};

/* An attempt's beginning; borrowed while the exchange lasts. */
struct backend_attempt {
	const char	*mechanism;	/* in capitals, one of the menu */
	bool		 has_tls;
	bool		 has_initial;
	const char	*client, *server;	/* IP addresses */
	unsigned	 client_port, server_port;
	const char	*external;	/* by its certificate; "" */
	const char	*binding_name;	/* "" */
	struct slice	 binding;
};

/* What an exchange has come to: there is a challenge, or it is over. */
struct backend_reply {
	bool		 is_over;
	enum auth_result result;	/* when it is */
	struct buf	 challenge;	/* when it is not */
	struct buf	 username;	/* who it is, or says it is */
	struct buf	 reason;	/* for the log */
};

struct backend {
	/* 0, or -1 and why. */
	int	(*list)(const struct backend_place *place,
		    struct backend_menu *menu, struct buf *why);

	/*
	 * begin waits for nobody and does not compute for long, unless it
	 * says so (util/haste.h): it may be called in the loop.
	 */
	bool	(*is_quick)(const struct backend_place *place,
		    const char *mechanism);

	/*
	 * An exchange that begins; response is the initial one.  NULL when
	 * it is over already.
	 */
	void	*(*begin)(const struct backend_place *place,
		    const struct backend_attempt *attempt,
		    struct slice response, struct backend_reply *reply);
	void	(*step)(void *exchange, struct slice response,
		    struct backend_reply *reply);
	void	(*end)(void *exchange);
};

extern const struct backend	cyrus_backend, dovecot_backend;

#endif
