/*
 * Keys of session tickets.
 */

#include "net/tls_ticket.h"

#include <string.h>
#include <sys/random.h>

#include "util/log.h"

void
tls_ticket_make(struct tls_ticket_key *key_r)
{
	/* Up to 256 bytes are never given in part. */
	if (getrandom(key_r, sizeof(*key_r), 0) != sizeof(*key_r))
		log_fatal("getrandom: no random bytes");
}
