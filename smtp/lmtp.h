#ifndef SMTP_LMTP_H
#define SMTP_LMTP_H

/*
 * What is different where LMTP is spoken (RFC 2033): the parameters begin
 * with lmtp_, and a next hop is a server, never a domain with MX records.
 *
 *	unix:/path/of/socket	a relative path is one in the queue directory
 *	inet:host:port		and the same without inet:
 */

#include <stdbool.h>

#include "util/slice.h"

/* unix: or inet: off the front; true: what follows is a path. */
bool		 lmtp_get_socket(struct slice *nexthop);

#endif
