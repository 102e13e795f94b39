#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

/*
 * What many TLS connections share: keys and chains, who is trusted, what may
 * be spoken.  Made while files may still be read (before privileges drop),
 * then used from an empty chroot.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/tls_ticket.h"
#include "util/buf.h"

struct tls_context;

/* A certificate with its chain, and its key: Postfix's older parameters. */
struct tls_pair {
	const char	*cert_file;	/* NULL or "": none */
	const char	*key_file;
};

#define TLS_CONTEXT_PAIRS	3	/* RSA, ECDSA, DSA */

/*
 * The key and chain (PEM, as in a chain file) of a server that goes by name,
 * appended to pem: 1, or 0 for "no such name, use the usual one", or -1 for
 * "cannot say": the handshake fails.
 */
typedef int (*tls_context_sni_fn)(void *arg, const char *name,
    struct buf *pem);

/* All strings are borrowed during tls_context_new; NULL is "". */
struct tls_config {
	bool		 is_server;
	const char	*chain_files;	/* names; each: keys, with chains */
	struct tls_pair	 pairs[TLS_CONTEXT_PAIRS]; /* unless chain_files */
	const char	*ca_file, *ca_path;	/* read now */
	bool		 has_system_cas;	/* trusts the system's, too */
	int		 verify_depth;	/* certificates above the peer's */
	const char	*protocols;	/* tls_protocol.h */
	const char	*ciphers;	/* OpenSSL's list: tls_protocol.h */
	const char	*groups;	/* names; unknown ones are left out */
	const char	*options;	/* tls_ssl_options: names, or 0x bits */
	/* server */
	bool		 asks_certificate;	/* of the client */
	bool		 prefers_own_ciphers;
	int64_t		 ticket_life_s;	/* 0: no resumption */
	/*
	 * A ticket of another scope, or one that was made with other CAs,
	 * protocols or ciphers, is not taken: else who was let in by one
	 * service would be known to another, that asks for more.
	 */
	const char	*scope;
	tls_context_sni_fn find_chain;		/* NULL: one for all */
	void		*find_chain_arg;
};

/* NULL, and why ("file: reason") is appended.  It outlives its connections. */
struct tls_context *tls_context_new(const struct tls_config *config,
		    struct buf *why);
void		 tls_context_free(struct tls_context **context);

/* It has a certificate: a server without one cannot speak TLS 1.3. */
bool		 tls_context_has_certificate(const struct tls_context *context);

/* Each certificate: its name, and the days it is good for (or negative). */
typedef void (*tls_context_fn)(const char *name, int64_t days, void *arg);
void		 tls_context_each(struct tls_context *context,
		    tls_context_fn fn, void *arg);

/*
 * Server: tickets are made with keys[0], and taken with any of them, of
 * which there may be two.  Until this is called there are no tickets.
 */
void		 tls_context_set_tickets(struct tls_context *context,
		    const struct tls_ticket_key *keys, size_t count);

#endif
