/*
 * Extensions.
 */

#include "mail/extension.h"

#include <string.h>

#include "mail/address.h"

/* Names in which a delimiter is part of the name. */
static bool
is_whole(struct slice plain, int delimiter)
{
	static const char	request[] = "-request";
	size_t			len = sizeof(request) - 1;

	if (slice_is_nocase(plain, "mailer-daemon") ||
	    slice_is_nocase(plain, "double-bounce"))
		return true;
	if (delimiter != '-')
		return false;
	return slice_has_prefix_nocase(plain, "owner-") ||
	    (plain.len > len &&
	    slice_is_nocase(slice_after(plain, plain.len - len), request));
}

bool
extension_split(struct slice local, const char *delimiters,
    struct buf *user, struct buf *extension)
{
	struct buf	plain = BUF_INIT;
	struct slice	all;
	size_t		at = 0;
	bool		has_any;

	address_put_plain(&plain, local);
	all = buf_slice(&plain);
	while (at < all.len && (all.data[at] == '\0' ||
	    strchr(delimiters, all.data[at]) == NULL))
		at++;
	has_any = at > 0 && at < all.len && !is_whole(all, all.data[at]);
	if (has_any) {
		address_put_local(user, slice_first(all, at));
		buf_put_slice(extension, slice_after(all, at));
	}
	buf_clear(&plain);
	return has_any;
}

void
extension_put(struct buf *into, struct slice address,
    struct slice extension)
{
	struct slice	local = address_local(address);
	struct buf	plain = BUF_INIT;

	if (extension.len == 0) {
		buf_put_slice(into, address);
		return;
	}
	address_put_plain(&plain, local);
	buf_put_slice(&plain, extension);
	address_put_local(into, buf_slice(&plain));
	buf_put_slice(into, slice_after(address, local.len));
	buf_clear(&plain);
}
