#ifndef NET_TLS_H
#define NET_TLS_H

/*
 * TLS on one connection: a machine without I/O.  Bytes of the wire go in and
 * come out in bufs, and so does what they carry; net/io.h is the stream
 * around it, and who uses a stream calls tls_new_* and io_start_tls.
 *
 * A handshake that succeeds says nothing about who the peer is: what was
 * found out is in tls_facts.h, and its owner judges (RFC 3207 section 4.1).
 * No renegotiation, no early data, no compression, whatever is configured.
 *
 * OpenSSL is in net/tls*.c only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/slice.h"

struct tls;
struct tls_context;
struct tls_session;

enum tls_status {
	TLS_MORE,	/* wants more bytes of the wire */
	TLS_DONE,	/* the handshake is complete */
	TLS_ENDED,	/* close_notify: the peer will send no more */
	TLS_BROKEN,	/* tls_error() says why; only tls_free makes sense */
};

/* How a client judges its server. */
enum tls_verify {
	TLS_VERIFY_CHAIN,	/* by the CAs of the context, any name */
	TLS_VERIFY_NAMES,	/* and one of the names */
	TLS_VERIFY_FINGERPRINT,	/* by the digest of its certificate or key */
	TLS_VERIFY_DANE,	/* by TLSA records (RFC 7672) */
};

/* A TLSA record (RFC 6698 section 2.1). */
struct tls_tlsa {
	uint8_t		 usage, selector, matching;
	struct slice	 data;			/* borrowed */
};

/*
 * What a client wants of one connection; everything is borrowed, during the
 * call that takes it.
 */
struct tls_wish {
	const char	*sni;		/* name to send; NULL: none */
	const char	*protocols;	/* tls_protocol.h; NULL: context's */
	const char	*ciphers;	/* OpenSSL's; NULL: the context's */
	enum tls_verify	 verify;
	/*
	 * NAMES and DANE: the names one of which the certificate must have;
	 * ".example.com" is any name below.  For DANE the first is the base
	 * domain of the records.  FINGERPRINT: digests as "AB:CD:...".
	 */
	const char *const *names;
	size_t		 name_count;
	bool		 has_wide_stars;	/* "*." stands for "a.b." too */
	const char	*digest;	/* FINGERPRINT: "sha256" ... */
	const struct tls_tlsa *tlsas;
	size_t		 tlsa_count;
	/*
	 * To be resumed, if the server likes; NULL: none.  What was verified
	 * stays so: whoever keeps sessions keeps them by all of the above.
	 */
	struct tls_session *session;
};

/*
 * The caller owns what it gets until io_start_tls.  The client's is NULL,
 * and why is appended, when the wish cannot be met (unknown protocols or
 * ciphers).
 */
struct tls	*tls_new_server(struct tls_context *context);
struct tls	*tls_new_client(struct tls_context *context,
		    const struct tls_wish *wish, struct buf *why);
void		 tls_free(struct tls **tls);

/* TLSA records that OpenSSL can use; with none DANE verifies nobody. */
size_t		 tls_usable_count(const struct tls *tls);

/*
 * Take from wire_in, append to wire_out.  tls_read appends to in what the
 * peer has sent until in holds limit bytes: what is left stays in wire_in,
 * or, has_more, inside.  tls_write takes all of out.
 */
enum tls_status	 tls_handshake(struct tls *tls, struct buf *wire_in,
		    struct buf *wire_out);
enum tls_status	 tls_read(struct tls *tls, struct buf *wire_in,
		    struct buf *wire_out, struct buf *in, size_t limit);
int		 tls_write(struct tls *tls, struct buf *out,
		    struct buf *wire_out);
bool		 tls_has_more(const struct tls *tls);

/* Say close_notify (once), unless the connection is broken. */
void		 tls_close(struct tls *tls, struct buf *wire_out);

/* Why it is broken, or ""; owned by tls. */
const char	*tls_error(const struct tls *tls);

/*
 * Client: the session to resume next time, or NULL while there is none.
 * TLS 1.3 servers send it behind the handshake, so ask late.  The caller
 * owns it; any number of connections may be tried with it.
 */
struct tls_session *tls_session_take(struct tls *tls);
void		 tls_session_free(struct tls_session **session);

/*
 * Channel binding, for SASL: "tls-exporter" (RFC 9266) or, up to TLS 1.2,
 * "tls-unique" (RFC 5929).  0, or -1: there is none of this type.
 */
int		 tls_binding(struct tls *tls, const char *type,
		    struct buf *data);

/*
 * The one that is usual for the version of TLS is appended: its name
 * (static), or NULL: there is none.
 */
const char	*tls_put_binding(struct tls *tls, struct buf *data);

#endif
