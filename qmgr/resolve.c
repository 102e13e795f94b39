/*
 * Routes.
 */

#include "qmgr/resolve.h"

#include "conf/conf.h"
#include "mail/address.h"
#include "util/ascii.h"
#include "util/mem.h"

void
resolve_recipient(const struct conf *conf, struct slice address,
    struct resolve_route *route_r)
{
	struct slice	transport = slice_str(conf->default_transport);
	ptrdiff_t	colon = slice_find(transport, ':');
	struct slice	nexthop = slice_from(NULL, 0);

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
	route_r->transport = slice_dup(transport);
	route_r->nexthop = slice_dup(nexthop);
	for (char *p = route_r->nexthop; *p != '\0'; p++)
		*p = (char)ascii_lower((unsigned char)*p);
}

void
resolve_clear(struct resolve_route *route)
{
	mem_free(route->transport);
	mem_free(route->nexthop);
}
