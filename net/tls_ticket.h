#ifndef NET_TLS_TICKET_H
#define NET_TLS_TICKET_H

/*
 * Keys of session tickets (RFC 5077 section 4), which all processes of a
 * service share.
 */

#include <stddef.h>

#include "util/buf.h"
#include "util/slice.h"

#define TLS_TICKET_KEYS	2	/* the current one, and the one before */

struct tls_ticket_key {
	unsigned char	name[16];
	unsigned char	cipher[32];	/* AES-256-CBC */
	unsigned char	mac[32];	/* HMAC-SHA-256 */
};

/* A new key, of random bytes. */
void	tls_ticket_make(struct tls_ticket_key *key_r);

/*
 * Keys as a text of base64, of less than 250 letters for two.  How many are
 * in a text, up to TLS_TICKET_KEYS; -1: it is none.
 */
void	tls_ticket_put(const struct tls_ticket_key *keys, size_t count,
	    struct buf *text);
int	tls_ticket_parse(struct slice text, struct tls_ticket_key *keys_r);

#endif
