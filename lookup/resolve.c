/*
 * Routes.
 */

#include "lookup/resolve.h"

#include "conf/conf.h"
#include "lookup/verdict.h"
#include "mail/address.h"
#include "util/ascii.h"
#include "util/buf.h"

void
resolve_recipient(const struct conf *conf, struct slice address,
    struct verdict *verdict)
{
	struct slice	transport = slice_str(conf->default_transport);
	ptrdiff_t	colon = slice_find(transport, ':');
	struct slice	nexthop = slice_from(NULL, 0);
	struct buf	lower = BUF_INIT;

	/* "transport:nexthop" */
	if (colon >= 0) {
		nexthop = slice_after(transport, (size_t)colon + 1);
		transport = slice_first(transport, (size_t)colon);
	}
	if (conf->relayhost[0] != '\0')
		nexthop = slice_str(conf->relayhost);
	if (nexthop.len == 0)
		nexthop = address_domain(address);
	if (nexthop.len == 0)
		nexthop = slice_str(conf->myorigin);
	for (size_t i = 0; i < nexthop.len; i++)
		buf_put_u8(&lower, (uint8_t)ascii_lower(nexthop.data[i]));
	verdict_add_rcpt(verdict, address, transport, buf_slice(&lower));
	buf_clear(&lower);
}
