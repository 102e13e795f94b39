#ifndef NET_TLS_FACTS_H
#define NET_TLS_FACTS_H

/*
 * What a handshake has come to: for the log, for Received:, for whoever
 * judges the peer.
 */

#include <stdbool.h>

#include "util/buf.h"

struct tls;

enum tls_trust {
	TLS_ANONYMOUS,	/* showed no certificate */
	TLS_UNTRUSTED,	/* of nobody we trust, or the wrong one */
	TLS_TRUSTED,	/* of a CA we trust */
	TLS_VERIFIED,	/* and it is who we wanted (clients only) */
};

#define TLS_FACTS_TEXT	64
#define TLS_FACTS_NAME	256

/* How somebody signed the handshake; all "" when nobody did. */
struct tls_signature {
	char		 name[TLS_FACTS_TEXT];		/* "RSA-PSS" */
	char		 detail[TLS_FACTS_TEXT];	/* "2048 bits" */
	char		 digest[TLS_FACTS_TEXT];	/* "SHA256" */
};

struct tls_facts {
	enum tls_trust	 trust;
	const char	*protocol;	/* "TLSv1.3"; static */
	const char	*cipher;	/* static */
	int		 used_bits, cipher_bits;
	bool		 is_reused;	/* a session was resumed */
	bool		 was_asked;	/* server: for a client certificate */
	/* TLS 1.3 only: before, the name of the cipher tells */
	char		 group[TLS_FACTS_TEXT];		/* "X25519", "ECDHE" */
	char		 group_detail[TLS_FACTS_TEXT];	/* "P-256" or "" */
	struct tls_signature server, client;
	char		 sni[TLS_FACTS_NAME];	/* sent; or asked and known */
	/* of the peer's certificate, whoever made it; "" when unknown */
	char		 subject[TLS_FACTS_NAME];	/* common name */
	char		 issuer[TLS_FACTS_NAME];	/* CN, or O */
	/* static: why it is not trusted; "" when it is */
	const char	*reason;
};

/* After IO_SECURED; texts are UTF-8 without control characters. */
void		 tls_facts_get(struct tls *tls, struct tls_facts *facts_r);

/* "Anonymous", "Untrusted", "Trusted", "Verified". */
const char	*tls_facts_trust(enum tls_trust trust);

/*
 * Postfix's log line (O14): "Trusted TLS connection established from
 * peer[ to sni]: TLSv1.3 with cipher ...", way being "from" or "to".  What
 * stands behind the colon has two parts: protocol and cipher, and keys, which
 * begin with a blank or are nothing.
 */
void		 tls_facts_put_line(const struct tls_facts *facts,
		    const char *way, const char *peer, struct buf *line);
void		 tls_facts_put_cipher(const struct tls_facts *facts,
		    struct buf *line);
void		 tls_facts_put_keys(const struct tls_facts *facts,
		    struct buf *line);

/*
 * The digest ("sha256") of the peer's certificate, or of its public key
 * alone, as "AB:CD:...": 0, or -1 when there is no certificate or no such
 * digest.
 */
enum tls_print { TLS_PRINT_CERTIFICATE, TLS_PRINT_KEY };
int		 tls_facts_put_print(struct tls *tls, enum tls_print what,
		    const char *digest, struct buf *print);

#endif
