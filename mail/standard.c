/*
 * Standard form.
 */

#include "mail/standard.h"

#include "conf/conf.h"
#include "mail/address.h"

bool
standard_put_unrouted(const struct conf *conf, struct slice local,
    struct buf *into)
{
	ptrdiff_t	at;

	if (local.len > 0 && local.data[0] == '"')
		return false;
	at = slice_find(local, '!');
	if (conf->swap_bangpath && at > 0 && (size_t)at + 1 < local.len) {
		buf_put_slice(into, slice_after(local, (size_t)at + 1));
		buf_put_u8(into, '@');
		buf_put_slice(into, slice_first(local, (size_t)at));
		return true;
	}
	at = slice_find_last(local, '%');
	if (conf->allow_percent_hack && at > 0 &&
	    (size_t)at + 1 < local.len) {
		buf_put_slice(into, slice_first(local, (size_t)at));
		buf_put_u8(into, '@');
		buf_put_slice(into, slice_after(local, (size_t)at + 1));
		return true;
	}
	return false;
}

static void
complete(const struct conf *conf, const char *origin, struct buf *address)
{
	struct slice	domain = address_domain(buf_slice(address));

	if (domain.data == NULL && conf->append_at_myorigin) {
		buf_put_u8(address, '@');
		buf_put_str(address, origin == NULL ? conf->myorigin :
		    origin);
		domain = address_domain(buf_slice(address));
	}
	if (domain.len > 1 && domain.data[domain.len - 1] == '.') {
		buf_truncate(address, address->len - 1);
		domain.len--;
	}
	if (domain.len > 0 && domain.data[0] != '[' &&
	    slice_find(domain, '.') < 0 && conf->append_dot_mydomain) {
		buf_put_u8(address, '.');
		buf_put_str(address, origin == NULL ? conf->mydomain :
		    origin);
	}
}

void
standard_put(const struct conf *conf, const char *origin,
    struct slice address, struct buf *into)
{
	struct slice	domain = address_domain(address);
	struct slice	local = address_local(address);
	struct buf	whole = BUF_INIT;

	if (address.len == 0)
		return;
	/* Our own domain may have been added before we were asked. */
	if ((domain.len == 0 || slice_is_nocase(domain, conf->myorigin)) &&
	    standard_put_unrouted(conf, local, &whole))
		;
	else if (domain.len == 0)
		buf_put_slice(&whole, local);
	else
		buf_put_slice(&whole, address);
	complete(conf, origin, &whole);
	buf_put_slice(into, buf_slice(&whole));
	buf_clear(&whole);
}
