/*
 * Values of the DSN parameters.
 */

#include "smtpd/dsn.h"

#include <string.h>

#include "mail/ipc.h"
#include "mail/xtext.h"
#include "util/ascii.h"

#define ENVID_LIMIT	100	/* RFC 3461 section 4.4 */
#define ORCPT_LIMIT	500	/* RFC 3461 section 4.2 */

int
dsn_parse_ret(struct slice value, uint32_t *flags)
{
	if (slice_is_nocase(value, "FULL"))
		*flags |= MAIL_RET_FULL;
	else if (slice_is_nocase(value, "HDRS"))
		*flags |= MAIL_RET_HDRS;
	else
		return -1;
	return 0;
}

static uint32_t
notify_bit(struct slice word)
{
	if (slice_is_nocase(word, "SUCCESS"))
		return RCPT_NOTIFY_SUCCESS;
	if (slice_is_nocase(word, "FAILURE"))
		return RCPT_NOTIFY_FAILURE;
	return slice_is_nocase(word, "DELAY") ? RCPT_NOTIFY_DELAY : 0;
}

int
dsn_parse_notify(struct slice value, uint32_t *notify_r)
{
	ptrdiff_t	comma;
	uint32_t	bit;

	*notify_r = 0;
	if (slice_is_nocase(value, "NEVER")) {
		*notify_r = RCPT_NOTIFY_NEVER;
		return 0;
	}
	do {
		comma = slice_find(value, ',');
		bit = notify_bit(comma < 0 ? value :
		    slice_first(value, (size_t)comma));
		value = slice_after(value, (size_t)comma + 1);
		*notify_r |= bit;
	} while (bit != 0 && comma >= 0);
	return bit == 0 ? -1 : 0;
}

bool
dsn_is_envid(struct slice value)
{
	return value.len > 0 && value.len <= ENVID_LIMIT &&
	    xtext_is_printable(value);
}

/* RFC 3461: an atom of RFC 822. */
static bool
is_atom(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_print(s.data[i]) ||
		    strchr(" ()<>@,;:\\\".[]", s.data[i]) != NULL)
			return false;
	return s.len > 0;
}

/* The bytes that are UTF-8 put aside, it is xtext. */
static bool
is_unitext(struct slice s)
{
	struct buf	ascii = BUF_INIT;
	bool		is_good = true;
	size_t		n;

	for (; s.len > 0 && is_good; s = slice_after(s, n)) {
		n = ascii_utf8_len(s.data, s.len);
		is_good = n > 0;
		if (n == 1)
			buf_put_u8(&ascii, s.data[0]);
	}
	is_good = is_good && xtext_is_printable(buf_slice(&ascii));
	buf_clear(&ascii);
	return is_good;
}

bool
dsn_is_orcpt(struct slice value, bool is_utf8)
{
	ptrdiff_t	at = slice_find(value, ';');
	struct slice	type, address;

	if (at < 0 || value.len > ORCPT_LIMIT)
		return false;
	type = slice_first(value, (size_t)at);
	address = slice_after(value, (size_t)at + 1);
	if (!is_atom(type) || address.len == 0)
		return false;
	if (is_utf8 && slice_is_nocase(type, "utf-8"))
		return is_unitext(address);
	/*
	 * RFC 6533 section 3 has the type utf-8 for it, but Postfix says
	 * rfc822 and puts the address, in UTF-8, into xtext.
	 */
	if (is_utf8 && slice_is_nocase(type, "rfc822"))
		return xtext_is_utf8(address);
	return xtext_is_printable(address);
}
