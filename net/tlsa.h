#ifndef NET_TLSA_H
#define NET_TLSA_H

/*
 * TLSA records (RFC 6698) as far as an SMTP client uses them (RFC 7672
 * section 3.1): of the DNS, or made of trust anchors in a file.
 */

#include <stddef.h>

#include "net/tls.h"
#include "util/slice.h"

/* Zeroed it is empty. */
struct tlsa {
	struct tls_tlsa	*records;	/* owned, as is their data */
	size_t		 count;
};

void	tlsa_clear(struct tlsa *tlsa);

/* A record as it stands in the DNS; one that is of no use is left out. */
void	tlsa_add(struct tlsa *tlsa, struct slice record);

/*
 * The certificates and public keys of a text in PEM, as trust anchors: 0,
 * or -1 when there is none, or one is broken.
 */
int	tlsa_add_pem(struct tlsa *tlsa, struct slice pem);

#endif
