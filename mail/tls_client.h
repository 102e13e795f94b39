#ifndef MAIL_TLS_CLIENT_H
#define MAIL_TLS_CLIENT_H

/*
 * TLS as the parameters of a service of smtp have it: for smtp, which can
 * read no file once it runs, and for master, which looks whether it can be
 * had before anything starts.
 */

#include "mail/tls_keys.h"
#include "util/buf.h"

struct conf;
struct tls_context;

struct tls_client {
	struct tls_context	*context;
	struct buf		 anchors;	/* PEM; empty: there are none */
};

/*
 * Files are read now, and not again.  NULL, and why is appended, when one
 * that is named is of no use.
 */
struct tls_client *tls_client_new(const struct conf *conf, struct buf *why);
void		 tls_client_free(struct tls_client **client);

/* What there is to say of its certificates and keys. */
void		 tls_client_look(const struct tls_client *client,
		    const struct conf *conf, tls_keys_note_fn note,
		    void *arg);

#endif
