#ifndef MAIL_TLS_SERVER_H
#define MAIL_TLS_SERVER_H

/*
 * TLS as the parameters of a service of smtpd have it: for smtpd, and for
 * master, which looks whether it can be had before anything starts.
 */

#include <stdbool.h>

#include "mail/tls_keys.h"
#include "util/buf.h"

struct conf;
struct tls_context;

enum tls_server_level {
	TLS_SERVER_NONE,
	TLS_SERVER_MAY,		/* for who wants it */
	TLS_SERVER_ENCRYPT,	/* nothing without it */
};

struct tls_server {
	enum tls_server_level	 level;
	bool			 is_wrapper;	/* it begins with TLS */
	bool			 has_tickets;
	struct tls_context	*context;	/* NULL: there is no TLS */
	struct table_list_held	*names;		/* tls_server_sni_maps */
};

/*
 * Files are read now, and not again.  service is its name in master.cf: a
 * session of one is not resumed with another.  NULL, and why is appended;
 * else in why may be what makes TLS less than one could expect.
 */
struct tls_server *tls_server_new(const struct conf *conf,
		    const char *service, struct buf *why);
void		 tls_server_free(struct tls_server **server);

/* What there is to say of its certificates, keys, and tables of them. */
void		 tls_server_look(const struct tls_server *server,
		    const struct conf *conf, tls_keys_note_fn note,
		    void *arg);

#endif
