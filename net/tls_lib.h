#ifndef NET_TLS_LIB_H
#define NET_TLS_LIB_H

/*
 * What the files of net/tls*.c share, with OpenSSL's types; nobody else
 * includes this.
 */

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/tls_context.h"
#include "net/tls_ticket.h"
#include "util/buf.h"
#include "util/slice.h"

struct tls_context {
	SSL_CTX			*ctx;
	BIO_METHOD		*wire;		/* a struct tls is behind it */
	bool			 is_server;
	bool			 has_certificate;
	struct tls_ticket_key	 tickets[TLS_TICKET_KEYS];
	size_t			 ticket_count;
	tls_context_sni_fn	 find_chain;
	void			*find_chain_arg;
};

struct tls_trace;

struct tls {
	SSL			*ssl;
	struct buf		*from, *to;	/* the wire; during a call */
	char			*error;		/* NULL: none */
	SSL_SESSION		*session;	/* got, to be resumed */
	char			*digest;	/* fingerprints: else NULL */
	char			*prints;	/* one a line */
	struct tls_trace	*trace;		/* NULL: none */
	int			 verify;	/* enum tls_verify */
	int			 chain_error;	/* X509_V_ERR_..., the first */
	size_t			 usable_count;	/* TLSA records */
	bool			 is_server;
	bool			 has_own_chain;	/* for the name in SNI */
	bool			 has_other_name;	/* the chain is good */
	bool			 is_closed;	/* we have said close_notify */
	bool			 is_broken;
};

/* Append what OpenSSL's queue of errors says; it is empty then. */
void	tls_chain_put_error(struct buf *why);

/*
 * Keys and their chains, from PEM: into ctx, or else into ssl.  0, or -1 and
 * why.
 */
int	tls_chain_use_file(SSL_CTX *ctx, const char *file, struct buf *why);
int	tls_chain_use_pair(SSL_CTX *ctx, const char *cert_file,
	    const char *key_file, struct buf *why);
int	tls_chain_use_text(SSL *ssl, struct slice pem, struct buf *why);

/* The last part of its kind (a NID), or "". */
void	tls_facts_copy_name(X509_NAME *name, int kind, char *text_r,
	    size_t size);

/*
 * Events of a connection that has a trace (tls_trace.h): a certificate was
 * looked at, the handshake is done, these bytes were read or written.
 */
void	tls_trace_certificate(const struct tls *tls, X509_STORE_CTX *store,
	    int ok);
void	tls_trace_end(struct tls *tls);
void	tls_trace_wire(const struct tls *tls, bool is_read,
	    struct slice bytes);
void	tls_trace_free(struct tls_trace **trace);

/* What tls_protocol.h says, for ctx, or else for ssl.  0, or -1 and why. */
int	tls_context_use_protocols(SSL_CTX *ctx, SSL *ssl, const char *list,
	    struct buf *why);

#endif
