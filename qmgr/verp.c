/*
 * Senders that tell the recipient.
 */

#include "qmgr/verp.h"

#include <string.h>

#include "mail/address.h"
#include "util/ascii.h"
#include "util/buf.h"

static uint8_t
first_of(uint32_t flags)
{
	return (uint8_t)(flags >> 24);
}

static uint8_t
second_of(uint32_t flags)
{
	return (uint8_t)(flags >> 16);
}

/* RFC 5321 section 4.1.2: what needs no quotes. */
static bool
is_atom(uint8_t c)
{
	return c != 0 && (ascii_is_alnum(c) ||
	    strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

bool
verp_is_good(uint32_t flags)
{
	return is_atom(first_of(flags)) && is_atom(second_of(flags));
}

void
verp_put_sender(struct buf *into, uint32_t flags, const char *sender,
    const char *recipient)
{
	struct slice	from = slice_str(sender), to = slice_str(recipient);
	struct slice	origin = address_domain(from);
	struct slice	domain = address_domain(to);

	buf_put_slice(into, address_local(from));
	buf_put_u8(into, first_of(flags));
	buf_put_slice(into, address_local(to));
	if (domain.len > 0) {
		buf_put_u8(into, second_of(flags));
		buf_put_slice(into, domain);
	}
	if (origin.len > 0) {
		buf_put_u8(into, '@');
		buf_put_slice(into, origin);
	}
}
