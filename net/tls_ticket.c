/*
 * Keys of session tickets.
 */

#include "net/tls_ticket.h"

#include <string.h>
#include <sys/random.h>

#include "util/base64.h"
#include "util/log.h"

void
tls_ticket_make(struct tls_ticket_key *key_r)
{
	/* Up to 256 bytes are never given in part. */
	if (getrandom(key_r, sizeof(*key_r), 0) != sizeof(*key_r))
		log_fatal("getrandom: no random bytes");
}

void
tls_ticket_put(const struct tls_ticket_key *keys, size_t count,
    struct buf *text)
{
	base64_put(text, slice_from(keys, count * sizeof(*keys)));
}

int
tls_ticket_parse(struct slice text, struct tls_ticket_key *keys_r)
{
	struct buf	bytes = BUF_INIT;
	int		count = -1;

	if (base64_get(&bytes, text) == 0 && bytes.len > 0 &&
	    bytes.len % sizeof(*keys_r) == 0 &&
	    bytes.len <= TLS_TICKET_KEYS * sizeof(*keys_r)) {
		memcpy(keys_r, bytes.data + bytes.start, bytes.len);
		count = (int)(bytes.len / sizeof(*keys_r));
	}
	buf_clear(&bytes);
	return count;
}
