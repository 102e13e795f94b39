/*
 * LMTP.
 */

#include "smtp/lmtp.h"

bool
lmtp_get_socket(struct slice *nexthop)
{
	bool	is_socket = slice_has_prefix_nocase(*nexthop, "unix:");

	if (is_socket || slice_has_prefix_nocase(*nexthop, "inet:"))
		*nexthop = slice_after(*nexthop, 5);
	return is_socket;
}
